// life.mjs - what every process here shares: one ready line on stdout, and an end when its parent ends.
// Not what the process does.

import { Console } from 'node:console';

/* stdout carries only what the test reads; libraries that chat do it on stderr */
globalThis.console = new Console(process.stderr, process.stderr);

export function say(facts) {
    return new Promise((done) => process.stdout.write(`${JSON.stringify(facts)}\n`, done));
}

/* A killed test cannot stop what it started, but the kernel closes its end of their stdin. */
export function endWithParent() {
    const parent = process.ppid;
    const end = () => process.exit(0);
    process.stdin.on('end', end).on('error', end).resume();
    process.on('SIGTERM', end);
    setInterval(() => process.ppid === parent || end(), 500).unref();
}

/* A peer that hangs must fail its test, not the whole run. */
export function endAfter(seconds) {
    setTimeout(async () => {
        await say({ error: `no end after ${seconds} s` });
        process.exit(1);
    }, seconds * 1000).unref();
}
