// Anthropic's client talks through the gateway: natively to Anthropic, translated to everyone else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAnthropic } from '../emulators/anthropic.mjs'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing('@anthropic-ai/sdk')
const { default: Anthropic } = skip ? {} : await import('@anthropic-ai/sdk')
const messages = [{ role: 'user', content: 'Hello' }]
const ask = { model: 'gpt', max_tokens: 100, messages }
const tool = (name, properties = {}) => ({ name, description: `Does ${name}`, input_schema: { type: 'object', properties } })
const chunk = (delta, finish = null) => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })

async function withGateway (body) {
  const openai = await startOpenAi({ key: 'sk-up-secret' })
  const native = await startAnthropic({ key: 'sk-up-secret' })
  const gateway = await startGateway(`
model_list:
  - model_name: gpt
    litellm_params: { model: openai/gpt-4o, api_base: "${openai.url}", api_key: sk-up-secret }
  - model_name: thinker
    litellm_params: { model: openai/o3-mini, api_base: "${openai.url}", api_key: sk-up-secret }
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-0, api_base: "${native.url}", api_key: sk-up-secret }
  - model_name: mock
    litellm_params: { model: openai/mock, mock_response: "Hello from the mock" }
router_settings: { num_retries: 0, disable_cooldowns: true }
`)
  const client = new Anthropic({ baseURL: gateway.url, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ client, gateway, openai, native })
    assert.equal(JSON.stringify(gateway.log).includes('sk-up-secret'), false, 'no key in the log')
  } finally {
    const code = await gateway.stop()
    await openai.stop()
    await native.stop()
    assert.equal(code, 0)
  }
}

const raw = (gateway, body) => fetch(`${gateway.url}/v1/messages?beta=true`, {
  method: 'POST',
  headers: { 'x-api-key': 'sk-master', 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
  body: JSON.stringify(body)
})

test('a message is asked of an OpenAI model and answered as Anthropic would', { skip }, () => withGateway(async ({ client, openai }) => {
  const answer = await client.messages.create({ ...ask, system: [{ type: 'text', text: 'Be' }, { type: 'text', text: 'brief', cache_control: { type: 'ephemeral' } }], stop_sequences: ['END'], temperature: 0.5, metadata: { user_id: 'u'.repeat(100) } })

  assert.match(answer.id, /^msg_/)
  assert.equal(answer.type, 'message')
  assert.equal(answer.model, 'gpt')
  assert.deepEqual(answer.content, [{ type: 'text', text: 'Hi \u{1F600} there' }])
  assert.equal(answer.stop_reason, 'end_turn')
  assert.deepEqual(answer.usage, { input_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 3 })
  assert.deepEqual(openai.calls[0].body, { model: 'gpt-4o', messages: [{ role: 'system', content: 'Be\nbrief' }, { role: 'user', content: 'Hello' }], max_tokens: 100, stop: ['END'], user: 'u'.repeat(64), temperature: 0.5 })
}))

test('a stream has the events that the client assembles', { skip }, () => withGateway(async ({ client, gateway, openai }) => {
  openai.next({ pieces: 1 })
  const stream = client.messages.stream(ask)
  const texts = []
  stream.on('text', text => texts.push(text))
  const final = await stream.finalMessage()

  assert.deepEqual(texts, ['Hi', ' \u{1F600}', ' there'])
  assert.deepEqual(final.content, [{ type: 'text', text: 'Hi \u{1F600} there' }])
  assert.equal(final.usage.output_tokens, 3)
  assert.equal(final.usage.input_tokens, 9)
  assert.equal(final.stop_reason, 'end_turn')

  const events = (await (await raw(gateway, { ...ask, stream: true })).text()).trim().split('\n\n')
  assert.ok(events.every(event => event.match(/^event: (.*)\ndata: \{"type":"(.*?)"/).slice(1).every((name, _, all) => name === all[0])))
  assert.match(events.at(-1), /message_stop/)
}))

test('tools are called and answered in both directions', { skip }, () => withGateway(async ({ client, openai }) => {
  const long = 'look_up_' + 'x'.repeat(70)
  const tools = [tool(long, { city: { type: 'string' } }), tool('clock'), { type: 'web_search_20250305', name: 'web_search' }]
  openai.next({ body: { id: 'c', choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [
    { id: 'call_1', type: 'function', function: { name: 'look_up_' + 'x'.repeat(47) + '_', arguments: '{"city":"Zürich"}' } },
    { id: 'call_2', type: 'function', function: { name: 'clock', arguments: '' } }] } }], usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } } } })

  await client.messages.create({ ...ask, tools, tool_choice: { type: 'tool', name: long, disable_parallel_tool_use: true } })
  const sent = openai.calls[0].body
  const short = sent.tools[0].function.name
  assert.ok(short.length <= 64)
  assert.deepEqual(sent.tool_choice, { type: 'function', function: { name: short } })
  assert.equal(sent.parallel_tool_calls, false)
  assert.equal(sent.tools.length, 2)

  openai.next({ body: { id: 'c', choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [
    { id: 'call_1', type: 'function', function: { name: short, arguments: '{"city":"Zürich"}' } },
    { id: 'call_2', type: 'function', function: { name: 'clock', arguments: '' } }] } }], usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } } } })
  const answer = await client.messages.create({ ...ask, tools })
  assert.deepEqual(answer.content, [{ type: 'tool_use', id: 'call_1', name: long, input: { city: 'Zürich' } }, { type: 'tool_use', id: 'call_2', name: 'clock', input: {} }])
  assert.equal(answer.stop_reason, 'tool_use')
  assert.deepEqual([answer.usage.input_tokens, answer.usage.cache_read_input_tokens], [6, 4])

  await client.messages.create({
    ...ask,
    tools,
    messages: [...messages, { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }, ...answer.content] }, {
      role: 'user',
      content: [{ type: 'text', text: 'Here' }, { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'rain' }] }, { type: 'tool_result', tool_use_id: 'call_2', is_error: true, content: 'broken' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }]
    }]
  })
  assert.deepEqual(openai.calls.at(-1).body.messages, [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: short, arguments: '{"city":"Zürich"}' } }, { id: 'call_2', type: 'function', function: { name: 'clock', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
    { role: 'tool', tool_call_id: 'call_2', content: 'Error: broken' },
    { role: 'user', content: [{ type: 'text', text: 'Here' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }
  ])
}))

test('parallel calls whose arguments interleave come out one after the other, with thinking first', { skip }, () => withGateway(async ({ client, openai }) => {
  const call = (index, more) => ({ tool_calls: [{ index, ...more }] })
  openai.next({
    events: [chunk({ role: 'assistant', reasoning_content: 'Let me' }), chunk({ reasoning_content: ' think' }), chunk({ content: 'Well' }),
      chunk(call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } })), chunk(call(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '' } })),
      chunk(call(1, { function: { arguments: '{"y":' } })), chunk(call(0, { function: { arguments: ':1}' } })), chunk(call(1, { function: { arguments: '2}' } })),
      chunk(call(2, { id: 'c', type: 'function', function: { name: 'h' } })), chunk({}, 'tool_calls'), '[DONE]']
  })

  const final = await client.messages.stream({ ...ask, tools: [tool('f'), tool('g'), tool('h')] }).finalMessage()

  assert.deepEqual(final.content, [
    { type: 'thinking', thinking: 'Let me think', signature: '' }, { type: 'text', text: 'Well' },
    { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } }, { type: 'tool_use', id: 'b', name: 'g', input: { y: 2 } }, { type: 'tool_use', id: 'c', name: 'h', input: {} }])
  assert.equal(final.stop_reason, 'tool_use')
}))

test('thinking becomes an effort, and reasoning models get their own limit', { skip }, () => withGateway(async ({ client, openai }) => {
  await client.messages.create({ ...ask, model: 'thinker', max_tokens: 20000, thinking: { type: 'enabled', budget_tokens: 6000 }, top_k: 5 })

  const { messages: _, ...rest } = openai.calls[0].body
  assert.deepEqual(rest, { model: 'o3-mini', max_completion_tokens: 20000, reasoning_effort: 'medium' })
}))

test('an Anthropic model is spoken to natively: bytes stay but for the name', { skip }, () => withGateway(async ({ client, gateway, native }) => {
  const body = { model: 'claude', max_tokens: 100, messages, top_k: 5, thinking: { type: 'enabled', budget_tokens: 1024 }, context_management: { edits: [] } }
  delete body.top_k
  body.max_tokens = 2000
  native.next({ message: { content: [{ type: 'thinking', thinking: 'x', signature: 's' }, { type: 'text', text: 'ok' }], usage: { input_tokens: 1, output_tokens: 2, odd: 1e-7 } } })
  const answer = await client.messages.create(body, { headers: { 'anthropic-beta': 'context-management-2025-06-27' } })
  assert.deepEqual(native.calls[0].body, { ...body, model: 'claude-sonnet-4-0' })
  assert.equal(native.calls[0].headers['anthropic-beta'], 'context-management-2025-06-27')
  assert.equal(answer.id, 'msg_up1')
  assert.equal(answer.model, 'claude')
  assert.equal(answer.content[0].signature, 's')

  const final = await client.messages.stream({ ...body, thinking: undefined }).finalMessage()
  assert.equal(final.model, 'claude')
  assert.equal(final.id, 'msg_up1')
  const direct = await (await fetch(`${native.url}/v1/messages`, { method: 'POST', headers: { 'x-api-key': 'sk-up-secret', 'anthropic-version': '2023-06-01', 'content-type': 'application/json' }, body: JSON.stringify({ ...ask, model: 'claude-sonnet-4-0', stream: true }) })).text()
  const through = await (await raw(gateway, { ...ask, model: 'claude', stream: true })).text()
  assert.equal(through, direct.replace('"claude-sonnet-4-0-20250929"', '"claude"'))
  await waitFor(() => gateway.log.some(line => line.prompt_tokens === 9 && line.completion_tokens === 3), 'the usage to be noted')
}))

test('tokens are counted by who can, and estimated otherwise', { skip }, () => withGateway(async ({ client, native, openai }) => {
  assert.deepEqual(await client.messages.countTokens({ model: 'claude', messages }), { input_tokens: 42 })
  assert.equal(native.calls[0].url, '/v1/messages/count_tokens')
  const { input_tokens: estimate } = await client.messages.countTokens({ model: 'gpt', messages: [{ role: 'user', content: 'word '.repeat(100) }] })
  assert.ok(estimate > 80 && estimate < 200, String(estimate))
  assert.equal(openai.calls.length, 0)
}))

test('a mock model answers in this form too', { skip }, () => withGateway(async ({ client }) => {
  assert.equal((await client.messages.create({ ...ask, model: 'mock' })).content[0].text, 'Hello from the mock')
  assert.equal((await client.messages.stream({ ...ask, model: 'mock' }).finalMessage()).content[0].text, 'Hello from the mock')
}))

test('errors are in the form that the client knows', { skip }, () => withGateway(async ({ client, gateway, openai, native }) => {
  for (const [status, expected, type] of [[400, 400, 'invalid_request_error'], [401, 401, 'authentication_error'], [403, 403, 'permission_error'], [404, 404, 'not_found_error'], [429, 429, 'rate_limit_error'], [500, 500, 'api_error'], [529, 503, 'overloaded_error']]) {
    for (const [upstream, model] of [[openai, 'gpt'], [native, 'claude']]) {
      upstream.next({ status, body: { error: { message: 'no sk-up-secret', type: 'x' } } })
      await assert.rejects(client.messages.create({ ...ask, model }), error => error instanceof Anthropic.APIError && error.status === expected && error.error.type === 'error' && error.error.error.type === type && !error.message.includes('sk-up-secret'))
    }
  }
  await assert.rejects(client.messages.create({ model: 'gpt', messages }), error => error.status === 400 && /max_tokens: Field required/.test(error.message))
  await assert.rejects(client.messages.create({ ...ask, model: 'nope' }), Anthropic.BadRequestError)
  const stranger = new Anthropic({ baseURL: gateway.url, apiKey: 'nonsense-key-12345', maxRetries: 0 })
  await assert.rejects(stranger.messages.create(ask), Anthropic.AuthenticationError)

  for (const [upstream, model, events] of [[openai, 'gpt', [chunk({ content: 'Hel' })]], [native, 'claude', [{ type: 'message_start', message: { model: 'm', content: [], usage: { input_tokens: 1, output_tokens: 1 } } }, { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } }]]]) {
    upstream.next({ events }, { events })
    await assert.rejects(client.messages.stream({ ...ask, model }).finalMessage(), Anthropic.APIError)
    const text = await (await raw(gateway, { ...ask, model, stream: true })).text()
    assert.match(text, /Hel[^]*event: error\ndata: \{"type":"error","error":\{"type":"api_error"/)
    assert.doesNotMatch(text, /message_stop/)
  }
}))
