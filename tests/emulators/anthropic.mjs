// Anthropic's Messages API for tests, as strict as the real one about what it is asked.
//
//   const upstream = await startAnthropic({ key: 'sk-ant-up' })
//   upstream.next({ message: { content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn' } })
//
// Plans: see models/server.mjs. `message` replaces parts of the answer; streamed it becomes the events of such a
// message. An event of `events` is an object with a type.
import { startModelServer } from './models/server.mjs'

const parameters = new Set(['model', 'messages', 'max_tokens', 'system', 'metadata', 'stop_sequences', 'stream', 'temperature', 'top_p', 'top_k',
  'tools', 'tool_choice', 'thinking', 'service_tier', 'container', 'mcp_servers', 'context_management', 'output_format', 'output_config', 'cache_control'])
const refusal = (status, type, message) => ({ status, body: { type: 'error', error: { type, message }, request_id: 'req_1' } })
const wrong = message => refusal(400, 'invalid_request_error', message)

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value)

function judgeSource (source, where) {
  if (!isObject(source)) return `${where}.source: Field required`
  if (source.type === 'base64') {
    if (!/^(image\/(png|jpeg|gif|webp)|application\/pdf)$/.test(source.media_type)) return `${where}.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(source.data ?? '')) return `${where}.source.base64.data: invalid base64 data`
  } else if (source.type === 'url') {
    if (!/^https?:/.test(source.url ?? '')) return `${where}.source.url.url: Only HTTPS URLs are supported.`
  } else if (source.type === 'text') {
    if (source.media_type !== 'text/plain' || typeof source.data !== 'string') return `${where}.source.text: invalid`
  } else if (source.type !== 'file') return `${where}.source: Input tag '${source.type}' found using 'type' does not match any of the expected tags`
}

function judgeBlock (block, role, where) {
  if (!isObject(block)) return `${where}: Input should be an object`
  const only = (...names) => Object.keys(block).find(name => !['type', 'cache_control', ...names].includes(name))
  let extra
  switch (block.type) {
    case 'text':
      if (typeof block.text !== 'string') return `${where}.text.text: Input should be a valid string`
      if (block.text === '') return 'messages: text content blocks must be non-empty'
      extra = only('text', 'citations')
      break
    case 'image':
    case 'document':
      if (role !== 'user') return `${where}: ${block.type} blocks are only permitted in user turns`
      if (judgeSource(block.source, `${where}.${block.type}`)) return judgeSource(block.source, `${where}.${block.type}`)
      extra = only('source', 'title', 'context', 'citations')
      break
    case 'tool_use':
      if (role !== 'assistant') return `${where}: tool_use blocks can only be in assistant messages`
      if (!/^[a-zA-Z0-9_-]+$/.test(block.id ?? '')) return `${where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`
      if (!isObject(block.input)) return `${where}.tool_use.input: Input should be a valid dictionary`
      extra = only('id', 'name', 'input')
      break
    case 'tool_result':
      if (role !== 'user') return `${where}: tool_result blocks can only be in user messages`
      if (!block.tool_use_id) return `${where}.tool_result.tool_use_id: Field required`
      extra = only('tool_use_id', 'content', 'is_error')
      break
    case 'thinking':
      if (role !== 'assistant') return `${where}: thinking blocks can only be in assistant messages`
      if (typeof block.signature !== 'string') return `${where}.thinking.signature: Field required`
      if (block.signature !== `signed:${block.thinking}`) return `${where}: Invalid \`signature\` in \`thinking\` block`
      extra = only('thinking', 'signature')
      break
    case 'redacted_thinking':
      extra = only('data')
      break
    default:
      return `${where}: Input tag '${block.type}' found using 'type' does not match any of the expected tags`
  }
  if (extra) return `${where}.${block.type}.${extra}: Extra inputs are not permitted`
}

function judgeMessages (messages) {
  if (!Array.isArray(messages)) return 'messages: Field required'
  if (messages.length === 0) return 'messages: at least one message is required'
  if (messages[0].role !== 'user') return 'messages: first message must use the "user" role'
  let pending = []
  for (const [i, message] of messages.entries()) {
    const where = `messages.${i}`
    if (!['user', 'assistant'].includes(message.role)) return `${where}.role: Input should be 'user' or 'assistant'`
    const extra = Object.keys(message).find(name => !['role', 'content'].includes(name))
    if (extra) return `${where}.${extra}: Extra inputs are not permitted`
    if (i > 0 && messages[i - 1].role === message.role) return 'messages: roles must alternate between "user" and "assistant", but found multiple "' + message.role + '" roles in a row'
    const blocks = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
    if (!Array.isArray(blocks) || blocks.length === 0) return `${where}: all messages must have non-empty content except for the optional final assistant message`
    for (const [j, block] of blocks.entries()) {
      const problem = judgeBlock(block, message.role, `${where}.content.${j}`)
      if (problem) return problem
    }
    const results = blocks.filter(block => block.type === 'tool_result').map(block => block.tool_use_id)
    const unknown = results.find(id => !pending.includes(id))
    if (unknown) return `${where}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unknown}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`
    const unanswered = pending.filter(id => !results.includes(id))
    if (unanswered.length) return `${where}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${unanswered.join(', ')}.`
    if (results.length && blocks.slice(0, results.length).some(block => block.type !== 'tool_result')) return `${where}: tool_result blocks must come first`
    pending = blocks.filter(block => block.type === 'tool_use').map(block => block.id)
    if (new Set(pending).size !== pending.length) return `${where}: \`tool_use\` ids must be unique`
  }
  if (pending.length) return `messages.${messages.length}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${pending.join(', ')}.`
  const last = messages.at(-1)
  const text = typeof last.content === 'string' ? last.content : last.content.at(-1).text
  if (last.role === 'assistant' && /\s$/.test(text ?? '')) return 'messages: final assistant content cannot end with trailing whitespace'
}

function judgeTools (body) {
  for (const [i, tool] of (body.tools ?? []).entries()) {
    if (tool.type && tool.type !== 'custom') continue
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name ?? '')) return `tools.${i}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`
    if (tool.input_schema?.type !== 'object') return `tools.${i}.custom.input_schema.type: Field required`
    const extra = Object.keys(tool).find(name => !['type', 'name', 'description', 'input_schema', 'cache_control', 'strict'].includes(name))
    if (extra) return `tools.${i}.custom.${extra}: Extra inputs are not permitted`
  }
  const choice = body.tool_choice
  if (choice) {
    if (!body.tools?.length) return 'tool_choice: tool_choice may only be specified while providing tools.'
    if (!['auto', 'any', 'tool', 'none'].includes(choice.type)) return `tool_choice: Input tag '${choice.type}' found`
    if (choice.type === 'tool' && !body.tools.some(tool => tool.name === choice.name)) return `tool_choice: Tool '${choice.name}' not found in provided tools`
  }
  const used = body.messages.some(message => Array.isArray(message.content) && message.content.some(block => block.type === 'tool_use'))
  if (used && !body.tools?.length) return 'Requests which include `tool_use` or `tool_result` blocks must define tools'
}

// A sentence about what the real service would refuse; nothing if it would not.
export function judgeBody (body, headers, counting) {
  if (!isObject(body)) return 'The request body is not valid JSON'
  const extra = Object.keys(body).find(name => !parameters.has(name))
  if (extra) return `${extra}: Extra inputs are not permitted`
  if (typeof body.model !== 'string') return 'model: Field required'
  if (counting) return judgeMessages(body.messages)
  if (body.max_tokens === undefined) return 'max_tokens: Field required'
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) return 'max_tokens: Input should be greater than or equal to 1'
  if (body.temperature !== undefined && !(body.temperature >= 0 && body.temperature <= 1)) return 'temperature: range: 0..1'
  if (body.metadata && Object.keys(body.metadata).some(name => name !== 'user_id')) return 'metadata: Extra inputs are not permitted'
  if (body.stop_sequences && !body.stop_sequences.every(text => typeof text === 'string' && text.trim())) return 'stop_sequences: each stop sequence must contain non-whitespace'
  for (const block of Array.isArray(body.system) ? body.system : []) {
    if (block.type !== 'text' || !block.text) return 'system: text content blocks must be non-empty'
  }
  if (body.thinking?.type === 'enabled') {
    if (!(body.thinking.budget_tokens >= 1024)) return 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024'
    if (body.thinking.budget_tokens >= body.max_tokens) return '`max_tokens` must be greater than `thinking.budget_tokens`'
    if (body.temperature !== undefined && body.temperature !== 1) return '`temperature` may only be set to 1 when thinking is enabled'
    if (body.top_k !== undefined) return '`top_k` must be unset when thinking is enabled'
    if (['any', 'tool'].includes(body.tool_choice?.type)) return 'Thinking may not be enabled when tool_choice forces tool use.'
  }
  if (body.output_format && !(headers['anthropic-beta'] ?? '').includes('structured-outputs-')) return 'output_format: Extra inputs are not permitted'
  return judgeMessages(body.messages) ?? judgeTools(body)
}

function judge (call, key) {
  if (call.method !== 'POST') return refusal(405, 'invalid_request_error', 'Method Not Allowed')
  const counting = call.path === '/v1/messages/count_tokens'
  if (call.path !== '/v1/messages' && !counting) return refusal(404, 'not_found_error', 'Not found')
  if (call.headers['x-api-key'] !== key && call.headers.authorization !== `Bearer ${key}`) return refusal(401, 'authentication_error', 'invalid x-api-key')
  if (!call.headers['anthropic-version']) return wrong('anthropic-version: header is required')
  if (!/^application\/json/.test(call.headers['content-type'] ?? '')) return wrong('content-type must be application/json')
  const problem = judgeBody(call.body, call.headers, counting)
  return problem ? wrong(problem) : null
}

export function messageOf (call, plan) {
  return {
    id: 'msg_up1',
    type: 'message',
    role: 'assistant',
    model: `${call.body.model}-20250929`,
    content: [{ type: 'text', text: 'Hi \u{1F600} there' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 3, service_tier: 'standard' },
    ...plan.message
  }
}

function * blockEvents (block, index) {
  const piece = text => text.match(/[^]{1,5}/gu) ?? []
  const delta = (type, more) => ({ type: 'content_block_delta', index, delta: { type, ...more } })
  if (block.type === 'text') {
    yield { type: 'content_block_start', index, content_block: { type: 'text', text: '' } }
    for (const text of piece(block.text)) yield delta('text_delta', { text })
  } else if (block.type === 'thinking') {
    yield { type: 'content_block_start', index, content_block: { type: 'thinking', thinking: '', signature: '' } }
    for (const thinking of piece(block.thinking)) yield delta('thinking_delta', { thinking })
    yield delta('signature_delta', { signature: block.signature })
  } else if (block.type === 'tool_use') {
    yield { type: 'content_block_start', index, content_block: { ...block, input: {} } }
    const json = JSON.stringify(block.input)
    yield delta('input_json_delta', { partial_json: '' })
    if (json !== '{}') for (const text of piece(json)) yield delta('input_json_delta', { partial_json: text })
  } else {
    yield { type: 'content_block_start', index, content_block: block }
  }
  yield { type: 'content_block_stop', index }
}

export function * messageEvents (message) {
  yield { type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: { ...message.usage, output_tokens: 1 } } }
  yield { type: 'ping' }
  for (const [index, block] of message.content.entries()) yield * blockEvents(block, index)
  yield { type: 'message_delta', delta: { stop_reason: message.stop_reason, stop_sequence: message.stop_sequence }, usage: { output_tokens: message.usage.output_tokens } }
  yield { type: 'message_stop' }
}

export async function startAnthropic ({ key = 'sk-ant-upstream', port = 0 } = {}) {
  const server = await startModelServer({
    streamType: 'text/event-stream; charset=utf-8',
    judge: call => judge(call, key),
    isStreamed: call => call.body?.stream === true,
    whole: (call, plan) => call.path.endsWith('/count_tokens') ? { input_tokens: 42 } : messageOf(call, plan),
    events: (call, plan) => messageEvents(messageOf(call, plan)),
    frame: event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
    failure: status => ({ type: 'error', error: { type: status === 529 ? 'overloaded_error' : status === 429 ? 'rate_limit_error' : 'api_error', message: `told to answer ${status}` } })
  }, port)
  return { ...server, url: server.origin }
}
