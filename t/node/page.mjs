// page.mjs - an MCP client inside a web page of another origin, where only CORS decides what it may send and see.
// browser.mjs bundles it, serves it and calls window.interop. Not the navigation: the driver plays the address bar.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Provider, readToken } from './provider.mjs';
import { recordingFetch } from './recorder.mjs';

const INITIALIZE = {
    jsonrpc: '2.0',
    id: 7,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'page', version: '1' } },
};

/* Survives the way to the authorization server and back. */
const store = {
    get: (name) => JSON.parse(sessionStorage.getItem(name) ?? 'null') ?? undefined,
    set: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
};

async function look(url, init) {
    try {
        const response = await fetch(url, init);
        return {
            status: response.status,
            type: response.headers.get('content-type'),
            challenge: response.headers.get('www-authenticate'),
            session: response.headers.get('mcp-session-id'),
            body: await response.text(),
        };
    } catch (error) {
        return { error: String(error) };
    }
}

function post(url, headers = {}, message = INITIALIZE) {
    return look(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify(message),
    });
}

/* What a page without any token can find out. */
async function anonymous(url) {
    const refused = await post(url);
    const metadata = /resource_metadata="([^"]+)"/.exec(refused.challenge ?? '')?.[1];
    const version = { headers: { 'mcp-protocol-version': '2025-11-25' } };
    const nowhere = new URL('/.well-known/oauth-protected-resource/no/such/resource', url);
    return {
        refused,
        refused_get: await look(url, { headers: { accept: 'text/event-stream' } }),
        bad_token: await post(url, { authorization: 'Bearer bad.bad.bad' }),
        metadata: metadata ? await look(metadata, version) : { error: 'no resource_metadata to be read' },
        no_metadata: await look(nowhere, version),
    };
}

/* By hand, with the token that the flow got: a session, then one call that needs `method` to be allowed. */
async function withToken(url, extra) {
    const authorization = `Bearer ${store.get('tokens').access_token}`;
    const opened = await post(url, { authorization });
    const session = { authorization, 'mcp-session-id': opened.session, 'mcp-protocol-version': '2025-11-25' };
    await post(url, session, { jsonrpc: '2.0', method: 'notifications/initialized' });
    const params = { name: 'echo', arguments: { message: 'by hand' } };
    const call = { jsonrpc: '2.0', id: 8, method: 'tools/call', params };
    return { opened, called: await post(url, { ...session, ...extra }, call) };
}

function newProvider() {
    return new Provider({ redirectUrl: `${location.origin}/`, store, visit: (url) => store.set('leave', url.href) });
}

async function connect(url, provider, fetch) {
    const transport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider, fetch });
    const code = new URLSearchParams(location.search).get('code');
    if (code) {
        history.replaceState(null, '', '/');
        await transport().finishAuth(code);
    }
    const client = new Client({ name: 'page', version: '1' });
    await client.connect(transport());
    return client;
}

async function use(client) {
    const { tools } = await client.listTools();
    const { content } = await client.callTool({ name: 'echo', arguments: { message: 'from a page' } });
    await client.close();
    return { tools: tools.map(({ name }) => name), text: content[0].text };
}

/* As far as the SDK gets without leaving the page. {leave} is where it wants the user to go next. */
async function session(url, options) {
    const provider = newProvider();
    const exchanges = [];
    const result = { exchanges };
    try {
        Object.assign(result, await use(await connect(url, provider, recordingFetch(exchanges, options))));
    } catch (error) {
        if (error instanceof UnauthorizedError) result.leave = store.get('leave');
        else result.error = String(error);
    }
    result.asked = provider.asked();
    result.tokens = provider.issued().map((token) => ({ token, ...readToken(token) }));
    return result;
}

window.interop = { anonymous, withToken, session };
