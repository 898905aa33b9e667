// Strategies, cooldowns, retries, fallbacks and timeouts of the gateway, seen through the official OpenAI client.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, patience, startGateway, waitFor } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing('openai')
const { default: OpenAI } = skip ? {} : await import('openai')
const messages = [{ role: 'user', content: 'Hello' }]

// `models`: name → list of deployments, each { params, info }; `$0`, `$1`… in the configuration are upstreams.
async function withRouter (config, body, { upstreams = 2, env = {} } = {}) {
  const servers = []
  for (let i = 0; i < upstreams; i++) servers.push(await startOpenAi({ key: 'sk-up' }))
  const text = config.replace(/\$(\d)/g, (_, i) => `api_base: "${servers[i].url}", api_key: sk-up`)
  const gateway = await startGateway(`${text}\ngeneral_settings: { master_key: sk-master, dangerously_allow_mock_testing_request_params: true }\n`, env)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  // One call: what the client got, its headers, and who answered.
  const ask = async (request = {}, options = {}) => {
    const { data, response } = await client.chat.completions.create({ model: 'big', messages, ...request }, options).withResponse()
    return { data, headers: response.headers, id: response.headers.get('x-litellm-model-id') }
  }
  try {
    await body({ ask, client, gateway, servers })
  } finally {
    const code = await gateway.stop()
    for (const server of servers) await server.stop()
    assert.equal(code, 0)
  }
}

const deployment = (name, i, id, more = '', entry = '') => `
  - model_name: ${name}
    litellm_params: { model: openai/up-${id}, $${i}${more && `, ${more}`} }
    model_info: { id: ${id} }${entry}`
const two = (more0 = '', more1 = '') => `model_list:${deployment('big', 0, 'one', more0)}${deployment('big', 1, 'two', more1)}`
const line = (gateway, id) => waitFor(() => gateway.log.find(entry => entry.routing?.attempts.some(attempt => attempt.deployment === id)), 'the line of the request')

test('weights decide who answers, and an order keeps the second for bad times', { skip }, () => withRouter(two('order: 1', 'order: 2'), async ({ ask, servers }) => {
  for (let i = 0; i < 5; i++) assert.equal((await ask()).id, 'one')

  servers[0].next({ status: 429 })
  const answer = await ask()
  assert.equal(answer.id, 'two')
  assert.equal(answer.headers.get('x-litellm-attempted-retries'), '1')
  assert.equal((await ask()).id, 'two', 'the first cools down')
}))

test('a deployment that answers 429 is left alone for as long as it asked', { skip }, () => withRouter(two(), async ({ ask, servers, gateway }) => {
  servers[0].next({ status: 429, headers: { 'retry-after': '1' } })
  while (servers[0].calls.length === 0) await ask()
  const before = servers[0].calls.length
  for (let i = 0; i < 10; i++) assert.equal((await ask()).id, 'two')
  assert.equal(servers[0].calls.length, before)
  const cooled = gateway.log.find(entry => entry.event === 'deployment_cooled_down')
  assert.equal(cooled.deployment, 'one')
  assert.equal(cooled.error, 'RateLimitError')

  await waitFor(async () => (await ask()).id === 'one', 'the first to be back')
}))

test('a group whose deployments all cool down answers 429 and says for how long', { skip }, () => withRouter(`${two()}\nrouter_settings: { num_retries: 0, cooldown_time: 30 }`, async ({ ask, servers }) => {
  servers.forEach(server => server.next({ status: 401 }))
  await assert.rejects(ask(), { status: 401 })
  await assert.rejects(ask(), { status: 401 })

  const error = await ask().catch(error => error)
  assert.equal(error.status, 429)
  assert.equal(error.type, 'throttling_error')
  assert.match(error.message, /No deployments available for selected model, Try again in \d+ seconds/)
  assert.ok(Number(error.headers.get('retry-after')) > 20)
  assert.equal((await ask({ model: 'one' })).id, 'one', 'a name that is an id ignores cooldowns')
}))

test('a wrong request is not tried again, a busy upstream is', { skip }, () => withRouter(two('order: 1', 'order: 2'), async ({ ask, servers }) => {
  servers[0].next({ status: 400 }, { status: 503, headers: { 'retry-after': '1' } })
  await assert.rejects(ask(), { status: 400 })
  assert.equal(servers[0].calls.length + servers[1].calls.length, 1)

  assert.equal((await ask({}, { headers: { 'x-litellm-num-retries': '3' } })).headers.get('x-litellm-attempted-retries'), '1')
}))

test('a retry waits as long as the upstream asked', { skip }, () => withRouter(`model_list:${deployment('big', 0, 'one')}`, async ({ ask, servers }) => {
  servers[0].next({ status: 500, headers: { 'retry-after': '1' } })

  const began = Date.now()
  const { headers } = await ask()
  assert.equal(headers.get('x-litellm-attempted-retries'), '1')
  assert.ok(Date.now() - began >= 990)
}))

test('policies say how often each class is tried again', { skip }, () => withRouter(`model_list:${deployment('big', 0, 'one')}
router_settings:
  retry_after: 0
  disable_cooldowns: true
  retry_policy: { InternalServerErrorRetries: 0, RateLimitErrorRetries: 1 }`, async ({ ask, servers }) => {
  servers[0].next({ status: 500 })
  await assert.rejects(ask(), { status: 500 })
  servers[0].next({ status: 429 }, { status: 429 })
  const error = await ask().catch(error => error)
  assert.equal(error.status, 429)
  assert.equal(error.headers.get('x-litellm-attempted-retries'), '1')
  assert.equal(servers[0].calls.length, 3)
}))

test('allowed_fails counts before it cools down', { skip }, () => withRouter(`${two()}\nrouter_settings: { allowed_fails: 1, num_retries: 3, cooldown_time: 60 }`, async ({ ask, servers }) => {
  servers[0].next(...Array(2).fill({ status: 500 }))
  for (let i = 0; i < 30 && servers[0].calls.length < 2; i++) await ask()
  for (let i = 0; i < 10; i++) assert.equal((await ask()).id, 'two')
}))

const withFallbacks = settings => `model_list:${deployment('big', 0, 'one')}${deployment('small', 1, 'two')}${deployment('last', 2, 'three')}
router_settings:
  num_retries: 0
  disable_cooldowns: true
${settings}`

test('a fallback answers under its own name, and the headers tell', { skip }, () => withRouter(withFallbacks('  fallbacks: [{ big: [small] }]'), async ({ ask, servers, gateway }) => {
  servers[0].next({ status: 500 })

  const { data, headers, id } = await ask()
  assert.equal(id, 'two')
  assert.equal(data.model, 'small')
  assert.equal(headers.get('x-litellm-model-group'), 'small')
  assert.equal(headers.get('x-litellm-attempted-fallbacks'), '1')
  const { routing } = await line(gateway, 'two')
  assert.deepEqual(routing.fallbacks, ['small'])
  assert.equal(routing.attempts[0].error, 'InternalServerError')
  assert.equal(JSON.stringify(routing).includes('Hello'), false)
}, { upstreams: 3 }))

test('a fallback that nothing answers to is named at the start and hides no failure', { skip }, () => withRouter(`model_list:${deployment('big', 0, 'one')}${deployment('small', 1, 'two')}
router_settings: { num_retries: 0, fallbacks: [{ big: [smal] }] }`, async ({ ask, servers, gateway }) => {
  const warnings = gateway.log.filter(entry => entry.event === 'config_warning').map(entry => entry.warning).filter(text => text.startsWith('fallbacks'))
  assert.deepEqual(warnings, ['fallbacks of big name smal, which is no model_name of model_list (did you mean small?); it is passed over'])

  servers[0].next({ status: 503 })
  const error = await ask().catch(error => error)
  assert.equal(error.status, 503, 'what the upstream said')
  assert.match(error.message, /The fallback smal is no model of this gateway, so it was passed over/)
  assert.match(error.message, /Available Model Group Fallbacks=\['smal'\]/)

  servers[0].next({ status: 503 })
  assert.equal((await ask({ fallbacks: ['nobody', 'small'] })).id, 'two', 'the next one is tried')
}))

test('fallbacks go by the class of the failure, then by the general list, and on from their targets', { skip }, () => withRouter(withFallbacks(`  fallbacks: [{ small: [last] }]
  context_window_fallbacks: [{ big: [small] }]
  content_policy_fallbacks: [{ big: [last] }]`), async ({ ask, servers }) => {
  const tooLong = { status: 400, body: { error: { message: 'too long', type: 'invalid_request_error', param: null, code: 'context_length_exceeded' } } }
  servers[0].next(tooLong)
  assert.equal((await ask()).id, 'two')

  servers[0].next(tooLong)
  servers[1].next({ status: 500 })
  const far = await ask()
  assert.equal(far.id, 'three')
  assert.equal(far.headers.get('x-litellm-attempted-fallbacks'), '2')

  servers[0].next({ status: 400, body: { error: { message: 'no', type: 'x', param: null, code: 'content_policy_violation' } } })
  assert.equal((await ask()).id, 'three')
}, { upstreams: 3 }))

test('clients bring fallbacks of their own, with other messages if they like, or turn them off', { skip }, () => withRouter(withFallbacks('  default_fallbacks: [last]'), async ({ ask, servers }) => {
  servers[0].next({ status: 500 }, { status: 500 }, { status: 500 })
  assert.equal((await ask()).id, 'three')

  const other = [{ role: 'user', content: 'Shorter' }]
  assert.equal((await ask({ fallbacks: [{ model: 'small', messages: other }] })).id, 'two')
  assert.deepEqual(servers[1].calls[0].body, { model: 'up-two', messages: other })

  const error = await ask({ disable_fallbacks: true }).catch(error => error)
  assert.equal(error.status, 500)
  assert.equal(error.headers.get('x-litellm-attempted-fallbacks'), '0')
  assert.match(error.message, /Received Model Group=big\nAvailable Model Group Fallbacks=None/)
}, { upstreams: 3 }))

test('a stream falls back until its first content, and never after', { skip }, () => withRouter(withFallbacks('  fallbacks: [{ big: [small] }]'), async ({ ask, client, servers }) => {
  const chunk = delta => JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null }] })
  servers[0].next({ events: [chunk({ role: 'assistant', content: '' })], cut: 'body' })
  let text = ''
  for await (const part of await client.chat.completions.create({ model: 'big', messages, stream: true })) text += part.choices[0]?.delta.content ?? ''
  assert.equal(text, 'Hi \u{1F600} there')
  assert.equal(servers[1].calls.length, 1)

  servers[0].next({ events: [chunk({ role: 'assistant', content: 'Begun' })], cut: 'body' })
  await assert.rejects(async () => {
    for await (const part of await client.chat.completions.create({ model: 'big', messages, stream: true })) text += part.choices[0]?.delta.content ?? ''
  })
  assert.equal(servers[1].calls.length, 1)
}, { upstreams: 3 }))

test('mock_testing_* make a configuration show what it does', { skip }, () => withRouter(withFallbacks(`  fallbacks: [{ big: [small] }]
  context_window_fallbacks: [{ big: [last] }]`).replace('num_retries: 0', 'num_retries: 1'), async ({ ask, servers }) => {
  assert.equal((await ask({ mock_testing_fallbacks: true })).id, 'two')
  assert.equal((await ask({ mock_testing_context_window_fallbacks: true })).id, 'three')
  assert.equal(servers[0].calls.length, 0)
  const limited = await ask({ mock_testing_rate_limit_error: true })
  assert.equal(limited.id, 'one')
  assert.equal(limited.headers.get('x-litellm-attempted-retries'), '1')
  const error = await ask({ mock_timeout: true, disable_fallbacks: true }, { headers: { 'x-litellm-timeout': '0.2', 'x-litellm-num-retries': '0' } }).catch(error => error)
  assert.equal(error.status, 408)
  assert.equal(error.headers.get('x-litellm-timeout'), '0.2')
}, { upstreams: 3 }))

test('tags choose the deployment', { skip }, () => withRouter(`${two('tags: [free]', 'tags: [paid]')}\nrouter_settings: { enable_tag_filtering: true }`, async ({ ask }) => {
  for (let i = 0; i < 4; i++) {
    assert.equal((await ask({ metadata: { tags: ['free'] } })).id, 'one')
    assert.equal((await ask({}, { headers: { 'x-litellm-tags': 'paid,other' } })).id, 'two')
  }
  await assert.rejects(ask({ tags: ['none'] }), { status: 401 })
}))

test('the deployment with the fewest calls under way is chosen', { skip }, () => withRouter(`${two()}\nrouter_settings: { routing_strategy: least-busy }`, async ({ ask, servers }) => {
  servers.forEach(server => server.next({ delay: 400 }))
  const slow = [ask()]
  await waitFor(() => servers[0].calls.length + servers[1].calls.length === 1, 'the first call')
  slow.push(ask())
  const ids = (await Promise.all(slow)).map(answer => answer.id).sort()
  assert.deepEqual(ids, ['one', 'two'])
}))

test('rpm is a hard limit for routing by usage', { skip }, () => withRouter(`${two('rpm: 3', 'rpm: 2')}\nrouter_settings: { routing_strategy: usage-based-routing-v2, num_retries: 0 }`, async ({ ask, servers }) => {
  const results = await Promise.allSettled(Array.from({ length: 12 }, () => ask()))
  const good = results.filter(result => result.status === 'fulfilled').length
  // A minute may end in between.
  assert.ok(good === 5 || good <= 10, `${good} calls`)
  assert.ok(servers[0].calls.length % 3 === 0 || good > 5)
  for (const result of results) if (result.status === 'rejected') assert.equal(result.reason.status, 429)
}))

test('the faster deployment gets the calls once both are known', { skip }, () => withRouter(`${two()}\nrouter_settings: { routing_strategy: latency-based-routing }`, async ({ ask, servers }) => {
  servers[0].next({ delay: 300 })
  const ids = []
  for (let i = 0; i < 8; i++) ids.push((await ask()).id)
  assert.deepEqual(ids.slice(2), Array(6).fill('two'))
}))

test('the cheaper deployment gets the calls', { skip }, () => withRouter(`${two('input_cost_per_token: 0.00002, output_cost_per_token: 0', 'input_cost_per_token: 0.00001, output_cost_per_token: 0')}\nrouter_settings: { routing_strategy: cost-based-routing }`, async ({ ask }) => {
  for (let i = 0; i < 4; i++) assert.equal((await ask()).id, 'two')
}))

test('a provider or deployment over its budget is left out', { skip }, () => withRouter(`model_list:${deployment('big', 0, 'one', 'input_cost_per_token: 1, output_cost_per_token: 0, max_budget: 5, budget_duration: 1h, order: 1')}${deployment('big', 1, 'two', 'order: 2')}`, async ({ ask }) => {
  assert.equal((await ask()).id, 'one')
  assert.equal((await ask()).id, 'two', '9 USD of 5 are spent')
}))

test('what a provider and a deployment have spent is remembered over restarts, and counted by all gateways together', { skip }, async () => {
  const valkey = await startValkey()
  const server = await startOpenAi({ key: 'sk-up' })
  const priced = `api_base: "${server.url}", api_key: sk-up, input_cost_per_token: 1, output_cost_per_token: 0`
  const config = `model_list:
  - { model_name: big, litellm_params: { model: openai/up, ${priced} }, model_info: { id: one } }
  - { model_name: own, litellm_params: { model: groq/up, ${priced}, max_budget: 5, budget_duration: 1mo }, model_info: { id: two } }
router_settings: { num_retries: 0, provider_budget_config: { openai: { budget_limit: 15, time_period: 1d } } }
general_settings: { master_key: sk-master }
`
  const start = () => startGateway(config, { REDIS_URL: valkey.url, ...patience })
  const ask = async (gateway, model) => (await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer sk-master' }, body: JSON.stringify({ model, messages }) })).status
  let gateways = [await start(), await start()]
  try {
    assert.equal(await ask(gateways[0], 'big'), 200)
    assert.equal(await ask(gateways[1], 'big'), 200, '9 USD of 15 are spent')
    await waitFor(async () => await ask(gateways[0], 'big') === 429, 'the first to hear of the second')
    assert.equal(await ask(gateways[0], 'own'), 200)
    for (const gateway of gateways) await gateway.stop()

    const days = Number(await valkey.command('PTTL', 'litellm:routing:spend:deployment:m1:two')) / 86_400_000
    assert.ok(days > 27.9 && days <= 31, `a calendar month, not ${days} days`)
    gateways = [await start()]
    await waitFor(async () => await ask(gateways[0], 'big') === 429, 'what was spent before the restart')
    assert.equal(await ask(gateways[0], 'own'), 429)
  } finally {
    for (const gateway of gateways) await gateway.stop()
    await server.stop()
    await valkey.stop()
  }
})

test('a full deployment answers 429 at once', { skip }, () => withRouter(`model_list:${deployment('big', 0, 'one', 'max_parallel_requests: 1')}`, async ({ ask, servers }) => {
  servers[0].next({ delay: 500 })
  const first = ask()
  await waitFor(() => servers[0].calls.length === 1, 'the first call')
  const error = await ask().catch(error => error)
  assert.equal(error.status, 429)
  assert.equal(error.type, 'throttling_error')
  await first
}))

test('a prompt that no deployment takes is a context window error, which has fallbacks of its own', { skip }, () => withRouter(`model_list:${deployment('big', 0, 'one').replace('{ id: one }', '{ id: one, max_input_tokens: 5 }')}${deployment('huge', 1, 'two')}
router_settings: { enable_pre_call_checks: true, context_window_fallbacks: [{ big: [huge] }] }`, async ({ ask, servers }) => {
  const long = [{ role: 'user', content: 'word '.repeat(50) }]
  assert.equal((await ask({ messages: long })).id, 'two')
  assert.equal(servers[0].calls.length, 0)
}))

test('a hedged request takes the first answer and ends the other call', { skip }, () => withRouter(`${two('order: 1', 'order: 1')}\nrouter_settings: { hedge_after: 0.1 }`, async ({ ask, client, servers, gateway }) => {
  servers.forEach(server => server.next({ hang: true }))
  const began = Date.now()
  const late = ask({}, { headers: { 'x-litellm-timeout': '1', 'x-litellm-num-retries': '0' } })
  await waitFor(() => servers[0].calls.length === 1 && servers[1].calls.length === 1, 'the second call')
  assert.ok(Date.now() - began >= 95)
  const [first, second] = [servers[0].calls[0], servers[1].calls[0]]
  assert.ok(!first.closed && !second.closed)
  await assert.rejects(late, { status: 408 })
  await waitFor(() => first.closed && second.closed, 'both calls to end')

  servers[0].next({ hang: true })
  servers[1].next({})
  const before = servers[0].calls.length
  while (servers[0].calls.length === before) {
    const answer = await ask()
    assert.equal(answer.id, 'two')
  }
  await waitFor(() => servers[0].calls.at(-1).closed, 'the loser to be cut off')
  const hedged = await waitFor(() => gateway.log.find(entry => entry.routing?.attempts.some(attempt => attempt.hedge) && entry.status === 200), 'the line of the hedged request')
  assert.equal(hedged.deployment, 'two')

  servers.forEach(server => server.next({ hang: true }))
  const controller = new AbortController()
  const leaving = client.chat.completions.create({ model: 'big', messages }, { signal: controller.signal })
  const counts = servers.map(server => server.calls.length)
  await waitFor(() => servers.every((server, i) => server.calls.length > counts[i]), 'both calls')
  controller.abort()
  await assert.rejects(leaving)
  await waitFor(() => servers.every(server => server.calls.at(-1).closed), 'both calls to end with the client')
}))

test('gateways with the same Valkey share cooldowns and count requests together', { skip }, async () => {
  const valkey = await startValkey()
  const server = await startOpenAi({ key: 'sk-up' })
  const config = `model_list:
  - model_name: big
    litellm_params: { model: openai/up, api_base: "${server.url}", api_key: sk-up, rpm: 300 }
    model_info: { id: one }
  - model_name: other
    litellm_params: { model: openai/up, api_base: "${server.url}", api_key: sk-up }
    model_info: { id: two }
router_settings: { num_retries: 0, routing_strategy: usage-based-routing, cooldown_time: 60 }
general_settings: { master_key: sk-master }
`
  const gateways = [await startGateway(config, { REDIS_URL: valkey.url, ...patience }), await startGateway(config, { REDIS_URL: valkey.url, ...patience })]
  const ask = (gateway, model) => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 }).chat.completions.create({ model, messages })
  // Over the minutes that the test may touch.
  const counted = async () => {
    let sum = 0
    for (const key of await valkey.command('KEYS', 'litellm:routing:[0-9]*')) sum += Number(await valkey.command('HGET', key, 'r:one') ?? 0)
    return sum
  }
  try {
    server.next({ status: 401 })
    await assert.rejects(ask(gateways[0], 'other'), { status: 401 })
    await waitFor(() => ask(gateways[1], 'other').then(() => false, error => error.status === 429), 'the cooldown at the other gateway')

    for (const gateway of [gateways[0], gateways[0], gateways[1]]) await ask(gateway, 'big')
    await waitFor(async () => await counted() === 3, 'both to have told of their requests')
  } finally {
    for (const gateway of gateways) await gateway.stop()
    await valkey.stop()
    await server.stop()
  }
})

test('a prompt whose beginning a deployment has in its cache goes there again, for either form of clients', { skip }, () => withRouter(`${two()}
router_settings: { optional_pre_call_checks: [prompt_caching], num_retries: 1 }`, async ({ ask, gateway, servers }) => {
  const long = 'You are thorough. '.repeat(400)
  const marked = (text, more = []) => [{ role: 'system', content: [{ type: 'text', text, cache_control: { type: 'ephemeral' } }] }, ...messages, ...more]
  const { id } = await ask({ messages: marked(long) })
  for (let i = 0; i < 10; i++) assert.equal((await ask({ messages: marked(long, [{ role: 'assistant', content: `${i}` }, { role: 'user', content: 'More' }]) })).id, id)
  const others = new Set()
  for (let i = 0; i < 30; i++) others.add((await ask({ messages: marked(`${i} ${long}`) })).id)
  assert.equal(others.size, 2, 'other prompts go anywhere')

  const say = async text => {
    const answer = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: { 'x-api-key': 'sk-master', 'content-type': 'application/json' }, body: JSON.stringify({ model: 'big', max_tokens: 9, system: [{ type: 'text', text, cache_control: { type: 'ephemeral' } }], messages }) })
    assert.equal(answer.status, 200)
    return answer.headers.get('x-litellm-model-id')
  }
  const anthropic = await say(`Also ${long}`)
  for (let i = 0; i < 10; i++) assert.equal(await say(`Also ${long}`), anthropic)

  const keeper = servers[id === 'one' ? 0 : 1]
  keeper.next({ status: 500 })
  assert.notEqual((await ask({ messages: marked(long) })).id, id, 'one that fails is not waited for')
}))
