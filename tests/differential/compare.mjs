// What came back from both, made comparable, and how it differs.
const own = /^(x-litellm-|llm_provider-|x-ratelimit-|content-type$|retry-after$|cache-control$)/
const volatile = /-(call-id|version|model-api-base|response-duration-ms|overhead-duration-ms|callback-duration-ms)$|^llm_provider-(date|server|connection|keep-alive|transfer-encoding|content-length)$|timing/

function headersOf (response) {
  const headers = {}
  for (const [name, value] of response.headers) {
    if (own.test(name) && !volatile.test(name)) headers[name] = value
    else if (own.test(name)) headers[name] = '(present)'
  }
  return headers
}

// Ids and times differ from call to call.
function normalise (value, key = '') {
  if (Array.isArray(value)) return value.map(item => normalise(item))
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normalise(inner, name)]))
  if (key === 'created' || key === 'created_at') return '(time)'
  if (typeof value === 'string') {
    if (/^(chatcmpl|msg|resp|cmpl|gen|fc|rs|modr|rerank)[-_]/.test(value)) return '(id)'
    if (/^(call|toolu)_/.test(value) && !/^(call|toolu)_\d$/.test(value)) return '(id)'
    return value.replace(/127\.0\.0\.1:\d+/g, 'HOST')
  }
  return value
}

// A stream of the Responses API: what its deltas add up to, and the answer at its end.
function assembleResponses (text) {
  const out = { events: [], named: true, ordered: true, text: '', arguments: {}, reasoning: '', response: null, error: null }
  let last = -1
  for (const block of text.split(/\n\n/)) {
    const lines = block.split('\n')
    const line = lines.find(one => one.startsWith('data:'))
    if (!line || line.includes('[DONE]')) continue
    const data = JSON.parse(line.slice(5))
    if (data.error && !data.type) out.error = normalise(data.error)
    if (!lines.includes(`event: ${data.type}`)) out.named = false
    if (!(data.sequence_number > last)) out.ordered = false
    last = data.sequence_number
    if (out.events.at(-1) !== data.type) out.events.push(data.type)
    if (data.type === 'response.output_text.delta') out.text += data.delta
    if (data.type === 'response.reasoning_summary_text.delta') out.reasoning += data.delta
    if (data.type === 'response.function_call_arguments.delta') out.arguments[data.output_index] = (out.arguments[data.output_index] ?? '') + data.delta
    if (data.response) out.response = normalise(data.response)
    if (data.type === 'error') out.error = normalise(data)
  }
  return out
}

// A stream as what a client makes of it.
function assemble (text) {
  const out = { events: [], done: text.includes('data: [DONE]'), text: '', reasoning: '', tools: {}, finish: null, usage: null, error: null }
  for (const block of text.split(/\n\n/)) {
    const line = block.split('\n').find(one => one.startsWith('data:'))
    if (!line || line.includes('[DONE]')) continue
    let data
    try { data = JSON.parse(line.slice(5)) } catch { out.events.push('(not JSON)'); continue }
    if (data.error) out.error = normalise(data.error)
    if (data.type && !data.choices) {
      if (out.events.at(-1) !== data.type) out.events.push(data.type)
      if (data.delta?.text) out.text += data.delta.text
      if (data.delta?.thinking) out.reasoning += data.delta.thinking
      if (data.content_block?.type === 'tool_use') out.tools[data.index] = { name: data.content_block.name, arguments: '' }
      if (data.delta?.partial_json && out.tools[data.index]) out.tools[data.index].arguments += data.delta.partial_json
      if (data.delta?.stop_reason) out.finish = data.delta.stop_reason
      if (data.usage) out.usage = { ...out.usage, ...data.usage }
      continue
    }
    if (data.usage) out.usage = data.usage
    const choice = data.choices?.[0]
    if (!choice) continue
    out.text += choice.delta?.content ?? ''
    out.reasoning += choice.delta?.reasoning_content ?? ''
    for (const call of choice.delta?.tool_calls ?? []) {
      const tool = (out.tools[call.index] ??= { name: null, arguments: '' })
      tool.name = call.function?.name ?? tool.name
      tool.arguments += call.function?.arguments ?? ''
    }
    if (choice.finish_reason) out.finish = choice.finish_reason
  }
  return out
}

// What came back, and its id as it was.
export async function read (response) {
  const text = await response.text()
  const result = { status: response.status, headers: headersOf(response), id: text.match(/"id": ?"(resp_[^"]+)"/)?.[1] }
  if ((response.headers.get('content-type') ?? '').startsWith('text/event-stream')) return { ...result, stream: /"type": ?"response\./.test(text) ? assembleResponses(text) : assemble(text) }
  try {
    return { ...result, json: normalise(JSON.parse(text)) }
  } catch {
    return { ...result, text }
  }
}

const byId = list => Object.fromEntries(list.map(one => [one.id, one]))

// What an upstream was asked, as far as it matters to it. Forms are compared by their texts.
const told = /^(authorization|x-api-key|x-goog-api-key|anthropic-version|anthropic-beta|http-referer|x-title|openai-organization)$/
const textsOf = form => Object.fromEntries([...form.matchAll(/name="([^"]+)"(; filename="[^"]+")?[^]*?\r\n\r\n([^]*?)\r\n--/g)].map(([, name, file, value]) => [name, file ? '(file)' : value]))

// Gemini takes either spelling.
const gemini = new Set(['function_declarations', 'max_output_tokens', 'response_mime_type', 'function_response', 'function_call', 'top_p', 'stop_sequences', 'inline_data', 'response_json_schema', 'response_schema', 'allowed_function_names', 'mime_type', 'system_instruction', 'generation_config', 'file_data', 'file_uri', 'frequency_penalty', 'presence_penalty'])
function camel (value) {
  if (Array.isArray(value)) return value.map(camel)
  if (!value || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [gemini.has(name) ? name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()) : name, camel(inner)]))
}

const ids = text => text.replace(/resp_up[0-9a-f]{32}/g, '(id)')

// Not to stream is what is not said.
function bodyOf (path, body) {
  if (typeof body === 'string') return body.includes('form-data; name=') ? textsOf(body) : body
  const { stream, ...rest } = JSON.parse(ids(JSON.stringify(path.includes(':') ? camel(body) : body)))
  return stream ? { stream, ...rest } : rest
}

export const asked = calls => calls.map(({ method, path, headers, body }) => ({
  method,
  path: ids(path),
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => told.test(name))),
  body: bodyOf(path, body)
}))

// Paths at which two results differ: { path, theirs, ours }; `undefined` for what one of them lacks.
export function differences (theirs, ours, path = '') {
  if (Object.is(theirs, ours)) return []
  const plain = value => value === null || typeof value !== 'object'
  // Numbers as texts (prices), and JSON as text (tool arguments), are compared by what they mean.
  if (typeof theirs === 'string' && typeof ours === 'string' && theirs !== ours) {
    if (theirs !== '' && ours !== '' && Number(theirs) === Number(ours)) return []
    try {
      if (JSON.stringify(JSON.parse(theirs)) === JSON.stringify(JSON.parse(ours))) return []
    } catch {}
  }
  if (plain(theirs) || plain(ours) || Array.isArray(theirs) !== Array.isArray(ours)) {
    return JSON.stringify(theirs) === JSON.stringify(ours) ? [] : [{ path, theirs, ours }]
  }
  const found = []
  // Lists of models are compared by name.
  if (Array.isArray(theirs) && theirs[0]?.object === 'model' && ours[0]?.object === 'model') return differences(byId(theirs), byId(ours), path)
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const at = Array.isArray(theirs) ? `${path}[]` : path ? `${path}.${name}` : name
    found.push(...differences(theirs[name], ours[name], at))
  }
  return found
}
