// general_settings.alerting: [slack]: what a person is told at once, through a webhook.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, patience, startGateway, waitFor } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing()

async function withAlerts (body, { status = 200, general = '' } = {}) {
  const heard = []
  const hooks = http.createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    heard.push({ path: request.url, text: JSON.parse(text).text })
    response.writeHead(status)
    response.end('ok')
  })
  hooks.listen(0, '127.0.0.1')
  await once(hooks, 'listening')
  const upstream = await startOpenAi({ key: 'sk-up' })
  const valkey = await startValkey()
  const gateway = await startGateway(`
model_list:
  - { model_name: big, litellm_params: { model: openai/gpt-up, api_base: "${upstream.url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 }, model_info: { id: first } }
  - { model_name: big, litellm_params: { model: openai/gpt-up, api_base: "${upstream.url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 }, model_info: { id: second } }
router_settings: { num_retries: 0 }
general_settings: { master_key: sk-master, alerting: [slack] ${general} }
`, { REDIS_URL: valkey.url, SLACK_WEBHOOK_URL: `http://127.0.0.1:${hooks.address().port}/services/T0/secret-part`, ...patience })
  const ask = async (path, sent, key = 'sk-master') => {
    const response = await fetch(gateway.url + path, { method: sent === undefined ? 'GET' : 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(sent) })
    return { status: response.status, json: await response.json() }
  }
  const chat = key => ask('/v1/chat/completions', { model: 'big', messages: [{ role: 'user', content: 'a private question' }], max_tokens: 3 }, key)
  try {
    await body({ gateway, upstream, heard, ask, chat })
    assert.equal(JSON.stringify(gateway.log).includes('secret-part'), false, 'no address in the log')
  } finally {
    assert.equal(await gateway.stop(), 0)
    await upstream.stop()
    await valkey.stop()
    hooks.close()
    hooks.closeAllConnections()
  }
}

test('budgets that are crossed and deployments that cool down are told, each once', { skip }, () => withAlerts(async ({ upstream, heard, ask, chat }) => {
  const { key } = (await ask('/key/generate', { key_alias: 'ada', max_budget: 0.02, soft_budget: 0.01 })).json
  // The gateway answers what a key has spent once that is settled: a call right behind another may be refused for what
  // that one has reserved, and the next be served again.
  while ((await ask(`/key/info?key=${key}`)).json.info.spend < 0.02) assert.equal((await chat(key)).status, 200)
  assert.equal((await chat(key)).status, 400)
  await waitFor(() => heard.length >= 2, 'both alerts')
  for (let i = 0; i < 3; i++) assert.equal((await chat(key)).status, 400)
  upstream.next({ status: 401, body: { error: { message: 'sk-up is no key' } } })
  assert.equal((await chat()).status, 401)
  await waitFor(() => heard.length >= 3, 'the alert of the cooldown')

  assert.equal(heard.length, 3, JSON.stringify(heard))
  assert.ok(heard.every(one => one.path === '/services/T0/secret-part'))
  const texts = heard.map(one => one.text).sort()
  assert.match(texts[0], /^\*Budget crossed\*: api_key .* has spent \$0\.\d+ of \$0\.02\./)
  assert.match(texts[1], /^\*Deployment cooled down\*: (first|second) of big \(openai\/gpt-up\) is left out for 5 s after AuthenticationError \(status 401\)\.$/)
  assert.match(texts[2], /^\*Soft budget crossed\*: the key ada has spent \$0\.\d+ of \$0\.01\./)
  assert.ok(texts.every(text => !text.includes('private') && !text.includes(key) && !text.includes('sk-up')))
}))

test('a budget that calls under way fill is not told as crossed', { skip }, () => withAlerts(async ({ gateway, upstream, heard, ask, chat }) => {
  const { key } = (await ask('/key/generate', { key_alias: 'ada', max_budget: 10 })).json
  const leaving = new AbortController()
  upstream.next({ hang: true })
  const held = fetch(gateway.url + '/v1/chat/completions', { method: 'POST', signal: leaving.signal, headers: { authorization: `Bearer ${key}` }, body: JSON.stringify({ model: 'big', messages: [{ role: 'user', content: 'long' }], max_tokens: 20_000 }) }).catch(() => {})
  await waitFor(() => upstream.calls.length === 1, 'the call under way')
  const refused = await chat(key)
  assert.deepEqual([refused.status, refused.json.error.type], [400, 'budget_exceeded'])
  leaving.abort()
  await held

  upstream.next({ status: 401, body: { error: { message: 'no' } } })
  assert.equal((await chat()).status, 401)
  await waitFor(() => heard.length > 0, 'the alert of the cooldown, which goes out after any of the budget')
  assert.deepEqual(heard.map(one => one.text.slice(0, 22)), ['*Deployment cooled dow'])
}))

test('calls slower than alerting_threshold are told, of each deployment once', { skip }, () => withAlerts(async ({ upstream, heard, chat }) => {
  assert.equal((await chat()).status, 200)
  upstream.next({ delay: 600 }, { delay: 600 }, { delay: 600 })
  for (let i = 0; i < 3; i++) assert.equal((await chat()).status, 200)
  await waitFor(() => heard.length > 0, 'the alert')
  upstream.next({ status: 401, body: { error: { message: 'no' } } })
  assert.equal((await chat()).status, 401)
  await waitFor(() => heard.some(one => one.text.includes('cooled')), 'the alert of the cooldown, which goes out after any of slow calls')

  const slow = heard.map(one => one.text).filter(text => text.startsWith('*Slow'))
  assert.ok(slow.length <= 2, 'three calls of two deployments')
  assert.match(slow[0], /^\*Slow call\*: (first|second) of big \(openai\/gpt-up\) took 0\.[6-9]\d s to end with status 200, and more than 0\.5 s is slow \(alerting_threshold\)\.$/)
  assert.equal(new Set(slow.map(text => text.split(' ')[2])).size, slow.length)
}, { general: ', alerting_threshold: 0.5' }))

test('only the kinds that are wanted are told, and what cannot be told is in the log', { skip }, () => withAlerts(async ({ gateway, upstream, heard, ask, chat }) => {
  upstream.next({ status: 401, body: { error: { message: 'no' } } })
  assert.equal((await chat()).status, 401)
  const { key } = (await ask('/key/generate', { max_budget: 0 })).json
  assert.equal((await chat(key)).status, 400)
  const line = await waitFor(() => gateway.log.find(one => one.event === 'alert_failed'), 'the failure in the log')
  assert.deepEqual([line.kind, line.reason], ['budget_alerts', 'status 500'])
  assert.deepEqual(heard.map(one => one.text.slice(0, 16)), ['*Budget crossed*'])
}, { status: 500, general: ', alert_types: [budget_alerts]' }))
