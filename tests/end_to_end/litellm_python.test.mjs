// The official Python client and LiteLLM's own talk through the gateway to strict upstreams.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, repository, startGateway, waitFor } from './litellm/program.mjs'

const script = path.join(repository, 'tests/end_to_end/litellm/python_clients.py')
const pythons = [process.env.LITELLM_PYTHON, path.join(repository, 'tests/.venv/bin/python')].filter(one => one && existsSync(one))
const pythonWith = name => pythons.find(one => spawnSync(one, ['-c', `import importlib.util as u, sys; sys.exit(u.find_spec("${name}") is None)`]).status === 0)

const names = ['big', 'tools', 'embed', 'limited', 'flaky', 'endless', 'silent']
const chunk = JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }] })
const toolCall = { id: 'w', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [{ id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] } }] }
const refusal = { error: { message: 'not now', type: 'server_error', param: null, code: null } }
const manners = {
  tools: [{ body: toolCall }],
  limited: [{ status: 429, body: refusal, headers: { 'retry-after': '7' } }],
  flaky: [{ status: 503, body: refusal, headers: { 'retry-after-ms': '1' } }],
  endless: [{ eventDelay: 50, events: Array(200).fill(chunk) }],
  silent: [{ hang: true }]
}

async function run (client) {
  const python = pythonWith(client)
  const upstreams = {}
  for (const name of names) {
    upstreams[name] = await startOpenAi({ key: 'sk-up' })
    upstreams[name].next(...(manners[name] ?? []))
  }
  const gateway = await startGateway('model_list:\n' + names.map(name =>
    `  - { model_name: ${name}, litellm_params: { model: openai/gpt-${name}, api_base: "${upstreams[name].url}", api_key: sk-up } }\n`).join('') +
    'router_settings: { num_retries: 0, disable_cooldowns: true }\ngeneral_settings: { master_key: os.environ/LITELLM_MASTER_KEY }\n')
  try {
    const child = spawn(python, [script, gateway.url, client], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME ?? '/', GATEWAY_KEY: 'sk-master', LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR' }
    })
    let out = ''
    let err = ''
    child.stdout.on('data', data => { out += data })
    child.stderr.on('data', data => { err += data })
    const code = await new Promise(resolve => child.on('close', resolve))
    assert.equal(code, 0, `after ${out.split('\n').join(' ')}: ${err}`)
    return { tried: out.trim().split('\n'), upstreams }
  } finally {
    await gateway.stop()
    for (const upstream of Object.values(upstreams)) await upstream.stop()
  }
}

const skipOf = client => missing() || (pythonWith(client) ? false : `the Python package ${client} is not installed`)

test('the official Python client does all that it does with its own provider', { skip: skipOf('openai'), timeout: 120_000 }, async () => {
  const { tried, upstreams } = await run('openai')

  assert.deepEqual(tried, ['chat', 'stream', 'tools', 'images', 'embeddings', 'responses', 'errors', 'retries', 'cancel'])
  assert.equal(upstreams.flaky.calls.length, 2)
  for (const name of ['endless', 'silent']) await waitFor(() => upstreams[name].calls[0].closed, `the upstream of ${name} to be hung up on`)
})

test("LiteLLM's own client takes the gateway for its proxy", { skip: skipOf('litellm'), timeout: 120_000 }, async () => {
  const { tried } = await run('litellm')

  assert.deepEqual(tried, ['chat', 'stream', 'tools', 'images', 'embeddings', 'errors'])
})
