// recorder.mjs - what a client sent and got, as facts a test can judge. Runs in node and in the page.
// Not a judge: no expectation lives here.

function rpcMethod(body) {
    try {
        return JSON.parse(body).method;
    } catch {
        return undefined;
    }
}

function formFields(body) {
    if (!(body instanceof URLSearchParams)) return undefined;
    const secret = new Set(['code', 'code_verifier', 'client_secret']);
    return Object.fromEntries([...body].map(([name, value]) => [name, secret.has(name) ? '(given)' : value]));
}

function registration(url, body) {
    return /\/reg(ister)?$/.test(new URL(url).pathname) && body ? JSON.parse(body) : undefined;
}

/* A fetch that tells `exchanges` everything. mirror: repeat the JSON-RPC method in Mcp-Method, as clients of 2026-07-28 do. */
export function recordingFetch(exchanges, { mirror = false, fetch: send = globalThis.fetch } = {}) {
    return async (url, init = {}) => {
        const headers = new Headers(init.headers);
        const rpc = rpcMethod(init.body);
        if (mirror && rpc) headers.set('mcp-method', rpc);
        const exchange = {
            method: init.method ?? 'GET',
            url: String(url),
            rpc,
            authorization: headers.has('authorization'),
            protocol_version: headers.get('mcp-protocol-version') ?? undefined,
            form: formFields(init.body),
            registration: registration(url, init.body),
        };
        exchanges.push(exchange);
        const response = await send(url, { ...init, headers });
        exchange.status = response.status;
        exchange.type = response.headers.get('content-type') ?? undefined;
        exchange.challenge = response.headers.get('www-authenticate') ?? undefined;
        exchange.session = response.headers.has('mcp-session-id');
        if (response.status >= 400) exchange.body = await response.clone().text();
        return response;
    };
}
