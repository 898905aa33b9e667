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

// What a strict provider says to a wrong request; nothing if it is right.
function judge (request, body, { key, extra }) {
  if (request.method !== 'POST') return refusal(405, `Not allowed to ${request.method}`, 'invalid_request_error')
  if (new URL(request.url, 'http://x').pathname !== '/v1/chat/completions') return refusal(404, `Unknown request URL: ${request.method} ${request.url}`, 'invalid_request_error')
  if (request.headers.authorization !== `Bearer ${key}`) return refusal(401, `Incorrect API key provided: ${request.headers.authorization}`, 'invalid_request_error', 'invalid_api_key')
  if (request.headers['content-type'] !== 'application/json') return refusal(415, 'Content-Type must be application/json', 'invalid_request_error')
  if (typeof body !== 'object' || body === null) return refusal(400, 'We could not parse the JSON body of your request.', 'invalid_request_error')
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
    whole: call => completion(call.body.model),
    events: call => chunks(call.body.model, call.body.stream_options?.include_usage),
    frame: event => `data: ${event}\n\n`,
    failure: status => ({ error: { message: `told to answer ${status}`, type: 'server_error', param: null, code: null } })
  }, port)
  return { ...server, url: `${server.origin}/v1` }
}
