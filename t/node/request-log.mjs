// request-log.mjs - what reached an MCP server, one JSON line {"method","url","headers":[[name,value],...]} per request,
// with the names as sent. Not the bodies.

import { appendFileSync } from 'node:fs';

function pairs(raw) {
    return raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1]]]));
}

/* A listener for the 'request' event; without a file nothing is written. */
export function requestLog(file) {
    return ({ method, url, rawHeaders }) => {
        if (file) appendFileSync(file, `${JSON.stringify({ method, url, headers: pairs(rawHeaders) })}\n`);
    };
}
