// client.mjs - an MCP client (the TypeScript SDK) that is given one URL and nothing else, and finds its way in:
// challenge, metadata, registration, PKCE, token, tools. Asked for more scope, it authorizes again and repeats the call.
// Not a test: it reports what happened as one JSON document, and the test decides.
//
//   node client.mjs URL [--sdk 2] [--call TOOL JSON]... [--wait SECONDS] [--mirror] [--h2]
//
//   --sdk     the SDK's generation (generations.mjs), 1 by default
//   --call    a tool to call and its arguments (default: echo {"message":"hello"}); repeatable
//   --wait    pause before each call but the first
//   --mirror  send the JSON-RPC method in Mcp-Method too
//   --h2      speak HTTP/2 where TLS offers it

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent, fetch as undiciFetch } from 'undici';
import { loadGeneration } from './generations.mjs';
import { endAfter, say } from './life.mjs';
import { Provider, readToken } from './provider.mjs';
import { recordingFetch } from './recorder.mjs';
import { UserAgent } from './user-agent.mjs';

const { values: option, positionals: [url, ...words] } = parseArgs({
    allowPositionals: true,
    options: {
        sdk: { type: 'string', default: '1' },
        call: { type: 'string', multiple: true, default: [] },
        wait: { type: 'string', default: '0' },
        mirror: { type: 'boolean', default: false },
        h2: { type: 'boolean', default: false },
    },
});

/* `--call TOOL JSON` leaves its JSON among the positionals, in the same order. */
const calls = option.call.length
    ? option.call.map((tool, i) => ({ tool, args: JSON.parse(words[i] ?? '{}') }))
    : [{ tool: 'echo', args: { message: 'hello' } }];

const sdk = await loadGeneration(option.sdk);
const report = { url, exchanges: [], authorizations: [], tokens: [], tools: [], calls: [], error: null };

function http2Fetch() {
    const dispatcher = new Agent({ allowH2: true });
    return (to, init) => undiciFetch(to, { ...init, headers: [...init.headers], dispatcher });
}

function newProvider() {
    const redirectUrl = 'http://127.0.0.1:1/callback';
    const user = new UserAgent();
    const provider = new Provider({
        redirectUrl,
        store: new Map(),
        visit: async (to) => { provider.answer = await user.authorize(to, redirectUrl); },
    });
    return provider;
}

async function finish(transport, { answer }) {
    report.authorizations.push(Object.keys(answer).sort());
    if (!answer.code) throw new Error(`authorization server: ${answer.error}: ${answer.error_description}`);
    await sdk.finishAuth(transport, answer);
}

/* The SDK throws UnauthorizedError once the user has been sent away; a host finishes the flow and goes on. */
async function authorizing(transport, provider, act) {
    try {
        return await act();
    } catch (error) {
        if (!(error instanceof sdk.UnauthorizedError)) throw error;
        await finish(transport(), provider);
        return act();
    }
}

async function connect(provider, fetch) {
    const client = sdk.newClient({ name: 'mod_auth_mcp interop', version: '1' });
    let transport;
    await authorizing(() => transport, provider, () => {
        transport = new sdk.Transport(new URL(url), { authProvider: provider, fetch });
        return client.connect(transport);
    });
    return { client, transport };
}

/* One call, and when its progress arrived: milliseconds before the result. */
async function callTool(client, name, args) {
    const progress = [];
    const { content } = await sdk.callTool(client, { name, arguments: args }, { onprogress: () => progress.push(Date.now()) });
    const end = Date.now();
    return { tool: name, text: content.map(({ text }) => text).join('\n'), progress: progress.map((at) => end - at) };
}

async function callTools({ client, transport }, provider) {
    for (const [i, { tool, args }] of calls.entries()) {
        if (i) await sleep(Number(option.wait) * 1000);
        report.calls.push(await authorizing(() => transport, provider, () => callTool(client, tool, args)));
    }
}

async function run(provider) {
    const fetch = recordingFetch(report.exchanges, {
        mirror: option.mirror,
        fetch: option.h2 ? http2Fetch() : globalThis.fetch,
    });
    const session = await connect(provider, fetch);
    report.server = session.client.getServerVersion().name;
    report.tools = (await session.client.listTools()).tools.map(({ name }) => name);
    await callTools(session, provider);
    await session.transport.terminateSession();
    await session.client.close();
}

endAfter(60);
const provider = newProvider();
try {
    await run(provider);
} catch (error) {
    report.error = String(error);
}
report.asked = provider.asked();
report.refresh_token = provider.tokens()?.refresh_token;
report.tokens = provider.issued().map((token) => ({ token, ...readToken(token) }));
await say(report);
process.exit(report.error ? 1 : 0);
