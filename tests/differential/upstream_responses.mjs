// The Responses API of the emulated OpenAI: answers are kept until they are deleted. "background" leaves one in progress,
// "fails" one that failed, "search" one with a tool that OpenAI runs itself; the rest is as in upstream.mjs.
import { randomUUID } from 'node:crypto'

const usage = { input_tokens: 9, input_tokens_details: { cached_tokens: 4 }, output_tokens: 3, output_tokens_details: { reasoning_tokens: 1 }, total_tokens: 12 }

function output (text) {
  const call = (city, id) => ({ id: `fc_${id}`, type: 'function_call', status: 'completed', arguments: `{"city":"${city}"}`, call_id: `call_${id}`, name: 'weather' })
  const message = { id: 'msg_up', type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text: text.includes('"json_schema"') ? '{"a":"x"}' : 'Hi there', annotations: [], logprobs: [] }] }
  const items = []
  if (text.includes('think')) items.push({ id: 'rs_up', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm' }] })
  if (text.includes('search')) items.push({ id: 'ws_up', type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'x' } })
  if (/(one|two)-calls?/.test(text)) items.push(call('Paris', 1))
  else items.push(message)
  if (text.includes('two-calls')) items.push(call('Rome', 2))
  return items
}

function make (body, text, id) {
  const status = text.includes('length') ? 'incomplete' : text.includes('background') ? 'queued' : text.includes('fails') ? 'failed' : 'completed'
  return {
    id,
    object: 'response',
    created_at: 1730000000,
    status,
    background: body.background ?? false,
    error: status === 'failed' ? { code: 'server_error', message: 'The model failed' } : null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model: body.model,
    output: status === 'queued' || status === 'failed' ? [] : output(text),
    parallel_tool_calls: true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: body.text ?? { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: 'disabled',
    usage: status === 'queued' ? null : usage,
    user: body.user ?? null,
    metadata: body.metadata ?? {}
  }
}

function events (answer) {
  const list = []
  const say = (type, more) => list.push({ type, sequence_number: list.length, ...more })
  const started = { ...answer, status: 'in_progress', output: [], usage: null, incomplete_details: null, error: null }
  say('response.created', { response: started })
  say('response.in_progress', { response: started })
  answer.output.forEach((item, output_index) => {
    const at = { item_id: item.id, output_index }
    say('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', ...(item.content && { content: [] }), ...(item.summary && { summary: [] }), ...(item.arguments && { arguments: '' }) } })
    if (item.type === 'reasoning') {
      say('response.reasoning_summary_part.added', { ...at, summary_index: 0, part: { type: 'summary_text', text: '' } })
      say('response.reasoning_summary_text.delta', { ...at, summary_index: 0, delta: 'Hm' })
      say('response.reasoning_summary_text.done', { ...at, summary_index: 0, text: 'Hm' })
      say('response.reasoning_summary_part.done', { ...at, summary_index: 0, part: item.summary[0] })
    } else if (item.type === 'function_call') {
      for (const delta of item.arguments.match(/.{1,6}/g)) say('response.function_call_arguments.delta', { ...at, delta })
      say('response.function_call_arguments.done', { ...at, arguments: item.arguments })
    } else if (item.type === 'message') {
      const part = item.content[0]
      say('response.content_part.added', { ...at, content_index: 0, part: { ...part, text: '' } })
      for (const delta of part.text.match(/.{1,4}/g)) say('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] })
      say('response.output_text.done', { ...at, content_index: 0, text: part.text, logprobs: [] })
      say('response.content_part.done', { ...at, content_index: 0, part })
    }
    say('response.output_item.done', { output_index, item })
  })
  say(`response.${answer.status === 'queued' ? 'queued' : answer.status}`, { response: answer })
  return list
}

const notFound = id => [404, { error: { message: `Response with id '${id}' not found.`, type: 'invalid_request_error', param: null, code: null } }]

// Of one upstream: answers with [status, JSON], or { events } for a stream.
export const startResponses = () => answerResponses.bind(null, new Map())

function answerResponses (kept, method, path, body, text, query) {
  const [, id, what] = path.match(/\/responses\/([^/]+)(?:\/([a-z_]+))?$/) ?? []
  if (id && !kept.has(id)) return notFound(id)
  if (id && method === 'DELETE') {
    kept.delete(id)
    return [200, { id, object: 'response', deleted: true }]
  }
  if (id && what === 'input_items') return [200, { object: 'list', data: [{ id: 'msg_in', type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_text', text: 'Hello' }] }], first_id: 'msg_in', last_id: 'msg_in', has_more: false }]
  if (id && what === 'cancel') return [200, { ...kept.get(id), status: 'cancelled' }]
  if (id && query.get('stream') === 'true') return { events: events(kept.get(id)).slice(query.has('starting_after') ? Number(query.get('starting_after')) + 1 : 0) }
  if (id) return [200, kept.get(id)]
  if (body.previous_response_id && !kept.has(body.previous_response_id)) {
    return [400, { error: { message: `Previous response with id '${body.previous_response_id}' not found.`, type: 'invalid_request_error', param: 'previous_response_id', code: 'previous_response_not_found' } }]
  }
  const answer = make(body, text, `resp_up${randomUUID().replaceAll('-', '')}`)
  if (body.store !== false) kept.set(answer.id, answer)
  return body.stream ? { events: events(answer) } : [200, answer]
}
