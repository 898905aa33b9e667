// What config.yaml may hold, seen from outside: notes at start, models, health, metrics, and what stays out of the log.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, program, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing('openai')
const { default: OpenAI } = skip ? {} : await import('openai')
const messages = [{ role: 'user', content: 'Hello' }]
const authorized = (gateway, route, options = {}) => fetch(gateway.url + route, { headers: { authorization: 'Bearer sk-master' }, ...options })

async function withGateway (config, body, { env = {}, flags = [] } = {}) {
  const upstream = await startOpenAi({ key: 'sk-up-secret', extra: ['top_k'] })
  const gateway = await startGateway(config.replaceAll('$UP', upstream.url), { UP_KEY: 'sk-up-secret', ...env }, flags)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
  try {
    await body({ gateway, client, upstream })
  } finally {
    const code = await gateway.stop()
    await upstream.stop()
    assert.equal(code, 0)
  }
}

const warnings = gateway => gateway.log.filter(line => line.event === 'config_warning').map(line => line.warning.replace(/^.*config\.yaml/, 'config.yaml'))
const problems = gateway => gateway.log.filter(line => line.event === 'config_problem').map(line => line.problem.replace(/^.*config\.yaml/, 'config.yaml'))

test('a file as people write them loads: anchors, merge keys, numbers as texts, credentials, variables', { skip }, () => withGateway(`
environment_variables: { FROM_FILE: sk-up-secret }
credential_list:
  - credential_name: shared
    credential_values: { api_key: os.environ/FROM_FILE, api_base: $UP }
    credential_info: { description: ours }
x-defaults: &defaults { temperature: "0.5", timeout: "30" }
model_list:
  - model_name: big
    litellm_params: { <<: *defaults, model: openai/up, litellm_credential_name: shared, top_k: 5, rpmm: 100 }
    model_info: { id: one, note: "kept" }
  - model_name: broken
    litellm_params: { api_key: x }
router_settings: { num_retries: "0", disable_cooldowns: "True" }
general_settings: { master_key: sk-master }
litellm_settings: { json_logs: True, drop_params: "true" }
`, async ({ gateway, client, upstream }) => {
  await client.chat.completions.create({ model: 'big', messages })
  assert.deepEqual(upstream.calls[0].body, { model: 'up', messages, temperature: 0.5, top_k: 5 })
  assert.deepEqual(problems(gateway).map(line => line.replace(/^config\.yaml:\d+: /, '')), ['the entry broken has no litellm_params.model; it is skipped'])
  assert.match(warnings(gateway).join('\n'), /x-defaults is not a known key/)
  const info = (await (await authorized(gateway, '/model/info')).json()).data[0]
  assert.equal(info.model_info.note, 'kept')
  assert.equal(JSON.stringify(info).includes('sk-up'), false)
}))

test('unknown keys are named once with their line and the nearest known one', { skip }, () => withGateway(`model_list: []
router_settings:
  num_retrys: 3
litellm_settings:
  callbacks: [langfuse, prometheus]
guardrails: []
general_settings: { master_key: sk-master }
`, async ({ gateway, client }) => {
  const lines = warnings(gateway)
  assert.ok(lines.some(line => line === 'config.yaml:3: router_settings.num_retrys is not a known key (did you mean num_retries?); it is ignored'), lines.join('\n'))
  assert.ok(lines.some(line => line.startsWith('config.yaml:5: litellm_settings.callbacks: the callback "langfuse" is not available here')))
  assert.ok(lines.some(line => line.startsWith('config.yaml:6: guardrails is recognised')))
  const error = await client.chat.completions.create({ model: 'any', messages }).catch(error => error)
  assert.equal(error.status, 400)
  assert.match(error.message, /no models configured/)
}))

test('a missing provider key disables its models only, and says so at start and in /health', { skip }, () => withGateway(`
model_list:
  - { model_name: works, litellm_params: { model: openai/x, mock_response: hi } }
  - { model_name: keyless, litellm_params: { model: groq/llama, api_key: os.environ/NOT_SET } }
general_settings: { master_key: sk-master }
`, async ({ gateway, client }) => {
  assert.equal((await client.chat.completions.create({ model: 'works', messages })).choices[0].message.content, 'hi')
  const error = await client.chat.completions.create({ model: 'keyless', messages }).catch(error => error)
  assert.equal(error.status, 401)
  assert.match(error.message, /set the variable NOT_SET/)
  assert.match(gateway.log.find(line => line.event === 'model_disabled').reason, /keyless \(groq\/llama\) is disabled: no API key: set the variable NOT_SET/)
  const health = await (await authorized(gateway, '/health')).json()
  assert.equal(health.healthy_count, 1)
  assert.match(health.unhealthy_endpoints[0].error, /NOT_SET/)
}))

test('no prompt, answer or key is ever in the log or in metrics', { skip }, () => withGateway(`
model_list:
  - { model_name: big, litellm_params: { model: openai/up, api_base: $UP, api_key: os.environ/UP_KEY } }
  - { model_name: wrong, litellm_params: { model: openai/up, api_base: $UP, api_key: sk-wrong-secret } }
general_settings: { master_key: sk-master-secret }
router_settings: { num_retries: 1, fallbacks: [{ wrong: [big] }] }
`, async ({ gateway }) => {
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master-secret', maxRetries: 0 })
  const secret = [{ role: 'user', content: 'SENTINEL-PROMPT' }]
  await client.chat.completions.create({ model: 'big', messages: secret, user: 'SENTINEL-USER' })
  for await (const part of await client.chat.completions.create({ model: 'wrong', messages: secret, stream: true })) assert.ok(part)
  await client.chat.completions.create({ model: 'SENTINEL-MODEL', messages: secret }).catch(error => error)
  await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer sk-SENTINEL-KEY-123456' }, body: JSON.stringify({ model: 'big', messages: secret }) })
  const metrics = await (await fetch(`${gateway.url}/metrics`, { headers: { authorization: 'Bearer sk-master-secret' } })).text()
  const log = await waitFor(() => gateway.log.filter(line => line.event === 'request').length >= 4 && JSON.stringify(gateway.log), 'four lines of requests')
  for (const text of ['SENTINEL-PROMPT', 'SENTINEL-KEY', 'Hi \u{1F600}', 'sk-up-secret', 'sk-wrong-secret', 'sk-master-secret']) {
    assert.equal(log.includes(text), false, `${text} in the log`)
    assert.equal(metrics.includes(text), false, `${text} in metrics`)
  }
  assert.equal(metrics.includes('SENTINEL-MODEL'), false, 'names that clients make up are no labels')
}))

test('/metrics has LiteLLM\'s names, wants a key, and counts what happened', { skip }, () => withGateway(`
model_list:
  - { model_name: big, litellm_params: { model: openai/up, api_base: $UP, api_key: os.environ/UP_KEY }, model_info: { id: one } }
  - { model_name: other, litellm_params: { model: openai/x, mock_response: hi }, model_info: { id: two } }
general_settings: { master_key: sk-master }
router_settings: { num_retries: 0, cooldown_time: 60, fallbacks: [{ big: [other] }] }
`, async ({ gateway, client, upstream }) => {
  await client.chat.completions.create({ model: 'big', messages })
  upstream.next({ status: 401 })
  await client.chat.completions.create({ model: 'big', messages })
  assert.equal((await fetch(`${gateway.url}/metrics`)).status, 401)
  const text = await (await authorized(gateway, '/metrics')).text()
  const value = (name, ...labels) => Number(text.split('\n').find(line => line.startsWith(name + '{') && labels.every(label => line.includes(label)))?.split(' ').at(-1))
  assert.equal(value('litellm_proxy_total_requests_metric_total', 'requested_model="big"', 'status_code="200"'), 2)
  assert.equal(value('litellm_deployment_total_requests_total', 'model_id="one"', 'api_provider="openai"'), 2)
  assert.equal(value('litellm_deployment_success_responses_total', 'model_id="one"'), 1)
  assert.equal(value('litellm_deployment_failure_responses_total', 'model_id="one"', 'exception_class="AuthenticationError"'), 1)
  assert.equal(value('litellm_deployment_cooled_down_total', 'model_id="one"', 'exception_status="401"'), 1)
  assert.equal(value('litellm_deployment_successful_fallbacks_total', 'requested_model="big"', 'fallback_model="other"'), 1)
  assert.equal(value('litellm_deployment_state', 'model_id="one"'), 2)
  assert.equal(value('litellm_overhead_latency_metric_count', 'model_id="one"'), 1)
  assert.ok(value('seance_litellm_phase_seconds_count', 'phase="upstream"') >= 2)
  assert.match(text, /^seance_litellm_config_ok 1$/m)
}))

test('/metrics is open where the configuration says so', { skip }, () => withGateway(`
model_list: []
general_settings: { master_key: sk-master }
litellm_settings: { require_auth_for_metrics_endpoint: false }
`, async ({ gateway }) => assert.equal((await fetch(`${gateway.url}/metrics`)).status, 200)))

test('background checks answer /health without calling anybody', { skip }, () => withGateway(`
model_list:
  - { model_name: big, litellm_params: { model: openai/up, api_base: $UP, api_key: os.environ/UP_KEY } }
  - { model_name: quiet, litellm_params: { model: openai/up, api_base: $UP, api_key: os.environ/UP_KEY }, model_info: { disable_background_health_check: true } }
general_settings: { master_key: sk-master, background_health_checks: true, health_check_interval: 600 }
`, async ({ gateway, upstream }) => {
  await waitFor(() => upstream.calls.length === 1, 'the first round')
  const health = await waitFor(async () => {
    const found = await (await authorized(gateway, '/health')).json()
    return found.healthy_count === 1 && found
  }, 'its result')
  assert.equal(health.healthy_endpoints[0].model_name, 'big')
  assert.equal(upstream.calls.length, 1)
}))

test('a model can be tried before it is configured', { skip }, () => withGateway('model_list: []\ngeneral_settings: { master_key: sk-master }\n', async ({ gateway, upstream }) => {
  const tryOut = async params => (await authorized(gateway, '/health/test_connection', { method: 'POST', body: JSON.stringify({ litellm_params: params }), headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json' } })).json()
  assert.equal((await tryOut({ model: 'openai/up', api_base: upstream.url, api_key: 'sk-up-secret' })).status, 'success')
  const wrong = await tryOut({ model: 'openai/up', api_base: upstream.url, api_key: 'sk-nope-nope' })
  assert.equal(wrong.status, 'error')
  assert.equal(JSON.stringify(wrong).includes('sk-nope-nope'), false)
  assert.match((await tryOut({ api_key: 'x' })).error.message, /litellm_params\.model/)
}))

test('flags and variables: LITELLM_LOG, JSON_LOGS, timing headers, TLS files', { skip }, async () => {
  await withGateway('model_list: [{ model_name: big, litellm_params: { model: openai/up, api_base: $UP, api_key: sk-up-secret } }]\ngeneral_settings: { master_key: sk-master }\n', async ({ client }) => {
    const { response } = await client.chat.completions.create({ model: 'big', messages }).withResponse()
    for (const phase of ['pre-processing', 'llm-api', 'post-processing', 'message-copy']) assert.match(response.headers.get(`x-litellm-timing-${phase}-ms`), /^\d+\.\d{3}$/)
    assert.match(response.headers.get('x-litellm-overhead-duration-ms'), /^\d+\.\d{3}$/)
  }, { env: { LITELLM_DETAILED_TIMING: 'true', LITELLM_LOG: 'DEBUG', JSON_LOGS: 'true' } })
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-flags-'))
  await fs.writeFile(path.join(folder, 'c.yaml'), 'model_list: []\n')
  const run = (args, env = {}) => spawnSync(program, ['--config', path.join(folder, 'c.yaml'), ...args], { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8', timeout: 10_000 })
  const tls = run(['--ssl_keyfile_path', 'k.pem', '--ssl_certfile_path', 'c.pem'])
  assert.equal(tls.status, 65)
  assert.match(tls.stderr, /c\.pem is no readable file of certificates/)
  assert.match(run(['--ssl_keyfile_path', 'k.pem']).stderr, /TLS needs both/)
  assert.match(run([], { LITELLM_LOG: 'LOUD' }).stderr, /LITELLM_LOG is "LOUD"; write DEBUG, INFO or ERROR/)
  const nothing = run([], { LITELLM_SPOOL_MAX_MB: '0' })
  assert.equal(nothing.status, 65)
  assert.equal(nothing.stderr, 'seance-litellm: LITELLM_SPOOL_MAX_MB is "0"; set it to a whole number of MB from 1 up, or leave it out for 1024\n')
  await fs.rm(folder, { recursive: true })
})
