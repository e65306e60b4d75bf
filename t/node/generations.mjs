// generations.mjs - the two generations of the TypeScript SDK as a client needs them, with what differs between them.
// Loads only the one asked for.

/* 2025: initialize and sessions. */
async function first() {
    const [{ Client }, { StreamableHTTPClientTransport: Transport }, { UnauthorizedError }] = await Promise.all([
        import('@modelcontextprotocol/sdk/client/index.js'),
        import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
        import('@modelcontextprotocol/sdk/client/auth.js'),
    ]);
    return {
        Transport,
        UnauthorizedError,
        newClient: (info) => new Client(info),
        callTool: (client, call, options) => client.callTool(call, undefined, options),
        finishAuth: (transport, { code }) => transport.finishAuth(code),
    };
}

/* 2026-07-28 where the server speaks it, else 2025. */
async function second() {
    const { Client, StreamableHTTPClientTransport: Transport, UnauthorizedError } = await import('@modelcontextprotocol/client');
    return {
        Transport,
        UnauthorizedError,
        newClient: (info) => new Client(info, { versionNegotiation: { mode: 'auto' } }),
        callTool: (client, call, options) => client.callTool(call, options),
        finishAuth: (transport, { code, iss }) => transport.finishAuth(code, iss),
    };
}

const GENERATIONS = { 1: first, 2: second };

export function loadGeneration(name) {
    return GENERATIONS[name]();
}
