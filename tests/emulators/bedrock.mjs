// Amazon Bedrock's Converse API, and Claude's own form below /invoke, for tests: it checks signatures as AWS does, and
// requests as strictly.
//
//   const upstream = await startBedrock({ id: 'AKID', secret: '…', region: 'us-east-1', token: 'bearer-…' })
//   upstream.next({ content: [{ text: 'Hi' }], stopReason: 'end_turn', usage: {…} })
//
// Plans: see models/server.mjs. `content`, `stopReason` and `usage` replace parts of the answer; an event of `events`
// is { type, payload } or { exception, payload }. Of /invoke: `message`, as of emulators/anthropic.mjs.
import { createHash, createHmac } from 'node:crypto'
import { judgeBody as judgeClaude, messageEvents, messageOf } from './anthropic.mjs'
import { frame } from './models/event_stream.mjs'
import { startModelServer } from './models/server.mjs'

export { frame } from './models/event_stream.mjs'

const sha256 = data => createHash('sha256').update(data).digest('hex')
const hmac = (key, text) => createHmac('sha256', key).update(text).digest()
const encode = text => encodeURIComponent(text).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase())

const refusal = (status, type, message) => ({ status, headers: { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/` }, body: { message } })
const invalid = message => refusal(400, 'ValidationException', message)

// A sentence if the signature is not the one that AWS would compute.
export function judgeSignature (call, { id, secret, region, token, session }, wanted = 'bedrock') {
  const given = call.headers.authorization ?? ''
  if (given.startsWith('Bearer ')) return token && given === `Bearer ${token}` ? null : 'The security token included in the request is invalid.'
  const [, key, day, area, service, names, signature] = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(given) ?? []
  if (!key) return 'Missing Authentication Token'
  if (session && call.headers['x-amz-security-token'] !== session) return 'The security token included in the request is invalid.'
  if (key !== id || area !== region || service !== wanted) return `Credential should be scoped to a valid region and service, not ${area}/${service}.`
  const date = call.headers['x-amz-date'] ?? ''
  const sent = Date.UTC(date.slice(0, 4), date.slice(4, 6) - 1, date.slice(6, 8), date.slice(9, 11), date.slice(11, 13), date.slice(13, 15))
  if (!date.startsWith(day) || !(Math.abs(Date.now() - sent) < 300_000)) return 'Signature expired'
  const list = names.split(';')
  for (const needed of ['host', 'x-amz-date']) if (!list.includes(needed)) return `${needed} must be signed`
  if (list.join() !== [...list].sort().join()) return 'signed headers must be sorted'
  const payload = sha256(call.bytes)
  if ((call.headers['x-amz-content-sha256'] ?? payload) !== payload) return 'the body is not the one that was signed'
  const path = call.path.split('/').map(encode).join('/') // what was sent, encoded once more
  const canonical = ['POST', path, '', ...list.map(name => `${name}:${call.headers[name]}`), '', names, payload].join('\n')
  const text = ['AWS4-HMAC-SHA256', date, `${day}/${area}/${service}/aws4_request`, sha256(canonical)].join('\n')
  const right = hmac([day, area, service, 'aws4_request'].reduce(hmac, `AWS4${secret}`), text).toString('hex')
  if (right !== signature) return 'The request signature we calculated does not match the signature you provided.'
  return null
}

const kinds = ['text', 'image', 'document', 'video', 'toolUse', 'toolResult', 'cachePoint', 'reasoningContent', 'guardContent']

function judgeBlock (block, where) {
  const names = Object.keys(block)
  if (names.length !== 1 || !kinds.includes(names[0])) return `The value at ${where} must be one of ${kinds}: ${names}`
  if ('text' in block && !block.text.trim()) return `The text field in the ContentBlock object at ${where} is blank. Add text to the text field, and try again.`
  if (block.image && (!['png', 'jpeg', 'gif', 'webp'].includes(block.image.format) || !(block.image.source?.bytes || block.image.source?.s3Location))) return `${where}.image is malformed`
  if (block.document && (!/^[a-zA-Z0-9\-()[\] ]+$/.test(block.document.name ?? '') || !['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'].includes(block.document.format))) return `${where}.document is malformed`
  if (block.toolUse && (!/^[a-zA-Z0-9_-]{1,64}$/.test(block.toolUse.toolUseId) || !/^[a-zA-Z0-9_-]{1,64}$/.test(block.toolUse.name) || typeof block.toolUse.input !== 'object')) return `${where}.toolUse is malformed`
  if (block.toolResult && (!Array.isArray(block.toolResult.content) || block.toolResult.content.length === 0)) return `${where}.toolResult.content is required`
  for (const inner of block.toolResult?.content ?? []) if ('text' in inner && !inner.text.trim()) return `${where}.toolResult.content: blank text`
}

function judgeBody (body) {
  if (typeof body !== 'object' || body === null) return 'The request body is not valid JSON'
  const extra = Object.keys(body).find(name => !['messages', 'system', 'inferenceConfig', 'toolConfig', 'guardrailConfig', 'additionalModelRequestFields', 'additionalModelResponseFieldPaths', 'performanceConfig', 'requestMetadata', 'promptVariables'].includes(name))
  if (extra) return `extraneous key [${extra}] is not permitted`
  if (!Array.isArray(body.messages) || body.messages.length === 0) return 'A conversation must start with a user message.'
  let pending = []
  for (const [i, message] of body.messages.entries()) {
    if (i === 0 && message.role !== 'user') return 'A conversation must start with a user message. Try again with a conversation that starts with a user message.'
    if (i > 0 && message.role === body.messages[i - 1].role) return 'A conversation must alternate between user and assistant roles.'
    if (!message.content?.length) return `The content field in the Message object at messages.${i} is empty.`
    for (const [j, block] of message.content.entries()) {
      const problem = judgeBlock(block, `messages.${i}.content.${j}`)
      if (problem) return problem
    }
    const results = message.content.filter(block => block.toolResult).map(block => block.toolResult.toolUseId)
    if (results.sort().join() !== pending.sort().join()) return `Expected toolResult blocks at messages.${i}.content for the following Ids: ${pending}`
    pending = message.content.filter(block => block.toolUse).map(block => block.toolUse.toolUseId)
  }
  if (pending.length) return 'Expected toolResult blocks'
  const used = body.messages.some(message => message.content.some(block => block.toolUse || block.toolResult))
  if (used && !body.toolConfig) return 'The toolConfig field must be defined when using toolUse and toolResult content blocks.'
  for (const tool of body.toolConfig?.tools ?? []) {
    if (tool.cachePoint) continue
    const spec = tool.toolSpec
    if (!spec || !/^[a-zA-Z0-9_-]{1,64}$/.test(spec.name) || spec.description === '' || spec.inputSchema?.json?.type !== 'object') return 'toolConfig.tools: malformed toolSpec'
  }
  const config = Object.keys(body.inferenceConfig ?? {}).find(name => !['maxTokens', 'temperature', 'topP', 'stopSequences'].includes(name))
  if (config) return `extraneous key [inferenceConfig.${config}] is not permitted`
  if (body.inferenceConfig?.temperature > 1) return 'temperature must be at most 1'
  const thinking = body.additionalModelRequestFields?.thinking
  if (thinking && !(body.inferenceConfig?.maxTokens > thinking.budget_tokens)) return '`max_tokens` must be greater than `thinking.budget_tokens`'
  if (thinking && (body.toolConfig?.toolChoice?.any || body.toolConfig?.toolChoice?.tool)) return 'Thinking may not be enabled when tool_choice forces tool use.'
}

// What Bedrock lets Claude's clients ask for beside the form itself.
const betas = ['interleaved-thinking-2025-05-14', 'context-1m-2025-08-07', 'context-management-2025-06-27']

function judgeInvoked ({ anthropic_version: version, anthropic_beta: wanted, ...body }) {
  if (version !== 'bedrock-2023-05-31') return 'anthropic_version: Field required'
  for (const name of ['model', 'stream']) if (name in body) return `${name}: Extra inputs are not permitted`
  if (wanted !== undefined && !wanted.every(name => betas.includes(name))) return 'invalid beta flag'
  return judgeClaude({ ...body, model: 'claude' }, {}, false)
}

const isClaude = call => call.path.includes('anthropic') && call.path.includes('/invoke')

function judge (call, access) {
  const [, model, action] = /^\/model\/([^/]+)\/(converse|converse-stream|invoke|invoke-with-response-stream)$/.exec(call.path) ?? []
  if (!action) return refusal(404, 'UnknownOperationException', 'Unknown operation')
  if (/[:/]/.test(model)) return invalid('the model id must be encoded')
  const problem = judgeSignature(call, access)
  if (problem) return refusal(403, 'AccessDeniedException', problem)
  const wrong = isClaude(call) ? judgeInvoked(call.body ?? {}) : action === 'invoke' ? null : judgeBody(call.body)
  return wrong ? invalid(wrong) : null
}

const parts = plan => ({
  content: plan.content ?? [{ text: 'Hi \u{1F600} there' }],
  stopReason: plan.stopReason ?? 'end_turn',
  usage: plan.usage ?? { inputTokens: 9, outputTokens: 3, totalTokens: 12 }
})

function * events (plan) {
  const { content, stopReason, usage } = parts(plan)
  const piece = text => text.match(/[^]{1,5}/gu) ?? []
  yield { type: 'messageStart', payload: { role: 'assistant' } }
  for (const [contentBlockIndex, block] of content.entries()) {
    const delta = delta => ({ type: 'contentBlockDelta', payload: { contentBlockIndex, delta, p: 'abcdefgh' } })
    if (block.toolUse) {
      yield { type: 'contentBlockStart', payload: { contentBlockIndex, start: { toolUse: { toolUseId: block.toolUse.toolUseId, name: block.toolUse.name } } } }
      const json = JSON.stringify(block.toolUse.input)
      if (json !== '{}') for (const input of piece(json)) yield delta({ toolUse: { input } })
    } else if (block.reasoningContent) {
      for (const text of piece(block.reasoningContent.reasoningText.text)) yield delta({ reasoningContent: { text } })
      yield delta({ reasoningContent: { signature: block.reasoningContent.reasoningText.signature } })
    } else for (const text of piece(block.text)) yield delta({ text })
    yield { type: 'contentBlockStop', payload: { contentBlockIndex } }
  }
  yield { type: 'messageStop', payload: { stopReason } }
  yield { type: 'metadata', payload: { usage, metrics: { latencyMs: 10 } } }
}

// Claude's own answer; its events come in frames as base64.
const claude = (call, plan) => messageOf({ body: { model: 'claude-sonnet-4' } }, plan)

function * claudeEvents (call, plan) {
  for (const event of messageEvents(claude(call, plan))) {
    const more = event.type === 'message_stop' ? { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 9 } } : {}
    yield { type: 'chunk', payload: { bytes: Buffer.from(JSON.stringify({ ...event, ...more })).toString('base64'), p: 'abc' } }
  }
}

const frameOf = event => frame(event.exception
  ? { ':message-type': 'exception', ':exception-type': event.exception, ':content-type': 'application/json' }
  : { ':event-type': event.type, ':content-type': 'application/json', ':message-type': 'event' }, JSON.stringify(event.payload))

export async function startBedrock ({ id = 'AKIDEXAMPLE', secret = 'secret', region = 'us-east-1', token, port = 0 } = {}) {
  const server = await startModelServer({
    streamType: 'application/vnd.amazon.eventstream',
    judge: call => judge(call, { id, secret, region, token }),
    isStreamed: call => call.path.endsWith('-stream'),
    whole: (call, plan) => {
      if (isClaude(call)) return claude(call, plan)
      const { content, stopReason, usage } = parts(plan)
      return { output: { message: { role: 'assistant', content } }, stopReason, usage, metrics: { latencyMs: 10 } }
    },
    events: (call, plan) => isClaude(call) ? claudeEvents(call, plan) : events(plan),
    frame: frameOf,
    failure: status => ({ message: `told to answer ${status}` })
  }, port)
  return { ...server, url: server.origin }
}
