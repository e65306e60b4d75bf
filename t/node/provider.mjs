// provider.mjs - the SDK's OAuthClientProvider over any key-value store. Runs in node and in the page.
// Knows no URL but its own redirect URI. Not how the user gets to the authorization server: that is `visit`.

function decode(part) {
    return JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));
}

/* Header and payload of a JWT, nothing of another token; only to report what was issued, nothing is verified. */
export function readToken(token) {
    const [header, payload, signature] = token.split('.');
    return signature === undefined ? {} : { header: decode(header), payload: decode(payload) };
}

export class Provider {
    constructor({ redirectUrl, store, visit }) {
        Object.assign(this, { redirectUrl, store, visit });
        this.clientMetadata = {
            client_name: 'mod_auth_mcp interop',
            redirect_uris: [redirectUrl],
            grant_types: ['authorization_code', 'refresh_token'],
            response_types: ['code'],
            token_endpoint_auth_method: 'none',
        };
    }

    clientInformation() { return this.store.get('client'); }

    saveClientInformation(client) { this.store.set('client', client); }

    tokens() { return this.store.get('tokens'); }

    saveTokens(tokens) {
        this.store.set('tokens', tokens);
        this.store.set('issued', [...this.issued(), tokens.access_token]);
    }

    issued() { return this.store.get('issued') ?? []; }

    codeVerifier() { return this.store.get('verifier'); }

    saveCodeVerifier(verifier) { this.store.set('verifier', verifier); }

    asked() { return this.store.get('asked') ?? []; }

    async redirectToAuthorization(url) {
        const { scope, resource, code_challenge_method } = Object.fromEntries(url.searchParams);
        this.store.set('asked', [...this.asked(), { scope, resource, code_challenge_method }]);
        await this.visit(url);
    }
}
