// backend.mjs - @modelcontextprotocol/server-everything over streamable HTTP, on loopback only.
// Not a copy of it: this starts the package as it is, and writes down what reached it.
//
//   node backend.mjs [--port N] [--log FILE]
//
// Prints {"port"} when it listens. FILE gets one JSON line {"method","url","headers":[[name,value],...]} per request, with
// the names as sent. Ends when its stdin does.

import { appendFileSync } from 'node:fs';
import { Server } from 'node:http';
import { parseArgs } from 'node:util';
import { endWithParent, say } from './life.mjs';

const { values: option } = parseArgs({
    options: { port: { type: 'string', default: '0' }, log: { type: 'string' } },
});

function pairs(raw) {
    return raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1]]]));
}

function write({ method, url, rawHeaders }) {
    appendFileSync(option.log, `${JSON.stringify({ method, url, headers: pairs(rawHeaders) })}\n`);
}

/* The package listens on every address and says so in prose: keep it on loopback, and tell the port when it is there. */
const { listen } = Server.prototype;
Server.prototype.listen = function listenOnLoopback(port, ready) {
    if (option.log) this.prependListener('request', write);
    return listen.call(this, Number(port), '127.0.0.1', async () => {
        ready?.();
        await say({ port: this.address().port });
    });
};

endWithParent();
process.env.PORT = option.port;
await import('@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js');
