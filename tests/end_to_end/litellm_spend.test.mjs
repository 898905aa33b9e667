// What calls cost: recorded once, whatever dies when, and never in the way of an answer.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, patience, startGateway, waitFor } from './litellm/program.mjs'
import { freePort } from './program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing()
const slowness = Number(process.env.SEANCE_SLOWNESS ?? 1)
const messages = [{ role: 'user', content: 'Hello' }]
// 9 prompt and 3 completion tokens.
const callCost = 0.012

const configFor = (url, more = '') => `
model_list:
  - model_name: big
    litellm_params: { model: openai/gpt-up, api_base: "${url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 }
    model_info: { id: big-1 }
  - model_name: listed
    litellm_params: { model: openai/gpt-4o-mini-2024-07-18, api_base: "${url}", api_key: sk-up }
  - model_name: painter
    litellm_params: { model: openai/gpt-paints, api_base: "${url}", api_key: sk-up, output_cost_per_image: 0.04 }
  - model_name: unpriced
    litellm_params: { model: openai/nobody-knows, api_base: "${url}", api_key: sk-up }
router_settings: { num_retries: 0 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY ${more} }
`

function client (gateway) {
  const ask = async (where, sent, key = 'sk-master', headers = {}, signal = undefined) => {
    const response = await fetch(gateway().url + where, {
      method: sent === undefined ? 'GET' : 'POST',
      signal,
      headers: { authorization: `Bearer ${key}`, ...headers },
      body: sent === undefined ? undefined : JSON.stringify(sent)
    })
    const text = await response.text()
    let json = null
    try { json = JSON.parse(text) } catch { /* a stream */ }
    return { status: response.status, headers: response.headers, text, json }
  }
  return { ask, chat: (key = 'sk-master', more = {}, headers = {}) => ask('/v1/chat/completions', { model: 'big', messages, ...more }, key, headers) }
}

async function withSpend (body, { config = '', env = {} } = {}) {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const valkey = await startValkey()
  const spool = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-spool-'))
  let gateway
  const start = async () => { gateway = await startGateway(configFor(upstream.url, config), { REDIS_URL: valkey.url, ...patience, LITELLM_SPOOL_DIR: spool, ...env }) }
  await start()
  try {
    await body({ upstream, valkey, spool, start, gateway: () => gateway, ...client(() => gateway) })
  } finally {
    await gateway.stop()
    await upstream.stop()
    await valkey.stop()
    await fs.rm(spool, { recursive: true, force: true })
  }
}

const nanos = usd => Math.round(usd * 1e9)

test('each call leaves one record, whatever became of it', { skip }, () => withSpend(async ({ upstream, ask, chat, gateway, valkey }) => {
  const key = (await ask('/key/generate', { key_alias: 'ada', user_id: 'u1', team_id: undefined })).json
  const good = await chat(key.key, { user: 'customer-7', metadata: { tags: ['blue'], session_id: 's1' } }, { 'x-litellm-call-id': 'call-1', 'x-litellm-tags': 'red, green', 'x-litellm-spend-logs-metadata': '{"job":1}' })
  assert.equal(good.headers.get('x-litellm-response-cost'), '0.012')
  assert.equal(good.headers.get('x-litellm-key-spend'), '0.012')
  await chat(key.key, { stream: true })
  upstream.next({ status: 400 })
  await chat(key.key, {}, { 'x-litellm-call-id': 'call-3' })
  await chat('sk-master')

  const logs = (await ask('/spend/logs')).json
  assert.equal(logs.length, 4)
  const [record] = (await ask('/spend/logs?request_id=call-1')).json
  assert.equal(record.api_key, key.token)
  assert.equal(record.spend, callCost)
  assert.deepEqual([record.prompt_tokens, record.completion_tokens, record.total_tokens], [9, 3, 12])
  assert.deepEqual([record.call_type, record.model, record.model_id, record.model_group, record.custom_llm_provider], ['acompletion', 'gpt-up', 'big-1', 'big', 'openai'])
  assert.deepEqual([record.user, record.end_user, record.session_id, record.status, record.cache_hit], ['u1', 'customer-7', 's1', 'success', 'False'])
  assert.equal(record.requester_ip_address, '127.0.0.1')
  assert.deepEqual(JSON.parse(record.request_tags), ['red', 'green', 'blue'])
  assert.deepEqual(JSON.parse(record.metadata).spend_logs_metadata, { job: 1 })
  assert.ok(record.startTime <= record.completionStartTime && record.completionStartTime <= record.endTime)
  assert.deepEqual(record.messages, {})
  const [failure] = (await ask('/spend/logs?request_id=call-3')).json
  assert.deepEqual([failure.status, failure.spend, failure.model_id], ['failure', 0, 'big-1'])
  const masters = logs.filter(log => log.api_key === 'litellm_proxy_master_key')
  assert.equal(masters.length, 1)
  assert.equal(JSON.stringify(logs).includes('sk-master'), false)
  assert.equal((await ask('/spend/logs', undefined, key.key)).json.length, 3, 'a key sees its own')

  const today = new Date().toISOString().slice(0, 10)
  const [day] = (await ask(`/spend/logs?start_date=${today}&end_date=${today}&summarize=true`)).json
  assert.equal(nanos(day.spend), nanos(3 * callCost))
  assert.equal((await ask(`/spend/logs?start_date=${today}&end_date=${today}&summarize=false`)).json.length, 4)
  assert.deepEqual((await ask('/spend/logs?start_date=2020-01-01&end_date=2020-01-02')).json, [])
  assert.equal((await ask('/spend/logs?start_date=yesterday')).status, 400)

  assert.equal((await ask('/spend/keys')).json[0].token, key.token)
  assert.equal(nanos((await ask('/global/spend')).json.spend), nanos(3 * callCost))
  assert.deepEqual((await ask('/global/spend/models')).json.map(row => [row.model, nanos(row.total_spend), row.requests]), [['big', nanos(3 * callCost), 4]])
  assert.equal((await ask('/global/spend/keys')).json[0].key_alias, 'ada')
  assert.deepEqual((await ask('/spend/tags')).json.map(row => row.individual_request_tag).sort(), ['blue', 'green', 'red'])
  const [byDay] = (await ask('/global/spend/by_day')).json
  const fields = (await valkey.command('HKEYS', `litellm:day:${today}`)).map(field => field.split('|')[0])
  const kinds = [...new Set(fields)].filter(kind => kind !== 'all').sort()
  assert.deepEqual(kinds, ['key', 'model', 'provider', 'tag', 'user'])
  for (const kind of kinds) assert.notDeepEqual((await ask(`/global/spend/by_day?group_by=${kind}`)).json[0].groups, {}, kind)
  const misspelled = await ask('/global/spend/by_day?group_by=modell')
  assert.equal(misspelled.status, 400)
  assert.match(misspelled.json.error.message, /group_by is "modell"; write model, key/)
  assert.equal(byDay.date, today)
  assert.equal(byDay.groups.big.failures, 1)
  assert.equal((await ask('/global/activity')).json.sum_api_requests, 4)
  assert.equal((await ask('/global/spend/reset', {}, key.key)).status, 401)
  await ask('/global/spend/reset', {})
  assert.equal((await ask('/global/spend')).json.spend, 0)
  assert.equal(gateway().log.some(line => JSON.stringify(line).includes(key.key)), false)
}))

test('models that clients make up leave no sums of their own', { skip }, () => withSpend(async ({ ask, chat, gateway, valkey }) => {
  const key = (await ask('/key/generate', {})).json
  for (let i = 0; i < 5; i++) assert.equal((await chat(key.key, { model: `made-up-${i}` })).status, 400)
  await chat(key.key)

  const models = (await ask('/global/spend/models')).json
  assert.deepEqual(models.map(row => [row.model, row.requests, row.failures]).sort(), [['big', 1, 0], ['unknown', 5, 5]])
  assert.equal((await ask('/spend/logs')).json.filter(record => record.model.startsWith('made-up')).length, 5, 'the log has what was asked for')
  for (const name of (await valkey.command('KEYS', 'litellm:purse:*'))) {
    assert.equal((await valkey.command('HKEYS', name)).some(field => field.includes('made-up')), false)
  }
  assert.equal(gateway().log.some(line => line.event === 'price_unknown'), false)
}))

test('prompts and answers are recorded only where that is wanted, whole and streamed', { skip }, async t => {
  for (const wanted of [false, true]) {
    await t.test(wanted ? 'store_prompts_in_spend_logs' : 'by default', () => withSpend(async ({ ask, chat }) => {
      for (const stream of [false, true]) {
        await chat('sk-master', { stream }, { 'x-litellm-call-id': `call-${stream}` })
        const [record] = await waitFor(async () => { const found = (await ask(`/spend/logs?request_id=call-${stream}`)).json; return found.length > 0 && found }, 'the record')
        assert.deepEqual(record.messages, wanted ? messages : {})
        assert.equal(record.response.choices?.[0].message.content, wanted ? 'Hi \u{1F600} there' : undefined)
        if (wanted) assert.equal(record.response.usage.total_tokens, 12)
      }
    }, { config: wanted ? ', store_prompts_in_spend_logs: true' : '' }))
  }
})

test('prices come from deployment, table and what the provider says; unknown ones cost nothing and say so once', { skip }, () => withSpend(async ({ upstream, ask, chat, gateway }) => {
  // gpt-4o-mini: 0.15 and 0.60 USD for a million tokens.
  assert.equal((await chat('sk-master', { model: 'listed' })).headers.get('x-litellm-response-cost'), '0.00000315')
  assert.equal((await chat('sk-master', { model: 'unpriced' })).headers.get('x-litellm-response-cost'), null)
  await waitFor(() => gateway().log.filter(line => line.event === 'request' && line.path === '/v1/chat/completions').length === 2, 'the calls in the log')
  assert.deepEqual(gateway().log.filter(line => line.event === 'config_warning').map(line => line.warning.replace(/^.*config\.yaml:/, '')), ['11: no price is known of model unpriced (openai/nobody-knows): its calls cost 0, and no budget holds them. Set input_cost_per_token and output_cost_per_token in its litellm_params, to 0 if it is free'])
  assert.equal(gateway().log.filter(line => line.event === 'price_unknown').length, 0, 'the start has told it')
  upstream.next({ body: { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'x' } }], usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12, cost: 0.5 } } })
  assert.equal((await chat('sk-master')).headers.get('x-litellm-response-cost'), '0.5')
  upstream.next({ body: { created: 1, data: [{ b64_json: 'AA' }, { b64_json: 'AA' }] } })
  assert.equal((await ask('/v1/images/generations', { model: 'painter', prompt: 'x', n: 2 })).headers.get('x-litellm-response-cost'), '0.08')
  assert.equal((await ask('/spend/calculate', { completion_response: { model: 'gpt-4o', usage: { prompt_tokens: 1_000_000, completion_tokens: 0, prompt_tokens_details: { cached_tokens: 500_000 } } } })).json.cost, 1.875)
  assert.ok((await ask('/spend/calculate', { model: 'big', messages })).json.cost > 0)
  assert.equal((await ask('/spend/calculate', { model: 'nobody/knows', messages })).status, 400)
  const info = (await ask('/model/info')).json.data.find(model => model.model_name === 'listed')
  assert.equal(info.model_info.output_cost_per_token, 6e-7)
}))

test('several loops tell once of a price that nobody knows, and never of models of one\'s own', { skip }, async () => {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const gateway = await startGateway(`model_list: [{ model_name: "up/*", litellm_params: { model: "openai/*", api_base: "${upstream.url}", api_key: sk-up } }, { model_name: own, litellm_params: { model: hosted_vllm/x, api_base: "${upstream.url}", api_key: sk-up } }]`, { LITELLM_MASTER_KEY: '', PORT: String(await freePort()), NUM_WORKERS: '4' })
  try {
    // A connection for each call, so that they come to several loops.
    const call = model => new Promise((resolve, reject) => {
      const request = http.request(`${gateway.url}/v1/chat/completions`, { method: 'POST', agent: false }, response => response.resume().once('end', () => resolve(response.statusCode)))
      request.once('error', reject).end(JSON.stringify({ model, messages }))
    })
    for (const model of ['own', 'up/nobody-knows']) {
      assert.deepEqual(new Set(await Promise.all(Array.from({ length: 40 }, () => call(model)))), new Set([200]))
    }
    await waitFor(() => gateway.log.filter(line => line.event === 'request').length === 80, 'the calls in the log')
    assert.deepEqual(gateway.log.filter(line => line.event === 'price_unknown').map(line => line.model), ['openai/nobody-knows'])
    assert.equal(gateway.log.filter(line => line.event === 'config_warning').length, 0)
  } finally {
    await gateway.stop()
    await upstream.stop()
  }
})

test('a client that leaves a stream pays for what it got', { skip }, () => withSpend(async ({ upstream, ask, gateway }) => {
  const key = (await ask('/key/generate', {})).json
  const chunk = text => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })
  upstream.next({ eventDelay: 50, events: Array.from({ length: 40 }, () => chunk('four words of text ')) })
  const leaving = new AbortController()
  const response = await fetch(`${gateway().url}/v1/chat/completions`, { method: 'POST', signal: leaving.signal, headers: { authorization: `Bearer ${key.key}` }, body: JSON.stringify({ model: 'big', messages, stream: true }) })
  await response.body.getReader().read()
  leaving.abort()

  const [record] = await waitFor(async () => { const logs = (await ask(`/spend/logs?api_key=${key.key}`)).json; return logs.length > 0 && logs }, 'the record')
  assert.equal(record.status, 'failure')
  assert.ok(record.spend > 0 && record.completion_tokens > 0, JSON.stringify(record))
}))

test('a stream that the end of the gateway cuts costs what has come of it', { skip }, () => withSpend(async ({ upstream, ask, gateway, start }) => {
  const key = (await ask('/key/generate', { max_budget: 10 })).json
  const chunk = text => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })
  upstream.next({ eventDelay: 50, events: Array.from({ length: 400 }, () => chunk('four words of text ')) })
  const response = await fetch(`${gateway().url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key.key}` }, body: JSON.stringify({ model: 'big', messages, stream: true, max_tokens: 9000 }) })
  await response.body.getReader().read()
  await gateway().stop()
  await start()

  const [record] = await waitFor(async () => { const logs = (await ask(`/spend/logs?api_key=${key.key}`)).json; return logs.length > 0 && logs }, 'the record')
  assert.equal(record.status, 'failure')
  assert.match(record.metadata, /the gateway was stopped before the stream's end/)
  assert.equal(record.model_id, 'big-1')
  assert.ok(record.spend > 0 && record.completion_tokens > 0, JSON.stringify(record))
  assert.equal((await ask(`/key/info?key=${key.key}`)).json.info.spend, record.spend)
}, { env: { DRAIN_TIMEOUT: '500ms' } }))

test('kill -9 of the gateway at any moment loses nothing that was answered and counts nothing twice', { skip, timeout: 240_000 }, () => withSpend(async ({ valkey, start, gateway, ask, chat, spool }) => {
  const key = (await ask('/key/generate', {})).json
  const answered = new Set()
  const sent = new Set()
  for (let round = 0; round < 15; round++) {
    const until = Date.now() + 40 + Math.random() * 250 * slowness
    const callers = Array.from({ length: 8 }, async () => {
      while (Date.now() < until + 500) {
        const id = randomUUID()
        sent.add(id)
        try {
          const answer = await chat(key.key, { stream: Math.random() < 0.5 }, { 'x-litellm-call-id': id })
          if (answer.status === 200 && (answer.json || answer.text.includes('[DONE]'))) answered.add(id)
        } catch { return }
      }
    })
    // Valkey freezes in some rounds, so that entries wait on disk when the gateway dies.
    if (round % 3 === 1) setTimeout(() => valkey.freeze(), 30)
    await new Promise(resolve => setTimeout(resolve, until - Date.now()))
    gateway().child.kill('SIGKILL')
    await Promise.all(callers)
    valkey.thaw()
    await gateway().stop()
    await start()
  }
  await waitFor(async () => !(await fs.readdir(spool, { recursive: true })).some(name => name.endsWith('.spool') && !name.startsWith('x')) || (await chat('sk-master')).status === 200, 'the spool')

  const logs = await waitFor(async () => {
    const found = (await ask(`/spend/logs?api_key=${key.key}`)).json
    return [...answered].every(id => found.some(log => log.request_id === id)) && found
  }, 'every answered call in the log', 20_000)

  const ids = logs.map(log => log.request_id)
  assert.equal(new Set(ids).size, ids.length, 'no call twice')
  assert.ok(ids.every(id => sent.has(id)))
  const { spend } = (await ask(`/key/info?key=${key.key}`)).json.info
  assert.equal(nanos(spend), logs.reduce((sum, log) => sum + nanos(log.spend), 0), 'the key spent what its records say')
  assert.ok(answered.size > 15, `only ${answered.size} calls were answered`)
  assert.equal(nanos((await ask('/global/spend/models')).json.find(row => row.model === 'big').spend), (await ask('/spend/logs')).json.reduce((sum, log) => sum + nanos(log.spend), 0))
}))

test('kill -9 of Valkey under load loses nothing', { skip, timeout: 120_000 }, () => withSpend(async ({ valkey, ask, chat }) => {
  const key = (await ask('/key/generate', {})).json
  let good = 0
  const end = Date.now() + 1500
  const callers = Array.from({ length: 6 }, async () => {
    while (Date.now() < end) if ((await chat(key.key)).status === 200) good++
  })
  await new Promise(resolve => setTimeout(resolve, 400))
  await valkey.kill()
  await new Promise(resolve => setTimeout(resolve, 400))
  await valkey.start()
  await Promise.all(callers)

  await waitFor(async () => {
    const info = (await ask(`/key/info?key=${key.key}`)).json?.info
    return info && nanos(info.spend) === good * nanos(callCost)
  }, 'the spend of every call', 20_000)
  assert.ok(good > 5)
}))

test('a frozen Valkey stalls no request: what needs no money goes on, what does is refused or let through as set', { skip, timeout: 120_000 * slowness }, async t => {
  for (const open of [false, true]) {
    await t.test(open ? 'allow_requests_on_db_unavailable' : 'by default', () => withSpend(async ({ valkey, ask, chat }) => {
      const free = (await ask('/key/generate', { rpm_limit: 100_000 })).json
      const bound = (await ask('/key/generate', { max_budget: 100 })).json
      for (const key of [free, bound]) assert.equal((await chat(key.key)).status, 200)
      const seen = { master: [], free: [], bound: [] }
      const slowest = { master: 0, free: 0, bound: 0 }
      const frozen = 3000 * slowness
      const end = Date.now() + frozen
      valkey.freeze()
      const callers = [['master', 'sk-master'], ['free', free.key], ['bound', bound.key]].flatMap(([name, key]) => Array.from({ length: 4 }, async () => {
        while (Date.now() < end) {
          const began = Date.now()
          seen[name].push((await chat(key)).status)
          slowest[name] = Math.max(slowest[name], Date.now() - began)
        }
      }))
      await Promise.all(callers)
      valkey.thaw()
      // Whoever waits for Valkey waits until the thaw; a busy machine alone is slow, but not that slow.
      assert.ok(Math.max(...Object.values(slowest)) < frozen / 2, `the slowest took ${JSON.stringify(slowest)} ms`)
      assert.ok(seen.master.length > 10 && seen.master.every(status => status === 200))
      assert.ok(seen.free.every(status => status === 200))
      assert.ok(seen.bound.every(status => status === (open ? 200 : 503)), [...new Set(seen.bound)].join())
      await waitFor(async () => nanos((await ask(`/key/info?key=${free.key}`)).json?.info?.spend) === (seen.free.length + 1) * nanos(callCost), 'the spend after the thaw', 20_000)
    }, { config: open ? ', allow_requests_on_db_unavailable: true' : '', env: { LITELLM_VALKEY_DEADLINE: `${50 * slowness}ms` } }))
  }
})

test('a pause of Valkey fails the calls that met it, and the next one is answered', { skip }, () => withSpend(async ({ valkey, ask, chat }) => {
  // Enough for what all of them reserve: what is settled waits on disk for up to two seconds after a pause.
  const bound = (await ask('/key/generate', { max_budget: 10_000 })).json
  assert.equal((await chat(bound.key)).status, 200)
  valkey.freeze()
  const met = await Promise.all(Array.from({ length: 32 }, () => chat(bound.key)))
  valkey.thaw()
  assert.deepEqual([...new Set(met.map(answer => answer.status))], [503])
  for (let i = 0; i < 20; i++) assert.equal((await chat(bound.key)).status, 200, `call ${i + 1} after the pause`)
}, { env: { LITELLM_VALKEY_DEADLINE: `${500 * slowness}ms` } }))

test('a call that nothing but Valkey can let through waits a short pause out', { skip }, () => withSpend(async ({ valkey, ask, chat }) => {
  const bound = (await ask('/key/generate', { max_budget: 10_000 })).json
  const free = (await ask('/key/generate', {})).json
  const unseen = (await ask('/key/generate', {})).json
  for (const { key } of [bound, free]) assert.equal((await chat(key)).status, 200)
  valkey.freeze()
  const waiting = [...Array.from({ length: 32 }, () => chat(bound.key)), chat(unseen.key)]
  assert.equal((await chat(free.key)).status, 200, 'a key without a budget waits for the deadline alone')
  valkey.thaw()
  assert.deepEqual([...new Set((await Promise.all(waiting)).map(answer => answer.status))], [200])
}, { env: { LITELLM_VALKEY_DEADLINE: '20ms', LITELLM_VALKEY_PATIENCE: '5s' } }))

test('a gateway whose Valkey is not there starts, answers, and hands its spend over later', { skip }, () => withSpend(async ({ valkey, ask, chat, gateway, start }) => {
  await valkey.kill()
  await gateway().stop()
  await start()
  assert.equal((await chat('sk-master')).status, 200)
  const unknown = await chat('sk-some-virtual-key')
  assert.equal(unknown.status, 503)
  assert.equal(unknown.json.error.type, 'no_db_connection')
  assert.equal((await ask('/health/readiness')).json.db, 'Not connected')

  await valkey.start()

  await waitFor(async () => (await ask('/global/spend')).json?.spend === callCost, 'the spend')
  await waitFor(async () => (await ask('/health/readiness')).json.db === 'connected', 'readiness to say so')
}))

test('a key of ours with a value of another kind is an error of that call alone', { skip }, () => withSpend(async ({ valkey, ask, chat }) => {
  const key = (await ask('/key/generate', { max_budget: 1 })).json
  const other = (await ask('/key/generate', { max_budget: 1 })).json
  const record = JSON.parse(await valkey.command('GET', `litellm:key:${key.token}`))
  await valkey.command('DEL', `litellm:purse:${record.purse}`)
  await valkey.command('SET', `litellm:purse:${record.purse}`, 'not a hash')

  assert.equal((await chat(key.key)).status, 503)
  assert.equal((await chat(other.key)).status, 200)
}))
