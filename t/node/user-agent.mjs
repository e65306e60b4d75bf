// user-agent.mjs - the user's browser in an OAuth flow, for a user who is shown no page: follows the redirects of the
// authorization server with a cookie jar. Not what the client does with the code.

const HOPS = 12;

class Jar {
    #cookies = new Map();

    take(response) {
        for (const line of response.headers.getSetCookie()) {
            const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line);
            this.#cookies.set(name, value);
        }
    }

    toString() {
        return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    }
}

/* One user, one session at the authorization server. */
export class UserAgent {
    #jar = new Jar();

    /* The query that the authorization server sends to redirectUri: code or error, state, iss. */
    async authorize(url, redirectUri) {
        let at = new URL(url);
        for (let hop = 0; hop < HOPS; hop += 1) {
            const response = await fetch(at, { redirect: 'manual', headers: { cookie: `${this.#jar}` } });
            this.#jar.take(response);
            const location = response.headers.get('location');
            if (!location) throw new Error(`${at}: ${response.status} ${await response.text()}`);
            at = new URL(location, at);
            if (at.href.startsWith(`${redirectUri}?`)) return Object.fromEntries(at.searchParams);
        }
        throw new Error(`${url}: more than ${HOPS} redirects`);
    }
}
