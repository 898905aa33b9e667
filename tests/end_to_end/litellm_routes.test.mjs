// The routes beside chats, asked by the official client: passed on where the upstream offers them, translated elsewhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAnthropic } from '../emulators/anthropic.mjs'
import { startBedrock } from '../emulators/bedrock.mjs'
import { startGemini } from '../emulators/gemini.mjs'
import { startOllama } from '../emulators/ollama.mjs'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing('openai')
const { default: OpenAI, toFile } = skip ? {} : await import('openai')

async function withGateway (body) {
  const up = { openai: await startOpenAi({ key: 'sk-up' }), anthropic: await startAnthropic({ key: 'sk-up' }), gemini: await startGemini({ key: 'sk-up' }), ollama: await startOllama(), bedrock: await startBedrock({ id: 'A', secret: 'B', region: 'us-east-1' }) }
  const gateway = await startGateway(`
model_list:
  - model_name: gpt
    litellm_params: { model: openai/gpt-x, api_base: "${up.openai.url}", api_key: sk-up }
    model_info: { max_input_tokens: 1000, supports_vision: true, input_cost_per_token: 1e-6 }
  - model_name: text
    litellm_params: { model: text-completion-openai/gpt-3.5-turbo-instruct, api_base: "${up.openai.url}", api_key: sk-up, rpm: 5 }
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-0, api_base: "${up.anthropic.url}", api_key: sk-up }
  - model_name: gemini
    litellm_params: { model: gemini/gemini-embedding-001, api_base: "${up.gemini.url}", api_key: sk-up }
  - model_name: llama
    litellm_params: { model: ollama/llama3.2, api_base: "${up.ollama.url}" }
  - model_name: titan
    litellm_params: { model: bedrock/amazon.titan-embed-text-v2:0, api_base: "${up.bedrock.url}", aws_access_key_id: A, aws_secret_access_key: B, aws_region_name: us-east-1 }
    model_info: { base_model: text-embedding-3-small }
router_settings: { num_retries: 0, model_group_alias: { nick: gpt } }
`)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ client, gateway, ...up })
  } finally {
    const code = await gateway.stop()
    for (const one of Object.values(up)) await one.stop()
    assert.equal(code, 0)
  }
}

const authorized = { authorization: 'Bearer sk-master', 'content-type': 'application/json' }

test('texts are completed by who can, and as a chat by who cannot', { skip }, () => withGateway(async ({ client, openai, anthropic }) => {
  const native = await client.completions.create({ model: 'text', prompt: ['Say', 'hi'], echo: true })
  assert.equal(native.choices[0].text, 'Hi there')
  assert.equal(native.model, 'text')
  assert.equal(native.usage.total_tokens, 5)
  assert.deepEqual(openai.calls[0].body, { model: 'gpt-3.5-turbo-instruct', prompt: ['Say', 'hi'], echo: true })

  for (const [model, finish] of [['text', 'length'], ['claude', 'stop'], ['gpt', 'stop']]) {
    const chunks = []
    for await (const chunk of await client.completions.create({ model, prompt: 'Say hi', stream: true, max_tokens: 9 })) chunks.push(chunk)
    assert.ok(chunks.every(chunk => chunk.object === 'text_completion' && chunk.model === model && !chunk.usage))
    assert.match(chunks.map(chunk => chunk.choices[0].text).join(''), /^Hi .*there$/u)
    assert.equal(chunks.at(-1).choices[0].finish_reason, finish)
  }
  const whole = await client.completions.create({ model: 'claude', prompt: 'Say hi', max_tokens: 9 })
  assert.deepEqual(whole.choices, [{ text: 'Hi \u{1F600} there', index: 0, logprobs: null, finish_reason: 'stop' }])
  assert.deepEqual(anthropic.calls.at(-1).body.messages, [{ role: 'user', content: [{ type: 'text', text: 'Say hi' }] }])
  await client.completions.create({ model: 'gpt', prompt: [1, 2] })
  assert.deepEqual([openai.calls.at(-1).path, openai.calls.at(-1).body.prompt], ['/v1/completions', [1, 2]], 'a chat cannot stand for it')
  await client.completions.create({ model: 'gpt', prompt: ['a', 'b'] })
  assert.deepEqual([openai.calls.at(-1).path, openai.calls.at(-1).body.prompt], ['/v1/completions', ['a', 'b']])
  await assert.rejects(client.completions.create({ model: 'claude', prompt: ['a', 'b'] }), error => error.status === 400 && error.param === 'prompt' && /one prompt a call/.test(error.message))
  await assert.rejects(client.completions.create({ model: 'claude', prompt: [1, 2] }), error => error.status === 400 && error.param === 'prompt')
  await assert.rejects(client.completions.create({ model: 'claude' }), error => error.status === 400 && error.param === 'prompt')

  const chat = await client.chat.completions.create({ model: 'text', messages: [{ role: 'system', content: 'Be' }, { role: 'user', content: 'Say hi' }] })
  assert.equal(chat.choices[0].message.content, 'Hi there')
  assert.equal(openai.calls.at(-1).body.prompt, 'Be\nSay hi')
  assert.equal((await client.chat.completions.stream({ model: 'text', messages: [{ role: 'user', content: 'x' }] }).finalChatCompletion()).choices[0].message.content, 'Hi there')
}))

test('embeddings come from every provider that has them, in the encoding that was asked for', { skip }, () => withGateway(async ({ client, openai, gemini, ollama }) => {
  for (const model of ['gpt', 'gemini', 'llama']) {
    for (const encoding of [undefined, 'float']) {
      const answer = await client.embeddings.create({ model, input: ['a', 'b'], encoding_format: encoding })
      assert.deepEqual(answer.data.map(one => [...one.embedding]), [[0, 0.5, -1], [1, 0.5, -1]], model)
      assert.equal(answer.model, model)
      assert.ok(answer.usage.prompt_tokens > 0)
    }
  }
  assert.equal(openai.calls[0].body.encoding_format, 'base64')
  await client.embeddings.create({ model: 'gemini', input: 'a', dimensions: 3 })
  assert.equal(gemini.calls.at(-1).body.requests[0].outputDimensionality, 3)
  assert.equal(ollama.calls[0].path, '/api/embed')
  await assert.rejects(client.embeddings.create({ model: 'gemini', input: [[1, 2]] }), error => error.status === 400)
  await assert.rejects(client.embeddings.create({ model: 'claude', input: 'a' }), error => error.status === 400 && /does not offer \/embeddings/.test(error.message))
  await assert.rejects(client.embeddings.create({ model: 'gpt' }), error => error.param === 'input')
}))

test('a provider that takes one text a call is asked for each, in order', { skip }, () => withGateway(async ({ client, bedrock }) => {
  const vector = number => ({ body: { embedding: [number, 0.5], inputTextTokenCount: number } })
  bedrock.next(vector(1), vector(2), vector(3))
  const answer = await client.embeddings.create({ model: 'titan', input: ['a', 'b', 'c'], encoding_format: 'float', dimensions: 256 })
  assert.deepEqual(answer.data, [1, 2, 3].map((number, index) => ({ object: 'embedding', index, embedding: [number, 0.5] })))
  assert.deepEqual(answer.usage, { prompt_tokens: 6, total_tokens: 6 })
  assert.deepEqual(bedrock.calls.map(call => call.body), ['a', 'b', 'c'].map(inputText => ({ inputText, dimensions: 256 })))

  bedrock.next(vector(1), { status: 400, body: { message: 'too long' } })
  await assert.rejects(client.embeddings.create({ model: 'titan', input: ['a', 'b', 'c'] }), error => error.status === 400 && /too long/.test(error.message))
  assert.equal(bedrock.calls.length, 5, 'nobody is asked after a refusal')
  bedrock.next(vector(1), { body: { message: 'no vector' } })
  await assert.rejects(client.embeddings.create({ model: 'titan', input: ['a', 'b', 'c'] }), error => error.status >= 500 && /2 embeddings for 3 texts|1 embeddings for 3 texts/.test(error.message))
}))

test('an upstream that knows no base64, and a mock, give what the client asked for', { skip }, () => withGateway(async ({ client, openai }) => {
  const numbers = { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.25, -2] }], usage: { prompt_tokens: 1, total_tokens: 1 } }
  openai.next({ body: numbers }, { body: numbers }) // as Ollama's and older servers do
  assert.deepEqual([...(await client.embeddings.create({ model: 'gpt', input: 'a' })).data[0].embedding], [0.25, -2])
  assert.deepEqual((await client.embeddings.create({ model: 'gpt', input: 'a', encoding_format: 'float' })).data[0].embedding, [0.25, -2])
  const mocked = await client.embeddings.create({ model: 'gpt', input: ['a', 'b'], mock_response: 'x' })
  assert.deepEqual(mocked.data.map(one => [one.index, one.embedding.length]), [[0, 3], [1, 3]])
  assert.ok(Math.abs(mocked.data[1].embedding[2] - 0.3) < 1e-6)
}))

test('images, speech, transcriptions, moderations and rankings pass', { skip }, () => withGateway(async ({ client, gateway, openai }) => {
  assert.equal((await client.images.generate({ model: 'gpt', prompt: 'a cat' })).data[0].b64_json, 'AAAA')
  const audio = Buffer.from(await (await client.audio.speech.create({ model: 'gpt', input: 'hello', voice: 'alloy' })).arrayBuffer())
  assert.equal(audio.length, 100_000)
  assert.equal(audio[511], 255)
  const bytes = Buffer.from([0, 13, 10, 45, 45, 255, 254])
  assert.equal((await client.audio.transcriptions.create({ model: 'gpt', file: await toFile(bytes, 'a.mp3'), language: 'en' })).text, 'spoken')
  const sent = openai.calls.at(-1)
  assert.ok(sent.bytes.includes(bytes))
  assert.match(sent.text, /name="model"\r\n\r\ngpt-x\r\n/)
  openai.next({ body: 'WEBVTT\n', type: 'text/vtt' })
  assert.equal(await client.audio.transcriptions.create({ model: 'gpt', file: await toFile(bytes, 'a.mp3'), response_format: 'vtt' }), 'WEBVTT\n')
  assert.equal((await client.images.edit({ model: 'gpt', image: await toFile(bytes, 'a.png'), prompt: 'x' })).data.length, 1)
  assert.equal((await client.moderations.create({ model: 'gpt', input: 'x' })).model, 'gpt')
  const ranked = await (await fetch(`${gateway.url}/v2/rerank`, { method: 'POST', headers: authorized, body: JSON.stringify({ model: 'gpt', query: 'q', documents: ['a', 'b'] }) })).json()
  assert.equal(ranked.results.length, 2)
  await assert.rejects(client.moderations.create({ model: 'claude', input: 'x' }), error => error.status === 400 && /does not offer \/moderations/.test(error.message))
  openai.next({ status: 429 }, { cut: 'body', body: Buffer.alloc(1000), type: 'audio/mpeg', headers: { 'content-length': '2000' } })
  await assert.rejects(client.audio.speech.create({ model: 'gpt', input: 'hello', voice: 'alloy' }), error => error.status === 429)
  await assert.rejects(async () => (await client.audio.speech.create({ model: 'gpt', input: 'hello', voice: 'alloy' })).arrayBuffer())
  assert.equal((await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', headers: { ...authorized, 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\nbroken' })).status, 400)
}))

test('responses pass to OpenAI, streamed and whole', { skip }, () => withGateway(async ({ client, gateway, openai }) => {
  const answer = await client.responses.create({ model: 'gpt', input: 'Hi', metadata: { a: 'b' }, include: ['x'] })
  assert.equal(answer.output_text, 'Hi there')
  assert.equal(answer.model, 'gpt')
  assert.match(answer.id, /^resp_/)
  assert.deepEqual(openai.calls[0].body, { model: 'gpt-x', input: 'Hi', metadata: { a: 'b' }, include: ['x'] })
  const events = []
  for await (const event of await client.responses.create({ model: 'gpt', input: 'Hi', stream: true })) events.push(event)
  assert.deepEqual(events.map(event => event.sequence_number), [0, 1, 2, 3, 4])
  assert.equal(events.at(-1).response.model, 'gpt')
  openai.next({ events: [{ raw: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hal"}\n\n' }] })
  await assert.rejects(async () => { for await (const event of await client.responses.create({ model: 'gpt', input: 'Hi', stream: true })) assert.ok(event) })
  await waitFor(() => gateway.log.some(line => line.prompt_tokens === 6 && line.completion_tokens === 2), 'the tokens in the log')
}))

test('responses of other models are chats underneath, with tools, thinking and a memory', { skip }, () => withGateway(async ({ client, gateway, anthropic }) => {
  const tools = [{ type: 'function', name: 'f', description: 'x', parameters: { type: 'object', properties: {} }, strict: true }]
  const content = [{ type: 'thinking', thinking: 'hm', signature: 'signed:hm' }, { type: 'text', text: 'Look' }, { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } }, { type: 'tool_use', id: 't2', name: 'f', input: {} }]
  anthropic.next({ message: { content, stop_reason: 'tool_use' } }, { message: { content, stop_reason: 'tool_use' } })
  const ask = { model: 'claude', instructions: 'Be brief', input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }, { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }] }], tools, tool_choice: 'auto', max_output_tokens: 50 }

  const answer = await client.responses.create(ask)
  assert.match(answer.id, /^resp_/)
  assert.equal(answer.status, 'completed')
  assert.deepEqual(answer.output.map(item => item.type), ['reasoning', 'message', 'function_call', 'function_call'])
  assert.equal(answer.output_text, 'Look')
  assert.equal(answer.output[2].arguments, '{"a":1}')
  assert.deepEqual(answer.usage, { input_tokens: 9, input_tokens_details: { cached_tokens: 0 }, output_tokens: 3, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 12 })
  assert.deepEqual(anthropic.calls[0].body.system, [{ type: 'text', text: 'Be brief' }])
  assert.equal(anthropic.calls[0].body.max_tokens, 50)
  assert.deepEqual(anthropic.calls[0].body.messages[0].content.map(block => block.type), ['text', 'image'])

  const stream = client.responses.stream(ask)
  const types = []
  stream.on('event', event => types.push(event.type))
  const final = await stream.finalResponse()
  assert.deepEqual(final.output.map(item => item.type), ['reasoning', 'message', 'function_call', 'function_call'])
  assert.deepEqual(final.output.slice(2).map(item => item.arguments), ['{"a":1}', '{}'])
  for (const type of ['response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added', 'response.output_text.delta', 'response.output_text.done', 'response.content_part.done', 'response.output_item.done', 'response.function_call_arguments.delta', 'response.function_call_arguments.done', 'response.reasoning_summary_text.delta', 'response.completed']) assert.ok(types.includes(type), type)

  const next = await client.responses.create({ model: 'claude', tools, previous_response_id: final.id, input: final.output.filter(item => item.type === 'function_call').map(item => ({ type: 'function_call_output', call_id: item.call_id, output: 'done' })) })
  assert.deepEqual(anthropic.calls.at(-1).body.messages.map(message => [message.role, message.content.map(block => block.type)]), [['user', ['text', 'image']], ['assistant', ['text', 'tool_use', 'tool_use']], ['user', ['tool_result', 'tool_result']]])
  assert.equal((await client.responses.retrieve(next.id)).output_text, 'Hi \u{1F600} there')
  assert.equal((await client.responses.inputItems.list(next.id)).data.length, 2)
  const asked = []
  for await (const item of client.responses.inputItems.list(next.id, { limit: 1, order: 'asc' })) asked.push(item)
  assert.deepEqual(asked.map(item => [item.type, item.call_id]), final.output.slice(2).map(item => ['function_call_output', item.call_id]))
  await client.responses.delete(next.id)
  await assert.rejects(client.responses.retrieve(next.id), OpenAI.NotFoundError)
  const other = await fetch(`${gateway.url}/v1/responses/${final.id}`, { headers: { 'x-litellm-api-key': 'sk-else', authorization: 'Bearer sk-master' } })
  assert.notEqual(other.status, 200)

  await assert.rejects(client.responses.create({ model: 'claude', input: 'x', previous_response_id: 'resp_gone' }), error => error.status === 400 && error.param === 'previous_response_id')
  await assert.rejects(client.responses.create({ model: 'claude', input: 'x', tools: [{ type: 'file_search', vector_store_ids: [] }] }), error => error.status === 400 && error.param === 'tools')
  await assert.rejects(client.responses.create({ model: 'claude' }), error => error.status === 400 && error.param === 'input')
  anthropic.next({ message: { stop_reason: 'max_tokens' } })
  const cut = await client.responses.create({ model: 'claude', input: 'x' })
  assert.deepEqual([cut.status, cut.incomplete_details], ['incomplete', { reason: 'max_output_tokens' }])
  anthropic.next({ events: [{ type: 'message_start', message: { usage: {} } }, { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Hal' } }] })
  const failed = []
  for await (const event of await client.responses.create({ model: 'claude', input: 'x', stream: true })) failed.push(event.type)
  assert.equal(failed.at(-1), 'response.failed')
}))

test('what is known of models is shown', { skip }, () => withGateway(async ({ gateway }) => {
  const get = async path => (await fetch(gateway.url + path, { headers: authorized })).json()
  const groups = await get('/model_group/info')
  assert.deepEqual(groups.data.map(one => one.model_group), ['gpt', 'text', 'claude', 'gemini', 'llama', 'titan', 'nick'])
  const { model_group: group, providers, max_input_tokens: most, supports_vision: vision, input_cost_per_token: cost, mode } = groups.data[0]
  assert.deepEqual([group, providers, most, vision, cost, mode], ['gpt', ['openai'], 1000, true, 1e-6, 'chat'])
  assert.equal(groups.data[1].rpm, 5)
  const { input_cost_per_token: listed, max_input_tokens: longest } = groups.data[5]
  assert.deepEqual([listed, longest > 0], [2e-8, true], 'what the price table knows')
  assert.equal((await get('/v2/model/info?model=titan')).data[0].model_info.input_cost_per_token, 2e-8)
  const page = await get('/v2/model/info?size=2&page=2')
  assert.deepEqual([page.data.map(one => one.model_name), page.total_count, page.total_pages], [['claude', 'gemini'], 6, 3])
  assert.equal(JSON.stringify(page).includes('sk-up'), false)
  const counted = await (await fetch(`${gateway.url}/utils/token_counter`, { method: 'POST', headers: authorized, body: JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'word '.repeat(50) }] }) })).json()
  assert.ok(counted.total_tokens > 40 && counted.total_tokens < 120)
  assert.equal(counted.model_used, 'openai/gpt-x')
}))

test("a provider's own API is reached below its name, with the gateway's key", { skip }, () => withGateway(async ({ gateway, openai, anthropic, gemini }) => {
  const own = await fetch(`${gateway.url}/anthropic/v1/messages?beta=true`, { method: 'POST', headers: { ...authorized, 'anthropic-version': '2023-06-01' }, body: JSON.stringify({ model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }) })
  assert.equal((await own.json()).model, 'claude-x-20250929')
  assert.equal(anthropic.calls[0].headers['x-api-key'], 'sk-up')
  assert.equal(anthropic.calls[0].headers.authorization, undefined)
  const streamed = await fetch(`${gateway.url}/openai/v1/chat/completions`, { method: 'POST', headers: authorized, body: JSON.stringify({ model: 'gpt-y', messages: [{ role: 'user', content: 'x' }], stream: true }) })
  assert.match(await streamed.text(), /gpt-y-2024[^]*data: \[DONE\]\n\n$/)
  assert.equal(openai.calls[0].url, '/v1/chat/completions')
  const google = await fetch(`${gateway.url}/gemini/v1beta/models/x:countTokens?key=sk-master`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-goog-api-key': 'sk-master' }, body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'x' }] }] }) })
  assert.deepEqual(await google.json(), { totalTokens: 42 })
  assert.equal(gemini.calls[0].url, '/v1beta/models/x:countTokens')
  assert.equal((await fetch(`${gateway.url}/openai/v1/models`, { headers: { authorization: 'Bearer sk-other' } })).status >= 400, true)
  assert.equal((await fetch(`${gateway.url}/openai/v1/nothing`, { headers: authorized })).status, 405)
}))

test('health asks every deployment in its own form', { skip }, () => withGateway(async ({ gateway, anthropic }) => {
  const health = await (await fetch(`${gateway.url}/health?model=claude`, { headers: authorized })).json()
  assert.deepEqual([health.healthy_count, health.unhealthy_count], [1, 0], JSON.stringify(health))
  assert.deepEqual(anthropic.calls[0].body.messages, [{ role: 'user', content: [{ type: 'text', text: 'Say hi' }] }])
  const all = await (await fetch(`${gateway.url}/health`, { headers: authorized })).json()
  assert.deepEqual([all.healthy_count, all.unhealthy_count], [6, 0], JSON.stringify(all.unhealthy_endpoints))
  anthropic.next({ status: 401, body: { type: 'error', error: { type: 'authentication_error', message: 'no' } } })
  const sick = await (await fetch(`${gateway.url}/health?model=claude`, { headers: authorized })).json()
  assert.match(sick.unhealthy_endpoints[0].error, /AnthropicException - no/)
}))
