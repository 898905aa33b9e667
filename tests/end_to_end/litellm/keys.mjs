// Gateways over a real Valkey with an upstream whose calls cost something, for tests of keys and of their budgets.
import assert from 'node:assert/strict'
import { startOpenAi } from '../../emulators/openai.mjs'
import { missing, patience, startGateway } from './program.mjs'
import { startValkey } from '../valkey.mjs'

export const skip = missing()
export const messages = [{ role: 'user', content: 'Hello' }]

// The upstream counts 9 prompt and 3 completion tokens: a call of `big` costs 0.012 USD, of `free` nothing.
export const configFor = (url, more = '', settings = '') => `
model_list:
  - model_name: big
    litellm_params: { model: openai/gpt-up, api_base: "${url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 }
    model_info: { access_groups: [premium] }
  - model_name: free
    litellm_params: { model: openai/gpt-free, api_base: "${url}", api_key: sk-up, input_cost_per_token: 0, output_cost_per_token: 0 }
  - model_name: team/*
    litellm_params: { model: openai/*, api_base: "${url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 }
  - model_name: mock
    litellm_params: { model: openai/mock, mock_response: "Hello from the mock" }
router_settings: { num_retries: 0 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY ${settings} }
${more}`
export const callCost = 0.012

export async function withGateway (body, { gateways = 1, config = '', settings = '', env = {} } = {}) {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const valkey = await startValkey()
  const all = []
  for (let i = 0; i < gateways; i++) all.push(await startGateway(configFor(upstream.url, config, settings), { REDIS_URL: valkey.url, ...patience, ...env }))
  const ask = async (path, sent, key = 'sk-master', to = all[0], headers = {}) => {
    const response = await fetch(to.url + path, {
      method: sent === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: sent === undefined ? undefined : JSON.stringify(sent)
    })
    const text = await response.text()
    let json = null
    try { json = JSON.parse(text) } catch { /* a stream */ }
    return { status: response.status, headers: response.headers, text, json }
  }
  const chat = (key, more = {}, to = all[0]) => ask('/v1/chat/completions', { model: 'big', messages, max_tokens: 3, ...more }, key, to)
  const make = async fields => {
    const made = await ask('/key/generate', fields)
    assert.equal(made.status, 200, made.text)
    return made.json
  }
  // A gateway answers once its own records are in Valkey, so that the last one asked sees those of all.
  const spendOf = async ({ key }) => {
    let spend
    for (const gateway of all) spend = (await ask(`/key/info?key=${key}`, undefined, 'sk-master', gateway)).json.info.spend
    return spend
  }
  try {
    await body({ upstream, valkey, gateway: all[0], gateways: all, ask, chat, make, spendOf })
    for (const gateway of all) assert.equal(JSON.stringify(gateway.log).includes('sk-up'), false, 'no key in the log')
  } finally {
    for (const gateway of all) await gateway.stop()
    await upstream.stop()
    await valkey.stop()
  }
}

export const rejects = (answer, status, type, words) => {
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.json.error.type, type, answer.text)
  assert.match(answer.json.error.message, words)
  assert.equal(answer.json.error.code, String(status))
}
