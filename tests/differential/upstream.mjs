// One upstream that answers as OpenAI, Anthropic and Gemini do, the same every time. What a request is to get stands in
// its text: "fail-429" is answered with that status, "fail-429 wait-2" with Retry-After, "hang" never,
// "length", "filter", "one-call", "two-calls", "think" and "no-usage" change the answer.
// Responses are in upstream_responses.mjs; images, audio, moderations and rerankings in upstream_media.mjs.
import { once } from 'node:events'
import http from 'node:http'
import { answerMedia } from './upstream_media.mjs'
import { startResponses } from './upstream_responses.mjs'

const openAiErrors = {
  400: ['invalid_request_error', null, 'Bad request'], 401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided'],
  403: ['permission_error', null, 'Country not supported'], 404: ['invalid_request_error', 'model_not_found', 'The model does not exist'],
  422: ['invalid_request_error', null, 'Unprocessable'], 429: ['tokens', 'rate_limit_exceeded', 'Rate limit reached'],
  500: ['server_error', null, 'The server had an error'], 502: ['server_error', null, 'Bad gateway'], 503: ['server_error', null, 'Overloaded']
}
const anthropicErrors = {
  400: 'invalid_request_error', 401: 'authentication_error', 403: 'permission_error', 404: 'not_found_error', 413: 'request_too_large',
  429: 'rate_limit_error', 500: 'api_error', 529: 'overloaded_error'
}
const googleErrors = { 400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED', 500: 'INTERNAL', 503: 'UNAVAILABLE' }

const weather = (city, id) => ({ id, type: 'function', function: { name: 'weather', arguments: `{"city":"${city}"}` } })

function openAiError (status, text) {
  if (text.includes('too-long')) return { error: { message: "This model's maximum context length is 100 tokens", type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' } }
  if (text.includes('policy')) return { error: { message: 'Your request was rejected', type: 'invalid_request_error', param: null, code: 'content_policy_violation' } }
  const [type, code, message] = openAiErrors[status] ?? ['server_error', null, `Status ${status}`]
  return { error: { message, type, param: null, code } }
}

function openAi (body, text) {
  const base = { id: 'chatcmpl-up', created: 1730000000, model: body.model }
  const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 }
  const finish = text.includes('length') ? 'length' : text.includes('filter') ? 'content_filter' : /(one|two)-calls?/.test(text) ? 'tool_calls' : 'stop'
  const calls = text.includes('two-calls') ? [weather('Paris', 'call_1'), weather('Rome', 'call_2')] : /(one|two)-calls?/.test(text) ? [weather('Paris', 'call_1')] : null
  if (!body.stream) {
    const message = calls ? { role: 'assistant', content: null, tool_calls: calls } : { role: 'assistant', content: body.response_format?.type?.startsWith('json') ? '{"a":"x"}' : 'Hi there', ...(text.includes('think') && { reasoning_content: 'Hm' }) }
    const choices = Array.from({ length: body.n ?? 1 }, (_, index) => ({ index, message, logprobs: null, finish_reason: finish }))
    return { ...base, object: 'chat.completion', system_fingerprint: 'fp_1', choices, ...(!text.includes('no-usage') && { usage }) }
  }
  const chunk = (delta, finish_reason = null, index = 0) => ({ ...base, object: 'chat.completion.chunk', system_fingerprint: 'fp_1', choices: [{ index, delta, logprobs: null, finish_reason }] })
  const events = [chunk({ role: 'assistant', content: calls ? null : '' })]
  if (text.includes('think')) events.push(chunk({ reasoning_content: 'Hm' }))
  if (calls) {
    calls.forEach((call, index) => {
      events.push(chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name: 'weather', arguments: '' } }] }))
      for (const piece of call.function.arguments.match(/.{1,6}/g)) events.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }))
    })
  } else for (const piece of ['Hi', ' there']) events.push(chunk({ content: piece }))
  events.push(chunk({}, finish))
  if (body.stream_options?.include_usage) events.push({ ...base, object: 'chat.completion.chunk', system_fingerprint: 'fp_1', choices: [], usage })
  return events
}

function anthropic (body, text) {
  const usage = { input_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 3 }
  const blocks = []
  if (text.includes('think')) blocks.push({ type: 'thinking', thinking: 'Hm', signature: 'sig' })
  const forced = body.tool_choice?.type === 'tool' && body.tools?.find(tool => tool.name === body.tool_choice.name)
  if (forced && forced.name !== 'weather') blocks.push({ type: 'tool_use', id: 'toolu_1', name: forced.name, input: { a: 'x' } })
  else if (body.output_format || body.output_config?.format) blocks.push({ type: 'text', text: '{"a":"x"}' })
  else if (/(one|two)-calls?/.test(text)) {
    blocks.push({ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } })
    if (text.includes('two-calls')) blocks.push({ type: 'tool_use', id: 'toolu_2', name: 'weather', input: { city: 'Rome' } })
  } else blocks.push({ type: 'text', text: 'Hi there' })
  const stop_reason = blocks.some(block => block.type === 'tool_use') ? 'tool_use' : text.includes('length') ? 'max_tokens' : text.includes('filter') ? 'refusal' : 'end_turn'
  const message = { id: 'msg_up', type: 'message', role: 'assistant', model: body.model, content: blocks, stop_reason, stop_sequence: null, usage }
  if (!body.stream) return message
  const events = [{ type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } } }]
  blocks.forEach((block, index) => {
    const empty = { text: { type: 'text', text: '' }, thinking: { type: 'thinking', thinking: '', signature: '' }, tool_use: { ...block, input: {} } }[block.type]
    events.push({ type: 'content_block_start', index, content_block: empty })
    if (block.type === 'text') for (const text of block.text.match(/.{1,3}/g)) events.push({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } })
    if (block.type === 'thinking') events.push({ type: 'content_block_delta', index, delta: { type: 'thinking_delta', thinking: 'Hm' } }, { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: 'sig' } })
    if (block.type === 'tool_use') for (const partial_json of JSON.stringify(block.input).match(/.{1,6}/g)) events.push({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } })
    events.push({ type: 'content_block_stop', index })
  })
  events.push({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 3 } }, { type: 'message_stop' })
  return events
}

function gemini (text) {
  const parts = text.includes('responseMimeType') ? [{ text: '{"a":"x"}' }] : /(one|two)-calls?/.test(text) ? [{ functionCall: { name: 'weather', args: { city: 'Paris' } } }] : [{ text: 'Hi there' }]
  if (text.includes('two-calls')) parts.push({ functionCall: { name: 'weather', args: { city: 'Rome' } } })
  if (text.includes('think')) parts.unshift({ text: 'Hm', thought: true })
  const finishReason = text.includes('length') ? 'MAX_TOKENS' : text.includes('filter') ? 'SAFETY' : 'STOP'
  return { candidates: [{ content: { role: 'model', parts }, finishReason, index: 0 }], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, totalTokenCount: 12 }, modelVersion: 'gemini-up', responseId: 'resp-up' }
}

function reply (response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req-up', 'x-upstream': 'yes', ...headers })
  response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
}

function stream (response, events, named = false) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req-up' })
  for (const event of events) response.write((named ? `event: ${event.type}\n` : '') + `data: ${JSON.stringify(event)}\n\n`)
}

export async function startUpstream () {
  const seen = []
  const answerResponses = startResponses()
  const server = http.createServer(async (request, response) => {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    const text = Buffer.concat(pieces).toString('utf8')
    let body = {}
    try { body = JSON.parse(text) } catch {}
    const { pathname: path, searchParams: query } = new URL(request.url, 'http://x')
    const status = Number(text.match(/fail-(\d{3})/)?.[1] ?? 0)
    const wait = text.match(/wait-(\d+)/)?.[1]
    const headers = wait ? { 'retry-after': wait } : {}
    seen.push({ method: request.method, path, headers: request.headers, body: text.startsWith('{') ? body : text })
    if (text.includes('hang')) return
    if (path.startsWith('/broken')) return reply(response, 401, openAiError(401, text))
    if (path.endsWith('/responses/input_tokens')) return reply(response, 200, { object: 'response.input_tokens', input_tokens: 9 })
    if (/\/responses(\/|$)/.test(path)) {
      if (status) return reply(response, status, openAiError(status, text), headers)
      const answer = answerResponses(request.method, path, body, text, query)
      if (!answer.events) return reply(response, ...answer)
      stream(response, answer.events, true)
      return response.end()
    }
    const media = answerMedia(path, body, text)
    if (media) {
      if (status) return reply(response, status, openAiError(status, text), headers)
      const [code, content, type] = media
      return reply(response, code, content, type && { 'content-type': type })
    }
    if (path.endsWith('/chat/completions')) {
      if (status) return reply(response, status, openAiError(status, text), headers)
      const answer = openAi(body, text)
      if (!body.stream) return reply(response, 200, answer, { 'x-ratelimit-remaining-requests': '99', 'x-ratelimit-limit-requests': '100' })
      stream(response, answer)
      response.write('data: [DONE]\n\n')
      return response.end()
    }
    if (path.endsWith('/completions')) {
      if (status) return reply(response, status, openAiError(status, text), headers)
      return reply(response, 200, { id: 'cmpl-up', object: 'text_completion', created: 1730000000, model: body.model, choices: [{ index: 0, text: 'Hi there', logprobs: null, finish_reason: 'stop' }], usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } })
    }
    if (path.endsWith('/embeddings')) {
      if (status) return reply(response, status, openAiError(status, text), headers)
      const inputs = Array.isArray(body.input) ? body.input : [body.input]
      const embedding = body.encoding_format === 'base64' ? Buffer.from(new Float32Array([0.5, -0.25]).buffer).toString('base64') : [0.5, -0.25]
      return reply(response, 200, { object: 'list', data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })), model: body.model, usage: { prompt_tokens: 4, total_tokens: 4 } })
    }
    if (path.endsWith('/messages/count_tokens')) return reply(response, 200, { input_tokens: 9 })
    if (path.endsWith('/messages')) {
      if (status) return reply(response, status, { type: 'error', error: { type: anthropicErrors[status] ?? 'api_error', message: `Status ${status}` } }, headers)
      const answer = anthropic(body, text)
      if (!body.stream) return reply(response, 200, answer)
      stream(response, answer, true)
      return response.end()
    }
    if (path.endsWith(':countTokens')) return reply(response, 200, { totalTokens: 9 })
    if (path.endsWith(':batchEmbedContents')) return reply(response, 200, { embeddings: body.requests.map(() => ({ values: [0.5, -0.25] })) })
    if (path.includes(':')) {
      if (status) return reply(response, status, { error: { code: status, message: `Status ${status}`, status: googleErrors[status] ?? 'INTERNAL' } }, headers)
      if (!path.includes('stream')) return reply(response, 200, gemini(text))
      stream(response, [gemini(text)])
      return response.end()
    }
    reply(response, 404, { error: { message: `no such path ${path}`, type: 'invalid_request_error', param: null, code: null } })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    // What has come since it was last asked for.
    taken: () => seen.splice(0),
    async stop () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
