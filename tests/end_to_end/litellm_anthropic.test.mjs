// OpenAI's client talks through the gateway to Anthropic's form, strictly judged.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAnthropic } from '../emulators/anthropic.mjs'
import { missing, startGateway } from './litellm/program.mjs'

const skip = missing('openai')
const { default: OpenAI } = skip ? {} : await import('openai')
const messages = [{ role: 'user', content: 'Hello' }]
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const tool = (name, properties = {}) => ({ type: 'function', function: { name, description: `Does ${name}`, parameters: { type: 'object', properties } } })

async function withGateway (body, settings = '') {
  const upstream = await startAnthropic({ key: 'sk-ant-secret' })
  const gateway = await startGateway(`
model_list:
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-0, api_base: "${upstream.url}", api_key: sk-ant-secret }
  - model_name: claude-new
    litellm_params: { model: anthropic/claude-sonnet-4-5, api_base: "${upstream.url}/v1/messages", api_key: sk-ant-secret, extra_headers: { anthropic-beta: own-beta } }
router_settings: { num_retries: 0, disable_cooldowns: true }
litellm_settings: { ${settings} }
`)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ client, gateway, upstream })
    assert.equal(JSON.stringify(gateway.log).includes('sk-ant-secret'), false, 'no key in the log')
  } finally {
    const code = await gateway.stop()
    await upstream.stop()
    assert.equal(code, 0)
  }
}

const sent = upstream => upstream.calls.at(-1).body

test('a chat is asked and answered', { skip }, () => withGateway(async ({ client, upstream }) => {
  const answer = await client.chat.completions.create({ model: 'claude', messages: [{ role: 'system', content: 'Be brief' }, { role: 'developer', content: [{ type: 'text', text: 'Really' }] }, ...messages], temperature: 1.5, stop: 'END', user: 'user-1', max_completion_tokens: 50 })

  assert.equal(answer.object, 'chat.completion')
  assert.match(answer.id, /^chatcmpl-/)
  assert.equal(answer.model, 'claude')
  assert.deepEqual(answer.choices, [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi \u{1F600} there' } }])
  assert.equal(answer.usage.prompt_tokens, 9)
  assert.equal(answer.usage.total_tokens, 12)
  assert.deepEqual(sent(upstream), {
    model: 'claude-sonnet-4-0',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    system: [{ type: 'text', text: 'Be brief' }, { type: 'text', text: 'Really' }],
    max_tokens: 50,
    temperature: 1,
    stop_sequences: ['END'],
    metadata: { user_id: 'user-1' }
  })
  assert.equal(upstream.calls[0].url, '/v1/messages')
  assert.equal(upstream.calls[0].headers['anthropic-version'], '2023-06-01')
}))

test('a stream arrives piece by piece, with the usage of the whole', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ pieces: 1, message: { usage: { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 7 } } })
  const chunks = []
  for await (const chunk of await client.chat.completions.create({ model: 'claude', messages, stream: true, stream_options: { include_usage: true } })) chunks.push(chunk)

  assert.equal(chunks[0].choices[0].delta.role, 'assistant')
  assert.equal(new Set(chunks.map(chunk => chunk.id)).size, 1)
  assert.ok(chunks.every(chunk => chunk.model === 'claude' && chunk.object === 'chat.completion.chunk'))
  assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join(''), 'Hi \u{1F600} there')
  assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop')
  assert.equal(chunks.at(-1).usage.prompt_tokens, 125)
  assert.equal(chunks.at(-1).usage.completion_tokens, 7)
  assert.deepEqual(chunks.at(-1).usage.prompt_tokens_details, { cached_tokens: 100, cache_creation_tokens: 20 })
  assert.equal(sent(upstream).max_tokens, 4096)
}))

test('tools are offered, called in parallel, and answered', { skip }, () => withGateway(async ({ client, upstream }) => {
  const content = [
    { type: 'text', text: 'Let me look.' },
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Zürich', days: 3 } },
    { type: 'tool_use', id: 'toolu_2', name: 'clock', input: {} }
  ]
  const tools = [tool('weather', { city: { type: 'string' }, days: { type: 'integer' } }), tool('clock')]
  upstream.next({ message: { content, stop_reason: 'tool_use' } }, { message: { content, stop_reason: 'tool_use' }, pieces: 3 })

  const whole = await client.chat.completions.create({ model: 'claude', messages, tools, tool_choice: 'required', parallel_tool_calls: false })
  const calls = whole.choices[0].message.tool_calls
  assert.equal(whole.choices[0].finish_reason, 'tool_calls')
  assert.equal(whole.choices[0].message.content, 'Let me look.')
  assert.deepEqual(calls.map(call => [call.id, call.function.name, JSON.parse(call.function.arguments)]), [['toolu_1', 'weather', { city: 'Zürich', days: 3 }], ['toolu_2', 'clock', {}]])
  assert.deepEqual(sent(upstream).tool_choice, { type: 'any', disable_parallel_tool_use: true })
  assert.deepEqual(sent(upstream).tools[1], { name: 'clock', description: 'Does clock', input_schema: { type: 'object', properties: {} } })

  const final = await client.chat.completions.stream({ model: 'claude', messages, tools }).finalChatCompletion()
  assert.deepEqual(final.choices[0].message.tool_calls.map(call => [call.id, JSON.parse(call.function.arguments)]), [['toolu_1', { city: 'Zürich', days: 3 }], ['toolu_2', {}]])
  assert.equal(final.choices[0].finish_reason, 'tool_calls')

  const results = calls.map(call => ({ role: 'tool', tool_call_id: call.id, content: `${call.function.name} done` }))
  await client.chat.completions.create({ model: 'claude', messages: [...messages, whole.choices[0].message, ...results, { role: 'user', content: 'And now?' }], tools })
  assert.deepEqual(sent(upstream).messages.map(message => [message.role, message.content.map(block => block.type)]),
    [['user', ['text']], ['assistant', ['text', 'tool_use', 'tool_use']], ['user', ['tool_result', 'tool_result', 'text']]])
  assert.deepEqual(sent(upstream).messages[1].content[1].input, { city: 'Zürich', days: 3 })
}))

test('images and documents arrive as Anthropic takes them', { skip }, () => withGateway(async ({ client, upstream }) => {
  await client.chat.completions.create({
    model: 'claude',
    messages: [{
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?', cache_control: { type: 'ephemeral' } },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
        { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } }
      ]
    }]
  })

  assert.deepEqual(sent(upstream).messages[0].content, [
    { type: 'text', text: 'What is it?', cache_control: { type: 'ephemeral' } },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' }, title: 'a.pdf' }
  ])
}))

test('thinking comes as reasoning_content and goes back with its signature', { skip }, () => withGateway(async ({ client, upstream }) => {
  const content = [{ type: 'thinking', thinking: 'I should think', signature: 'signed:I should think' }, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }]
  upstream.next({ message: { content, stop_reason: 'tool_use' } }, { message: { content, stop_reason: 'tool_use' } })
  const ask = { model: 'claude', messages, tools: [tool('f')], reasoning_effort: 'high', temperature: 0.5, max_tokens: 100 }

  const { choices: [{ message }] } = await client.chat.completions.create(ask)
  assert.equal(message.reasoning_content, 'I should think')
  assert.deepEqual(message.thinking_blocks, content.slice(0, 1))
  assert.deepEqual(sent(upstream).thinking, { type: 'enabled', budget_tokens: 4096 })
  assert.equal(sent(upstream).max_tokens, 4196)
  await client.chat.completions.create({ ...ask, messages: [...messages, message, { role: 'tool', tool_call_id: 'toolu_1', content: 'ok' }] })

  const chunks = []
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) chunks.push(chunk.choices[0].delta)
  assert.equal(chunks.map(delta => delta.reasoning_content ?? '').join(''), '')
  upstream.next({ message: { content, stop_reason: 'tool_use' } })
  chunks.length = 0
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) chunks.push(chunk.choices[0].delta)
  assert.equal(chunks.map(delta => delta.reasoning_content ?? '').join(''), 'I should think')
  assert.deepEqual(chunks.find(delta => delta.thinking_blocks).thinking_blocks, content.slice(0, 1))
}))

test('a wanted format is given by models that know it, and by a tool for others', { skip }, () => withGateway(async ({ client, upstream }) => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false }
  const response_format = { type: 'json_schema', json_schema: { name: 'thing', schema, strict: true } }
  const content = [{ type: 'tool_use', id: 'toolu_1', name: 'json_tool_call', input: { a: 1 } }]

  upstream.next({ message: { content, stop_reason: 'tool_use' } }, { message: { content, stop_reason: 'tool_use' } })
  const whole = await client.chat.completions.create({ model: 'claude', messages, response_format })
  assert.deepEqual(JSON.parse(whole.choices[0].message.content), { a: 1 })
  assert.equal(whole.choices[0].finish_reason, 'stop')
  assert.equal(whole.choices[0].message.tool_calls, undefined)
  assert.deepEqual(sent(upstream).tool_choice, { type: 'tool', name: 'json_tool_call' })
  const streamed = await client.chat.completions.stream({ model: 'claude', messages, response_format }).finalChatCompletion()
  assert.deepEqual(JSON.parse(streamed.choices[0].message.content), { a: 1 })
  assert.equal(streamed.choices[0].finish_reason, 'stop')

  await client.chat.completions.create({ model: 'claude-new', messages, response_format })
  assert.deepEqual(sent(upstream).output_format, { type: 'json_schema', schema })
  assert.equal(upstream.calls.at(-1).headers['anthropic-beta'], 'structured-outputs-2025-11-13,own-beta')
}))

test('what Anthropic has no equivalent for is refused, or dropped if that is wanted', { skip }, async () => {
  await withGateway(async ({ client, upstream }) => {
    await assert.rejects(client.chat.completions.create({ model: 'claude', messages, n: 2, seed: 7 }), error => error.status === 400 && /UnsupportedParamsError.*anthropic.*"n", "seed".*drop_params/.test(error.message))
    assert.equal(upstream.calls.length, 0)
    await client.chat.completions.create({ model: 'claude', messages, n: 1, logprobs: false, presence_penalty: 0 })
    await client.chat.completions.create({ model: 'claude', messages, seed: 7, drop_params: true })
  })
  await withGateway(async ({ client }) => {
    await client.chat.completions.create({ model: 'claude', messages: [{ role: 'assistant', content: 'I begin ' }, { role: 'user', content: '' }, { role: 'assistant', content: 'and end ' }], seed: 7, logit_bias: { 1: 2 } })
  }, 'drop_params: true, modify_params: true')
})

test('errors keep their status and say what Anthropic said', { skip }, () => withGateway(async ({ client, upstream }) => {
  for (const [status, expected] of [[400, 400], [401, 401], [403, 403], [404, 404], [413, 413], [429, 429], [500, 500], [529, 503]]) {
    upstream.next({ status, body: { type: 'error', error: { type: 'a_type', message: 'no: sk-ant-secret' } } })
    await assert.rejects(client.chat.completions.create({ model: 'claude', messages }), error => {
      assert.equal(error.status, expected)
      assert.match(error.message, /litellm\.\w+: AnthropicException - no: /)
      assert.equal(error.message.includes('sk-ant-secret'), false)
      return true
    })
  }
  upstream.next({ events: [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }] })
  await assert.rejects(client.chat.completions.create({ model: 'claude', messages, stream: true }), error => error.status === 503 && /Overloaded/.test(error.message))
}))

test('a stream that breaks ends with an error, whatever breaks it', { skip }, () => withGateway(async ({ client, upstream }) => {
  const start = { type: 'message_start', message: { usage: { input_tokens: 1 } } }
  const block = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
  const text = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } }
  for (const more of [[], [{ type: 'error', error: { type: 'api_error', message: 'gone' } }], [{ raw: 'data: nonsense\n\n' }], [{ raw: 'data: {"type":"content_b' }]]) {
    upstream.next({ events: [start, block, text, ...more] })
    const texts = []
    await assert.rejects(async () => {
      for await (const chunk of await client.chat.completions.create({ model: 'claude', messages, stream: true })) texts.push(chunk.choices[0].delta.content ?? '')
    }, OpenAI.APIError)
    assert.equal(texts.join(''), 'Hel')
  }
}))

test('functions of older clients are tools to Claude, and its call a function_call to them', { skip }, () => withGateway(async ({ client, upstream }) => {
  const functions = [{ name: 'look', description: 'Looks', parameters: { type: 'object', properties: { at: { type: 'string' } } } }]
  const called = { message: { content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'x' } }], stop_reason: 'tool_use' } }
  upstream.next(called, called)
  const whole = await client.chat.completions.create({ model: 'claude', messages, functions, function_call: { name: 'look' } })
  assert.equal(whole.choices[0].finish_reason, 'function_call')
  assert.deepEqual(whole.choices[0].message.function_call, { name: 'look', arguments: '{"at":"x"}' })
  assert.equal(whole.choices[0].message.tool_calls, undefined)
  assert.deepEqual(sent(upstream).tools, [{ name: 'look', description: 'Looks', input_schema: functions[0].parameters }])
  assert.deepEqual(sent(upstream).tool_choice, { type: 'tool', name: 'look' })

  const pieces = []
  for await (const chunk of await client.chat.completions.create({ model: 'claude', messages, functions, stream: true })) pieces.push(chunk.choices[0])
  assert.equal(pieces.map(piece => piece.delta.function_call?.name ?? '').join(''), 'look')
  assert.deepEqual(JSON.parse(pieces.map(piece => piece.delta.function_call?.arguments ?? '').join('')), { at: 'x' })
  assert.equal(pieces.at(-1).finish_reason, 'function_call')
  assert.ok(pieces.every(piece => !piece.delta.tool_calls))

  await client.chat.completions.create({ model: 'claude', messages: [...messages, whole.choices[0].message, { role: 'function', name: 'look', content: 'a wall' }], functions })
  assert.deepEqual(sent(upstream).messages.slice(1).map(turn => turn.content.map(block => [block.type, block.id ?? block.tool_use_id])), [[['tool_use', 'call_look']], [['tool_result', 'call_look']]])
}))
