// An OpenAI-compatible upstream for tests: strict about what it is asked, and told by the test how to answer.
//
//   const upstream = await startOpenAi({ key: 'sk-up' })
//   upstream.next({ status: 429, headers: { 'retry-after': '1' } })   // of the next call; then normal again
//   upstream.calls[0].body                                            // what arrived, parsed; .text as bytes
//   await upstream.stop()
// Plans: see models/server.mjs; an event is the text after "data: ".
import { startModelServer } from './models/server.mjs'

const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])
const parameters = new Set(['model', 'messages', 'temperature', 'top_p', 'n', 'stream', 'stream_options', 'stop', 'max_tokens',
  'max_completion_tokens', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'top_logprobs', 'user', 'seed', 'tools',
  'tool_choice', 'parallel_tool_calls', 'response_format', 'reasoning_effort', 'metadata', 'store', 'service_tier'])

const refusal = (status, message, type, code = null, param = null) => ({ status, body: { error: { message, type, param, code } } })

// The routes beside chats: what each needs, and its answer.
const base64Of = numbers => Buffer.from(new Float32Array(numbers).buffer).toString('base64')
const others = {
  '/completions': {
    required: ['prompt'],
    whole: body => ({ id: 'cmpl-up', object: 'text_completion', created: 1, model: body.model, choices: [{ text: 'Hi there', index: 0, logprobs: null, finish_reason: 'stop' }], usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 } }),
    events: body => [...['Hi', ' there'].map(text => ({ text, index: 0, logprobs: null, finish_reason: null })), { text: '', index: 0, logprobs: null, finish_reason: 'length' }]
      .map(choice => JSON.stringify({ id: 'cmpl-up', object: 'text_completion', created: 1, model: body.model, choices: [choice] }))
      .concat(body.stream_options?.include_usage ? [JSON.stringify({ id: 'cmpl-up', object: 'text_completion', created: 1, model: body.model, choices: [], usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 } })] : [], '[DONE]')
  },
  '/embeddings': {
    required: ['input'],
    whole: body => ({ object: 'list', model: `${body.model}-up`, data: [body.input].flat().map((_, index) => ({ object: 'embedding', index, embedding: body.encoding_format === 'base64' ? base64Of([index, 0.5, -1]) : [index, 0.5, -1] })), usage: { prompt_tokens: 4, total_tokens: 4 } })
  },
  '/moderations': { required: ['input'], whole: body => ({ id: 'modr-1', model: body.model, results: [{ flagged: false }] }) },
  '/rerank': { required: ['query', 'documents'], whole: body => ({ id: 'r', results: body.documents.map((_, index) => ({ index, relevance_score: 1 - index / 10 })) }) },
  '/images/generations': { required: ['prompt'], whole: () => ({ created: 1, data: [{ b64_json: 'AAAA' }], usage: { input_tokens: 7, output_tokens: 8, total_tokens: 15 } }) },
  '/images/edits': { required: [], multipart: true, whole: () => ({ created: 1, data: [{ b64_json: 'AAAA' }] }) },
  '/audio/transcriptions': { required: [], multipart: true, whole: () => ({ text: 'spoken' }) },
  '/audio/translations': { required: [], multipart: true, whole: () => ({ text: 'spoken' }) },
  '/audio/speech': { required: ['input', 'voice'], type: 'audio/mpeg', whole: () => Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256)) },
  '/responses': {
    required: ['input'],
    whole: body => responseOf(body, 'completed'),
    events: body => [
      { type: 'response.created', response: responseOf(body, 'in_progress') },
      { type: 'response.output_item.added', output_index: 0, item: { id: 'msg_1', type: 'message', role: 'assistant', status: 'in_progress', content: [] } },
      ...['Hi', ' there'].map(delta => ({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta })),
      { type: 'response.completed', response: responseOf(body, 'completed') }].map((event, i) => ({ raw: `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: i })}\n\n` }))
  }
}
const responseOf = (body, status) => ({
  id: 'resp_up', object: 'response', created_at: 1, status, error: null, model: `${body.model}-up`,
  output: status === 'completed' ? [{ id: 'msg_1', type: 'message', role: 'assistant', status, content: [{ type: 'output_text', text: 'Hi there', annotations: [] }] }] : [],
  usage: status === 'completed' ? { input_tokens: 6, output_tokens: 2, total_tokens: 8, input_tokens_details: { cached_tokens: 1 }, output_tokens_details: { reasoning_tokens: 0 } } : null
})
const otherOf = call => others[call.path.replace(/^\/v1/, '')]

// What a strict provider says to a wrong request; nothing if it is right.
function judge (request, body, { key, extra }) {
  if (request.method !== 'POST') return refusal(405, `Not allowed to ${request.method}`, 'invalid_request_error')
  const path = new URL(request.url, 'http://x').pathname.replace(/^\/v1/, '')
  if (!['/chat/completions', ...Object.keys(others)].includes(path)) return refusal(404, `Unknown request URL: ${request.method} ${request.url}`, 'invalid_request_error')
  if (request.headers.authorization !== `Bearer ${key}`) return refusal(401, `Incorrect API key provided: ${request.headers.authorization}`, 'invalid_request_error', 'invalid_api_key')
  if (others[path]?.multipart && /^multipart\/form-data; ?boundary=/.test(request.headers['content-type'])) return /name="model"\r\n\r\ngpt-[^\r]+\r\n/.test(request.text) ? null : refusal(400, 'you must provide a model parameter', 'invalid_request_error')
  if (request.headers['content-type'] !== 'application/json') return refusal(415, 'Content-Type must be application/json', 'invalid_request_error')
  if (typeof body !== 'object' || body === null) return refusal(400, 'We could not parse the JSON body of your request.', 'invalid_request_error')
  if (others[path]) {
    const missing = ['model', ...others[path].required].find(name => body[name] === undefined)
    return missing ? refusal(400, `you must provide a ${missing} parameter`, 'invalid_request_error', null, missing) : null
  }
  for (const name of Object.keys(body)) {
    if (!parameters.has(name) && !extra.includes(name)) return refusal(400, `Unrecognized request argument supplied: ${name}`, 'invalid_request_error', 'unknown_parameter', name)
  }
  if (typeof body.model !== 'string') return refusal(400, 'you must provide a model parameter', 'invalid_request_error')
  if (!Array.isArray(body.messages) || body.messages.length === 0) return refusal(400, "'messages' is required", 'invalid_request_error', null, 'messages')
  for (const message of body.messages) {
    if (!roles.has(message.role)) return refusal(400, `'${message.role}' is not one of the roles`, 'invalid_request_error', null, 'messages')
  }
  if (body.stream_options && !body.stream) return refusal(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'invalid_request_error', null, 'stream_options')
  return null
}

// Members and formats as a provider might really write them: order, exponents, large integers, unknown fields.
const completion = model => `{"id": "chatcmpl-up1", "x_unknown": {"big": 12345678901234567890, "tiny": 1e-7}, "object": "chat.completion",` +
  ` "created": 1730000000, "model": "${model}-2024", "system_fingerprint": "fp_1", "choices": [{"index": 0, "logprobs": null,` +
  ` "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi \\ud83d\\ude00 there", "refusal": null}}],` +
  ` "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "prompt_tokens_details": {"cached_tokens": 0}}}`

function chunks (model, withUsage) {
  const chunk = (choices, more = '') => `{"id":"chatcmpl-up2","object":"chat.completion.chunk","created":1730000000,"model":"${model}-2024","obfuscation":"x","choices":${choices}${more}}`
  const events = [
    chunk('[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]'),
    ...['Hi', ' \u{1F600}', ' there'].map(text => chunk(`[{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]`)),
    chunk('[{"index":0,"delta":{},"finish_reason":"stop"}]')
  ]
  if (withUsage) events.push(chunk('[]', ',"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}'))
  return [...events, '[DONE]']
}

export async function startOpenAi ({ key = 'sk-upstream', extra = [], port = 0 } = {}) {
  const server = await startModelServer({
    streamType: 'text/event-stream',
    judge: call => judge(call, call.body, { key, extra }),
    isStreamed: call => call.body?.stream === true,
    type: call => otherOf(call)?.type,
    whole: call => otherOf(call)?.whole(call.body) ?? completion(call.body.model),
    events: call => otherOf(call)?.events(call.body) ?? chunks(call.body.model, call.body.stream_options?.include_usage),
    frame: event => `data: ${event}\n\n`,
    failure: status => ({ error: { message: `told to answer ${status}`, type: 'server_error', param: null, code: null } })
  }, port)
  return { ...server, url: `${server.origin}/v1` }
}
