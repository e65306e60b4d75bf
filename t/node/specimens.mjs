// specimens.mjs - the tools, prompts and resources that the conformance suite asks a server for by name.
// Not how they are served (two-eras.mjs), and no expectation: the suite judges.

import { acceptedContent, fromJsonSchema, inputRequired, ResourceTemplate } from '@modelcontextprotocol/server';
import { setTimeout as sleep } from 'node:timers/promises';

/* Of a file its first bytes are enough: nobody looks at it. */
const PNG = btoa('\x89PNG\r\n\x1a\n');
const WAV = btoa('RIFF');

const text = (words) => ({ type: 'text', text: words });
const image = { type: 'image', data: PNG, mimeType: 'image/png' };
const audio = { type: 'audio', data: WAV, mimeType: 'audio/wav' };
const resource = (uri) => ({ type: 'resource', resource: { uri, mimeType: 'text/plain', text: `content of ${uri}` } });
const says = (...content) => ({ content });

const object = (properties = {}) => fromJsonSchema({ type: 'object', properties, required: Object.keys(properties) });
const string = { type: 'string' };
const NAME_FORM = { type: 'object', properties: { name: string }, required: ['name'] };

const OPTIONS = ['option1', 'option2', 'option3'];
const titled = OPTIONS.map((value) => ({ const: value, title: `Title of ${value}` }));

const DEFAULTS_FORM = {
    type: 'object',
    properties: {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
    },
};

const ENUMS_FORM = {
    type: 'object',
    properties: {
        untitledSingle: { type: 'string', enum: OPTIONS },
        titledSingle: { type: 'string', oneOf: titled },
        legacyEnum: { type: 'string', enum: OPTIONS, enumNames: titled.map(({ title }) => title) },
        untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
        titledMulti: { type: 'array', items: { anyOf: titled } },
    },
};

/* In the 2025 era a server asks its client within the session, in the middle of a call. */
async function elicit(ctx, message, requestedSchema) {
    const { action, content } = await ctx.mcpReq.send({ method: 'elicitation/create', params: { message, requestedSchema } });
    return says(text(`action=${action}, content=${JSON.stringify(content ?? {})}`));
}

async function sample(ctx, prompt) {
    const messages = [{ role: 'user', content: text(prompt) }];
    const { content } = await ctx.mcpReq.send({ method: 'sampling/createMessage', params: { messages, maxTokens: 100 } });
    return says(text(`LLM response: ${content.text}`));
}

/* In the 2026 era it answers with what it lacks, and the client repeats the call with it. */
function askName(ctx) {
    const name = acceptedContent(ctx.mcpReq.inputResponses, 'user_name')?.name;
    if (typeof name === 'string') return says(text(`Hello, ${name}!`));
    return inputRequired({
        inputRequests: { user_name: inputRequired.elicit({ message: 'What is your name?', requestedSchema: NAME_FORM }) },
    });
}

function needSampling(ctx) {
    if (ctx.mcpReq.inputResponses?.answer) return says(text('answered'));
    const messages = [{ role: 'user', content: text('ping') }];
    return inputRequired({ inputRequests: { answer: inputRequired.createMessage({ messages, maxTokens: 10 }) } });
}

async function withLogging(ctx) {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await ctx.mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
        await sleep(50);
    }
    return says(text('logged'));
}

async function withProgress(ctx) {
    const { progressToken } = ctx.mcpReq._meta ?? {};
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
        await sleep(50);
    }
    return says(text('done'));
}

function fail() {
    throw new Error('on purpose');
}

/* name => [inputSchema, what it does with (args, ctx, notify)] */
const TOOLS = {
    test_simple_text: [object(), () => says(text('This is a simple text response for testing.'))],
    test_image_content: [object(), () => says(image)],
    test_audio_content: [object(), () => says(audio)],
    test_embedded_resource: [object(), () => says(resource('test://embedded-resource'))],
    test_multiple_content_types: [object(), () => says(text('several:'), image, resource('test://mixed-content-resource'))],
    test_tool_with_logging: [object(), (args, ctx) => withLogging(ctx)],
    test_tool_with_progress: [object(), (args, ctx) => withProgress(ctx)],
    test_error_handling: [object(), fail],
    test_sampling: [object({ prompt: string }), ({ prompt }, ctx) => sample(ctx, prompt)],
    test_elicitation: [object({ message: string }), ({ message }, ctx) => elicit(ctx, message, NAME_FORM)],
    test_elicitation_sep1034_defaults: [object(), (args, ctx) => elicit(ctx, 'defaults', DEFAULTS_FORM)],
    test_elicitation_sep1330_enums: [object(), (args, ctx) => elicit(ctx, 'enums', ENUMS_FORM)],
    test_input_required_result_elicitation: [object(), (args, ctx) => askName(ctx)],
    test_missing_capability: [object(), (args, ctx) => needSampling(ctx)],
    test_streaming_elicitation: [object(), () => says(text('no question'))],
    test_logging_tool: [object(), async (args, ctx) => { await ctx.mcpReq.log('info', 'called'); return says(text('logged')); }],
    test_trigger_tool_change: [object(), (args, ctx, notify) => { notify.toolsChanged(); return says(text('told')); }],
    test_trigger_prompt_change: [object(), (args, ctx, notify) => { notify.promptsChanged(); return says(text('told')); }],
    test_x_mcp_header: [
        fromJsonSchema({ type: 'object', properties: { region: { ...string, 'x-mcp-header': 'Region' } } }),
        ({ region }) => says(text(`region=${region}`)),
    ],
};

const ask = (...content) => ({ messages: content.map((part) => ({ role: 'user', content: part })) });

/* name => [argsSchema, what it gives for (args)] */
const PROMPTS = {
    test_simple_prompt: [undefined, () => ask(text('This is a simple prompt for testing.'))],
    test_prompt_with_arguments: [object({ arg1: string, arg2: string }), ({ arg1, arg2 }) => ask(text(`arg1='${arg1}', arg2='${arg2}'`))],
    test_prompt_with_embedded_resource: [object({ resourceUri: string }), ({ resourceUri }) => ask(resource(resourceUri), text('read it'))],
    test_prompt_with_image: [undefined, () => ask(image, text('look at it'))],
};

/* name => [URI or template, what it holds] */
const RESOURCES = {
    'static-text': ['test://static-text', { mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
    'static-binary': ['test://static-binary', { mimeType: 'image/png', blob: PNG }],
    'watched-resource': ['test://watched-resource', { mimeType: 'text/plain', text: 'watched' }],
};

function addResources(server) {
    for (const [name, [uri, content]] of Object.entries(RESOURCES)) {
        server.registerResource(name, uri, { mimeType: content.mimeType }, () => ({ contents: [{ uri, ...content }] }));
    }
    const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
    server.registerResource('template', template, { mimeType: 'application/json' }, (uri, { id }) => ({
        contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id }) }],
    }));
}

/* Everything into one McpServer. notify: tells listening clients of changes. */
export function addSpecimens(server, notify) {
    for (const [name, [inputSchema, act]] of Object.entries(TOOLS)) {
        server.registerTool(name, { description: `specimen ${name}`, inputSchema }, (args, ctx) => act(args, ctx, notify));
    }
    for (const [name, [argsSchema, act]] of Object.entries(PROMPTS)) {
        server.registerPrompt(name, { description: `specimen ${name}`, argsSchema }, (args) => act(args));
    }
    addResources(server);
    for (const method of ['resources/subscribe', 'resources/unsubscribe', 'logging/setLevel']) {
        server.server.setRequestHandler(method, () => ({}));
    }
    server.server.setRequestHandler('completion/complete', () => ({ completion: { values: [], total: 0, hasMore: false } }));
}
