// What JavaScript reads in request bodies: the lines of judge.c, three for each body, divided by tabs. First JSON.parse; then a
// reader that ignores the case of names and takes the last member of a name, as Go's encoding/json does, and one that takes the
// first.
import { readFileSync } from 'node:fs';

const PROTOCOL = ['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'name', 'uri', 'ref', 'type', 'taskId', 'arguments', '_meta'];
const SOURCE = {
    'tools/call': 'name',
    'prompts/get': 'name',
    'resources/read': 'uri',
    'resources/subscribe': 'uri',
    'resources/unsubscribe': 'uri',
    'tasks/get': 'taskId',
    'tasks/result': 'taskId',
    'tasks/update': 'taskId',
    'tasks/cancel': 'taskId',
};
// What a server of 2026-07-28 does not know; without a URI nobody else can do anything with it.
const LOST = ['resources/subscribe', 'resources/unsubscribe'];

// Every member of every object in order, also where a name comes twice: { members: [[name, value], ...] }. Strings and
// numbers are left to JSON.parse.
function parseAll(text) {
    const token = /[ \t\r\n]*("(?:[^"\\]|\\.)*"|[-+.0-9A-Za-z]+|[[\]{}:,])/sy;
    const next = () => {
        const found = token.exec(text);
        if (!found) throw new SyntaxError(`at ${token.lastIndex}`);
        return found[1];
    };
    const expect = (got, wanted) => {
        if (got !== wanted) throw new SyntaxError(`${wanted} expected, ${got} found`);
    };
    const list = (close, item) => {
        const items = [];
        for (let first = next(); first !== close; first = next()) {
            if (items.length) expect(first, ',');
            items.push(item(items.length ? next() : first));
        }
        return items;
    };
    const member = (name) => {
        expect(next(), ':');
        return [JSON.parse(name), value(next())];
    };
    const value = (first) => (first === '{' ? { members: list('}', member) } : first === '[' ? list(']', value) : JSON.parse(first));
    return value(next());
}

// Ways to ignore case: Unicode's simple folding (Go), upper and lower case, and lower case in Turkish.
function folds(name, member) {
    return (
        new RegExp(`^${member}$`, 'iu').test(name) ||
        name.toUpperCase() === member.toUpperCase() ||
        name.toLowerCase() === member.toLowerCase() ||
        name.toLocaleLowerCase('tr') === member
    );
}

// A record of the protocol out of members that are named so, in whatever case. _meta is a map and not read.
function record(value, choose) {
    if (!value?.members) return value;
    return Object.fromEntries(
        PROTOCOL.map((wanted) => [wanted, value.members.filter(([name]) => folds(name, wanted))])
            .filter(([, found]) => found.length > 0)
            .map(([wanted, found]) => [wanted, record(choose(found)[1], choose)]),
    );
}

const has = (object, name) => Object.prototype.hasOwnProperty.call(object, name);
const string = (value) => (typeof value === 'string' ? Buffer.from(value, 'utf8').toString('hex') : '?');

function nameOf({ method, params }) {
    if (method === 'completion/complete') return string(params.ref.type === 'ref/prompt' ? params.ref.name : params.ref.uri);
    if (LOST.includes(method) && params?.uri === undefined) return '-';
    return has(SOURCE, method) ? string(params[SOURCE[method]]) : '-';
}

function idOf(message) {
    if (!has(message, 'id')) return '-';
    const { id } = message;
    return typeof id === 'string' ? `s${string(id)}` : id === null ? 'inull' : Number.isInteger(id) ? `i${BigInt(id)}` : '?';
}

function read(parse) {
    try {
        const message = parse();
        const method = has(message, 'method') ? string(message.method) : '2d';
        return `method=${method} name=${nameOf(message)} id=${idOf(message)}`;
    } catch {
        return 'refused';
    }
}

const lines = readFileSync(0, 'latin1').split('\n').slice(0, -1);
for (const line of lines) {
    const text = Buffer.from(line, 'base64').toString('utf8');
    const last = () => record(parseAll(text), (found) => found.at(-1));
    const first = () => record(parseAll(text), (found) => found[0]);
    console.log([read(() => JSON.parse(text)), read(last), read(first)].join('\t'));
}
