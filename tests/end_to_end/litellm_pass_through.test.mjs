// What is passed on to other servers is admitted, counted and recorded as calls of models are.
import assert from 'node:assert/strict'
import http from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import { missing, patience, startGateway, waitFor } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing()

// Answers at once; /slow only when told to, /fails with 500, /prices says what it has cost.
async function startTarget () {
  const waiting = []
  const server = http.createServer(async (request, response) => {
    for await (const piece of request) void piece
    const answer = () => response.end(JSON.stringify({ url: request.url, authorization: request.headers.authorization }))
    if (request.url.startsWith('/prices')) response.setHeader('x-litellm-response-cost', '0.25').setHeader('x-litellm-total-tokens', '40')
    if (request.url.startsWith('/fails')) response.statusCode = 500
    if (request.url.startsWith('/slow')) waiting.push(answer)
    else answer()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    waiting,
    async stop () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

async function withGateway (body) {
  const [target, valkey] = [await startTarget(), await startValkey()]
  const gateway = await startGateway(`
model_list:
  - { model_name: small, litellm_params: { model: openai/first, api_base: "${target.url}/first", api_key: sk-first } }
  - { model_name: big, litellm_params: { model: openai/second, api_base: "${target.url}/second", api_key: sk-second, use_in_pass_through: true } }
general_settings:
  master_key: sk-master
  pass_through_endpoints:
    - { path: /bria, target: "${target.url}", include_subpath: true, cost_per_request: 0.02, headers: { authorization: Bearer os.environ/BRIA } }
    - { path: /open, target: "${target.url}/open", auth: false }
`, { BRIA: 'sk-bria', REDIS_URL: valkey.url, ...patience })
  const ask = async (path, sent, key = 'sk-master', more = {}) => {
    const response = await fetch(gateway.url + path, {
      method: sent === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: sent === undefined ? undefined : JSON.stringify(sent),
      ...more
    })
    return { status: response.status, headers: response.headers, json: await response.json() }
  }
  const make = async fields => (await ask('/key/generate', fields)).json
  const logs = async key => (await ask(`/spend/logs?api_key=${key.token}`)).json
  try {
    await body({ target, gateway, ask, make, logs })
  } finally {
    await gateway.stop()
    await target.stop()
    await valkey.stop()
  }
}

test('a request that is passed on is charged, recorded, counted and logged', { skip }, () => withGateway(async ({ ask, make, logs, gateway }) => {
  const key = await make({ key_alias: 'bria', rpm_limit: 9 })
  const answer = await ask('/bria/v1/draw?q=1', { prompt: 'x', user: 'ann' }, key.key)
  assert.deepEqual([answer.status, answer.json.url, answer.json.authorization], [200, '/v1/draw?q=1', 'Bearer sk-bria'])
  assert.equal(answer.headers.get('x-litellm-response-cost'), '0.02')
  assert.equal(answer.headers.get('x-ratelimit-remaining-requests'), '8')
  const told = await ask('/bria/prices', {}, key.key)
  assert.equal(told.headers.get('x-litellm-response-cost'), '0.25', 'what the target says wins')
  assert.equal((await ask('/bria/fails', {}, key.key)).status, 500)

  const [failed, priced, drawn] = await logs(key)
  assert.deepEqual([drawn.call_type, drawn.model, drawn.spend, drawn.status, drawn.end_user, drawn.request_id],
    ['pass_through_endpoint', '/bria', 0.02, 'success', 'ann', answer.headers.get('x-litellm-call-id')])
  assert.match(drawn.api_base, /\/v1\/draw$/)
  assert.deepEqual([priced.spend, priced.total_tokens, failed.spend, failed.status], [0.25, 40, 0, 'failure'])
  assert.equal((await ask(`/key/info?key=${key.key}`)).json.info.spend, 0.27)

  const metrics = await (await fetch(`${gateway.url}/metrics`, { headers: { authorization: 'Bearer sk-master' } })).text()
  assert.match(metrics, /litellm_proxy_total_requests_metric_total\{[^}]*requested_model="\/bria"[^}]*\} 2/)
  const line = await waitFor(() => gateway.log.find(one => one.passed_to === '/bria'), 'the line of the request')
  assert.deepEqual([line.api_key_alias, line.answered], ['bria', 200])
}))

test('limits and budgets of a key hold for what is passed on', { skip }, () => withGateway(async ({ ask, make, logs, target }) => {
  const rated = await make({ rpm_limit: 1 })
  assert.equal((await ask('/bria', {}, rated.key)).status, 200)
  const limited = await ask('/bria', {}, rated.key)
  assert.deepEqual([limited.status, limited.headers.get('rate_limit_type')], [429, 'requests'])

  const poor = await make({ max_budget: 0.03 })
  assert.equal((await ask('/bria', {}, poor.key)).status, 200)
  assert.equal((await ask('/bria', {}, poor.key)).status, 200)
  assert.equal((await ask('/bria', {}, poor.key)).json.error.type, 'budget_exceeded')

  const narrow = await make({ models: ['small'] })
  assert.equal((await ask('/bria', { prompt: 'x', fallbacks: ['big'] }, narrow.key)).status, 200, 'no model is named')
  assert.equal((await ask('/bria', { model: 'big' }, narrow.key)).status, 403)

  const single = await make({ max_parallel_requests: 1 })
  const first = ask('/bria/slow', {}, single.key)
  await waitFor(() => target.waiting.length === 1, 'the first to arrive')
  assert.equal((await ask('/bria', {}, single.key)).headers.get('rate_limit_type'), 'max_parallel_requests')
  target.waiting[0]()
  assert.equal((await first).status, 200)
  await waitFor(async () => (await ask('/bria', {}, single.key)).status === 200, 'the place to be free')

  const leaver = await make({ max_parallel_requests: 1 })
  const left = new AbortController()
  const gone = ask('/bria/slow', {}, leaver.key, { signal: left.signal }).catch(() => {})
  await waitFor(() => target.waiting.length === 2, 'the second to arrive')
  left.abort()
  await gone
  await waitFor(async () => (await ask('/bria', {}, leaver.key)).status === 200, 'the place to be free after the client has left')
  assert.ok((await logs(leaver)).some(one => one.status === 'failure' && one.metadata.includes('the client went away')))
}))

test('endpoints without a key and providers are recorded too', { skip }, () => withGateway(async ({ ask }) => {
  assert.equal((await ask('/open', {}, 'sk-of-the-target')).status, 200)
  const answer = await ask('/openai/v1/files', {})
  assert.deepEqual([answer.json.url, answer.json.authorization], ['/second/v1/files', 'Bearer sk-second'], 'the deployment that is marked for it')
  const records = await waitFor(async () => {
    const all = (await ask('/spend/logs')).json
    return all.length === 2 && all
  }, 'both records')
  assert.deepEqual(records.map(one => [one.model, one.api_key]).sort(), [['/open', ''], ['/openai', 'litellm_proxy_master_key']])
}))
