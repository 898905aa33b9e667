// Ollama's API for tests: lines of JSON when streaming, one object when not.
//
// Plans: see models/server.mjs. `message` replaces the answer's message ({ content, thinking, tool_calls }), `done_reason`
// its end; an event of `events` is one object of a line.
import { startModelServer } from './models/server.mjs'

const refusal = (status, error) => ({ status, body: { error } })
const options = ['num_predict', 'temperature', 'top_p', 'top_k', 'seed', 'stop', 'frequency_penalty', 'presence_penalty', 'num_ctx', 'repeat_penalty', 'min_p', 'num_gpu', 'num_thread', 'mirostat']

function judge (call) {
  const { body } = call
  if (!['/api/chat', '/api/generate', '/api/embed'].includes(call.path)) return { status: 404, type: 'text/plain', body: '404 page not found' }
  if (typeof body !== 'object' || body === null) return refusal(400, 'missing request body')
  if (body.model !== 'llama3.2') return refusal(404, `model '${body.model}' not found`)
  if (call.path === '/api/embed') return Array.isArray(body.input) ? null : refusal(400, 'invalid input type')
  const unknown = Object.keys(body.options ?? {}).find(name => !options.includes(name))
  if (unknown) return refusal(400, `invalid option provided: ${unknown}`)
  for (const image of [...(body.images ?? []), ...(body.messages ?? []).flatMap(message => message.images ?? [])]) if (!/^[A-Za-z0-9+/]+={0,2}$/.test(image)) return refusal(400, 'illegal base64 data at input byte 4')
  if (call.path === '/api/generate') return typeof body.prompt === 'string' && !body.messages ? null : refusal(400, 'prompt is required')
  for (const message of body.messages) {
    if (!['system', 'user', 'assistant', 'tool'].includes(message.role)) return refusal(400, `invalid role: ${message.role}`)
    if (typeof message.content !== 'string') return refusal(400, 'json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string')
    for (const one of message.tool_calls ?? []) if (typeof one.function?.arguments !== 'object') return refusal(400, 'json: cannot unmarshal string into Go struct field .arguments')
  }
  return null
}

function answer (call, plan) {
  const message = plan.message ?? { content: 'Hi \u{1F600} there' }
  const end = { done: true, done_reason: plan.done_reason ?? 'stop', total_duration: 1, prompt_eval_count: 9, eval_count: 3 }
  const base = { model: call.body.model, created_at: '2025-01-01T00:00:00.123456789Z' }
  const wrap = part => call.path === '/api/generate' ? { response: part.content ?? '', ...(part.thinking && { thinking: part.thinking }) } : { message: { role: 'assistant', content: '', ...part } }
  return { base, end, wrap, message }
}

function * lines (call, plan) {
  const { base, end, wrap, message } = answer(call, plan)
  for (const key of ['thinking', 'content']) for (const text of (message[key] ?? '').match(/[^]{1,5}/gu) ?? []) yield { ...base, ...wrap({ [key]: text }), done: false }
  if (message.tool_calls) yield { ...base, ...wrap({ tool_calls: message.tool_calls }), done: false }
  yield { ...base, ...wrap({}), ...end }
}

export async function startOllama ({ port = 0 } = {}) {
  const server = await startModelServer({
    streamType: 'application/x-ndjson',
    judge,
    isStreamed: call => call.path !== '/api/embed' && call.body?.stream !== false,
    whole (call, plan) {
      if (call.path === '/api/embed') return { model: call.body.model, embeddings: call.body.input.map((_, i) => [i, 0.5, -1]), prompt_eval_count: 7 }
      const { base, end, wrap, message } = answer(call, plan)
      return { ...base, ...wrap(message), ...end }
    },
    events: (call, plan) => lines(call, plan),
    frame: event => JSON.stringify(event) + '\n',
    failure: status => ({ error: `told to answer ${status}` })
  }, port)
  return { ...server, url: server.origin }
}
