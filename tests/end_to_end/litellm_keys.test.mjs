// Virtual keys, kept in a real Valkey, over several gateways.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { callCost, configFor, messages, rejects, skip, withGateway } from './litellm/keys.mjs'
import { startGateway, waitFor } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

test('a made key is shown once, stored as its hash, and calls models', { skip }, () => withGateway(async ({ valkey, ask, chat, make }) => {
  const key = await make({ key_alias: 'ada', metadata: { team: 'x' }, duration: '30d', max_budget: 5, models: ['big'] })

  assert.match(key.key, /^sk-[A-Za-z0-9_-]{22}$/)
  assert.equal(key.key_name, `sk-...${key.key.slice(-4)}`)
  assert.equal(key.token, key.token_id)
  assert.match(key.token, /^[0-9a-f]{64}$/)
  assert.match(key.expires, /^\d{4}-.*Z$/)
  assert.equal((await chat(key.key)).status, 200)
  for (const name of await valkey.command('KEYS', '*')) {
    const type = await valkey.command('TYPE', name)
    const value = type === 'string' ? await valkey.command('GET', name) : type === 'hash' ? await valkey.command('HGETALL', name) : ''
    assert.equal(JSON.stringify([name, value]).includes(key.key), false, `${name} does not hold the secret`)
  }
  const info = (await ask(`/key/info?key=${key.key}`)).json
  assert.equal(info.key, key.key)
  assert.equal(info.info.key_alias, 'ada')
  assert.equal(info.info.spend, callCost)
  assert.deepEqual(info.info.metadata, { team: 'x' })
  assert.equal((await ask('/key/info', undefined, key.key)).json.info.token, key.token, 'a key may ask about itself')
}))

test('keys that are unknown, malformed, blocked, expired or without rights are refused as documented', { skip }, () => withGateway(async ({ ask, chat, make }) => {
  rejects(await chat('sk-unknown-key-0000000000'), 401, 'token_not_found_in_db', /Invalid proxy server token passed/)
  rejects(await chat('pk-wrong-key-0000000'), 401, 'auth_error', /pk-w\*\*\*\*0000/)
  const key = await make({})
  rejects(await ask('/key/generate', {}, key.key), 401, 'auth_error', /Only proxy admin can be used/)

  assert.equal((await ask('/key/block', { key: key.key })).json.blocked, true)
  rejects(await chat(key.key), 401, 'auth_error', /blocked/)
  await ask('/key/unblock', { key: key.token })
  assert.equal((await chat(key.key)).status, 200)

  await ask('/key/update', { key: key.key, expires: '2020-01-01T00:00:00Z' })
  rejects(await chat(key.key), 401, 'expired_key', /Expired Key/)
  await ask('/key/update', { key: key.key, expires: null })
  assert.equal((await chat(key.key)).status, 200)

  assert.deepEqual((await ask('/key/delete', { keys: [key.key] })).json, { deleted_keys: [key.key] })
  rejects(await chat(key.key), 401, 'token_not_found_in_db', /Invalid proxy server token/)
  assert.equal((await ask(`/key/info?key=${key.key}`)).status, 404)
}))

test('model lists hold names, wildcards and access groups, for calls, fallbacks and the list of models', { skip }, () => withGateway(async ({ ask, chat, make }) => {
  const named = await make({ models: ['free', 'team/*'] })
  const denied = await chat(named.key)
  rejects(denied, 403, 'key_model_access_denied', /key not allowed to access model/)
  assert.equal(denied.json.error.param, 'model')
  assert.equal((await chat(named.key, { model: 'team/a/b' })).status, 200)
  for (const fallbacks of [
    { fallbacks: ['big'] },
    { fallbacks: [{ model: 'big', messages }] },
    { fallbacks: [{ free: ['big'] }] },
    { context_window_fallbacks: { free: ['big'] } },
    { content_policy_fallbacks: [{ '*': ['big'] }] }
  ]) rejects(await chat(named.key, { model: 'free', ...fallbacks }), 403, 'key_model_access_denied', /big/)
  assert.deepEqual((await ask('/v1/models', undefined, named.key)).json.data.map(model => model.id), ['free'])

  const premium = await make({ models: ['premium'] })
  assert.equal((await chat(premium.key)).status, 200)
  assert.equal((await chat(premium.key, { model: 'free' })).status, 403)

  await ask('/key/update', { key: named.key, models: [] })
  assert.equal((await chat(named.key)).status, 200, 'an empty list is everything')
}))

test('aliases of a key stand for other models', { skip }, () => withGateway(async ({ upstream, chat, make }) => {
  const key = await make({ aliases: { nick: 'big' } })

  const answer = await chat(key.key, { model: 'nick' })

  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.json.model, 'nick')
  assert.equal(upstream.calls.at(-1).body.model, 'gpt-up')
}))

test('key types limit what a key reaches', { skip }, () => withGateway(async ({ ask, chat, make }) => {
  const reader = await make({ key_type: 'read_only' })
  assert.equal((await chat(reader.key)).status, 403)
  assert.equal((await ask('/v1/models', undefined, reader.key)).status, 200)
  const manager = await make({ key_type: 'management' })
  assert.equal((await chat(manager.key)).status, 403)
  await ask('/user/new', { user_id: 'boss', user_role: 'proxy_admin' })
  const admin = await make({ user_id: 'boss' })
  assert.equal((await ask('/key/generate', {}, admin.key)).status, 200, 'a key of an admin manages')
}))

test('wrong fields are refused by name, defaults fill and bounds clamp', { skip }, () => withGateway(async ({ ask, make }) => {
  for (const [field, value] of [['max_budget', 'much'], ['models', 'big'], ['duration', '3y'], ['rpm_limit', -1], ['key_type', 'root'], ['key', 'mine']]) {
    const answer = await ask('/key/generate', { [field]: value })
    assert.equal(answer.status, 400, field)
    assert.equal(answer.json.error.param, field)
  }
  const key = await make({ rpm_limit: 10_000, key: 'sk-chosen-by-hand' })
  assert.equal(key.key, 'sk-chosen-by-hand')
  assert.equal(key.rpm_limit, 100)
  assert.equal(key.max_budget, 7)
  assert.equal((await ask('/key/generate', { key: 'sk-chosen-by-hand' })).status, 400)
  await make({ key_alias: 'one' })
  assert.equal((await ask('/key/generate', { key_alias: 'one' })).json.error.param, 'key_alias')
}, { config: 'litellm_settings: { default_key_generate_params: { max_budget: 7 }, upperbound_key_generate_params: { rpm_limit: 100 } }' }))

test('a misspelled limit makes no key, and other unknown fields are told in the log once', { skip }, () => withGateway(async ({ gateway, ask, make }) => {
  for (const [path, body, meant] of [
    ['/key/generate', { max_bugdet: 5 }, 'max_budget'],
    ['/key/generate', { maxBudget: 5 }, 'max_budget'],
    ['/key/service-account/generate', { team_id: 't', rpm_limt: 5 }, 'rpm_limit'],
    ['/key/update', { key: 'sk-12345678', max_budgets: 5 }, 'max_budget'],
    ['/key/regenerate', { key: 'sk-12345678', budget_durations: '1d' }, 'budget_duration'],
    ['/user/new', { max_bugdet: 5 }, 'max_budget'],
    ['/team/new', { tpm_limits: 5 }, 'tpm_limit'],
    ['/team/update', { team_id: 't', model: [] }, 'models'],
    ['/team/member_add', { team_id: 't', member: { user_id: 'u' }, max_budget_in_teem: 5 }, 'max_budget_in_team'],
    ['/customer/new', { user_id: 'u', max_buget: 5 }, 'max_budget'],
    ['/budget/new', { budget_ids: 'b', max_budget: 5 }, 'budget_id']
  ]) {
    const sent = path === '/key/update' || path === '/key/regenerate' ? { ...body, key: (await make({})).key } : body
    const { status, json } = await ask(path, sent)
    assert.equal(status, 400, path)
    assert.match(json.error.message, new RegExp(`did you mean ${meant}\\?`), path)
  }
  const { json: many } = await ask('/key/bulk_update', { keys: [{ key: (await make({})).key, max_bugdet: 5 }] })
  assert.match(many.failed_updates[0].failed_reason, /did you mean max_budget/)
  assert.equal((await ask('/user/list')).json.users.length, 0, 'nothing was made')

  for (let i = 0; i < 2; i++) await make({ max_budget: 1, send_invite_email: true, team_name: 'red', note: null })
  await waitFor(() => gateway.log.filter(line => line.event === 'request' && line.path === '/key/generate' && line.status === 200).length >= 5, 'the log')
  const told = gateway.log.filter(line => line.event === 'field_ignored')
  assert.deepEqual(told.map(line => [line.level, line.record, line.field]), [['warning', 'key', 'send_invite_email'], ['warning', 'key', 'team_name']])

  for (const wrong of [{ big: { bugdet_limit: 1 } }, { big: { budget_limit: 'much' } }, { big: { budget_limit: 1, time_period: 'daily' } }, { big: -1 }]) {
    assert.equal((await ask('/key/generate', { model_max_budget: wrong })).status, 400, JSON.stringify(wrong))
  }
  assert.equal((await ask('/key/generate', { model_rpm_limit: { big: 'five' } })).status, 400)
  const { key } = await make({ model_max_budget: { big: { budget_limit: 1, time_period: '1d' }, free: 2 }, model_rpm_limit: { big: '5' } })
  assert.equal((await ask(`/key/${key}/reset_spend`, { rest_to: 5 })).status, 400)
}))

test('key_generation_settings, bounds of changes and defaults of teams are held', { skip }, () => withGateway(async ({ ask, make }) => {
  rejects(await ask('/key/generate', { models: ['big'] }), 400, 'invalid_request_error', /^Required param user_id not in data$/)
  const team = (await ask('/team/new', { max_budget: null })).json
  assert.deepEqual([team.max_budget, team.tpm_limit], [3, 9])
  assert.equal((await ask('/team/new', { max_budget: 1 })).json.max_budget, 1)
  assert.equal((await make({ team_id: team.team_id })).user_id, null, 'keys of teams need not name a user')

  const key = await make({ user_id: 'ada', max_budget: null })
  assert.equal(key.max_budget, 7)
  assert.equal((await ask('/key/update', { key: key.key, rpm_limit: 500 })).json.rpm_limit, 100)
  await ask('/key/bulk_update', { keys: [{ key: key.key, rpm_limit: null }] })
  assert.equal((await ask(`/key/info?key=${key.key}`)).json.info.rpm_limit, 100)
  assert.equal((await ask(`/key/${key.key}/regenerate`, { rpm_limit: 200 })).json.rpm_limit, 100)
}, {
  config: `litellm_settings:
  default_key_generate_params: { max_budget: 7 }
  upperbound_key_generate_params: { rpm_limit: 100 }
  default_team_params: { tpm_limit: 9 }
  default_team_settings: [{ team_id: first, max_budget: 3 }]
  key_generation_settings: { personal_key_generation: { allowed_user_roles: [proxy_admin], required_params: [user_id] } }
`
}))

test('what nobody holds here is refused for keys and teams, and get_spend_routes opens sums of spend', { skip }, () => withGateway(async ({ ask, make }) => {
  const key = await make({ permissions: { get_spend_routes: true }, guardrails: [], config: {}, auto_rotate: false })
  for (const [field, value] of [['guardrails', ['pii']], ['config', { model_list: [] }], ['auto_rotate', true], ['rotation_interval', '30d'], ['permissions', { pii: true }], ['metadata', { guardrails: ['pii'] }]]) {
    for (const [path, more] of [['/key/generate', {}], ['/key/update', { key: key.key }]]) {
      const answer = await ask(path, { ...more, [field]: value })
      assert.equal(answer.status, 400, `${path} ${field}`)
      assert.match(answer.json.error.message, new RegExp(`^${field}.* is not available: `))
    }
  }
  assert.equal((await ask('/team/new', { guardrails: ['pii'] })).status, 400)
  assert.equal((await ask('/customer/new', { user_id: 'c', allowed_model_region: 'eu' })).status, 400)

  assert.equal((await ask('/global/spend', undefined, key.key)).status, 200)
  assert.equal((await ask('/global/spend/reset', {}, key.key)).status, 401)
  assert.equal((await ask('/global/spend', undefined, (await make({})).key)).status, 401)
}))

test('a regenerated key keeps limits and spend, and the old one stops', { skip }, () => withGateway(async ({ ask, chat, make }) => {
  const old = await make({ key_alias: 'rota', max_budget: 1 })
  await chat(old.key)

  for (const [path, field] of [[`/key/${old.key}/regenerate`, 'new_key'], ['/key/generate', 'key']]) {
    for (const wrong of ['nothing', 'sk-1', `sk-${'x'.repeat(254)}`]) {
      const { status, json } = await ask(path, { [field]: wrong })
      assert.deepEqual([status, json.error.param], [400, field])
      assert.match(json.error.message, /starts with 'sk-' and has 8 to 256 characters/)
    }
  }
  const fresh = (await ask(`/key/${old.key}/regenerate`, {})).json

  assert.notEqual(fresh.key, old.key)
  assert.equal(fresh.max_budget, 1)
  assert.equal(fresh.key_alias, 'rota')
  assert.equal((await ask(`/key/info?key=${fresh.key}`)).json.info.spend, callCost)
  assert.equal((await chat(old.key)).status, 401)
  assert.equal((await chat(fresh.key)).status, 200)
  assert.equal((await ask(`/key/${fresh.token}/reset_spend`, { reset_to: 0 })).json.previous_spend, 2 * callCost)
  assert.equal((await ask(`/key/info?key=${fresh.key}`)).json.info.spend, 0)
}))

test('keys are listed by page and filter, and changed in bulk', { skip }, () => withGateway(async ({ ask, make }) => {
  const keys = []
  for (let i = 0; i < 5; i++) keys.push(await make({ key_alias: `k${i}`, user_id: i < 2 ? 'u' : undefined }))

  const page = (await ask('/key/list?size=2&page=3')).json
  assert.equal(page.keys.length, 1)
  assert.deepEqual([page.total_count, page.current_page, page.total_pages], [5, 3, 3])
  assert.equal((await ask('/key/list?user_id=u')).json.total_count, 2)
  assert.equal((await ask('/key/list?key_alias=k3&return_full_object=true')).json.keys[0].key_alias, 'k3')
  assert.deepEqual((await ask('/key/aliases')).json.aliases, ['k0', 'k1', 'k2', 'k3', 'k4'])
  const sizes = { '/key/list': 'size', '/user/list': 'page_size', '/team/list': 'page_size', '/customer/list': 'page_size', '/budget/list': 'page_size', '/v2/model/info': 'size', '/spend/logs': 'limit', '/global/spend/keys': 'limit', '/global/spend/by_day': 'days' }
  for (const [path, size] of Object.entries(sizes)) {
    assert.equal((await ask(`${path}?${size}=1`)).status, 200, path)
    for (const name of ['size', 'page_size'].includes(size) ? [size, 'page'] : [size]) {
      for (const wrong of ['x', '0', '-1']) {
        const { status, json } = await ask(`${path}?${name}=${wrong}`)
        assert.deepEqual([status, json?.error?.param, json?.error?.type], [400, name, 'invalid_request_error'], `${path}?${name}=${wrong}`)
        assert.match(json.error.message, new RegExp(`^${name} is "${wrong}"; write a whole number from 1 up`))
      }
    }
  }
  const bulk = (await ask('/key/bulk_update', { keys: [{ key: keys[0].key, max_budget: 3 }, { key: 'sk-nobody-at-all' }] })).json
  assert.equal(bulk.successful_updates[0].key_info.max_budget, 3)
  assert.match(bulk.failed_updates[0].failed_reason, /not found/)
  assert.deepEqual((await ask('/key/delete', { key_aliases: ['k1'] })).json.deleted_keys.length, 1)
}))

test('a team or a user that is deleted takes its keys along', { skip }, () => withGateway(async ({ gateways, ask, chat, make }) => {
  await ask('/team/new', { team_id: 't1', models: ['big'], max_budget: 1 })
  await ask('/user/new', { user_id: 'u1', max_budget: 1 })
  const ofTeam = await make({ team_id: 't1', key_alias: 'of-team' })
  const ofUser = await make({ user_id: 'u1' })
  const other = await make({ user_id: 'u2' })
  for (const gateway of gateways) for (const key of [ofTeam, ofUser, other]) assert.equal((await chat(key.key, {}, gateway)).status, 200)

  assert.equal((await ask('/team/delete', { team_ids: ['t1'] })).json.deleted_teams, 1)
  assert.equal((await ask('/user/delete', { user_ids: ['u1'] })).json.deleted_users, 1)

  for (const gateway of gateways) {
    rejects(await chat(ofTeam.key, { model: 'team/x' }, gateway), 401, 'token_not_found_in_db', /Invalid proxy server token/)
    rejects(await chat(ofUser.key, {}, gateway), 401, 'token_not_found_in_db', /Invalid proxy server token/)
    assert.equal((await chat(other.key, {}, gateway)).status, 200)
  }
  await make({ key_alias: 'of-team' })
}, { gateways: 2 }))

test('all connections to Valkey are told of once', { skip }, async () => {
  const valkey = await startValkey()
  const gateway = await startGateway('general_settings: { master_key: sk-master }\nlitellm_settings: { cache: true }', { REDIS_URL: valkey.url, NUM_WORKERS: '4' })
  const told = name => gateway.log.filter(line => line.event === name).length
  try {
    await waitFor(() => told('valkey_connected') > 0, 'a connection')
    await fetch(`${gateway.url}/key/list`, { headers: { authorization: 'Bearer sk-master' } })
    await valkey.stop('SIGKILL')
    await waitFor(() => told('valkey_unreachable') > 0, 'the log to tell that Valkey is away')
    assert.deepEqual([told('valkey_connected'), told('valkey_lost'), told('valkey_unreachable')], [1, 1, 1])
  } finally {
    await gateway.stop()
    await valkey.stop()
  }
})

test('a key in a path is not logged', { skip }, () => withGateway(async ({ gateway, ask, make }) => {
  const key = await make({})
  await ask(`/key/${key.key}/reset_spend`, {})
  await ask(`/key/${key.key.replace('-', '%2D')}/reset_spend`, {})
  await ask('/models/sk-looks-like-a-key')
  const paths = () => gateway.log.filter(line => line.event === 'request' && line.path !== '/key/generate').map(line => line.path)
  await waitFor(() => paths().length === 3, 'the log')
  const shown = `/key/${key.key_name}/reset_spend`
  assert.deepEqual(paths(), [shown, shown, '/models/sk-...-key'])
}))

test('a public route needs no key, and is still recorded', { skip }, () => withGateway(async ({ gateway, ask }) => {
  const open = body => fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) })
  assert.equal((await open({ model: 'big', messages })).status, 200)
  assert.equal((await ask('/spend/logs')).json[0].api_key, '')
  assert.equal((await ask('/v1/chat/completions', { model: 'big', messages }, 'sk-nobody-knows')).status, 200)
  const mocked = await (await open({ model: 'big', messages, mock_response: 'made up' })).json()
  assert.notEqual(mocked.choices[0].message.content, 'made up', 'who is nobody may not mock')
}, { settings: ', public_routes: [/v1/chat/completions]' }))

test('mock_response is only for those that may', { skip }, () => withGateway(async ({ chat, make }) => {
  const mock = { mock_response: 'made up' }
  assert.equal((await chat('sk-master', mock)).json.choices[0].message.content, 'made up')
  assert.notEqual((await chat((await make({})).key, mock)).json.choices[0].message.content, 'made up')
  const allowed = await make({ metadata: { allow_client_mock_response: true } })
  assert.equal((await chat(allowed.key, mock)).json.choices[0].message.content, 'made up')
}))

test('a key that is deleted while its stream runs has its stream finished and its next call refused', { skip }, () => withGateway(async ({ upstream, ask, make, chat, gateway }) => {
  const key = await make({})
  upstream.next({ eventDelay: 60, events: [...Array.from({ length: 6 }, (_, i) => `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${i}"},"finish_reason":null}]}`), '{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', '[DONE]'] })
  const stream = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key.key}` }, body: JSON.stringify({ model: 'big', messages, stream: true }) })
  const text = stream.text()
  await ask('/key/delete', { keys: [key.key] })

  assert.match(await text, /\[DONE\]/)
  assert.equal((await chat(key.key)).status, 401)
}))

test('without Valkey only the master key is known', { skip }, async () => {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const gateway = await startGateway(configFor(upstream.url))
  const call = (path, key, body) => fetch(gateway.url + path, { method: body ? 'POST' : 'GET', headers: { authorization: `Bearer ${key}` }, body: body && JSON.stringify(body) })
  try {
    assert.equal((await call('/v1/chat/completions', 'sk-master', { model: 'big', messages })).status, 200)
    const virtual = await call('/v1/chat/completions', 'sk-some-key', { model: 'big', messages })
    assert.equal(virtual.status, 400)
    assert.equal((await virtual.json()).error.type, 'no_db_connection')
    const manage = await call('/key/generate', 'sk-master', {})
    assert.equal(manage.status, 500)
    assert.match((await manage.json()).error.message, /DB not connected/)
  } finally {
    await gateway.stop()
    await upstream.stop()
  }
})
