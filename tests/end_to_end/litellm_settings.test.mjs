// Settings of LiteLLM's that change an answer or refuse a request, each by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAnthropic } from '../emulators/anthropic.mjs'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, startGateway } from './litellm/program.mjs'

const skip = missing()
const messages = [{ role: 'user', content: 'Hello' }]

async function withGateway (body, { settings = '', router = '', general = '', env = {} } = {}) {
  const openai = await startOpenAi({ key: 'sk-up' })
  const claude = await startAnthropic({ key: 'sk-ant-up' })
  const priced = 'input_cost_per_token: 0.001, output_cost_per_token: 0.002'
  const gateway = await startGateway(`
model_list:
  - { model_name: gpt, litellm_params: { model: openai/gpt-up, api_base: "${openai.url}", api_key: sk-up, ${priced} } }
  - { model_name: gpt-other, litellm_params: { model: openai/gpt-other, api_base: "${openai.url}", api_key: sk-up, ${priced} } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-sonnet-4-0, api_base: "${claude.url}", api_key: sk-ant-up, ${priced} } }
router_settings: { num_retries: 0, disable_cooldowns: true ${router} }
litellm_settings: { ${settings} }
general_settings: { master_key: sk-master ${general} }
`, env)
  const ask = async (path, sent, headers = {}) => {
    const response = await fetch(gateway.url + path, { method: 'POST', headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json', ...headers }, body: JSON.stringify(sent) })
    const text = await response.text()
    let json = null
    try { json = JSON.parse(text) } catch { /* a stream */ }
    const events = text.split('\n').filter(line => line.startsWith('data: {')).map(line => JSON.parse(line.slice(6)))
    return { status: response.status, headers: response.headers, text, json, events }
  }
  const chat = (more = {}, headers) => ask('/v1/chat/completions', { model: 'gpt', messages, ...more }, headers)
  try {
    await body({ gateway, openai, claude, ask, chat })
  } finally {
    assert.equal(await gateway.stop(), 0)
    await openai.stop()
    await claude.stop()
  }
}

// The upstreams count 9 prompt and 3 completion tokens.
const cost = 0.015

test('include_cost_in_streaming_usage says at the end of a stream what it cost', { skip }, async t => {
  const streams = async ({ ask, chat }) => ({
    chat: (await chat({ stream: true, stream_options: { include_usage: true } })).events.at(-1).usage,
    translated: (await chat({ model: 'claude', max_tokens: 9, stream: true, stream_options: { include_usage: true } })).events.at(-1).usage,
    messages: (await ask('/v1/messages', { model: 'gpt', max_tokens: 9, messages, stream: true })).events.find(event => event.type === 'message_delta').usage,
    native: (await ask('/v1/messages', { model: 'claude', max_tokens: 9, messages, stream: true })).events.find(event => event.type === 'message_delta').usage
  })
  await t.test('where it is set', () => withGateway(async call => {
    const costs = Object.fromEntries(Object.entries(await streams(call)).map(([name, usage]) => [name, usage.cost]))
    assert.deepEqual(costs, { chat: cost, translated: cost, messages: cost, native: cost })
    assert.equal((await call.chat({ stream: true })).text.includes('"cost"'), false, 'nobody asked for usage')
    assert.equal((await call.chat()).json.usage.cost, undefined, 'an answer that is no stream has its header')
  }, { settings: 'include_cost_in_streaming_usage: true' }))
  await t.test('and not otherwise', () => withGateway(async call => {
    for (const [name, usage] of Object.entries(await streams(call))) assert.equal('cost' in usage, false, name)
  }))
})

test('cache_responses alone caches in memory, and groups of caching_groups share their answers', { skip }, () => withGateway(async ({ openai, chat, gateway }) => {
  const asked = async (...args) => { await chat(...args); return openai.calls.length }
  assert.equal(await asked(), 1)
  assert.equal(await asked(), 1, 'from the cache')
  assert.equal(await asked({ model: 'gpt-other' }), 1, 'of the other group')
  assert.equal((await chat({ model: 'gpt-other' })).json.model, 'gpt-other')
  assert.equal(await asked({ caching: false }), 2)
  assert.equal('caching' in openai.calls[1].body, false)
  assert.equal(gateway.log.some(line => /cache|caching/.test(line.problem ?? line.warning ?? '')), false)
}, { router: ', cache_responses: true, caching_groups: [[gpt, gpt-other]]' }))

test('cache_responses: false turns the cache off', { skip }, () => withGateway(async ({ openai, chat }) => {
  await chat()
  assert.equal((await chat()).headers.get('x-litellm-cache-key'), null)
  assert.equal(openai.calls.length, 2)
}, { settings: 'cache: true, cache_params: { type: local }', router: ', cache_responses: false' }))

test('a request with models, routing or guardrails of its own is refused by name, and asks nobody', { skip }, () => withGateway(async ({ openai, claude, ask, chat }) => {
  const refused = async (answer, param, words) => {
    assert.equal(answer.status, 400, answer.text)
    assert.equal(answer.json.error.param, param)
    assert.match(answer.json.error.message, words)
  }
  await refused(await chat({ user_config: { model_list: [] } }), 'user_config', /not allowed in the request body/)
  await refused(await chat({ model_list: [{ model_name: 'x' }] }), 'model_list', /not allowed in the request body/)
  await refused(await chat({ guardrails: ['pii'] }), 'guardrails', /none are applied here/)
  await refused(await chat({ metadata: { guardrails: ['pii'] } }), 'metadata.guardrails', /none are applied here/)
  await refused(await ask('/v1/embeddings', { model: 'gpt', input: 'x', guardrails: ['pii'] }), 'guardrails', /none are applied here/)
  await refused(await ask('/v1/responses', { model: 'gpt', input: 'x', guardrails: ['pii'] }), 'guardrails', /none are applied here/)
  const anthropic = await ask('/v1/messages', { model: 'claude', max_tokens: 9, messages, guardrails: ['pii'] })
  assert.deepEqual([anthropic.status, anthropic.json.error.type], [400, 'invalid_request_error'])
  await refused(await chat({ retry_policy: { RateLimitRetries: 1 } }), 'retry_policy', /RateLimitErrorRetries/)
  assert.deepEqual([openai.calls.length, claude.calls.length], [0, 0])
  assert.equal((await chat({ guardrails: [], user_config: null })).status, 200)
}))

test('retry_policy of a request says how often each class of errors is tried again', { skip }, () => withGateway(async ({ openai, chat }) => {
  const tries = async (status, more) => {
    const before = openai.calls.length
    for (let i = 0; i < 3; i++) openai.next({ status, headers: { 'retry-after': '0.01' } })
    const answer = await chat(more)
    for (let left = 3 - (openai.calls.length - before); left > 0; left--) await chat({ num_retries: 0 })
    return { status: answer.status, retries: Number(answer.headers.get('x-litellm-attempted-retries')) }
  }
  assert.deepEqual(await tries(500, { retry_policy: { InternalServerErrorRetries: 1 } }), { status: 500, retries: 1 })
  assert.deepEqual(await tries(429, { retry_policy: { InternalServerErrorRetries: 1 } }), { status: 429, retries: 0 })
  assert.deepEqual(await tries(500, { num_retries: 0, retry_policy: { InternalServerErrorRetries: 1 } }), { status: 500, retries: 0 })
  assert.equal('retry_policy' in openai.calls[0].body, false)
}))

test('a check of clients that is not done here closes the gateway, or is told of', { skip }, async () => {
  const model = 'model_list: [{ model_name: mock, litellm_params: { model: openai/m, mock_response: hi } }]\n'
  for (const setting of ['custom_auth: my_auth.check', 'enable_jwt_auth: true', 'enable_oauth2_auth: "True"']) {
    const name = setting.split(':')[0]
    const closed = await startGateway(`${model}general_settings: { ${setting} }\n`, { LITELLM_MASTER_KEY: '' })
    try {
      for (const path of ['/v1/models', '/openai/v1/models', '/spend/logs', '/metrics']) {
        const answer = await fetch(closed.url + path)
        assert.equal(answer.status, 401, `${setting} ${path}`)
      }
      assert.match((await (await fetch(`${closed.url}/v1/models`, { headers: { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' } })).json()).error.message, new RegExp(`asks for general_settings.${name}, which is not available`))
      assert.ok(closed.log.some(line => line.event === 'config_problem' && line.problem.includes(`general_settings.${name} is not available here`)))
      assert.ok(closed.log.some(line => line.event === 'master_key_missing' && line.consequence.includes('refused')))
      assert.equal(closed.log.find(line => line.event === 'gateway_configured').problems, 2)
    } finally {
      assert.equal(await closed.stop(), 0)
    }
    const kept = await startGateway(`${model}general_settings: { ${setting}, master_key: sk-master }\n`)
    try {
      assert.equal((await fetch(`${kept.url}/v1/models`, { headers: { authorization: 'Bearer sk-master' } })).status, 200)
      assert.equal((await fetch(`${kept.url}/v1/models`)).status, 401)
      assert.ok(kept.log.some(line => line.event === 'config_problem' && line.problem.includes(name)))
    } finally {
      assert.equal(await kept.stop(), 0)
    }
  }
})

test('enable_json_schema_validation tries again, or refuses, what does not fit the schema', { skip }, async t => {
  const answer = content => ({ body: { id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } })
  const schema = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'], additionalProperties: false }
  const wish = { response_format: { type: 'json_schema', json_schema: { name: 'person', schema } } }
  await t.test('where it is set', () => withGateway(async ({ openai, chat }) => {
    openai.next(answer('{"age":"old"}'), answer('{"age":7}'))
    const mended = await chat({ ...wish, num_retries: 1 })
    assert.equal(mended.json.choices[0].message.content, '{"age":7}')
    assert.equal(mended.headers.get('x-litellm-attempted-retries'), '1')

    openai.next(answer('{"age":"old"}'))
    const refused = await chat(wish)
    assert.equal(refused.status, 500)
    assert.match(refused.json.error.message, /JSONSchemaValidationError.*\$\.age must be of type "integer"/)

    openai.next(answer('{}'))
    assert.equal((await chat({ ...wish, enable_json_schema_validation: false })).status, 200)
    assert.equal('enable_json_schema_validation' in openai.calls.at(-1).body, false)
    openai.next(answer('plain'))
    assert.equal((await chat()).status, 200, 'nobody asked for a schema')
  }, { settings: 'enable_json_schema_validation: true' }))
  await t.test('and not otherwise, unless the request wants it', () => withGateway(async ({ openai, chat }) => {
    openai.next(answer('{}'), answer('{}'))
    assert.equal((await chat(wish)).status, 200)
    assert.equal((await chat({ ...wish, enable_json_schema_validation: true })).status, 500)
  }))
})
