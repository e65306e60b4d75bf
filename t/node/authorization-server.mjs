// authorization-server.mjs - oidc-provider on loopback, as an authorization server for MCP: access tokens, JWTs (RFC 9068)
// or opaque, bound to the resource asked for (RFC 8707), dynamic registration (RFC 7591), PKCE, introspection (RFC 7662)
// and revocation (RFC 7009). The user always agrees at once. Not which resources exist: any resource indicator becomes
// the audience.
//
//   node authorization-server.mjs [--port N] [--scopes "a b"] [--alg RS256] [--ttl SECONDS] [--user NAME] [--claims JSON]
//       [--format opaque] [--refresh] [--client JSON]...
//
//   --format   of access tokens, jwt or opaque
//   --refresh  issue refresh tokens too, though nobody asks for offline_access
//   --client   a client that is known beforehand, in the words of RFC 7591, with client_id and its credential; one that
//              has a credential may introspect every token
//
// Prints {"issuer","jwks_uri","introspection_endpoint","revocation_endpoint","port"} when it listens. Ends when its stdin
// does.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import Provider from 'oidc-provider';
import { endWithParent, say } from './life.mjs';

const { values: option } = parseArgs({
    options: {
        port: { type: 'string', default: '0' },
        scopes: { type: 'string', default: 'mcp:read mcp:write' },
        alg: { type: 'string', default: 'RS256' },
        ttl: { type: 'string', default: '300' },
        user: { type: 'string', default: 'alice' },
        claims: { type: 'string', default: '{}' },
        format: { type: 'string', default: 'jwt' },
        refresh: { type: 'boolean', default: false },
        client: { type: 'string', multiple: true, default: [] },
    },
});

const KEYS = {
    RS: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    PS: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES: () => generateKeyPairSync('ec', { namedCurve: `P-${option.alg.slice(2)}`.replace('512', '521') }),
    Ed: () => generateKeyPairSync('ed25519'),
};

function signingKey() {
    const { privateKey } = KEYS[option.alg.slice(0, 2)]();
    return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: option.alg };
}

/* A resource server logs nobody in: it only asks. */
function resourceServer(text) {
    return { redirect_uris: [], response_types: [], grant_types: [], ...JSON.parse(text) };
}

/* Bound to a resource, in both formats. */
function accessToken(resource) {
    return {
        audience: resource,
        scope: option.scopes,
        accessTokenFormat: option.format,
        accessTokenTTL: Number(option.ttl),
        jwt: { sign: { alg: option.alg } },
    };
}

function configuration() {
    const claims = JSON.parse(option.claims);
    return {
        clients: option.client.map(resourceServer),
        jwks: { keys: [signingKey()] },
        cookies: { keys: ['loopback tests only'] },
        clientDefaults: { id_token_signed_response_alg: option.alg },
        enabledJWA: { idTokenSigningAlgValues: [option.alg], userinfoSigningAlgValues: [option.alg] },
        findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
        extraTokenClaims: () => claims,
        ...(option.refresh && { issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token') }),
        interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
        clientBasedCORS: () => true,
        /* oidc-provider holds a client to the scope it registered with, and clients register with the scope of their first
           challenge: every step-up would end in invalid_scope. Here registration grants nothing, so it limits nothing. */
        extraClientMetadata: {
            properties: ['registered_without_scope'],
            validator: (ctx, name, value, metadata) => { delete metadata.scope; },
        },
        features: {
            devInteractions: { enabled: false },
            registration: { enabled: true },
            resourceIndicators: {
                enabled: true,
                useGrantedResource: () => true,
                getResourceServerInfo: (ctx, resource) => accessToken(resource),
            },
            introspection: { enabled: true, allowedPolicy: (ctx, client) => client.clientAuthMethod !== 'none' },
            revocation: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
        },
    };
}

/* Browser clients register by fetch; oidc-provider leaves CORS for that to its host. */
async function registrationCors(ctx, next) {
    if (ctx.path !== '/reg') return next();
    ctx.set('Access-Control-Allow-Origin', '*');
    if (ctx.method !== 'OPTIONS') return next();
    ctx.set('Access-Control-Allow-Headers', 'Content-Type, Accept, MCP-Protocol-Version');
    ctx.status = 204;
}

async function consent(provider, { params, session, grantId, prompt: { details } }) {
    const grant = grantId
        ? await provider.Grant.find(grantId)
        : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(' '));
    for (const [resource, scopes] of Object.entries(details.missingResourceScopes ?? {})) {
        grant.addResourceScope(resource, scopes.join(' '));
    }
    return { consent: { grantId: await grant.save() } };
}

/* The login and consent pages, for a user who says yes to everything without being shown a page. */
async function interaction(provider, ctx, next) {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    const result = details.prompt.name === 'login'
        ? { login: { accountId: option.user } }
        : await consent(provider, details);
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
}

endWithParent();
const server = createServer();
server.listen(Number(option.port), '127.0.0.1', async () => {
    const { port } = server.address();
    const issuer = `http://127.0.0.1:${port}`;
    const provider = new Provider(issuer, configuration());
    provider.use(registrationCors);
    provider.use((ctx, next) => interaction(provider, ctx, next));
    provider.on('server_error', (ctx, error) => console.error(error));
    server.on('request', provider.callback());
    await say({
        issuer,
        jwks_uri: `${issuer}/jwks`,
        introspection_endpoint: issuer + provider.pathFor('introspection'),
        revocation_endpoint: issuer + provider.pathFor('revocation'),
        port,
    });
});
