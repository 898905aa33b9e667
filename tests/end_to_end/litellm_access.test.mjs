// Who is let in, where from and to what: general_settings beside the keys themselves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, patience, startGateway } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing()
const messages = [{ role: 'user', content: 'Hello' }]

async function withGateway (general, body, litellm = '{}') {
  const valkey = await startValkey()
  const gateway = await startGateway(`
model_list:
  - { model_name: small, litellm_params: { model: openai/small, mock_response: small } }
  - { model_name: big, litellm_params: { model: openai/big, mock_response: big }, model_info: { id: big-1 } }
  - { model_name: tagged, litellm_params: { model: openai/tagged, mock_response: for free, tags: [free] } }
  - { model_name: tagged, litellm_params: { model: openai/tagged, mock_response: for money, tags: [paid] } }
litellm_settings: ${litellm}
general_settings:
  master_key: sk-master
${general}`, { REDIS_URL: valkey.url, ...patience })
  const ask = async (path, { key = 'sk-master', headers = {}, body: sent } = {}) => {
    const response = await fetch(gateway.url + path, {
      method: sent ? 'POST' : 'GET',
      headers: { ...(key && { authorization: `Bearer ${key}` }), 'content-type': 'application/json', ...headers },
      body: sent && JSON.stringify(sent)
    })
    return { status: response.status, json: await response.json() }
  }
  const make = async fields => (await ask('/key/generate', { body: fields })).json.key
  try {
    await body({ ask, make, gateway })
  } finally {
    await gateway.stop()
    await valkey.stop()
  }
}

test('clients from addresses that are not listed are refused, whatever their key', { skip }, () => withGateway(`
  allowed_ips: [203.0.113.9, 198.51.100.0/24]
  use_x_forwarded_for: true`, async ({ ask }) => {
  const refused = await ask('/v1/models')
  assert.deepEqual([refused.status, refused.json.error.message, refused.json.error.type], [403, 'Access forbidden: IP address not allowed.', 'auth_error'])
  assert.equal((await ask('/')).status, 403)
  const from = async list => (await ask('/v1/models', { headers: { 'x-forwarded-for': list } })).status
  assert.equal(await from('203.0.113.9'), 200)
  assert.equal(await from('198.51.100.77'), 200)
  assert.equal(await from('203.0.113.9, 6.6.6.6'), 403, 'the last proxy says who it was')
  assert.equal((await ask('/health/liveliness', { key: '' })).status, 200)

  const listed = { 'x-forwarded-for': '203.0.113.9' }
  await ask('/v1/chat/completions', { headers: listed, body: { model: 'small', messages } })
  const [record] = (await ask('/spend/logs', { headers: listed })).json
  assert.equal(record.requester_ip_address, '203.0.113.9')
}))

test('routes are for admins, for everybody, or not there, as the configuration says', { skip }, () => withGateway(`
  admin_only_routes: [/v1/embeddings, /key/info]
  public_routes: [LiteLLMRoutes.public_routes, /model/*]
  allowed_routes: [/v1/*, /embeddings, info_routes, management_routes]`, async ({ ask, make }) => {
  const key = await make({})
  for (const path of ['/v1/embeddings', '/embeddings']) {
    const refused = await ask(path, { key, body: { model: 'small', input: 'x' } })
    assert.equal(refused.status, 403)
    assert.match(refused.json.error.message, /admin only route/)
  }
  assert.equal((await ask('/key/info', { key })).status, 403)
  assert.equal((await ask(`/key/info?key=${key}`)).status, 200)
  assert.equal((await ask('/v1/chat/completions', { key, body: { model: 'small', messages } })).status, 200)
  assert.equal((await ask('/model/info', { key: '' })).status, 200)
  assert.equal((await ask('/v1/models', { key: '' })).status, 401)
  assert.match((await ask('/')).json.error.message, /Route \/ not allowed/)
}))

test('a call names its end user where that is enforced', { skip }, () => withGateway(`
  enforce_user_param: true`, async ({ ask, make }) => {
  const key = await make({})
  const refused = await ask('/v1/chat/completions', { key, body: { model: 'small', messages } })
  assert.deepEqual([refused.status, refused.json.error.param], [400, 'user'])
  assert.equal((await ask('/v1/chat/completions', { key, body: { model: 'small', messages, user: 'ann' } })).status, 200)
  assert.equal((await ask('/v1/chat/completions', { key, headers: { 'x-litellm-end-user-id': 'ann' }, body: { model: 'small', messages } })).status, 200)
  assert.equal((await ask('/v1/messages', { key, body: { model: 'small', max_tokens: 5, messages, metadata: { user_id: 'ann' } } })).status, 200)
  assert.equal((await ask('/v1/models', { key })).status, 200)
}))

test('tags of a client are refused where the configuration says so, and those of its key count', { skip }, () => withGateway(`
  reject_clientside_metadata_tags: true`, async ({ ask, make }) => {
  const key = await make({ tags: ['free'] })
  const call = (path, more) => ask(path, { key, body: { model: 'tagged', messages, max_tokens: 5, ...more } })
  for (const path of ['/v1/chat/completions', '/v1/messages']) {
    const refused = await call(path, { metadata: { tags: ['paid'] } })
    assert.equal(refused.status, 400)
    assert.match(refused.json.error.message, /^Client-side 'metadata.tags' not allowed/)
    assert.equal((await call(path, { metadata: { user_id: 'u' } })).status, 200)
  }
  assert.ok((await ask('/spend/logs')).json.every(log => log.request_tags === '["free"]'))
}))

test('tags of a key and of its team choose deployments, and stand in the records of its calls', { skip }, () => withGateway(`
router_settings: { enable_tag_filtering: true }`, async ({ ask, make }) => {
  const team = (await ask('/team/new', { body: { team_alias: 'payers', metadata: { tags: ['paid'] } } })).json.team_id
  const answer = async key => (await ask('/v1/chat/completions', { key, body: { model: 'tagged', messages } })).json.choices[0].message.content
  const [free, paid] = [await make({ tags: ['free'] }), await make({ team_id: team })]
  for (let i = 0; i < 5; i++) assert.deepEqual([await answer(free), await answer(paid)], ['for free', 'for money'])
  assert.deepEqual((await ask('/spend/logs')).json.slice(0, 2).map(one => one.request_tags).sort(), ['["free"]', '["paid"]'])
}))

test('/health shows a key the models that it may use', { skip }, () => withGateway('', async ({ ask, make }) => {
  const key = await make({ models: ['small'] })
  assert.deepEqual((await ask('/health', { key })).json.healthy_endpoints.map(one => one.model_name), ['small'])
  assert.equal((await ask('/health')).json.healthy_count, 4)
  assert.equal((await ask('/health?model_id=big-1', { key })).status, 404)
}))

test('prompts and names of keys are kept out of what is written where that is wanted', { skip }, () => withGateway(`
  store_prompts_in_spend_logs: true`, async ({ ask, make, gateway }) => {
  const key = await make({ key_alias: 'the alias' })
  const call = headers => ask('/v1/chat/completions', { key, headers, body: { model: 'small', messages } })
  await call({})
  await call({ 'x-litellm-enable-message-redaction': 'true' })
  const [redacted, kept] = (await ask('/spend/logs')).json
  assert.match(JSON.stringify(kept.messages), /Hello/)
  assert.doesNotMatch(JSON.stringify(redacted), /Hello/)
  assert.ok(!JSON.stringify(gateway.log).includes('the alias'))
}, '{ redact_user_api_key_info: true }'))

test('turn_off_message_logging wins over store_prompts_in_spend_logs', { skip }, () => withGateway(`
  store_prompts_in_spend_logs: true`, async ({ ask }) => {
  await ask('/v1/chat/completions', { body: { model: 'small', messages } })
  assert.doesNotMatch(JSON.stringify((await ask('/spend/logs')).json), /Hello/)
}, '{ turn_off_message_logging: true }'))

test('routes that change the configuration say where it is changed', { skip }, () => withGateway('', async ({ ask, make }) => {
  for (const path of ['/model/new', '/model/update', '/config/update']) {
    const answer = await ask(path, { body: {} })
    assert.equal(answer.status, 404)
    assert.match(answer.json.error.message, /config\.yaml/)
    assert.equal((await ask(path, { key: await make({}), body: {} })).status, 401)
  }
}))
