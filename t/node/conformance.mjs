// conformance.mjs - the server scenarios of the MCP conformance suite against one URL, with their checks as facts.
// Not a judge: which checks have to pass is the test's business.
//
//   node conformance.mjs URL REVISION
//
// Runs what that protocol revision (2025-11-25, 2026-07-28) requires of a server, and what the suite adds without scoring it.
// Prints {"checks": [{"scenario","id","name","status"}], "error"}.

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from './life.mjs';

const SECONDS = 60;
const [url, revision] = process.argv.slice(2);
const program = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));

/* The suite's exit status only says whether all passed; what it printed tells why there is no result. */
function runSuite(results) {
    const words = [program, 'server', '--url', url, '--requirements', revision, '--output-dir', results];
    return new Promise((done) => {
        execFile(process.execPath, words, { timeout: SECONDS * 1000, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
            done(error?.killed ? `no end after ${SECONDS} s` : stderr);
        });
    });
}

/* One directory server-SCENARIO-TIME per scenario, with its checks in the order they were made. */
function readChecks(results) {
    return readdirSync(results).sort().flatMap((dir) => {
        const scenario = dir.replace(/^server-|-\d{4}-\d\d-\d\dT.*$/g, '');
        return JSON.parse(readFileSync(join(results, dir, 'checks.json'), 'utf8'))
            .map(({ id, name, status }) => ({ scenario, id, name, status }));
    });
}

const results = mkdtempSync(join(tmpdir(), 'conformance-'));
try {
    const said = await runSuite(results);
    const checks = readChecks(results);
    await say({ checks, error: checks.length ? null : said });
} finally {
    rmSync(results, { recursive: true });
}
