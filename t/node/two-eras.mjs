// two-eras.mjs - an MCP server on the 2.x SDK, on loopback only: protocol revision 2026-07-28 without sessions, and 2025
// with sessions, at /mcp. Like a local server should, it refuses foreign Host and Origin. It asks for no token.
// Not what it offers (specimens.mjs).
//
//   node two-eras.mjs [--port N] [--log FILE]
//
// Prints {"port"} when it listens. FILE gets a line per request (request-log.mjs). Ends when its stdin does.

import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest, McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { endWithParent, say } from './life.mjs';
import { requestLog } from './request-log.mjs';
import { addSpecimens } from './specimens.mjs';

const { values: option } = parseArgs({
    options: { port: { type: 'string', default: '0' }, log: { type: 'string' } },
});

const CHANGING = { listChanged: true };
const capabilities = { tools: CHANGING, prompts: CHANGING, resources: { ...CHANGING, subscribe: true }, logging: {}, completions: {} };

const modern = createMcpHandler(newServer, { legacy: 'reject' });
const sessions = new Map();

function newServer() {
    const server = new McpServer({ name: 'two-eras', version: '1' }, { capabilities });
    addSpecimens(server, modern.notify);
    return server;
}

/* The transport itself refuses a first request that is not initialize. */
async function newSession() {
    const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => { sessions.set(id, transport); },
        onsessionclosed: (id) => { sessions.delete(id); },
    });
    await newServer().connect(transport);
    return transport;
}

async function inSession(request) {
    const id = request.headers.get('mcp-session-id');
    const transport = id ? sessions.get(id) : await newSession();
    return transport?.handleRequest(request) ?? new Response('no such session', { status: 404 });
}

const fetch = async (request) => ((await isLegacyRequest(request)) ? inSession(request) : modern.fetch(request));
const serve = toNodeHandler({ fetch }, { onerror: console.error });
const checks = [localhostHostValidation(), localhostOriginValidation()];

endWithParent();
const server = createServer();
server.on('request', requestLog(option.log));
server.on('request', (req, res) => {
    if (checks.every((check) => check(req, res))) serve(req, res);
});
server.listen(Number(option.port), '127.0.0.1', () => say({ port: server.address().port }));
