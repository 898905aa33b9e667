// The response cache, in Valkey and in memory.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, patience, startGateway, waitFor } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing()
const messages = [{ role: 'user', content: 'Hello' }]

const configFor = (url, params) => `
model_list:
  - model_name: big
    litellm_params: { model: openai/gpt-up, api_base: "${url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 }
router_settings: { num_retries: 0, model_group_alias: { nick: big } }
litellm_settings: { cache: true, cache_params: ${JSON.stringify(params)} }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

async function withCache (params, body, { env = {} } = {}) {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const valkey = await startValkey()
  const gateway = await startGateway(configFor(upstream.url, params), { REDIS_URL: valkey.url, ...patience, ...env })
  const ask = async (path, sent, key = 'sk-master', headers = {}) => {
    const response = await fetch(gateway.url + path, {
      method: sent === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, ...headers },
      body: sent === undefined ? undefined : JSON.stringify(sent)
    })
    const text = await response.text()
    let json = null
    try { json = JSON.parse(text) } catch { /* a stream */ }
    return { status: response.status, headers: response.headers, text, json }
  }
  const chat = (more = {}, headers = {}, key = 'sk-master') => ask('/v1/chat/completions', { model: 'big', messages, ...more }, key, headers)
  try {
    await body({ upstream, valkey, gateway, ask, chat })
  } finally {
    await gateway.stop()
    await upstream.stop()
    await valkey.stop()
  }
}

const stored = async (valkey, count = 1) => waitFor(async () => {
  const keys = (await valkey.command('KEYS', '*')).filter(key => /(^|:)[0-9a-f]{64}$/.test(key) && !key.startsWith('litellm:'))
  return keys.length >= count && keys
}, 'the answer to be stored')

for (const [where, params] of [['Valkey', { type: 'redis', namespace: 'ns' }], ['memory', { type: 'local' }]]) {
  test(`the same question is answered from the cache in ${where}, whole and streamed`, { skip }, () => withCache(params, async ({ upstream, valkey, chat }) => {
    const first = await chat({ temperature: 0.5 })
    const name = first.headers.get('x-litellm-cache-key')
    assert.match(name, where === 'Valkey' ? /^ns:[0-9a-f]{64}$/ : /^[0-9a-f]{64}$/)
    if (where === 'Valkey') {
      await stored(valkey)
      const value = JSON.parse(await valkey.command('GET', name))
      assert.equal(value.response.choices[0].message.content, first.json.choices[0].message.content)
      assert.ok(Math.abs(value.timestamp - Date.now() / 1000) < 60)
    }

    const again = await chat({ temperature: 0.5, user: 'somebody', model: 'nick' })
    assert.equal(upstream.calls.length, 1)
    assert.equal(again.json.id, first.json.id)
    assert.equal(again.json.model, 'nick')
    assert.equal(again.headers.get('x-litellm-cache-key'), name)
    assert.equal(again.headers.get('x-litellm-response-cost'), '0')

    const streamed = await chat({ temperature: 0.5, stream: true, stream_options: { include_usage: true } })
    assert.equal(upstream.calls.length, 1)
    const events = streamed.text.trim().split('\n\n')
    assert.equal(events.at(-1), 'data: [DONE]')
    const chunks = events.slice(0, -1).map(event => JSON.parse(event.slice(6)))
    assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join(''), first.json.choices[0].message.content)
    assert.ok(chunks.every(chunk => chunk.id === first.json.id))
    assert.equal(chunks.at(-1).usage.total_tokens, 12)

    await chat({ temperature: 0.6 })
    assert.equal(upstream.calls.length, 2)
  }))
}

test('a streamed answer is stored once it is complete, and serves whole calls; a cut one is not', { skip }, () => withCache({}, async ({ upstream, valkey, chat }) => {
  upstream.next({ cut: 'body', events: ['{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}'] })
  await chat({ stream: true }).catch(() => {})
  const whole = await chat({ stream: true })
  assert.match(whole.text, /\[DONE\]/)
  assert.equal(upstream.calls.length, 2)
  await stored(valkey)

  const again = await chat()

  assert.equal(upstream.calls.length, 2)
  assert.equal(again.json.choices[0].message.content, 'Hi \u{1F600} there')
  assert.equal(again.json.choices[0].finish_reason, 'stop')
  assert.ok(again.json.usage.total_tokens > 0)
}))

test('a stream that is replayed holds all that the first one did', { skip }, () => withCache({}, async ({ upstream, valkey, chat }) => {
  const chunk = (delta, finish = null, more = {}) => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', service_tier: 'flex', choices: [{ index: 0, delta, finish_reason: finish, ...more }] })
  const call = more => ({ tool_calls: [{ index: 0, ...more }] })
  const events = [chunk({ role: 'assistant', reasoning_content: 'hm', thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 's' }] }), chunk({ refusal: 'I' }, null, { logprobs: { content: [], refusal: [{ token: 'I' }] } }), chunk({ refusal: ' will not' }),
    chunk(call({ id: 't', type: 'function', function: { name: 'f', arguments: '' } })), chunk(call({ function: { arguments: '{}' } })), chunk({}, 'stop')]
  upstream.next({ events: [...events, '[DONE]'] })
  await chat({ stream: true })
  await stored(valkey)
  const { choices: [{ message, logprobs }], service_tier: tier, usage } = (await chat()).json
  assert.equal(upstream.calls.length, 1)
  assert.deepEqual(message, { role: 'assistant', content: null, reasoning_content: 'hm', refusal: 'I will not', thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 's' }], tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }] })
  assert.deepEqual([logprobs, tier, usage.total_tokens > 0], [{ refusal: [{ token: 'I' }] }, 'flex', true])
  upstream.next({ events: [chunk({ role: 'assistant', audio: { data: 'AA' } }), chunk({}, 'stop'), '[DONE]'] })
  await chat({ stream: true, seed: 1 })
  await chat({ seed: 1 })
  assert.equal(upstream.calls.length, 3, 'what cannot be put together is asked for again')
}))

test('requests control reading, writing, age and namespace', { skip }, () => withCache({}, async ({ upstream, valkey, chat }) => {
  await chat({ cache: { 'no-store': true } })
  await chat({ cache: { 'no-cache': true } })
  assert.equal(upstream.calls.length, 2)
  await stored(valkey)
  await chat()
  assert.equal(upstream.calls.length, 2)
  await chat({}, { 'cache-control': 'no-cache' })
  assert.equal(upstream.calls.length, 3)
  await chat({ cache: { 's-maxage': 0 } })
  assert.equal(upstream.calls.length, 4)
  await chat({ cache: { namespace: 'other' } })
  assert.equal(upstream.calls.length, 5)
  await waitFor(async () => (await valkey.command('KEYS', 'other:*')).length === 1, 'the other namespace')
  await chat({ cache: { ttl: 1, namespace: 'brief' } })
  await waitFor(async () => (await valkey.command('KEYS', 'brief:*')).length === 1, 'the brief one')
  await waitFor(async () => (await valkey.command('KEYS', 'brief:*')).length === 0, 'it to run out')
}))

test('a failed answer is not stored, and mode default_off needs use-cache', { skip }, () => withCache({ mode: 'default_off' }, async ({ upstream, valkey, chat }) => {
  upstream.next({ status: 400 })
  assert.equal((await chat({ cache: { 'use-cache': true } })).status, 400)
  await chat()
  await chat()
  assert.equal(upstream.calls.length, 3)
  await chat({ cache: { 'use-cache': true } })
  await stored(valkey)
  await chat({ cache: { 'use-cache': true } })
  assert.equal(upstream.calls.length, 4)
}))

test('a hit costs nothing but a request, and a key may be kept from cache controls', { skip }, () => withCache({}, async ({ upstream, valkey, ask, chat }) => {
  const key = (await ask('/key/generate', { rpm_limit: 3, max_budget: 1, allowed_cache_controls: ['ttl'] })).json
  await chat({}, {}, key.key)
  await stored(valkey)
  const hit = await chat({}, {}, key.key)
  assert.equal(upstream.calls.length, 1)
  assert.equal(hit.headers.get('x-ratelimit-remaining-requests'), '1')
  assert.equal(hit.headers.get('x-litellm-key-spend'), '0.012')
  for (const name of ['response', 'overhead']) assert.ok(Number(hit.headers.get(`x-litellm-${name}-duration-ms`)) > 0, name)
  assert.equal((await ask(`/key/info?key=${key.key}`)).json.info.spend, 0.012)
  const denied = await chat({ cache: { 'no-cache': true } }, {}, key.key)
  assert.equal(denied.status, 403)
  const full = await chat({}, {}, key.key)
  assert.deepEqual([full.status, full.headers.get('x-litellm-key-spend')], [429, '0.012'], 'what it has spent is told to whom it refuses')
  const logs = (await ask(`/spend/logs?api_key=${key.key}`)).json
  assert.deepEqual(logs.filter(log => log.cache_hit === 'True').map(log => [log.spend, log.total_tokens]), [[0, 0]])
}))

test('identical calls at the same time ask the model once if that is wanted', { skip }, () => withCache({ coalesce: true }, async ({ upstream, chat }) => {
  upstream.next({ delay: 200 })

  const answers = await Promise.all(Array.from({ length: 20 }, () => chat()))

  assert.ok(answers.every(answer => answer.status === 200))
  assert.equal(upstream.calls.length, 1)
  upstream.next({ status: 500 })
  const failed = await Promise.all(Array.from({ length: 3 }, () => chat({ seed: 2 })))
  assert.deepEqual(failed.map(answer => answer.status).sort(), [200, 200, 500], 'whoever waits for a failure asks again')
}))

test('the cache can be pinged, emptied by key and flushed, and never takes the ledger with it', { skip }, () => withCache({}, async ({ upstream, valkey, ask, chat }) => {
  const key = (await ask('/key/generate', {})).json
  const ping = await ask('/cache/ping')
  assert.deepEqual([ping.json.status, ping.json.cache_type, ping.json.ping_response], ['healthy', 'redis', true])
  assert.ok((await ask('/cache/redis/info')).json.info.redis_version)
  const name = (await chat()).headers.get('x-litellm-cache-key')
  await stored(valkey)
  assert.equal((await ask('/cache/delete', { keys: [name] })).json.deleted_keys, 1)
  await chat()
  assert.equal(upstream.calls.length, 2)
  await stored(valkey)
  assert.equal((await ask('/cache/flushall', {})).json.deleted_keys, 1)
  assert.equal((await chat({}, {}, key.key)).status, 200, 'keys are still there')
  await valkey.kill()
  const away = await ask('/cache/ping')
  assert.equal(away.status, 503)
  assert.equal(away.json.error.type, 'cache_ping_error')
  assert.equal((await chat({ seed: 9 })).status, 200)
}))

test('an answer of /v1/responses is cached for the key that it was made for, whose id it bears', { skip }, () => withCache({ type: 'local', supported_call_types: ['aresponses'] }, async ({ upstream, ask }) => {
  const other = (await ask('/key/generate', {})).json.key
  const say = key => ask('/v1/responses', { model: 'big', input: 'Hello' }, key)
  const first = await say('sk-master')
  assert.equal((await say('sk-master')).json.id, first.json.id)
  assert.equal(upstream.calls.length, 1)

  assert.notEqual((await say(other)).json.id, first.json.id)
  assert.equal(upstream.calls.length, 2)
}))
