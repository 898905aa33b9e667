// OpenAI's client talks through the gateway to Bedrock's Converse, Anthropic's to Claude there: signed, framed, strictly
// judged.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, startBedrock } from '../emulators/bedrock.mjs'
import { startSts } from '../emulators/sts.mjs'
import { missing, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing('openai', '@anthropic-ai/sdk')
const { default: OpenAI } = skip ? {} : await import('openai')
const { default: Anthropic } = skip ? {} : await import('@anthropic-ai/sdk')
const messages = [{ role: 'user', content: 'Hello' }]
const tool = name => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } })

async function withGateway (body) {
  const upstream = await startBedrock({ id: 'AKIDTEST', secret: 'aws/secret+key', region: 'eu-central-1', token: 'bearer-token' })
  const gateway = await startGateway(`
model_list:
  - model_name: claude
    litellm_params: { model: "bedrock/eu.anthropic.claude-sonnet-4-20250514-v1:0", api_base: "${upstream.url}", aws_access_key_id: AKIDTEST, aws_secret_access_key: os.environ/AWS_KEY, aws_region_name: eu-central-1 }
  - model_name: conversing
    litellm_params: { model: "bedrock/converse/anthropic.claude-sonnet-4-20250514-v1:0", api_base: "${upstream.url}", api_key: bearer-token, aws_region_name: eu-central-1 }
  - model_name: profile
    litellm_params: { model: "bedrock/converse/arn:aws:bedrock:eu-central-1:1:application-inference-profile/abc", api_base: "${upstream.url}/", aws_access_key_id: AKIDTEST, aws_secret_access_key: os.environ/AWS_KEY, aws_session_token: session-token, aws_region_name: eu-central-1 }
  - model_name: bearer
    litellm_params: { model: bedrock/eu-central-1/amazon.nova-pro-v1:0, api_base: "${upstream.url}", api_key: bearer-token }
  - model_name: wrong
    litellm_params: { model: bedrock/amazon.nova-pro-v1:0, api_base: "${upstream.url}", aws_access_key_id: AKIDTEST, aws_secret_access_key: wrong, aws_region_name: eu-central-1 }
  - model_name: nowhere
    litellm_params: { model: bedrock/amazon.nova-pro-v1:0, aws_access_key_id: AKIDTEST, aws_secret_access_key: wrong }
router_settings: { num_retries: 0 }
`, { AWS_KEY: 'aws/secret+key' })
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ client, gateway, upstream })
    assert.equal(JSON.stringify(gateway.log).includes('aws/secret'), false, 'no key in the log')
  } finally {
    const code = await gateway.stop()
    await upstream.stop()
    assert.equal(code, 0)
  }
}

const sent = upstream => upstream.calls.at(-1).body

test('a chat is signed, asked and answered', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ usage: { inputTokens: 9, outputTokens: 3, totalTokens: 32, cacheReadInputTokens: 20, cacheWriteInputTokens: 0 } })
  const answer = await client.chat.completions.create({ model: 'claude', messages: [{ role: 'system', content: [{ type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } }] }, ...messages], temperature: 1.5, top_p: 0.9, stop: ['END'], max_tokens: 50, top_k: 4 })

  assert.equal(answer.choices[0].message.content, 'Hi \u{1F600} there')
  assert.equal(answer.choices[0].finish_reason, 'stop')
  assert.deepEqual([answer.usage.prompt_tokens, answer.usage.prompt_tokens_details.cached_tokens], [29, 20])
  assert.equal(upstream.calls[0].path, '/model/eu.anthropic.claude-sonnet-4-20250514-v1%3A0/converse')
  assert.deepEqual(sent(upstream), {
    messages: [{ role: 'user', content: [{ text: 'Hello' }] }],
    system: [{ text: 'Be brief' }, { cachePoint: { type: 'default' } }],
    inferenceConfig: { maxTokens: 50, temperature: 1, topP: 0.9, stopSequences: ['END'] },
    additionalModelRequestFields: { top_k: 4 }
  })
}))

test('profiles, session tokens and bearer tokens are accepted; a wrong key is not', { skip }, () => withGateway(async ({ client, upstream }) => {
  await client.chat.completions.create({ model: 'profile', messages })
  assert.equal(upstream.calls[0].path, '/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Aapplication-inference-profile%2Fabc/converse')
  assert.equal(upstream.calls[0].headers['x-amz-security-token'], 'session-token')
  await client.chat.completions.create({ model: 'bearer', messages })
  assert.equal(upstream.calls[1].headers.authorization, 'Bearer bearer-token')
  assert.equal(upstream.calls[1].path, '/model/amazon.nova-pro-v1%3A0/converse')
  await assert.rejects(client.chat.completions.create({ model: 'wrong', messages }), error => error.status === 403 && /BedrockException - The request signature/.test(error.message))
  await assert.rejects(client.chat.completions.create({ model: 'nowhere', messages }), error => error.status === 400 && /aws_region_name/.test(error.message))
}))

test('a framed stream arrives piece by piece, with thinking and usage', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ pieces: 1, content: [{ reasoningContent: { reasoningText: { text: 'Let me think', signature: 'sig' } } }, { text: 'Hi \u{1F600} there' }] })
  const chunks = []
  for await (const chunk of await client.chat.completions.create({ model: 'claude', messages, stream: true, stream_options: { include_usage: true }, reasoning_effort: 'low' })) chunks.push(chunk)

  assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.reasoning_content ?? '').join(''), 'Let me think')
  assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join(''), 'Hi \u{1F600} there')
  assert.deepEqual(chunks.find(chunk => chunk.choices[0]?.delta.thinking_blocks).choices[0].delta.thinking_blocks, [{ type: 'thinking', thinking: 'Let me think', signature: 'sig' }])
  assert.equal(chunks.findLast(chunk => chunk.choices[0]).choices[0].finish_reason, 'stop')
  assert.equal(chunks.at(-1).usage.total_tokens, 12)
  assert.deepEqual(sent(upstream).additionalModelRequestFields.thinking, { type: 'enabled', budget_tokens: 1024 })
}))

test('tools are called in parallel and answered', { skip }, () => withGateway(async ({ client, upstream }) => {
  const content = [{ text: 'Look' }, { toolUse: { toolUseId: 't1', name: 'f', input: { a: 1 } } }, { toolUse: { toolUseId: 't2', name: 'g', input: {} } }]
  upstream.next({ content, stopReason: 'tool_use' }, { content, stopReason: 'tool_use', pieces: 7 })
  const ask = { model: 'claude', messages, tools: [tool('f'), tool('g')], tool_choice: 'auto' }

  const { choices: [{ message, finish_reason: finish }] } = await client.chat.completions.create(ask)
  assert.equal(finish, 'tool_calls')
  const final = await client.chat.completions.stream(ask).finalChatCompletion()
  for (const calls of [message.tool_calls, final.choices[0].message.tool_calls]) assert.deepEqual(calls.map(call => [call.id, call.function.name, call.function.arguments]), [['t1', 'f', '{"a":1}'], ['t2', 'g', '{}']])
  assert.deepEqual(sent(upstream).toolConfig.toolChoice, { auto: {} })

  await client.chat.completions.create({ ...ask, messages: [...messages, message, { role: 'tool', tool_call_id: 't1', content: '' }, { role: 'tool', tool_call_id: 't2', content: [{ type: 'text', text: 'ok' }, { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AAAA' } }] }, { role: 'user', content: 'And?' }] })
  assert.deepEqual(sent(upstream).messages.slice(1), [
    { role: 'assistant', content },
    { role: 'user', content: [{ toolResult: { toolUseId: 't1', content: [{ text: '(no output)' }] } }, { toolResult: { toolUseId: 't2', content: [{ text: 'ok' }, { image: { format: 'jpeg', source: { bytes: 'AAAA' } } }] } }, { text: 'And?' }] }])
}))

test('a wanted format is given by a tool, and pictures must be sent', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ content: [{ toolUse: { toolUseId: 't1', name: 'json_tool_call', input: { a: 1 } } }], stopReason: 'tool_use' })
  const answer = await client.chat.completions.create({ model: 'bearer', messages, response_format: { type: 'json_object' } })
  assert.equal(answer.choices[0].message.content, '{"a":1}')
  assert.equal(answer.choices[0].finish_reason, 'stop')
  await assert.rejects(client.chat.completions.create({ model: 'bearer', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] }] }), error => error.status === 400 && /data URL/.test(error.message))
}))

test('exceptions, wrong checksums and cut frames are errors', { skip }, () => withGateway(async ({ client, upstream }) => {
  const begin = [{ type: 'messageStart', payload: { role: 'assistant' } }, { type: 'contentBlockDelta', payload: { contentBlockIndex: 0, delta: { text: 'Hel' } } }]
  const damaged = frame({ ':event-type': 'messageStop', ':message-type': 'event' }, '{"stopReason":"end_turn"}')
  damaged[damaged.length - 6] ^= 1
  for (const events of [[...begin, { exception: 'throttlingException', payload: { message: 'slow' } }], [...begin, { raw: damaged }], [...begin, { raw: damaged.subarray(0, 20) }], begin]) {
    upstream.next({ events })
    let text = ''
    await assert.rejects(async () => {
      for await (const chunk of await client.chat.completions.create({ model: 'claude', messages, stream: true })) text += chunk.choices[0].delta.content ?? ''
    }, OpenAI.APIError)
    assert.equal(text, 'Hel')
  }
  upstream.next({ events: [{ exception: 'throttlingException', payload: { message: 'slow' } }] })
  await assert.rejects(client.chat.completions.create({ model: 'claude', messages, stream: true }), error => error.status === 429)
  upstream.next({ status: 429, body: { message: 'Too many requests' } })
  await assert.rejects(client.chat.completions.create({ model: 'claude', messages }), error => error.status === 429 && /Too many requests/.test(error.message))
}))

const claudeOf = gateway => new Anthropic({ baseURL: gateway.url, apiKey: 'sk-master', maxRetries: 0 })
const thoughtful = {
  model: 'claude',
  max_tokens: 3000,
  thinking: { type: 'enabled', budget_tokens: 1024 },
  system: [{ type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral', ttl: '1h' } }],
  metadata: { user_id: 'u' },
  tools: [{ name: 'f', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } }],
  messages: [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 'signed:hm' }, { type: 'tool_use', id: 't1', name: 'f', input: { n: 1 } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'one', cache_control: { type: 'ephemeral' } }] }]
}

test('an Anthropic client speaks to Claude as it is: thoughts, marks and bytes stay', { skip }, () => withGateway(async ({ gateway, upstream }) => {
  const client = claudeOf(gateway)
  upstream.next({ message: { content: [{ type: 'thinking', thinking: 'so', signature: 'signed:so' }, { type: 'text', text: 'ok' }], usage: { input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 2 } } })
  const answer = await client.messages.create(thoughtful, { headers: { 'anthropic-beta': 'claude-code-20250219, context-1m-2025-08-07' } })
  const { model: _, ...asked } = thoughtful
  assert.deepEqual(sent(upstream), { ...asked, anthropic_version: 'bedrock-2023-05-31', anthropic_beta: ['context-1m-2025-08-07'] })
  assert.equal(upstream.calls[0].path, '/model/eu.anthropic.claude-sonnet-4-20250514-v1%3A0/invoke')
  assert.deepEqual([answer.id, answer.model, answer.content[0].signature, answer.usage.cache_read_input_tokens], ['msg_up1', 'claude', 'signed:so', 5])

  upstream.next({ pieces: 1 })
  const final = await client.messages.stream({ ...thoughtful, messages }).finalMessage()
  assert.deepEqual([final.id, final.model, final.content, final.stop_reason], ['msg_up1', 'claude', [{ type: 'text', text: 'Hi \u{1F600} there' }], 'end_turn'])
  assert.equal(upstream.calls[1].path, '/model/eu.anthropic.claude-sonnet-4-20250514-v1%3A0/invoke-with-response-stream')
  await waitFor(() => gateway.log.some(line => line.prompt_tokens === 9 && line.completion_tokens === 3), 'the usage to be noted')
}))

test('errors of Claude on Bedrock are in the form of its clients, before and within a stream', { skip }, () => withGateway(async ({ gateway, upstream }) => {
  const client = claudeOf(gateway)
  const ask = { model: 'claude', max_tokens: 50, messages }
  upstream.next({ status: 429, body: { message: 'Too many tokens' } })
  await assert.rejects(client.messages.create(ask), error => error instanceof Anthropic.RateLimitError && /BedrockException - Too many tokens/.test(error.message))
  await assert.rejects(client.messages.create({ ...ask, messages: [{ role: 'assistant', content: 'x' }] }), error => error.status === 400 && /first message/.test(error.message))
  const chunk = event => ({ type: 'chunk', payload: { bytes: Buffer.from(JSON.stringify(event)).toString('base64') } })
  const begin = [{ type: 'message_start', message: { id: 'm', model: 'x', content: [], usage: { input_tokens: 1, output_tokens: 1 } } }, { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } }].map(chunk)
  const damaged = frame({ ':event-type': 'chunk', ':message-type': 'event' }, '{}')
  damaged[damaged.length - 1] ^= 1
  for (const [end, type] of [[{ exception: 'throttlingException', payload: { message: 'slow down' } }, 'rate_limit_error'], [{ raw: damaged }, 'api_error'], [{ raw: damaged.subarray(0, 20) }, 'api_error'], [{ type: 'chunk', payload: { bytes: '!' } }, 'api_error']]) {
    upstream.next({ events: [...begin, end] })
    const text = await (await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: { 'x-api-key': 'sk-master' }, body: JSON.stringify({ ...ask, stream: true }) })).text()
    assert.match(text, /Hel[^]*event: error\ndata: /)
    assert.ok(text.includes(`"type":"${type}"`), text)
    assert.doesNotMatch(text, /message_stop/)
  }
}))

test('through Converse thoughts and marks of an Anthropic client stay as well', { skip }, () => withGateway(async ({ gateway, upstream }) => {
  await claudeOf(gateway).messages.create({ ...thoughtful, model: 'conversing' })
  const cachePoint = { type: 'default' }
  assert.equal(upstream.calls[0].path, '/model/anthropic.claude-sonnet-4-20250514-v1%3A0/converse')
  assert.deepEqual(sent(upstream).system, [{ text: 'Be brief' }, { cachePoint }])
  assert.deepEqual(sent(upstream).messages.slice(1), [
    { role: 'assistant', content: [{ reasoningContent: { reasoningText: { text: 'hm', signature: 'signed:hm' } } }, { toolUse: { toolUseId: 't1', name: 'f', input: { n: 1 } } }] },
    { role: 'user', content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'one' }] } }, { cachePoint }] }])
  assert.deepEqual(sent(upstream).additionalModelRequestFields, { thinking: thoughtful.thinking })
  assert.deepEqual(sent(upstream).toolConfig.tools[1], { cachePoint })
}))

const lentKeys = { id: 'ASIALENT', secret: 'lent/secret+key', session: 'lent-token' }
const [role, otherRole] = ['arn:aws:iam::123456789012:role/bedrock', 'arn:aws:iam::123456789012:role/other']

// A gateway whose models take their keys from an emulated STS; `configure(model)` gives the list of them.
async function withRoles (configure, body) {
  const region = 'eu-central-1'
  const sts = await startSts({ id: 'AKIDTEST', secret: 'aws/secret+key', region, roles: { [role]: { externalId: 'partner/1', lent: lentKeys } } })
  const upstream = await startBedrock({ ...lentKeys, region })
  const model = (name, more) => `  - { model_name: ${name}, litellm_params: { model: bedrock/amazon.nova-pro-v1:0, api_base: "${upstream.url}", aws_access_key_id: AKIDTEST, aws_secret_access_key: os.environ/AWS_KEY, aws_region_name: ${region}, aws_sts_endpoint: "${sts.url}", ${more} } }\n`
  const config = models => `model_list:\n${models}router_settings: { num_retries: 0, disable_cooldowns: true }\n`
  const gateway = await startGateway(config(configure(model)), { AWS_KEY: 'aws/secret+key' })
  const ask = (name, signal) => fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', signal, headers: { authorization: 'Bearer sk-master' }, body: JSON.stringify({ model: name, messages }) })
  const under = async count => waitFor(async () => (await (await fetch(`${gateway.url}/health/backlog`, { headers: { authorization: 'Bearer sk-master' } })).json()).in_flight_requests === count, `${count} calls under way`)
  try {
    await body({ sts, upstream, gateway, ask, under, reload: configure => gateway.reload(config(configure(model))) })
    assert.equal(JSON.stringify(gateway.log).includes('lent/secret'), false, 'no key in the log')
  } finally {
    assert.equal(await gateway.stop(), 0)
    await upstream.stop()
    await sts.stop()
  }
}
const lentModel = model => model('lent', `aws_role_name: "${role}", aws_session_name: gateway, aws_external_id: partner/1`)

test('a role is assumed with the keys of the deployment, once, and anew before its keys expire', { skip }, () => withRoles(model => lentModel(model) + model('denied', `aws_role_name: "${otherRole}"`), async ({ sts, upstream, gateway, ask, reload }) => {
  for (let i = 0; i < 3; i++) assert.equal((await ask('lent')).status, 200)
  assert.equal(sts.calls.length, 1, 'its keys are kept')
  assert.equal(sts.calls[0].params.get('RoleSessionName'), 'gateway')
  assert.equal(upstream.calls[0].headers['x-amz-security-token'], 'lent-token')

  const denied = await ask('denied')
  assert.equal(denied.status, 401)
  assert.match((await denied.json()).error.message, /role\/other: AccessDenied: not authorized to perform: sts:AssumeRole/)
  assert.equal(sts.calls[1].params.get('RoleSessionName'), 'litellm-session')
  assert.equal(upstream.calls.length, 3)
  const health = await (await fetch(`${gateway.url}/health?model=lent`, { headers: { authorization: 'Bearer sk-master' } })).json()
  assert.equal(health.healthy_count, 1, JSON.stringify(health))

  await reload(model => model('soon', `aws_role_name: "${role}", aws_session_name: soon, aws_external_id: partner/1`))
  sts.lifetime = 60
  const before = sts.calls.length
  for (let i = 0; i < 2; i++) assert.equal((await ask('soon')).status, 200)
  assert.equal(sts.calls.length, before + 2, 'keys about to expire are asked for anew')
  sts.refuse = true
  assert.equal((await ask('soon')).status, 200, 'what is left of them serves while STS refuses')
}))

test('calls that need the keys of a role at the same time ask for them once', { skip }, () => withRoles(lentModel, async ({ sts, upstream, ask, under }) => {
  const answer = sts.hold()
  const calls = Array.from({ length: 8 }, () => ask('lent'))
  await under(8)
  await waitFor(() => sts.calls.length === 1, 'the question')
  answer()

  assert.deepEqual((await Promise.all(calls)).map(one => one.status), Array(8).fill(200))
  assert.equal(sts.calls.length, 1)
  assert.equal(upstream.calls.length, 8)
}))

test('a refusal of STS is that of all who wait for it', { skip }, () => withRoles(lentModel, async ({ sts, ask, under }) => {
  sts.refuse = true
  const answer = sts.hold()
  const calls = Array.from({ length: 4 }, () => ask('lent'))
  await under(4)
  answer()

  const texts = await Promise.all((await Promise.all(calls)).map(one => one.text()))
  assert.ok(texts.every(text => text.includes('AccessDenied')), texts[0])
  assert.equal(sts.calls.length, 1)
}))

test('who waits for the keys of a role asks for them when the client of the call that did so leaves', { skip }, () => withRoles(lentModel, async ({ sts, ask, under }) => {
  const answer = sts.hold()
  const leaving = new AbortController()
  const first = ask('lent', leaving.signal).catch(() => 'left')
  await waitFor(() => sts.calls.length === 1, 'the question of the first')
  const second = ask('lent')
  await under(2)
  leaving.abort()
  assert.equal(await first, 'left')
  await waitFor(() => sts.calls.length === 2, 'the question of the second')
  answer()

  assert.equal((await second).status, 200)
}))
