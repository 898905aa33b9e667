// The edges of requests and answers: odd framing, odd JSON, odd answers of every provider, and callers that give up.
import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { startAnthropic } from '../emulators/anthropic.mjs'
import { startBedrock } from '../emulators/bedrock.mjs'
import { startGemini } from '../emulators/gemini.mjs'
import { startOllama } from '../emulators/ollama.mjs'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing()
// Everything that YAML reads otherwise where it is not quoted.
const oddKey = "sk-#a: b*&!%@`{}[]|>'\"\\ ~"
const messages = [{ role: 'user', content: 'Hello' }]
const names = ['openai', 'anthropic', 'gemini', 'ollama', 'bedrock']

async function withGateway (body, settings = 'num_retries: 0') {
  const up = { openai: await startOpenAi({ key: oddKey, extra: ['odd'] }), anthropic: await startAnthropic({ key: 'sk-up' }), gemini: await startGemini({ key: 'sk-up' }), ollama: await startOllama(), bedrock: await startBedrock({ id: 'A', secret: 'B', region: 'us-east-1' }) }
  const gateway = await startGateway(`
model_list:
  - { model_name: openai, litellm_params: { model: openai/gpt-x, api_base: "${up.openai.url}", api_key: ${JSON.stringify(oddKey)} } }
  - model_name: variable
    litellm_params: { model: openai/gpt-x, api_base: "${up.openai.url}", api_key: os.environ/ODD_KEY }
  - { model_name: anthropic, litellm_params: { model: anthropic/claude-sonnet-4-0, api_base: "${up.anthropic.url}", api_key: sk-up } }
  - { model_name: gemini, litellm_params: { model: gemini/gemini-2.5-flash, api_base: "${up.gemini.url}", api_key: sk-up } }
  - { model_name: ollama, litellm_params: { model: ollama_chat/llama3.2, api_base: "${up.ollama.url}" } }
  - { model_name: bedrock, litellm_params: { model: bedrock/amazon.nova-pro-v1:0, api_base: "${up.bedrock.url}", aws_access_key_id: A, aws_secret_access_key: B, aws_region_name: us-east-1 } }
router_settings: { disable_cooldowns: true, ${settings} }
`, { ODD_KEY: oddKey + '\r\n' })
  try {
    await body({ gateway, up })
  } finally {
    const code = await gateway.stop()
    for (const one of Object.values(up)) await one.stop()
    assert.equal(code, 0)
  }
}

const post = (gateway, body, { path = '/v1/chat/completions', headers = {}, signal } = {}) => fetch(gateway.url + path, {
  method: 'POST',
  signal,
  headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body)
})

// What a client hears that writes `bytes`, `body` once it may go on, and waits for `count` answers or the end.
function talk (gateway, bytes, count = Infinity, body = '') {
  return new Promise((resolve, reject) => {
    const socket = net.connect(gateway.port, '127.0.0.1', () => socket.write(bytes))
    let heard = ''
    socket.on('data', data => {
      heard += data
      if (heard.endsWith('100 Continue\r\n\r\n')) socket.write(body)
      if (heard.match(/HTTP\/1\.[01] [2-5]\d\d/g)?.length >= count && heard.endsWith('}')) { socket.destroy(); resolve(heard) }
    })
    socket.on('end', () => resolve(heard))
    socket.on('error', reject)
  })
}

const request = (body, { version = '1.1', more = '' } = {}) => `POST /v1/chat/completions HTTP/${version}\r\nHost: a\r\nAuthorization: bearer sk-master\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`
const hello = JSON.stringify({ model: 'openai', messages })

test('a key of any characters arrives as it is, from the file or a variable that ends in a line break', { skip }, () => withGateway(async ({ gateway, up }) => {
  for (const model of ['openai', 'variable']) {
    assert.equal((await post(gateway, { model, messages })).status, 200, model)
    assert.equal(up.openai.calls.at(-1).headers.authorization, `Bearer ${oddKey}`)
  }
  up.openai.next({ status: 400, body: { error: { message: `not ${oddKey}` } } })
  assert.equal((await (await post(gateway, { model: 'openai', messages })).text()).includes(JSON.stringify(oddKey).slice(1, -1)), false)
}))

test('clients that wait for 100, speak HTTP/1.0, pipeline or go on after an error are served', { skip }, () => withGateway(async ({ gateway }) => {
  const patient = request(hello, { more: 'Expect: 100-continue\r\n' })
  assert.match(await talk(gateway, patient.slice(0, -hello.length), 1, hello), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*Hi \\ud83d/)
  const old = await talk(gateway, request(JSON.stringify({ model: 'openai', messages, stream: true }), { version: '1.0' }))
  assert.match(old, /^HTTP\/1\.1 200 OK\r\n/)
  assert.doesNotMatch(old, /Transfer-Encoding/i)
  assert.match(old, /\r\n\r\ndata: [^]*data: \[DONE\]\n\n$/, 'a stream ends with the connection, and is in no chunks')
  const many = await talk(gateway, request(hello) + request('{"model":') + request(JSON.stringify({ model: 'nope', messages })) + request(hello), 4)
  assert.deepEqual(many.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 400', 'HTTP/1.1 200'])
}))

test('keys in several headers: the first that there is counts', { skip }, () => withGateway(async ({ gateway }) => {
  for (const [headers, status] of [[{ authorization: 'bearer sk-master' }, 200], [{ authorization: 'sk-master' }, 401], [{ authorization: '', 'x-litellm-api-key': 'sk-master' }, 200], [{ authorization: '', 'api-key': 'sk-master' }, 200], [{ authorization: 'Bearer sk-master', 'x-api-key': 'sk-wrong' }, 200],
    [{ authorization: 'Bearer sk-wrong', 'x-api-key': 'sk-master' }, 400], [{ authorization: 'Bearer sk-master', 'x-litellm-api-key': 'sk-wrong' }, 400]]) assert.equal((await post(gateway, hello, { headers })).status, status, JSON.stringify(headers))
}))

test('JSON at the edge of what is allowed passes or is refused, and the gateway lives', { skip }, () => withGateway(async ({ gateway, up }) => {
  const content = text => `{"model":"openai","messages":[{"role":"user","content":${text}}]}`
  const deep = depth => `{"model":"openai","messages":[{"role":"user","content":"x"}],"odd":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const passing = [content('"\\u0000"'), content('"\\ud83d"'), content('"\\ude00 \\ud83d x"'), deep(1000), '{"model":"nope","model":"openai","messages":[],"messages":[{"role":"user","content":"x"}]}', content('"x"').replace('{', '{"odd":1e400,') , content('"x"').replace('{', '{"odd":-0.0E-0000,')]
  for (const body of passing) {
    const answer = await post(gateway, body)
    assert.equal(answer.status, 200, body.slice(0, 80))
    assert.equal(up.openai.calls.at(-1).text, body.replaceAll(/"model":"\w+"/g, '"model":"gpt-x"'), 'bytes stay')
  }
  for (const body of [content('"\u0000"'), content('"x'), content('"\\x"'), content('01'), content('"x"') + ' x', deep(5000), `${'['.repeat(100_000)}`, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('latin1') && '{"model":NaN}', '\u{FEFF}' + content('"x"')]) {
    const answer = await post(gateway, body)
    assert.equal(answer.status, 400, body.slice(0, 80))
    assert.equal((await answer.json()).error.type, 'invalid_request_error')
  }
  for (const model of names.slice(1)) {
    for (const text of ['"a\\u0000b"', '"\\ud83d"']) {
      const answer = await post(gateway, content(text).replace('openai', model))
      assert.ok([200, 400].includes(answer.status), `${model} ${text}: ${answer.status}`)
      await answer.text()
    }
  }
  assert.equal((await post(gateway, hello)).status, 200)
}))

for (const model of names) {
  test(`an answer of ${model} that is none is an error, whole or streamed`, { skip }, () => withGateway(async ({ gateway, up }) => {
    const error = { openai: { error: { message: 'slow down', code: 429 } }, anthropic: { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }, gemini: { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'slow down' } }, ollama: { error: 'slow down' }, bedrock: { message: 'slow down' } }[model]
    for (const plan of [{ body: '<html>busy</html>', type: 'text/html' }, { body: '' }, { body: '{"id":' }, { body: '[]' }, { body: '{}' }, { body: error }]) {
      for (const path of ['/v1/chat/completions', '/v1/messages']) {
        for (const stream of [false, true]) {
          up[model].next(plan)
          const answer = await post(gateway, { model, messages, max_tokens: 9, stream }, { path })
          const { error } = await answer.json()
          assert.ok(answer.status >= 400 && error.message, `${JSON.stringify(plan)} ${path} streamed=${stream}: ${answer.status}`)
        }
      }
    }
    assert.equal((await post(gateway, { model, messages })).status, 200)
  }))

  test(`${model} answers a streamed call as a whole, and the client gets a stream`, { skip }, () => withGateway(async ({ gateway, up }) => {
    await (await post(gateway, { model, messages, max_tokens: 9 })).text()
    const { url, headers, bytes } = up[model].calls.at(-1)
    const whole = await (await fetch(up[model].origin + url, { method: 'POST', headers, body: bytes })).text()
    for (const [path, end] of [['/v1/chat/completions', /"finish_reason":"stop"[^]*data: \[DONE\]\n\n$/], ['/v1/messages', /event: message_stop\ndata: [^\n]*\n\n$/]]) {
      up[model].next({ body: whole, type: 'application/json' })
      const answer = await post(gateway, { model, messages, max_tokens: 9, stream: true }, { path })
      const text = await answer.text()
      assert.match(answer.headers.get('content-type'), /^text\/event-stream/)
      assert.match(text, end)
      const said = text.split('\n').filter(line => line.startsWith('data: {')).map(line => JSON.parse(line.slice(6))).map(event => event.choices?.[0]?.delta?.content ?? event.delta?.text ?? '').join('')
      assert.equal(said, 'Hi \u{1F600} there')
    }
  }))
}

test('a client that leaves while a retry waits is not asked for again', { skip }, () => withGateway(async ({ gateway, up }) => {
  up.openai.next({ status: 429, headers: { 'retry-after': '1' }, body: { error: { message: 'busy' } } })
  const leaving = new AbortController()
  const pending = post(gateway, hello, { signal: leaving.signal })
  pending.catch(() => {})
  await waitFor(() => up.openai.calls.length === 1, 'the first attempt')
  leaving.abort()
  const backlog = async () => (await (await fetch(`${gateway.url}/health/backlog`, { headers: { authorization: 'Bearer sk-master' } })).json()).in_flight_requests
  const left = performance.now()
  await waitFor(async () => await backlog() === 0, 'the call to end')
  assert.ok(performance.now() - left < 900 * Number(process.env.SEANCE_SLOWNESS ?? 1), 'before the retry was due')
  assert.equal((await post(gateway, { model: 'anthropic', messages })).status, 200)
  await waitFor(() => gateway.log.some(line => line.event === 'request' && line.status === 499), 'the log to say 499')
  assert.equal(up.openai.calls.length, 1)
}, 'num_retries: 1'))
