// The official OpenAI client talks through the gateway to a strict upstream.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, program, repository, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing('openai')
const { default: OpenAI, AzureOpenAI } = skip ? {} : await import('openai')
const messages = [{ role: 'user', content: 'Hello' }]

const configFor = (url, second) => `
model_list:
  - model_name: big
    litellm_params: { model: openai/gpt-up, api_base: "${url}/", api_key: os.environ/UP_KEY, seed: "7" }
    model_info: { id: big-1 }
${second ? `  - model_name: big
    litellm_params: { model: openai/gpt-up, api_base: "${second}", api_key: os.environ/UP_KEY }
    model_info: { id: big-2 }
` : ''}
  - model_name: team/*
    litellm_params: { model: openai/*, api_base: "${url}", api_key: os.environ/UP_KEY }
  - model_name: mock
    litellm_params: { model: openai/mock, mock_response: "Hello from the mock" }
  - model_name: keyless
    litellm_params: { model: openrouter/minimax/minimax-m2, api_key: os.environ/ABSENT_KEY }
router_settings:
  disable_cooldowns: true
  num_retries: ${second ? 2 : 0}
  model_group_alias: { nick: big, quiet: { model: big, hidden: true } }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
`

async function withGateway (body, { two = false, env = {}, config = text => text, extra = [] } = {}) {
  const upstream = await startOpenAi({ key: 'sk-up-secret', extra })
  const second = two ? await startOpenAi({ key: 'sk-up-secret' }) : null
  const gateway = await startGateway(config(configFor(upstream.url, second?.url)), { UP_KEY: 'sk-up-secret\n', ...env })
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ client, gateway, upstream, second })
    assert.equal(JSON.stringify(gateway.log).includes('sk-up-secret'), false, 'no key in the log')
  } finally {
    const code = await gateway.stop()
    await upstream.stop()
    await second?.stop()
    assert.equal(code, 0)
  }
}

const raw = (gateway, body, headers = {}) => fetch(`${gateway.url}/v1/chat/completions`, {
  method: 'POST',
  headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body)
})

test('a chat completion arrives with the name that was asked for and everything else as sent', { skip }, () => withGateway(async ({ client, gateway, upstream }) => {
  const { data, response } = await client.chat.completions.create({ model: 'big', messages, temperature: 0.5 }).withResponse()

  assert.equal(data.model, 'big')
  assert.equal(data.choices[0].message.content, 'Hi \u{1F600} there')
  assert.equal(data.usage.total_tokens, 12)
  assert.equal(response.headers.get('x-litellm-model-id'), 'big-1')
  assert.equal(response.headers.get('x-litellm-attempted-retries'), '0')
  assert.deepEqual(upstream.calls[0].body, { model: 'gpt-up', messages, temperature: 0.5, seed: 7 })
  assert.equal(upstream.calls[0].url, '/v1/chat/completions')

  const text = await (await raw(gateway, { model: 'big', messages })).text()
  assert.match(text, /"x_unknown": \{"big": 12345678901234567890, "tiny": 1e-7\}/)
  assert.match(text, /Hi \\ud83d\\ude00 there/)
}))

test('numbers and unknown fields of a request reach the upstream as written', { skip }, () => withGateway(async ({ gateway, upstream }) => {
  await raw(gateway, '{"messages":[{"role":"user","content":"x"}], "n":1,"temperature":1.0e0 , "odd_id":12345678901234567890,"model":"big"}')

  assert.equal(upstream.calls[0].text, '{"messages":[{"role":"user","content":"x"}], "n":1,"temperature":1.0e0 , "odd_id":12345678901234567890,"model":"gpt-up","seed":7}')
}, { extra: ['odd_id'] }))

test('a stream arrives in order, with usage only if asked for', { skip }, () => withGateway(async ({ client, upstream }) => {
  const texts = []
  for await (const chunk of await client.chat.completions.create({ model: 'big', messages, stream: true })) {
    assert.equal(chunk.model, 'big')
    assert.equal(chunk.usage ?? null, null)
    texts.push(chunk.choices[0].delta.content ?? '')
  }
  assert.equal(texts.join(''), 'Hi \u{1F600} there')
  assert.deepEqual(upstream.calls[0].body.stream_options, { include_usage: true })

  const all = []
  for await (const chunk of await client.chat.completions.create({ model: 'big', messages, stream: true, stream_options: { include_usage: true } })) all.push(chunk)
  assert.equal(all.at(-1).usage.total_tokens, 12)
  assert.deepEqual(all.at(-1).choices, [])
}))

test('the log line of a failure says why, as a warning where it is not the client\'s, and never repeats a prompt', { skip }, () => withGateway(async ({ gateway, upstream }) => {
  const secret = 'the-words-of-a-prompt'
  const lineOf = async (path, status) => {
    const line = await waitFor(() => gateway.log.findLast(one => one.event === 'request' && one.path === path && (!status || one.status === status)), `${status} of ${path}`)
    return [line.level, line.error_type, line.reason]
  }
  const asked = [{ role: 'user', content: secret }]

  upstream.next({ status: 503, body: { error: { message: 'The engine is overloaded', type: 'server_error' } } })
  await raw(gateway, { model: 'big', messages: asked })
  const [level, type, reason] = await lineOf('/v1/chat/completions', 503)
  assert.deepEqual([level, type], ['warning', 'server_error'])
  assert.match(reason, /ServiceUnavailableError: OpenAIException - The engine is overloaded/)

  upstream.next({ status: 400, body: { error: { message: `Invalid content: ${secret}`, type: 'invalid_request_error', code: 'bad_content' } } })
  assert.match(await (await raw(gateway, { model: 'big', messages: asked })).text(), new RegExp(secret), 'the client sees it')
  assert.deepEqual(await lineOf('/v1/chat/completions', 400), ['info', 'invalid_request_error', 'litellm.BadRequestError: OpenAIException - the upstream answered 400, code bad_content'])

  upstream.next({ status: 502, body: `<html>${secret}</html>` })
  await raw(gateway, { model: 'big', messages: asked })
  assert.equal((await lineOf('/v1/chat/completions', 502))[2], 'litellm.BadGatewayError: OpenAIException - the upstream answered 502')

  upstream.next({ cutAfter: 500 })
  await (await raw(gateway, { model: 'big', messages: asked, stream: true })).text().catch(() => {})
  const broken = await waitFor(() => gateway.log.find(line => line.stream_failed), 'the line of the stream')
  assert.deepEqual([broken.level, broken.status], ['warning', 200])
  assert.match(broken.reason, /OpenAIException/)

  await fetch(`${gateway.url}/v1/models`, { headers: { authorization: 'Bearer nonsense' } })
  assert.deepEqual((await lineOf('/v1/models')).slice(0, 2), ['info', 'auth_error'])
  await fetch(`${gateway.url}/nowhere`)
  assert.equal((await lineOf('/nowhere'))[2], 'no such route')
  assert.equal(JSON.stringify(gateway.log).includes(secret), false)
}))

test('a stream that comes one byte at a time is the same stream', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ pieces: 1 })

  const stream = await client.chat.completions.create({ model: 'big', messages, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''

  assert.equal(text, 'Hi \u{1F600} there')
}))

test('the stream helper of the client assembles the final message', { skip }, () => withGateway(async ({ client }) => {
  const stream = client.chat.completions.stream({ model: 'big', messages, stream_options: { include_usage: true } })

  const final = await stream.finalChatCompletion()

  assert.equal(final.choices[0].message.content, 'Hi \u{1F600} there')
  assert.equal(final.choices[0].finish_reason, 'stop')
}))

test('a mock model answers whole and streamed without an upstream', { skip }, () => withGateway(async ({ client, upstream }) => {
  const whole = await client.chat.completions.create({ model: 'mock', messages, n: 2 })
  assert.deepEqual(whole.choices.map(choice => choice.message.content), ['Hello from the mock', 'Hello from the mock'])

  let text = ''
  for await (const chunk of await client.chat.completions.create({ model: 'mock', messages, stream: true })) text += chunk.choices[0].delta.content ?? ''
  assert.equal(text, 'Hello from the mock')
  assert.equal(upstream.calls.length, 0)
}))

test('models are listed in order with aliases that are not hidden, and found one by one', { skip }, () => withGateway(async ({ client }) => {
  const list = await client.models.list()
  assert.deepEqual(list.data.map(model => model.id), ['big', 'mock', 'keyless', 'nick'])
  assert.equal((await client.models.retrieve('mock')).id, 'mock')
  await assert.rejects(client.models.retrieve('nope'), error => error instanceof OpenAI.NotFoundError && error.param === 'model')
}))

test('aliases, wildcards and deployment paths find their model', { skip }, () => withGateway(async ({ client, gateway, upstream }) => {
  assert.equal((await client.chat.completions.create({ model: 'nick', messages })).model, 'nick')
  assert.equal((await client.chat.completions.create({ model: 'big-1', messages })).model, 'big-1')
  await client.chat.completions.create({ model: 'team/z-ai/glm-4.6', messages })
  assert.equal(upstream.calls[2].body.model, 'z-ai/glm-4.6')

  const azure = new AzureOpenAI({ endpoint: gateway.url, apiKey: 'sk-master', apiVersion: '2024-10-21', deployment: 'big', maxRetries: 0 })
  assert.equal((await azure.chat.completions.create({ model: 'ignored', messages })).model, 'big')
}))

test('what is wrong is said as the client expects it', { skip }, () => withGateway(async ({ client, gateway }) => {
  const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'nonsense-key-12345', maxRetries: 0 })
  await assert.rejects(stranger.models.list(), error => error instanceof OpenAI.AuthenticationError && error.type === 'auth_error' && !error.message.includes('nonsense-key'))
  const virtual = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-other', maxRetries: 0 })
  await assert.rejects(virtual.models.list(), error => error.status === 400 && error.type === 'no_db_connection')
  assert.equal((await fetch(`${gateway.url}/v1/models`)).status, 401)

  await assert.rejects(client.chat.completions.create({ model: 'nope', messages }),
    error => error instanceof OpenAI.BadRequestError && error.code === '400' && /Invalid model name passed in model=nope.*\/v1\/models/.test(error.message))
  await assert.rejects(client.chat.completions.create({ model: 'big' }), error => error.status === 400 && error.param === 'messages')
  await assert.rejects(client.chat.completions.create({ model: 'keyless', messages }),
    error => error instanceof OpenAI.AuthenticationError && /ABSENT_KEY/.test(error.message))
  assert.equal((await raw(gateway, '{"model":')).status, 400)
  assert.equal((await raw(gateway, '[]')).status, 400)
  assert.deepEqual(await (await fetch(`${gateway.url}/v1/nothing`)).json(), { detail: 'Not Found' })
  const wrong = await fetch(`${gateway.url}/v1/chat/completions`)
  assert.equal(wrong.status, 405)
  assert.deepEqual(await wrong.json(), { detail: 'Method Not Allowed' })
}))

test('errors of the upstream keep their status, and lose the upstream key', { skip }, () => withGateway(async ({ client, upstream }) => {
  for (const [status, expected] of [[400, 400], [401, 401], [403, 403], [404, 404], [422, 422], [429, 429], [500, 500], [502, 502], [503, 503], [529, 503]]) {
    upstream.next({ status, body: { error: { message: 'bad key sk-up-secret', type: 'some_type', param: 'p', code: 'c' } }, headers: { 'retry-after': '7' } })
    await assert.rejects(client.chat.completions.create({ model: 'big', messages }), error => {
      assert.equal(error.status, expected)
      assert.equal(error.code, String(expected))
      assert.match(error.message, /litellm\.\w+: OpenAIException - bad key .*Received Model Group=big/s)
      assert.equal(error.message.includes('sk-up-secret'), false)
      if (status === 429) assert.equal(error.headers.get('retry-after'), '7')
      return true
    })
  }
}))

test('an answer that is none is an error, whole or streamed', { skip }, () => withGateway(async ({ client, upstream }) => {
  const bad = [
    { body: '<html>gateway timeout</html>', type: 'text/html' }, { body: '' }, { body: '{"id":' }, { body: '{"id":1}' }, { cut: 'head' },
    { body: { error: { code: 402, message: 'Insufficient credits' } } }
  ]
  for (const plan of bad) {
    for (const stream of [false, true]) {
      upstream.next(plan)
      const refused = await client.chat.completions.create({ model: 'big', messages, stream }).then(() => null, error => error)
      assert.ok(refused instanceof OpenAI.APIError && refused.status >= 400, `${JSON.stringify(plan)} streamed=${stream}: ${refused}`)
      if (plan.body?.error) assert.equal(refused.status, 402)
    }
  }
}))

test('a stream that is cut ends with an error and not as if it were whole', { skip }, () => withGateway(async ({ client, gateway, upstream }) => {
  const begin = '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}'
  for (const plan of [{ events: [begin], cut: 'body' }, { events: [begin] }, { events: [begin, { raw: 'data: {"id":"c","choi' }] },
    { events: [begin, 'not json'] }, { events: [begin, '{"error":{"code":429,"message":"slow down"}}'] }]) {
    upstream.next(plan)
    const texts = []
    await assert.rejects(async () => {
      for await (const chunk of await client.chat.completions.create({ model: 'big', messages, stream: true })) texts.push(chunk.choices[0].delta.content)
    }, OpenAI.APIError, JSON.stringify(plan))
    assert.deepEqual(texts, ['Hel'])
    upstream.next(plan)
    const text = await (await raw(gateway, { model: 'big', messages, stream: true })).text()
    assert.match(text, /data: \{"error":\{"message":/)
    assert.doesNotMatch(text, /\[DONE\]/)
  }
}))

test('a stream that fails before its first content is an ordinary error', { skip }, () => withGateway(async ({ client, upstream }) => {
  const role = '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}'
  for (const plan of [{ status: 503 }, { events: [role, '{"error":{"code":503,"message":"overloaded"}}'] }, { events: [role], cut: 'body' }, { events: [] }]) {
    upstream.next(plan)
    await assert.rejects(client.chat.completions.create({ model: 'big', messages, stream: true }), error => error.status >= 500, JSON.stringify(plan))
  }
}))

test('comments, odd line ends, a missing [DONE] and data after it change nothing', { skip }, () => withGateway(async ({ client, upstream }) => {
  const chunk = (delta, finish = null) => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })
  upstream.next({ events: [{ raw: '\u{FEFF}: OPENROUTER PROCESSING\n\n' }, { raw: `data:${chunk({ content: 'A\u2028B' })}\r\n\r\n` }, { raw: `event: x\rdata: ${chunk({ content: 'C' })}\r\r` }, chunk({}, 'eos')] },
    { events: [chunk({ content: 'X' }), '[DONE]', chunk({ content: 'never' })] })

  const read = async () => {
    const chunks = []
    for await (const one of await client.chat.completions.create({ model: 'big', messages, stream: true })) chunks.push(one)
    return chunks
  }
  const first = await read()
  assert.equal(first.map(one => one.choices[0].delta.content ?? '').join(''), 'A\u2028BC')
  assert.equal(first[0].choices[0].delta.role, 'assistant')
  assert.equal(first.at(-1).choices[0].finish_reason, 'stop')
  const second = await read()
  assert.deepEqual(second.map(one => one.choices[0].delta.content ?? one.choices[0].finish_reason), ['X', 'stop'])
}))

test('an upstream that answers whole to a streamed call is streamed to the client', { skip }, () => withGateway(async ({ client, upstream }) => {
  upstream.next({ body: { id: 'w', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] } }] } })

  const final = await client.chat.completions.stream({ model: 'big', messages }).finalChatCompletion()

  assert.equal(final.choices[0].message.tool_calls[0].function.arguments, '{"a":1}')
  assert.equal(final.choices[0].finish_reason, 'tool_calls')
}))

test('a client that leaves ends the upstream call at once, before and during the answer', { skip }, () => withGateway(async ({ client, gateway, upstream }) => {
  upstream.next({ hang: true }, { hang: true }, { eventDelay: 200, events: Array(50).fill('{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}') })
  for (const [i, stream] of [false, true].entries()) {
    const abort = new AbortController()
    const call = client.chat.completions.create({ model: 'big', messages, stream }, { signal: abort.signal })
    await waitFor(() => upstream.calls.length === i + 1, 'the call to arrive')
    abort.abort()
    await assert.rejects(call)
    await waitFor(() => upstream.calls[i].closed, 'the upstream to be hung up on', 1000)
  }
  for await (const chunk of await client.chat.completions.create({ model: 'big', messages, stream: true })) {
    assert.equal(chunk.choices[0].delta.content, 'x')
    break
  }
  await waitFor(() => upstream.calls[2].closed, 'the upstream to be hung up on', 1000)
  assert.equal(upstream.calls[2].finished, false)
  const backlog = () => fetch(`${gateway.url}/health/backlog`, { headers: { authorization: 'Bearer sk-master' } }).then(answer => answer.json())
  assert.deepEqual(await backlog(), { in_flight_requests: 0 })
}))

test('time runs out with 408 and the limit that was in force', { skip }, () => withGateway(async ({ gateway, upstream }) => {
  upstream.next({ hang: true }, { hang: true })
  for (const stream of [false, true]) {
    const answer = await raw(gateway, { model: 'big', messages, stream }, { 'x-litellm-timeout': '0.2' })
    assert.equal(answer.status, 408)
    assert.equal(answer.headers.get('x-litellm-timeout'), '0.2')
    assert.equal((await answer.json()).error.type, 'timeout_error')
  }
}))

test('another deployment of the group answers when one fails', { skip }, () => withGateway(async ({ client, upstream, second }) => {
  await upstream.stop()
  for (let i = 0; i < 6; ++i) {
    const { data, response } = await client.chat.completions.create({ model: 'big', messages }).withResponse()
    assert.equal(data.model, 'big')
    assert.equal(response.headers.get('x-litellm-model-id'), 'big-2')
  }
  assert.equal(second.calls.length, 6)
  upstream.stop = async () => {}
}, { two: true }))

test('/health calls each deployment and names what is missing', { skip }, () => withGateway(async ({ gateway, upstream }) => {
  const ask = path => fetch(gateway.url + path, { headers: { authorization: 'Bearer sk-master' } })
  const report = await (await ask('/health')).json()

  assert.deepEqual(report.healthy_endpoints.map(one => one.model), ['openai/gpt-up', 'openai/mock'])
  assert.equal(report.unhealthy_count, 2)
  assert.match(report.unhealthy_endpoints.find(one => one.model_name === 'keyless').error, /ABSENT_KEY/)
  assert.equal(upstream.calls[0].body.max_tokens, 1)
  assert.equal((await (await ask('/health?model=mock')).json()).healthy_count, 1)
  assert.equal((await fetch(`${gateway.url}/health`)).status, 401)
  assert.equal(await (await fetch(`${gateway.url}/health/liveness`)).json(), "I'm alive!")
  assert.equal((await (await fetch(`${gateway.url}/health/readiness`)).json()).status, 'healthy')
  assert.ok(gateway.log.some(line => line.event === 'model_disabled' && line.reason.includes('ABSENT_KEY')))
  const info = await (await ask('/model/info')).text()
  assert.doesNotMatch(info, /sk-up/)
  assert.match(info, /"id":"big-1"/)
}))

test('any web page may call, and asks first', { skip }, () => withGateway(async ({ gateway }) => {
  const asked = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'OPTIONS', headers: { origin: 'https://app.test', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } })
  assert.equal(asked.status, 200)
  assert.equal(asked.headers.get('access-control-allow-origin'), 'https://app.test')
  assert.equal(asked.headers.get('access-control-allow-headers'), 'authorization')
  const answer = await raw(gateway, { model: 'mock', messages }, { origin: 'https://app.test' })
  assert.equal(answer.headers.get('access-control-allow-credentials'), 'true')
}))

test('a new configuration takes over on SIGHUP, and a broken one does not', { skip }, () => withGateway(async ({ client, gateway }) => {
  await gateway.reload('model_list: [\n')
  assert.equal((await client.models.list()).data.length, 4)
  await gateway.reload('model_list:\n  - {model_name: fresh, litellm_params: {model: openai/x, mock_response: hi}}\n')
  assert.deepEqual((await client.models.list()).data.map(model => model.id), ['fresh'])
}))

test('every route is also served under SERVER_ROOT_PATH', { skip }, () => withGateway(async ({ gateway }) => {
  const client = new OpenAI({ baseURL: `${gateway.url}/llm/v1`, apiKey: 'sk-master', maxRetries: 0 })
  assert.equal((await client.chat.completions.create({ model: 'mock', messages })).choices[0].message.content, 'Hello from the mock')
}, { env: { SERVER_ROOT_PATH: '/llm/' } }))

test('the configuration of the local stack works without a single key', { skip }, async () => {
  const text = await fs.readFile(path.join(repository, 'deploy/litellm/config.yaml'), 'utf8')
  const gateway = await startGateway(text, { LITELLM_MASTER_KEY: '' })
  try {
    const client = new OpenAI({ baseURL: gateway.url, apiKey: 'anything', maxRetries: 0 })
    assert.match((await client.chat.completions.create({ model: 'seance-mock', messages })).choices[0].message.content, /Séance/)
    assert.ok(gateway.log.some(line => line.event === 'master_key_missing'))
    const { problems, warnings } = gateway.log.find(line => line.event === 'gateway_configured')
    assert.deepEqual([problems, warnings], [0, 2], 'that, and the model without a key')
  } finally { await gateway.stop() }
})

test('a taken port is told with who has it and what to change', { skip }, async () => {
  const gateway = await startGateway('model_list: []')
  const config = path.join(repository, 'deploy/litellm/config.yaml')
  try {
    for (const workers of ['1', '3']) {
      const second = spawnSync(program, ['--config', config, '--host', '127.0.0.1', '--port', gateway.port], { env: { PATH: process.env.PATH, NUM_WORKERS: workers }, encoding: 'utf8' })
      assert.equal(second.status, 1)
      assert.equal(second.stderr, `seance-litellm: port ${gateway.port} of 127.0.0.1 is taken by seance-litellm (process ${gateway.pid}); stop that, or set PORT or --port to another port\n`)
    }
    const metrics = spawnSync(program, ['--config', config, '--host', '127.0.0.1', '--port', '0'], { env: { PATH: process.env.PATH, ADMIN_PORT: gateway.port }, encoding: 'utf8' })
    assert.match(metrics.stderr, /set ADMIN_PORT to another port/)
  } finally { await gateway.stop() }
})

test('a spool that cannot be written stops the start, not the first call', { skip }, async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-'))
  const config = path.join(folder, 'config.yaml')
  await fs.writeFile(config, 'model_list: []')
  try {
    const start = env => spawnSync(program, ['--config', config, '--host', '127.0.0.1', '--port', '0'], { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8', timeout: 5000 })
    const { status, stderr } = start({ REDIS_URL: 'redis://127.0.0.1:1', LITELLM_SPOOL_DIR: path.join(config, 'spool') })
    assert.equal(status, 65)
    assert.match(stderr, /^seance-litellm: the folder for spend on its way to Valkey: .*config\.yaml\/spool cannot be made: Not a directory\. Make it one that user \d+ owns and may write to, or set LITELLM_SPOOL_DIR to another\n$/)
  } finally { await fs.rm(folder, { recursive: true }) }
})

test('a program that cannot start says why', { skip }, () => {
  const run = (...flags) => spawnSync(program, flags, { env: { PATH: process.env.PATH }, encoding: 'utf8' })
  assert.equal(run().status, 65)
  assert.match(run('--config', '/nowhere.yaml').stderr, /\/nowhere\.yaml cannot be read: there is no such file/)
  assert.match(run('--config', '/tmp').stderr, /\/tmp cannot be read: it is a folder/)
  assert.equal(run('--bogus').status, 64)
  assert.match(run('--version').stdout, /^seance-litellm [0-9a-f]{7}/)
  assert.match(run('--help').stdout, /--num_workers/)
})
