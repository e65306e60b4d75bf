// browser.mjs - headless Chromium with a page of another origin than the MCP server's, driven from 401 to a tool's answer.
// Not what the page does (page.mjs).
//
//   node browser.mjs URL --port N [--mirror] [--chromium PATH] [--trust SPKI]
//
//   --port    where the page is served: its origin is http://127.0.0.1:N, and http://localhost:N is the foreign one
//   --mirror  the page sends the JSON-RPC method in Mcp-Method too
//   --trust   base64 SHA-256 of a public key that TLS may show
//
// Prints one JSON document: anonymous, foreign, visits (one per page load of the SDK's flow), by_hand.

import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { endAfter, endWithParent, say } from './life.mjs';

const { values: option, positionals: [url] } = parseArgs({
    allowPositionals: true,
    options: {
        port: { type: 'string', default: '0' },
        mirror: { type: 'boolean', default: false },
        chromium: { type: 'string', default: '/usr/bin/chromium' },
        trust: { type: 'string' },
    },
});

const FLAGS = [
    '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--no-proxy-server',
];
const VISITS = 4;

async function bundle() {
    const entry = join(import.meta.dirname, 'page.mjs');
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'iife', write: false, logLevel: 'error' });
    return outputFiles[0].text;
}

async function servePage() {
    const files = {
        '/': ['text/html', '<!doctype html><title>page</title><script src="/page.js"></script>'],
        '/page.js': ['text/javascript', await bundle()],
    };
    const server = createServer((request, response) => {
        const [type, text] = files[request.url.split('?')[0]] ?? [];
        response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' }).end(text);
    });
    await new Promise((done) => server.listen(Number(option.port), '127.0.0.1', done));
    return server.address().port;
}

function launch(profile) {
    return chromium.launchPersistentContext(profile, {
        executablePath: option.chromium,
        headless: true,
        chromiumSandbox: false,
        env: { ...process.env, HOME: profile },
        args: option.trust ? [...FLAGS, `--ignore-certificate-errors-spki-list=${option.trust}`] : FLAGS,
    });
}

function inPage(page, name, ...given) {
    return page.evaluate(([of, list]) => window.interop[of](...list), [name, given]);
}

/* The authorization server sends the browser back to the page, with a code; the page goes on from there. */
async function sdkFlow(page) {
    const visits = [];
    for (let i = 0; i < VISITS; i += 1) {
        const visit = await inPage(page, 'session', url, { mirror: option.mirror });
        visits.push(visit);
        if (!visit.leave) break;
        await page.goto(visit.leave);
    }
    return visits;
}

async function drive(context, port) {
    const page = await context.newPage();
    await page.goto(`http://localhost:${port}/`);
    const foreign = await inPage(page, 'anonymous', url);
    await page.goto(`http://127.0.0.1:${port}/`);
    const anonymous = await inPage(page, 'anonymous', url);
    const visits = await sdkFlow(page);
    const issued = visits.at(-1).tokens.length > 0;
    const mirrored = option.mirror ? { 'mcp-method': 'tools/call', 'mcp-name': 'echo' } : {};
    const by_hand = issued ? await inPage(page, 'withToken', url, mirrored) : null;
    return { foreign, anonymous, visits, by_hand };
}

endWithParent();
endAfter(120);
const profile = mkdtempSync(join(tmpdir(), 'interop-chromium-'));
let report;
try {
    const port = await servePage();
    const context = await launch(profile);
    report = { ...await drive(context, port), error: null };
    await context.close();
} catch (error) {
    report = { error: String(error) };
}
rmSync(profile, { recursive: true, force: true });
await say(report);
process.exit(report.error ? 1 : 0);
