// config.yaml changes under a running gateway: by signal, by writing, by renaming, in an included file.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, patience, startGateway, waitFor } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing('openai')
const { default: OpenAI } = skip ? {} : await import('openai')
const messages = [{ role: 'user', content: 'Hello' }]

const mock = (name, answer, more = '') => `model_list:
  - model_name: ${name}
    litellm_params: { model: openai/x, mock_response: "${answer}" }
general_settings: { master_key: sk-master }
${more}`

const openAi = gateway => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
const says = async (gateway, model) => (await openAi(gateway).chat.completions.create({ model, messages })).choices[0].message.content
const event = (gateway, name, from = 0) => waitFor(() => gateway.log.slice(from).find(line => line.event === name), name)
const authorized = async (gateway, route) => (await fetch(gateway.url + route, { headers: { authorization: 'Bearer sk-master' } })).json()

async function withGateway (config, body, options = {}) {
  const gateway = await startGateway(config, options.env)
  try {
    await body(gateway)
  } finally {
    assert.equal(await gateway.stop(), 0)
  }
}

test('a file that is written takes effect without a signal', { skip }, () => withGateway(mock('a', 'old'), async gateway => {
  await fs.writeFile(gateway.file, mock('a', 'new'))

  await waitFor(async () => await says(gateway, 'a') === 'new', 'the new answer')
  const line = await event(gateway, 'config_reloaded')
  assert.equal(line.cause, 'file')
  assert.match(line.changed, /deployment [0-9a-f]{64} of a added; deployment [0-9a-f]{64} of a removed/)
}))

test('a reload warns of what is new, and of nothing twice', { skip }, () => withGateway(mock('a', 'x', 'litellm_settings: { nonsense: 1 }'), async gateway => {
  const warnings = from => gateway.log.slice(from).filter(line => line.event === 'config_warning').map(line => line.warning.replace(/^.*?: /, ''))
  const known = 'litellm_settings.nonsense is not a known key; it is ignored'
  await event(gateway, 'gateway_configured')
  assert.deepEqual(warnings(0), [known])

  const before = gateway.log.length
  await gateway.reload('# a line above\n' + mock('a', 'y', 'litellm_settings: { nonsense: 1, drop_parms: true }'))

  assert.deepEqual(warnings(before), ['litellm_settings.drop_parms is not a known key (did you mean drop_params?); it is ignored'])
  const { warnings: all, problems } = gateway.log.findLast(line => line.event === 'gateway_configured')
  assert.deepEqual([all, problems], [2, 0])
}))

test('a reload does not say again that every route is open', { skip }, () => withGateway(mock('a', 'x').replace(/general_settings.*\n/, ''), async gateway => {
  const told = () => gateway.log.filter(line => line.event === 'master_key_absent').length
  await event(gateway, 'gateway_configured')
  assert.equal(told(), 1)

  await gateway.reload(mock('a', 'y').replace(/general_settings.*\n/, ''))

  await event(gateway, 'config_reloaded')
  assert.equal(told(), 1)
}, { env: { LITELLM_MASTER_KEY: '' } }))

test('a variable that is nearly a setting is a warning at start', { skip }, () => withGateway(mock('a', 'x'), async gateway => {
  await event(gateway, 'gateway_configured')
  const lines = gateway.log.filter(line => line.event === 'setting_not_known').map(({ level, service, name, did_you_mean: meant }) => [level, service, name, meant])
  assert.deepEqual(lines, [['warning', 'litellm', 'LITELLM_SPOOL_DIRS', 'LITELLM_SPOOL_DIR']])
}, { env: { LITELLM_SPOOL_DIRS: '/x', LITELLM_SPOOL_DIR: '' } }))

test('an address without a scheme is told at load, with its line', { skip }, () => withGateway(`model_list:
  - model_name: local
    litellm_params: { model: openai/x, api_key: k, api_base: "localhost:8000/v1" }
`, async gateway => {
  const { level, problem } = await event(gateway, 'config_problem')
  assert.equal(level, 'error')
  assert.match(problem, /config\.yaml:3: litellm_params\.api_base "localhost:8000\/v1" has no scheme; write http:\/\/localhost:8000\/v1 or https:/)
  assert.match((await event(gateway, 'model_disabled')).reason, /local/)
}))

test('a file that is replaced by renaming takes effect, and again', { skip }, () => withGateway(mock('a', 'old'), async gateway => {
  for (const answer of ['second', 'third']) {
    await fs.writeFile(gateway.file + '.tmp', mock('a', answer))
    await fs.rename(gateway.file + '.tmp', gateway.file)
    await waitFor(async () => await says(gateway, 'a') === answer, answer)
  }
}))

test('a link that is turned to another folder takes effect, as mounted ConfigMaps do', { skip }, async () => {
  const folder = await fs.mkdtemp('/tmp/litellm-map-')
  const version = async (name, answer) => {
    await fs.mkdir(path.join(folder, name))
    await fs.writeFile(path.join(folder, name, 'more.yaml'), mock('b', answer))
    await fs.symlink(name, path.join(folder, '..next'))
    await fs.rename(path.join(folder, '..next'), path.join(folder, '..data'))
  }
  await version('..1', 'old')
  await fs.symlink('..data/more.yaml', path.join(folder, 'more.yaml'))
  await withGateway(`include: [${folder}/more.yaml]\n`, async gateway => {
    assert.equal(await says(gateway, 'b'), 'old')
    await version('..2', 'new')
    await waitFor(async () => await says(gateway, 'b') === 'new', 'the new answer')
  })
  await fs.rm(folder, { recursive: true })
})

test('an included file takes effect, and one that is missing is waited for', { skip }, () => withGateway(mock('a', 'first'), async gateway => {
  const more = path.join(path.dirname(gateway.file), 'more.yaml')
  await fs.writeFile(gateway.file, mock('a', 'first', 'include: [more.yaml]'))
  const refused = await event(gateway, 'config_refused')
  assert.match(refused.problem, /more\.yaml cannot be read: there is no such file/)
  assert.equal(await says(gateway, 'a'), 'first')
  assert.match((await authorized(gateway, '/health')).config_error, /more\.yaml/)

  await fs.writeFile(more, 'model_list: [{ model_name: b, litellm_params: { model: openai/x, mock_response: included } }]')
  await waitFor(async () => await says(gateway, 'b').catch(() => '') === 'included', 'the included model')
  assert.equal((await authorized(gateway, '/health')).config_error, undefined)
}))

const bad = {
  'is not YAML': ['model_list: [', /is not valid YAML/],
  'is empty': ['', /is empty/],
  'holds a list where a map belongs': ['- a', /must be a map with keys/],
  'holds a map where a list belongs': ['model_list: { a: b }', /model_list must be a list/],
  'asks for a master key that is not there': ['model_list: []\ngeneral_settings: { master_key: os.environ/NOT_SET_ANYWHERE }', /NOT_SET_ANYWHERE/]
}
for (const [what, [text, problem]] of Object.entries(bad)) {
  test(`a file that ${what} changes nothing and says why`, { skip }, () => withGateway(mock('a', 'old'), async gateway => {
    await fs.writeFile(gateway.file, text)

    const refused = await event(gateway, 'config_refused')
    assert.match(refused.problem, problem)
    assert.equal(await says(gateway, 'a'), 'old')
    const ready = await (await fetch(`${gateway.url}/health/readiness`)).json()
    assert.equal(ready.status, 'healthy')
    assert.match(ready.config_error, problem)
  }, { env: { LITELLM_MASTER_KEY: '' } }))
}

test('a file without the master key that is in force does not open the gateway', { skip }, () => withGateway(mock('a', 'old'), async gateway => {
  const cut = mock('a', 'new')
  await fs.writeFile(gateway.file, cut.slice(0, cut.indexOf('general_settings')))

  const refused = await event(gateway, 'config_refused')
  assert.match(refused.problem, /master_key is gone, which would open every route/)
  assert.equal((await fetch(`${gateway.url}/v1/models`)).status, 401)
  assert.equal(await says(gateway, 'a'), 'old')
}, { env: { LITELLM_MASTER_KEY: '' } }))

test('values never stand in the log, only what they belong to', { skip }, () => withGateway(mock('a', 'old'), async gateway => {
  await fs.writeFile(gateway.file, mock('a', 'old', 'router_settings: { num_retries: 7 }').replace('mock_response', 'api_key: sk-very-secret, mock_response').replace('sk-master', 'sk-master-two'))
  const line = await event(gateway, 'config_reloaded')

  assert.match(line.changed, /general_settings\.master_key changed/)
  assert.match(line.changed, /router_settings\.num_retries added/)
  assert.equal(JSON.stringify(gateway.log).includes('sk-very-secret'), false)
  assert.equal(JSON.stringify(gateway.log).includes('sk-master-two'), false)
}))

test('a hundred streams end as they began while the configuration changes, and new calls use the new one', { skip }, async () => {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const config = (base, name) => `model_list:
  - model_name: ${name}
    litellm_params: { model: openai/up, api_base: "${base}", api_key: sk-up, max_parallel_requests: 150 }
    model_info: { id: up }
general_settings: { master_key: sk-master }
`
  await withGateway(config(upstream.url, 'a'), async gateway => {
    const client = openAi(gateway)
    const chunk = text => JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })
    const events = [...Array.from({ length: 20 }, (_, i) => chunk(`${i} `)), JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }), '[DONE]']
    upstream.next(...Array.from({ length: 100 }, () => ({ events, eventDelay: 40 })))
    const wanted = Array.from({ length: 20 }, (_, i) => `${i} `).join('')
    let begun = 0
    const streams = Array.from({ length: 100 }, async () => {
      let text = ''
      for await (const part of await client.chat.completions.create({ model: 'a', messages, stream: true })) {
        if (text === '') begun++
        text += part.choices[0]?.delta.content ?? ''
      }
      return text
    })
    await waitFor(() => begun === 100, 'all streams to begin')

    for (let i = 0; i < 5; i++) {
      const before = gateway.log.length
      await fs.writeFile(gateway.file, i % 2 ? 'model_list: [' : config(upstream.url, `b${i}`))
      await event(gateway, i % 2 ? 'config_refused' : 'gateway_configured', before)
    }
    await waitFor(() => openAi(gateway).chat.completions.create({ model: 'b4', messages }).then(() => true, () => false), 'the new name')
    await assert.rejects(openAi(gateway).chat.completions.create({ model: 'a', messages }), { status: 400 })

    assert.deepEqual(new Set(await Promise.all(streams)), new Set([wanted]))
  })
  await upstream.stop()
})

test('what a deployment is in the middle of survives a change of others', { skip }, async () => {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const config = more => `model_list:
  - model_name: a
    litellm_params: { model: openai/up, api_base: "${upstream.url}", api_key: sk-up, max_parallel_requests: 1 }
    model_info: { id: up }
${more}
general_settings: { master_key: sk-master }
router_settings: { num_retries: 0, cooldown_time: 60 }
`
  await withGateway(config(''), async gateway => {
    const client = openAi(gateway)
    upstream.next({ delay: 600 })
    const slow = client.chat.completions.create({ model: 'a', messages })
    await waitFor(() => upstream.calls.length === 1, 'the slow call')
    await gateway.reload(config('  - { model_name: other, litellm_params: { model: openai/x, mock_response: hi } }'))

    await assert.rejects(client.chat.completions.create({ model: 'a', messages }), { status: 429 }, 'the slot is still taken')
    await slow
    upstream.next({ status: 401 })
    await assert.rejects(client.chat.completions.create({ model: 'a', messages }), { status: 401 })
    await gateway.reload(config(''))
    await assert.rejects(client.chat.completions.create({ model: 'a', messages }), { status: 429 }, 'it still cools down')
  })
  await upstream.stop()
})

// What it was read with is gone by then: a build with a sanitizer tells who still looks at it.
test('a call goes on while the configuration changes as it reads its body, and again as it waits for Valkey', { skip }, async () => {
  const config = answer => `model_list:
  - model_name: a
    litellm_params: { model: openai/x, mock_response: "${answer}", input_cost_per_token: 0.001, output_cost_per_token: 0.001 }
general_settings: { master_key: sk-master }
`
  const valkey = await startValkey()
  try {
    await withGateway(config('first'), async gateway => {
      const generated = await fetch(`${gateway.url}/key/generate`, { method: 'POST', headers: { authorization: 'Bearer sk-master' }, body: '{"max_budget":1000}' })
      const { key } = await generated.json()
      const body = JSON.stringify({ model: 'a', messages })
      const begin = async () => {
        const headers = { authorization: `Bearer ${key}`, 'content-length': body.length, expect: '100-continue' }
        const call = http.request(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, agent: false })
        const answered = once(call, 'response')
        call.flushHeaders()
        await once(call, 'continue')
        const end = async () => {
          call.end(body)
          const [response] = await answered
          return { status: response.statusCode, text: (await response.toArray()).join('') }
        }
        return end
      }
      assert.equal((await (await begin())()).status, 200)
      const end = await begin()
      await gateway.reload(config('second'))
      valkey.freeze()
      const answer = end()
      await gateway.reload(config('third'))
      valkey.thaw()

      const { status, text } = await answer
      assert.equal(status, 200, text)
      assert.match(text, /first/)
    }, { env: { REDIS_URL: valkey.url, ...patience, LITELLM_VALKEY_PATIENCE: '5s' } })
  } finally {
    await valkey.stop()
  }
})
