// What is asked of both: name → { path, method, body, headers }. A name says what it is about; explanations go by it.
// `‹id of NAME›` in a path or body stands for the id in the answer that the same proxy gave to that request. `parts` is a form:
// texts, or [file name, type, bytes].
import { lists } from './corpus_lists.mjs'
import { media } from './corpus_media.mjs'
import { responses } from './corpus_responses.mjs'
import { shapes } from './corpus_shapes.mjs'

const key = { authorization: 'Bearer sk-master' }
const user = content => [{ role: 'user', content }]
const tools = [{ type: 'function', function: { name: 'weather', description: 'Weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } }]
const png = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const toolTalk = [
  ...user('Weather?'),
  { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }] },
  { role: 'tool', tool_call_id: 'call_1', content: 'Sunny' }
]
const schema = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false } } }

const all = {}
const add = (name, request) => { all[name] = { method: 'POST', headers: key, ...request } }
const chat = (name, body, more = {}) => add(`chat ${name}`, { path: '/v1/chat/completions', body, ...more })
const both = (name, body) => {
  chat(name, body)
  chat(`${name} streamed`, { ...body, stream: true })
}

for (const model of ['gpt', 'claude', 'gemini', 'router']) {
  both(`${model} plain`, { model, messages: user('Hello') })
  chat(`${model} streamed with usage`, { model, messages: user('Hello'), stream: true, stream_options: { include_usage: true } })
  both(`${model} system prompt`, { model, messages: [{ role: 'system', content: 'Be brief' }, ...user('Hello')] })
  both(`${model} parameters`, { model, messages: user('Hello'), temperature: 0.5, top_p: 0.9, max_tokens: 50, stop: ['x'] })
  both(`${model} one tool call`, { model, messages: user('one-call'), tools, tool_choice: 'auto' })
  both(`${model} two tool calls`, { model, messages: user('two-calls'), tools })
  chat(`${model} tool result`, { model, messages: toolTalk, tools })
  chat(`${model} image`, { model, messages: user([{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url: png } }]) })
  both(`${model} cut by length`, { model, messages: user('length') })
  both(`${model} filtered`, { model, messages: user('filter') })
  both(`${model} reasoning`, { model, messages: user('think') })
  for (const status of model === 'gpt' ? [400, 401, 403, 404, 422, 429, 500, 502, 503] : model === 'claude' ? [400, 401, 403, 404, 413, 429, 500, 529] : [400, 401, 403, 404, 429, 500, 503]) {
    both(`${model} upstream ${status}`, { model, messages: user(`fail-${status}`) })
  }
}
chat('gpt two choices', { model: 'gpt', messages: user('Hello'), n: 2 })
chat('gpt no usage', { model: 'gpt', messages: user('no-usage') })
chat('gpt json schema', { model: 'gpt', messages: user('Hello'), response_format: schema })
chat('gpt unknown field', { model: 'gpt', messages: user('Hello'), some_field: { a: 1 } })
chat('gpt too long', { model: 'gpt', messages: user('fail-400 too-long') })
chat('gpt against policy', { model: 'gpt', messages: user('fail-400 policy') })
chat('gpt retry after', { model: 'gpt', messages: user('fail-429 wait-2') })
chat('gpt timeout', { model: 'gpt', messages: user('hang') }, { headers: { ...key, 'x-litellm-timeout': '1' } })
chat('gpt timeout in body', { model: 'gpt', messages: user('hang'), timeout: 1 })
chat('by id', { model: 'gpt-id', messages: user('Hello') })
chat('wildcard', { model: 'team/gpt-x', messages: user('Hello') })
chat('alias', { model: 'nick', messages: user('Hello') })
chat('hidden alias', { model: 'quiet', messages: user('Hello') })
both('mock', { model: 'mock', messages: user('Hello') })
both('fallback', { model: 'shaky', messages: user('fail-500 once') })
chat('fallback disabled', { model: 'shaky', messages: user('fail-500'), disable_fallbacks: true })
chat('client fallback', { model: 'gpt', messages: user('fail-500'), fallbacks: ['mock'] })
chat('pool', { model: 'pool', messages: user('Hello') })
chat('call id of the client', { model: 'gpt', messages: user('Hello') }, { headers: { ...key, 'x-litellm-call-id': 'my-call' } })
chat('engine path', { messages: user('Hello') }, { path: '/engines/gpt/chat/completions' })
chat('deployment path', { messages: user('Hello') }, { path: '/openai/deployments/gpt/chat/completions' })
chat('without v1', { model: 'gpt', messages: user('Hello') }, { path: '/chat/completions' })

chat('bad: not JSON', '{"model": ')
chat('bad: a list', [])
chat('bad: no model', { messages: user('Hello') })
chat('bad: no messages', { model: 'gpt' })
chat('bad: unknown model', { model: 'nothing', messages: user('Hello') })
chat('bad: no key', { model: 'gpt', messages: user('Hello') }, { headers: {} })
chat('bad: key without sk-', { model: 'gpt', messages: user('Hello') }, { headers: { authorization: 'Bearer abcdefghijklmnop' } })
chat('bad: unknown key', { model: 'gpt', messages: user('Hello') }, { headers: { authorization: 'Bearer sk-unknown-key-1234' } })
chat('lower case bearer', { model: 'gpt', messages: user('Hello') }, { headers: { authorization: 'bearer sk-master' } })
chat('key in x-litellm-api-key', { model: 'gpt', messages: user('Hello') }, { headers: { 'x-litellm-api-key': 'sk-master' } })
add('bad: unknown path', { path: '/v1/nothing', body: {} })
add('bad: wrong method', { path: '/v1/chat/completions', method: 'GET' })

for (const model of ['gpt', 'claude', 'gemini']) {
  const messages = (name, body, more = {}) => add(`messages ${model} ${name}`, { path: '/v1/messages', body: { model, max_tokens: 100, ...body }, headers: { ...key, 'anthropic-version': '2023-06-01' }, ...more })
  const two = (name, body) => {
    messages(name, body)
    messages(`${name} streamed`, { ...body, stream: true })
  }
  const own = [{ name: 'weather', description: 'Weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }]
  two('plain', { messages: user('Hello') })
  two('system prompt', { system: 'Be brief', messages: user('Hello') })
  two('one tool call', { messages: user('one-call'), tools: own })
  two('two tool calls', { messages: user('two-calls'), tools: own })
  messages('tool result', { messages: [...user('Weather?'), { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } }] }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Sunny' }] }], tools: own })
  two('cut by length', { messages: user('length') })
  for (const status of [400, 401, 429, 500]) messages(`upstream ${status}`, { messages: user(`fail-${status}`) })
}
add('messages bad: unknown model', { path: '/v1/messages', body: { model: 'nothing', max_tokens: 5, messages: user('Hello') } })

add('completions plain', { path: '/v1/completions', body: { model: 'gpt', prompt: 'Hello' } })
add('embeddings one', { path: '/v1/embeddings', body: { model: 'embed', input: 'Hello' } })
add('embeddings two', { path: '/v1/embeddings', body: { model: 'embed', input: ['Hello', 'there'] } })
add('embeddings upstream 400', { path: '/v1/embeddings', body: { model: 'embed', input: 'fail-400' } })
add('embeddings bad: no input', { path: '/v1/embeddings', body: { model: 'embed' } })

add('key generate bad: no store', { path: '/key/generate', body: {} })
for (const more of [shapes, responses, media, lists]) more(add)

export const corpus = all
