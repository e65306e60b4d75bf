// backend.mjs - @modelcontextprotocol/server-everything over streamable HTTP, on loopback only.
// Not a copy of it: this starts the package as it is, and writes down what reached it.
//
//   node backend.mjs [--port N] [--log FILE]
//
// Prints {"port"} when it listens. FILE gets a line per request (request-log.mjs). Ends when its stdin does.

import { Server } from 'node:http';
import { parseArgs } from 'node:util';
import { endWithParent, say } from './life.mjs';
import { requestLog } from './request-log.mjs';

const { values: option } = parseArgs({
    options: { port: { type: 'string', default: '0' }, log: { type: 'string' } },
});

/* The package listens on every address and says so in prose: keep it on loopback, and tell the port when it is there. */
const { listen } = Server.prototype;
Server.prototype.listen = function listenOnLoopback(port, ready) {
    this.prependListener('request', requestLog(option.log));
    return listen.call(this, Number(port), '127.0.0.1', async () => {
        ready?.();
        await say({ port: this.address().port });
    });
};

endWithParent();
process.env.PORT = option.port;
await import('@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js');
