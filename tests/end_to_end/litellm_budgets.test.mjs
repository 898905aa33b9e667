// What keys, teams, users and customers may spend and how fast, kept in a real Valkey, over several gateways.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callCost, messages, rejects, skip, withGateway } from './litellm/keys.mjs'
import { waitFor } from './litellm/program.mjs'

test('the gauges of a budget follow a budget that is raised, reset, removed or deleted', { skip }, () => withGateway(async ({ gateway, ask, chat, make, spendOf }) => {
  const gauges = async id => {
    const text = await (await fetch(`${gateway.url}/metrics`, { headers: { authorization: 'Bearer sk-master' } })).text()
    return Object.fromEntries([...text.matchAll(/^litellm_(remaining_api_key|api_key_max|remaining_team|team_max)_budget_metric\{.*="([^"]*)",.*\} (.*)$/gm)].filter(match => match[2] === id).map(match => [match[1], Number(match[3])]))
  }
  await ask('/team/new', { team_id: 'crew', max_budget: 2 })
  const key = await make({ max_budget: 0.012, team_id: 'crew' })
  assert.equal((await chat(key.key)).status, 200)
  assert.equal(await spendOf(key), callCost)
  assert.equal((await chat(key.key)).status, 400)
  assert.deepEqual([await gauges(key.token), await gauges('crew')], [{ remaining_api_key: 0, api_key_max: 0.012 }, { remaining_team: 1.988, team_max: 2 }])

  await ask('/key/update', { key: key.key, max_budget: 0.112 })
  await ask('/team/update', { team_id: 'crew', max_budget: 3 })
  assert.deepEqual([await gauges(key.token), await gauges('crew')], [{ remaining_api_key: 0.1, api_key_max: 0.112 }, { remaining_team: 2.988, team_max: 3 }])
  await ask(`/key/${key.token}/reset_spend`, { reset_to: 0 })
  assert.deepEqual(await gauges(key.token), { remaining_api_key: 0.112, api_key_max: 0.112 })
  assert.equal((await chat(key.key)).status, 200)
  assert.deepEqual(await gauges(key.token), { remaining_api_key: 0.1, api_key_max: 0.112 })
  await ask('/key/update', { key: key.key, max_budget: null })
  await ask('/team/delete', { team_ids: ['crew'] })
  assert.deepEqual([await gauges(key.token), await gauges('crew')], [{}, {}])
}))

test('a key with money for one of 500 simultaneous calls over two gateways spends for one', { skip }, () => withGateway(async ({ chat, make, spendOf, gateways }) => {
  // A call reserves 0.012 at most (9 tokens in are estimated from the body, 3 out), so that one fits.
  const key = await make({ max_budget: 0.011 })

  const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => chat(key.key, {}, gateways[i % 2])))

  const good = answers.filter(answer => answer.status === 200)
  assert.equal(good.length, 1)
  const refused = answers.find(answer => answer.status !== 200)
  rejects(refused, 400, 'budget_exceeded', /Budget has been exceeded!.*Current cost: .*Max budget: 0\.011/)
  assert.equal(refused.json.error.param, null)
  assert.equal(await spendOf(key), callCost)
  assert.equal((await chat(key.key, { model: 'free' })).status, 200, 'models that cost nothing need no budget')
}, { gateways: 2 }))

test('a call refused for what others have reserved is told so, and what is spent', { skip }, () => withGateway(async ({ gateway, ask, chat, make, spendOf, upstream }) => {
  await ask('/team/new', { team_id: 'crew', max_budget: 0.02 })
  for (const fields of [{ max_budget: 0.02 }, { team_id: 'crew' }]) {
    const key = await make(fields)
    assert.equal((await chat(key.key)).status, 200)
    assert.equal(await spendOf(key), callCost)
    const leaving = new AbortController()
    const asked = upstream.calls.length
    upstream.next({ hang: true })
    const held = fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', signal: leaving.signal, headers: { authorization: `Bearer ${key.key}` }, body: JSON.stringify({ model: 'big', messages, max_tokens: 3 }) }).catch(() => {})
    await waitFor(() => upstream.calls.length > asked, 'the call under way')

    const refused = await chat(key.key)

    rejects(refused, 400, 'budget_exceeded', /^Budget has been exceeded! (api_key|team)=\S+ Current cost: 0\.012, Max budget: 0\.02\. Calls under way have reserved 0\.0\d+ .*set max_tokens/)
    leaving.abort()
    await held
  }
}))

test('spend stays within one call of the limit however many calls run', { skip }, () => withGateway(async ({ make, chat, spendOf, gateways }) => {
  const key = await make({ max_budget: 0.1 })
  for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 60 }, (_, i) => chat(key.key, {}, gateways[i % 2])))

  const spend = await spendOf(key)

  assert.ok(spend >= 0.1 && spend < 0.1 + callCost, `spent ${spend}`)
}, { gateways: 2 }))

test('a budget of nothing refuses the first call, and a budget begins anew after its duration', { skip }, () => withGateway(async ({ valkey, ask, chat, make }) => {
  rejects(await chat((await make({ max_budget: 0 })).key), 400, 'budget_exceeded', /Max budget: 0/)
  const key = await make({ max_budget: 0.01, budget_duration: '1s' })
  assert.equal((await chat(key.key)).status, 200)
  assert.equal((await chat(key.key)).status, 400)

  await waitFor(async () => (await ask(`/key/info?key=${key.key}`)).json.info.spend === 0, 'the reset to show')
  assert.equal((await chat(key.key)).status, 200)

  const monthly = await make({ budget_duration: '1mo', max_budget: 1 })
  const { budget_reset_at: reset } = (await ask(`/key/info?key=${monthly.key}`)).json.info
  assert.ok(new Date(reset) - Date.now() > 27 * 86_400_000 && new Date(reset) - Date.now() < 32 * 86_400_000, reset)
  const purse = (await valkey.command('KEYS', 'litellm:purse:*'))
  assert.ok(purse.length >= 3)
}))

test('budgets of models, users, teams, members and customers hold as well', { skip }, () => withGateway(async ({ ask, chat, make }) => {
  const byModel = await make({ model_max_budget: { big: { budget_limit: 0.01, time_period: '1d' } } })
  assert.equal((await chat(byModel.key)).status, 200)
  rejects(await chat(byModel.key), 400, 'budget_exceeded', /model_per_key/)
  assert.equal((await chat(byModel.key, { model: 'team/x' })).status, 200)

  await ask('/user/new', { user_id: 'u1', max_budget: 0.01 })
  const first = await make({ user_id: 'u1' })
  const second = await make({ user_id: 'u1' })
  assert.equal((await chat(first.key)).status, 200)
  rejects(await chat(second.key), 400, 'budget_exceeded', /user=u1/)

  await ask('/team/new', { team_id: 't1', models: ['big'], max_budget: 10 })
  await ask('/team/member_add', { team_id: 't1', member: { user_id: 'm1', role: 'user' }, max_budget_in_team: 0.01 })
  const member = await make({ team_id: 't1', user_id: 'm1' })
  const listed = async (team, key) => (await ask(`/v1/models?team_id=${team}`, undefined, key)).json
  assert.deepEqual((await listed('t1')).data.map(model => model.id), ['big'])
  assert.deepEqual((await listed('t1', member.key)).data.map(model => model.id), ['big'])
  assert.equal((await listed('t2', member.key)).error.code, '403')
  assert.equal((await listed('t2')).error.code, '404')
  assert.equal((await chat(member.key)).status, 200)
  rejects(await chat(member.key), 400, 'budget_exceeded', /team_member=m1/)
  const other = await make({ team_id: 't1' })
  assert.equal((await chat(other.key)).status, 200)
  rejects(await chat(other.key, { model: 'team/x' }), 403, 'team_model_access_denied', /team not allowed/)
  assert.equal((await ask('/team/info?team_id=t1')).json.team_info.spend, 2 * callCost)
  await ask('/team/block', { team_id: 't1' })
  rejects(await chat(other.key), 401, 'auth_error', /Team=t1 is blocked/)

  await ask('/budget/new', { budget_id: 'small', max_budget: 0.01 })
  await ask('/customer/new', { user_id: 'c1', budget_id: 'small' })
  const plain = await make({})
  assert.equal((await chat(plain.key, { user: 'c1' })).status, 200)
  rejects(await chat(plain.key, { user: 'c1' }), 400, 'budget_exceeded', /end_user=c1/)
  assert.equal((await chat(plain.key, { user: 'c2' })).status, 200)
  assert.equal((await ask('/customer/info?end_user_id=c1')).json.spend, callCost)
}))

test('a budget or a team that does not exist is refused, and nothing is changed', { skip }, () => withGateway(async ({ ask, make }) => {
  const key = await make({})
  const budget = { budget_id: 'gone' }
  const updates = [['/key/update', { key: key.key }], ['/key/regenerate', { key: key.key }], ['/customer/update', { user_id: 'c1' }]]
  await ask('/customer/new', { user_id: 'c1' })
  for (const [path, more] of [['/key/generate', {}], ['/customer/new', { user_id: 'c2' }], ...updates]) rejects(await ask(path, { ...budget, ...more }), 404, 'not_found_error', /Budget not found. budget_id=gone/)
  for (const [path, more] of [['/key/generate', {}], ...updates.slice(0, 2)]) rejects(await ask(path, { team_id: 'gone', ...more }), 404, 'not_found_error', /Team not found. team_id=gone/)
  const { failed_updates: failed } = (await ask('/key/bulk_update', { keys: [{ key: key.key, ...budget }] })).json
  assert.match(failed[0].failed_reason, /Budget not found/)

  const { info } = (await ask(`/key/info?key=${key.key}`)).json
  assert.deepEqual([info.budget_id, info.team_id], [null, null])
  assert.equal((await ask('/customer/info?end_user_id=c2')).status, 404)
  assert.equal((await ask('/key/update', { key: key.key, budget_id: null, team_id: '' })).status, 200)
}))

test('a refusal says what the key has spent', { skip }, () => withGateway(async ({ ask, chat, make, spendOf }) => {
  await ask('/team/new', { team_id: 't', max_budget: callCost })
  for (const fields of [{ max_budget: callCost }, { rpm_limit: 1 }, { team_id: 't' }]) {
    const key = await make(fields)
    assert.equal((await chat(key.key)).status, 200)
    assert.equal(await spendOf(key), callCost)
    const refused = await chat(key.key)
    assert.notEqual(refused.status, 200)
    assert.deepEqual([refused.headers.get('x-litellm-key-spend'), refused.headers.get('x-litellm-response-cost')], ['0.012', '0'], JSON.stringify(fields))
  }
}))

test('money is written as Python writes it', { skip }, () => withGateway(async ({ ask, chat, make }) => {
  const key = await make({ max_budget: 0.0005, soft_budget: 0.00005 })
  const { text } = await ask(`/key/info?key=${key.key}`)
  assert.match(text, /"max_budget":0\.0005[,}]/)
  assert.match(text, /"soft_budget":5e-05[,}]/)
  assert.match(text, /"spend":0\.0[,}]/)
  assert.equal((await chat(key.key)).status, 200)
  await ask(`/key/info?key=${key.key}`)
  const refused = await chat(key.key)
  assert.match(refused.json.error.message, /Current cost: 0\.012, Max budget: 0\.0005/)
  assert.match((await ask('/key/list?return_full_object=true')).text, /"max_budget":0\.0005[,}]/)
}))

test('rates of a customer hold without a budget beside them', { skip }, () => withGateway(async ({ ask, chat, make }) => {
  await ask('/customer/new', { user_id: 'c', rpm_limit: 1 })
  const key = await make({})
  assert.equal((await chat(key.key, { user: 'c' })).status, 200)
  assert.equal((await chat(key.key, { user: 'c' })).status, 429)
  assert.equal((await chat(key.key, { user: 'd' })).status, 200)
}))

test('rate limits each have their own window, say what is left, and refuse without taking', { skip }, () => withGateway(async ({ chat, make }) => {
  const key = await make({ rpm_limit: 2, tpm_limit: 1000 })
  const first = await chat(key.key)
  assert.equal(first.headers.get('x-ratelimit-limit-requests'), '2')
  assert.equal(first.headers.get('x-ratelimit-remaining-requests'), '1')
  assert.equal(first.headers.get('x-ratelimit-api_key-limit-tokens'), '1000')
  assert.equal(first.headers.get('x-litellm-key-rpm-limit'), '2')
  await chat(key.key)
  const refused = await chat(key.key)
  rejects(refused, 429, 'throttling_error', /^Rate limit exceeded for api_key: .*Limit type: requests\. Current limit: 2, Remaining: 0\. Limit resets at: /)
  assert.equal(refused.headers.get('rate_limit_type'), 'requests')
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  assert.ok(refused.headers.get('reset_at'))

  const tokens = await make({ tpm_limit: 10 })
  assert.equal((await chat(tokens.key)).status, 200)
  await waitFor(async () => (await chat(tokens.key)).status === 429, 'the tokens to be counted')
  const model = await make({ model_rpm_limit: { big: 1 } })
  assert.equal((await chat(model.key)).status, 200)
  rejects(await chat(model.key), 429, 'throttling_error', /model_per_key/)
  assert.equal((await chat(model.key, { model: 'free' })).status, 200)
}))

test('parallel slots are counted over gateways and come back on every exit path', { skip }, () => withGateway(async ({ upstream, chat, make, gateways }) => {
  const key = await make({ max_parallel_requests: 1 })
  upstream.next({ delay: 300 })
  const running = chat(key.key, {}, gateways[0])
  await waitFor(() => upstream.calls.length === 1, 'the first call')
  rejects(await chat(key.key, {}, gateways[1]), 429, 'throttling_error', /max_parallel_requests/)
  assert.equal((await running).status, 200)

  upstream.next({ status: 500 })
  await waitFor(async () => (await chat(key.key, {}, gateways[1])).status === 500, 'the slot of a call that ended well')
  await waitFor(async () => (await chat(key.key)).status === 200, 'the slot of a call that failed')

  upstream.next({ hang: true })
  const leaving = new AbortController()
  const gone = fetch(`${gateways[0].url}/v1/chat/completions`, { method: 'POST', signal: leaving.signal, headers: { authorization: `Bearer ${key.key}` }, body: JSON.stringify({ model: 'big', messages }) }).catch(() => {})
  const before = upstream.calls.length
  await waitFor(() => upstream.calls.length > before, 'the call to hang')
  leaving.abort()
  await gone
  await waitFor(async () => (await chat(key.key)).status === 200, 'the slot of a client that left')
}, { gateways: 2 }))
