// An OpenAI-compatible upstream for tests: strict about what it is asked, and told by the test how to answer.
//
//   const upstream = await startOpenAi({ key: 'sk-up' })
//   upstream.next({ status: 429, headers: { 'retry-after': '1' } })   // of the next call; then normal again
//   upstream.calls[0].body                                            // what arrived, parsed; .text as bytes
//   await upstream.stop()
//
// A plan may hold: status, headers, body (text or object), delay (ms before the head), events (texts after
// "data: ", or raw bytes as { raw }), eventDelay (ms between), pieces (bytes per write), cut: 'head' | 'body'
// (hang up at once, or after what was sent), type (Content-Type), hang (never answer).
import { once } from 'node:events'
import http from 'node:http'

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
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

async function send (response, bytes, size) {
  if (!size) return void response.write(bytes)
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size))
    await new Promise(resolve => setImmediate(resolve))
  }
}

async function answer (plan, body, response) {
  if (plan.hang) return
  if (plan.delay) await wait(plan.delay)
  if (plan.cut === 'head') return void response.destroy()
  const streamed = plan.events || (body?.stream && plan.body === undefined && !plan.status)
  response.writeHead(plan.status ?? 200, { 'content-type': plan.type ?? (streamed ? 'text/event-stream' : 'application/json'), ...plan.headers })
  if (streamed) {
    for (const event of plan.events ?? chunks(body.model, body.stream_options?.include_usage)) {
      await send(response, Buffer.from(event.raw ?? `data: ${event}\n\n`), plan.pieces)
      if (plan.eventDelay) await wait(plan.eventDelay)
    }
  } else {
    const text = plan.body ?? (plan.status >= 400 ? { error: { message: `told to answer ${plan.status}`, type: 'server_error', param: null, code: null } } : completion(body.model))
    await send(response, Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)), plan.pieces)
  }
  if (plan.cut === 'body') return void setTimeout(() => response.destroy(), 20)
  response.end()
}

export async function startOpenAi ({ key = 'sk-upstream', extra = [], port = 0 } = {}) {
  const calls = []
  const plans = []
  const server = http.createServer(async (request, response) => {
    const parts = []
    for await (const part of request) parts.push(part)
    const text = Buffer.concat(parts).toString()
    let body
    try { body = JSON.parse(text) } catch { /* judged below */ }
    const call = { url: request.url, headers: request.headers, text, body, closed: false, finished: false }
    calls.push(call)
    response.on('finish', () => { call.finished = true })
    response.on('close', () => { call.closed = true })
    const wrong = judge(request, body, { key, extra })
    await answer(wrong ?? plans.shift() ?? {}, wrong ? { ...body, stream: false } : body, response)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    calls,
    next: (...more) => plans.push(...more),
    async stop () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
