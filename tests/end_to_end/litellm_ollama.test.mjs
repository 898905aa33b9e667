// OpenAI's client talks through the gateway to Ollama's own API.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOllama } from '../emulators/ollama.mjs'
import { missing, startGateway } from './litellm/program.mjs'

const skip = missing('openai')
const { default: OpenAI } = skip ? {} : await import('openai')
const messages = [{ role: 'user', content: 'Hello' }]
const tools = [{ type: 'function', function: { name: 'f', description: 'x', parameters: { type: 'object', properties: {} } } }]

async function withGateway (body) {
  const upstream = await startOllama()
  const gateway = await startGateway(`
model_list:
  - model_name: chat
    litellm_params: { model: ollama_chat/llama3.2, api_base: "${upstream.url}", num_ctx: 8192, keep_alive: 5m }
  - model_name: plain
    litellm_params: { model: ollama/llama3.2, api_base: "${upstream.url}/" }
router_settings: { num_retries: 0 }
`)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ client, gateway, upstream })
  } finally {
    const code = await gateway.stop()
    await upstream.stop()
    assert.equal(code, 0)
  }
}

const sent = upstream => upstream.calls.at(-1).body

test('chats and prompts are asked and answered', { skip }, () => withGateway(async ({ client, upstream }) => {
  const ask = { messages: [{ role: 'system', content: 'Be brief' }, { role: 'user', content: [{ type: 'text', text: 'Look' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }], max_tokens: 10, temperature: 0, stop: 'X', seed: 3 }
  const chat = await client.chat.completions.create({ ...ask, model: 'chat' })
  assert.equal(chat.choices[0].message.content, 'Hi \u{1F600} there')
  assert.deepEqual(chat.usage, { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 })
  assert.deepEqual(sent(upstream), {
    model: 'llama3.2',
    messages: [{ role: 'system', content: 'Be brief' }, { role: 'user', content: 'Look', images: ['AAAA'] }],
    stream: false,
    keep_alive: '5m',
    options: { num_predict: 10, temperature: 0, seed: 3, stop: ['X'], num_ctx: 8192 }
  })

  const plain = await client.chat.completions.create({ ...ask, model: 'plain' })
  assert.equal(plain.choices[0].message.content, 'Hi \u{1F600} there')
  assert.equal(upstream.calls[1].path, '/api/generate')
  assert.equal(sent(upstream).prompt, '### System:\nBe brief\n\n### User:\nLook\n\n')
}))

test('lines of a stream become chunks', { skip }, () => withGateway(async ({ client, upstream }) => {
  for (const model of ['chat', 'plain']) {
    upstream.next({ pieces: 1, message: { thinking: 'Let me think', content: 'Hi \u{1F600} there' }, done_reason: 'length' })
    const chunks = []
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true }, reasoning_effort: 'low' })) chunks.push(chunk)
    assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.reasoning_content ?? '').join(''), 'Let me think')
    assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join(''), 'Hi \u{1F600} there')
    assert.equal(chunks.at(-2).choices[0].finish_reason, 'length')
    assert.equal(chunks.at(-1).usage.total_tokens, 12)
    assert.equal(sent(upstream).think, true)
  }
}))

test('tools are called, whole and streamed, whichever way the model is named', { skip }, () => withGateway(async ({ client, upstream }) => {
  for (const model of ['chat', 'plain']) {
    const message = { tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }, { function: { name: 'f', arguments: {} } }] }
    upstream.next({ message }, { message })
    const { choices: [whole] } = await client.chat.completions.create({ model, messages, tools })
    const { choices: [streamed] } = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion()
    for (const choice of [whole, streamed]) {
      assert.equal(choice.finish_reason, 'tool_calls')
      assert.deepEqual(choice.message.tool_calls.map(call => call.function.arguments), ['{"a":1}', '{}'])
      assert.match(choice.message.tool_calls[0].id, /^call_/)
    }
    await client.chat.completions.create({ model, messages: [...messages, whole.message, { role: 'tool', tool_call_id: whole.message.tool_calls[0].id, content: 'r' }], tools })
    assert.deepEqual(sent(upstream).messages.slice(1), [{ role: 'assistant', content: '', tool_calls: message.tool_calls }, { role: 'tool', content: 'r', tool_name: 'f' }])
  }
}))

test('a wanted format is asked for, and errors are told', { skip }, () => withGateway(async ({ client, upstream }) => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } } }
  await client.chat.completions.create({ model: 'chat', messages, response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } })
  assert.deepEqual(sent(upstream).format, schema)
  upstream.next({ status: 500, body: { error: 'out of memory' } }, { events: [{ message: { content: 'Hel' }, done: false }, { error: 'died' }] }, { events: [{ message: { content: 'Hel' }, done: false }] })
  await assert.rejects(client.chat.completions.create({ model: 'chat', messages }), error => error.status === 500 && /OllamaException|Ollama_chatException - out of memory/.test(error.message))
  for (let i = 0; i < 2; i++) {
    await assert.rejects(async () => {
      for await (const chunk of await client.chat.completions.create({ model: 'chat', messages, stream: true })) assert.ok(chunk)
    }, OpenAI.APIError)
  }
  await assert.rejects(client.chat.completions.create({ model: 'chat', messages, tools, tool_choice: 'required' }), error => error.status === 400 && /tool_choice/.test(error.message))
}))
