// OpenAI's client talks through the gateway to Gemini's form, strictly judged.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGemini } from '../emulators/gemini.mjs'
import { missing, startGateway } from './litellm/program.mjs'

const skip = missing('openai')
const { default: OpenAI } = skip ? {} : await import('openai')
const messages = [{ role: 'user', content: 'Hello' }]
const tool = (name, parameters) => ({ type: 'function', function: { name, description: `Does ${name}`, parameters } })

async function withGateway (body) {
  const upstream = await startGemini({ key: 'gm-secret' })
  const gateway = await startGateway(`
model_list:
  - model_name: flash
    litellm_params: { model: gemini/gemini-2.5-flash, api_base: "${upstream.url}", api_key: gm-secret }
  - model_name: old
    litellm_params: { model: gemini/gemini-1.5-flash, api_base: "${upstream.url}/v1beta/", api_key: gm-secret }
  - model_name: three
    litellm_params: { model: gemini/gemini-3-pro, api_base: "${upstream.url}", api_key: gm-secret }
router_settings: { num_retries: 0, disable_cooldowns: true }
`)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ client, gateway, upstream })
    assert.equal(JSON.stringify(gateway.log).includes('gm-secret'), false, 'no key in the log')
  } finally {
    const code = await gateway.stop()
    await upstream.stop()
    assert.equal(code, 0)
  }
}

const sent = upstream => upstream.calls.at(-1).body

test('a chat is asked and answered', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, thoughtsTokenCount: 4, totalTokenCount: 16, cachedContentTokenCount: 5 } })
  const answer = await client.chat.completions.create({ model: 'flash', messages: [{ role: 'system', content: 'Be brief' }, ...messages, { role: 'user', content: '' }], temperature: 0.5, top_p: 0.9, top_k: 3, stop: ['END'], max_tokens: 50, seed: 1, presence_penalty: 0.1 })

  assert.equal(answer.model, 'flash')
  assert.deepEqual(answer.choices, [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi \u{1F600} there' } }])
  assert.deepEqual(answer.usage, { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16, prompt_tokens_details: { cached_tokens: 5 }, completion_tokens_details: { reasoning_tokens: 4 } })
  assert.deepEqual(sent(upstream), {
    contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
    systemInstruction: { parts: [{ text: 'Be brief' }] },
    generationConfig: { temperature: 0.5, topP: 0.9, topK: 3, seed: 1, presencePenalty: 0.1, maxOutputTokens: 50, stopSequences: ['END'] }
  })
  assert.equal(upstream.calls[0].url, '/v1beta/models/gemini-2.5-flash:generateContent')
}))

test('a stream arrives piece by piece, with thinking apart', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ pieces: 1, candidates: [{ content: { parts: [{ text: 'Let me think', thought: true }, { text: 'Hi \u{1F600} there' }] }, finishReason: 'MAX_TOKENS' }] })
  const chunks = []
  for await (const chunk of await client.chat.completions.create({ model: 'flash', messages, stream: true, stream_options: { include_usage: true }, reasoning_effort: 'low' })) chunks.push(chunk)

  assert.equal(chunks[0].choices[0].delta.role, 'assistant')
  assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.reasoning_content ?? '').join(''), 'Let me think')
  assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join(''), 'Hi \u{1F600} there')
  assert.equal(chunks.findLast(chunk => chunk.choices[0]).choices[0].finish_reason, 'length')
  assert.equal(chunks.at(-1).usage.total_tokens, 12)
  assert.equal(chunks.filter(chunk => chunk.usage).length, 1)
  assert.deepEqual(sent(upstream).generationConfig.thinkingConfig, { thinkingBudget: 1024, includeThoughts: true })
  assert.equal(upstream.calls[0].url, '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse')
}))

test('tools are offered in the schema that Gemini knows, called, and answered with their signatures', { skip }, () => withGateway(async ({ client, upstream }) => {
  const tools = [tool('weather', {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: false,
    $defs: { Day: { type: 'object', properties: { n: { type: ['integer', 'null'], exclusiveMinimum: 0 } } } },
    properties: { city: { anyOf: [{ type: 'string' }, { type: 'null' }] }, day: { $ref: '#/$defs/Day' }, unit: { const: 'C' }, level: { type: 'integer', enum: [1, 2] } }
  }), tool('clock', { type: 'object', properties: {} })]
  const parts = [{ functionCall: { name: 'weather', args: { city: 'Zürich' } }, thoughtSignature: 'c2ln+/=' }, { functionCall: { name: 'clock', args: {} } }]
  upstream.next({ candidates: [{ content: { parts }, finishReason: 'STOP' }] }, { candidates: [{ content: { parts }, finishReason: 'STOP' }] })

  const whole = await client.chat.completions.create({ model: 'three', messages, tools, tool_choice: { type: 'function', function: { name: 'weather' } } })
  assert.deepEqual(sent(upstream).tools[0].functionDeclarations, [{
    name: 'weather',
    description: 'Does weather',
    parameters: { type: 'object', properties: { city: { type: 'string', nullable: true }, day: { type: 'object', properties: { n: { type: 'integer', nullable: true } } }, unit: { type: 'string', enum: ['C'] }, level: { type: 'integer' } } }
  }, { name: 'clock', description: 'Does clock' }])
  assert.deepEqual(sent(upstream).toolConfig, { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } })
  const message = whole.choices[0].message
  assert.equal(whole.choices[0].finish_reason, 'tool_calls')
  assert.equal(message.content, null)
  assert.deepEqual(message.tool_calls.map(call => [call.function.name, call.function.arguments]), [['weather', '{"city":"Zürich"}'], ['clock', '{}']])

  const final = await client.chat.completions.stream({ model: 'three', messages, tools }).finalChatCompletion()
  assert.equal(final.choices[0].finish_reason, 'tool_calls')
  assert.deepEqual(final.choices[0].message.tool_calls.map(call => JSON.parse(call.function.arguments)), [{ city: 'Zürich' }, {}])

  const results = message.tool_calls.map((call, i) => ({ role: 'tool', tool_call_id: call.id, content: i ? '{"time":1}' : 'rain' }))
  const bare = { role: 'assistant', content: null, tool_calls: message.tool_calls.map(({ id, type, function: { name, arguments: text } }) => ({ id, type, function: { name, arguments: text } })) }
  await client.chat.completions.create({ model: 'three', messages: [...messages, bare, ...results, { role: 'user', content: 'And?' }], tools })
  assert.deepEqual(sent(upstream).contents.slice(1), [
    { role: 'model', parts },
    { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { content: 'rain' } } }, { functionResponse: { name: 'clock', response: { time: 1 } } }, { text: 'And?' }] }
  ])
}))

test('images, documents and audio go inline, addresses as files', { skip }, () => withGateway(async ({ client, upstream }) => {
  await client.chat.completions.create({
    model: 'flash',
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }, { type: 'image_url', image_url: { url: 'https://x.test/a.webp' } }, { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } }, { type: 'file', file: { file_data: 'data:application/pdf;base64,CCCC' } }] }]
  })
  assert.deepEqual(sent(upstream).contents[0].parts, [
    { inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { fileData: { mimeType: 'image/webp', fileUri: 'https://x.test/a.webp' } },
    { inlineData: { mimeType: 'audio/mp3', data: 'BBBB' } }, { inlineData: { mimeType: 'application/pdf', data: 'CCCC' } }])
}))

test('a wanted format is asked for in the way the model knows', { skip }, () => withGateway(async ({ client, upstream }) => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, additionalProperties: false }
  const response_format = { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } }
  await client.chat.completions.create({ model: 'flash', messages, response_format })
  assert.deepEqual(sent(upstream).generationConfig, { responseMimeType: 'application/json', responseJsonSchema: schema })
  await client.chat.completions.create({ model: 'old', messages, response_format })
  assert.deepEqual(sent(upstream).generationConfig.responseSchema, { type: 'object', properties: { a: { type: 'integer' } } })
}))

test('log probabilities come as OpenAI writes them, whole and streamed', { skip }, () => withGateway(async ({ client, upstream }) => {
  const one = (token, logProbability) => ({ token, tokenId: 1, logProbability })
  const candidates = [{ index: 0, content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP', logprobsResult: { chosenCandidates: [one('Hi', -0.25)], topCandidates: [{ candidates: [one('Hi', -0.25), one('Ho', -2)] }] } }]
  const expected = { content: [{ token: 'Hi', logprob: -0.25, bytes: null, top_logprobs: [{ token: 'Hi', logprob: -0.25, bytes: null }, { token: 'Ho', logprob: -2, bytes: null }] }], refusal: null }
  upstream.next({ candidates }, { events: [{ candidates }] })
  const ask = { model: 'flash', messages, logprobs: true, top_logprobs: 2 }
  assert.deepEqual((await client.chat.completions.create(ask)).choices[0].logprobs, expected)
  assert.deepEqual([upstream.calls[0].body.generationConfig.responseLogprobs, upstream.calls[0].body.generationConfig.logprobs], [true, 2])
  const seen = []
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) seen.push(chunk.choices[0]?.logprobs)
  assert.deepEqual(seen.filter(Boolean), [expected])
}))

test('what is refused for safety ends as content_filter', { skip }, () => withGateway(async ({ client, upstream }) => {
  for (const stream of [false, true]) {
    for (const plan of [{ promptFeedback: { blockReason: 'SAFETY' } }, { candidates: [{ finishReason: 'SAFETY', index: 0 }] }, { candidates: [{ content: { parts: [{ text: 'Hal' }] }, finishReason: 'RECITATION' }] }]) {
      upstream.next(plan)
      const reasons = []
      if (stream) for await (const chunk of await client.chat.completions.create({ model: 'flash', messages, stream })) reasons.push(chunk.choices[0].finish_reason)
      else reasons.push((await client.chat.completions.create({ model: 'flash', messages })).choices[0].finish_reason)
      assert.equal(reasons.at(-1), 'content_filter', `${JSON.stringify(plan)} ${stream}`)
    }
  }
}))

test('a picture in the answer comes as an image', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ candidates: [{ content: { parts: [{ text: 'Here' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }, finishReason: 'STOP' }] })
  const { choices: [{ message }] } = await client.chat.completions.create({ model: 'flash', messages, modalities: ['text', 'image'] })
  assert.deepEqual(sent(upstream).generationConfig.responseModalities, ['TEXT', 'IMAGE'])
  assert.equal(message.images[0].image_url.url, 'data:image/png;base64,AAAA')
}))

test('errors keep their status, and a cut stream is an error', { skip }, () => withGateway(async ({ client, upstream }) => {
  for (const status of [400, 403, 404, 429, 500, 503]) {
    upstream.next({ status, body: [{ error: { code: status, message: 'no gm-secret', status: 'X' } }] })
    await assert.rejects(client.chat.completions.create({ model: 'flash', messages, stream: status === 429 }), error => error.status === status && /GeminiException - no /.test(error.message) && !error.message.includes('gm-secret'))
  }
  const begin = { candidates: [{ content: { parts: [{ text: 'Hel' }] } }] }
  for (const events of [[begin], [begin, { error: { code: 503, message: 'overloaded' } }], [begin, { raw: 'data: {"cand' }]]) {
    upstream.next({ events })
    await assert.rejects(async () => {
      for await (const chunk of await client.chat.completions.create({ model: 'flash', messages, stream: true })) assert.ok(chunk)
    }, OpenAI.APIError)
  }
}))
