// A Valkey cluster: keys, spend and cached answers of the gateway in one slot of it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import { test } from 'node:test'
import { freePort } from './program.mjs'
import { missing, patience, program, startGateway, waitFor } from './litellm/program.mjs'
import { noValkey, startValkey, startValkeyCluster } from './valkey.mjs'

const skip = missing() || noValkey
const config = `
model_list: [{ model_name: a, litellm_params: { model: openai/x, mock_response: hello, input_cost_per_token: 0.001, output_cost_per_token: 0.001, max_budget: 100, budget_duration: 1d } }]
litellm_settings: { cache: true }
general_settings: { master_key: sk-master }
`
const named = nodes => ({ REDIS_CLUSTER_NODES: JSON.stringify(nodes.map(({ port }) => ({ host: '127.0.0.1', port: String(port) }))) })

async function withCluster (body, options) {
  const cluster = await startValkeyCluster(options)
  try { await body(cluster) } finally { await cluster.stop() }
}

async function withGateway (env, body, { refusals = false } = {}) {
  const gateway = await startGateway(config, { ...patience, ...env })
  const ask = async (path, sent, key = 'sk-master') => {
    const response = await fetch(gateway.url + path, { method: sent === undefined ? 'GET' : 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(sent) })
    return { status: response.status, headers: response.headers, json: await response.json() }
  }
  const chat = (key, content = 'Hello', more = {}) => ask('/v1/chat/completions', { model: 'a', messages: [{ role: 'user', content }], max_tokens: 5, ...more }, key)
  try {
    await body({ gateway, ask, chat })
    if (!refusals) assert.deepEqual(gateway.log.filter(one => one.event === 'valkey_refused'), [])
  } finally {
    assert.equal(await gateway.stop(), 0)
  }
}

for (const order of ['first', 'last']) {
  test(`everything is kept in one slot, with the node that is named ${order} the one that has it`, { skip }, () => withCluster(async cluster => {
    const nodes = [...cluster.nodes]
    const owner = (await nodes[0].command('CLUSTER', 'KEYSLOT', '{litellm}:')) > 8191 ? 1 : 0
    if ((order === 'first') !== (owner === 0)) nodes.reverse()
    await withGateway(named(nodes), async ({ ask, chat }) => {
      const { key, token } = (await ask('/key/generate', { key_alias: 'ada', max_budget: 1, rpm_limit: 50, user_id: 'u', team_id: (await ask('/team/new', { team_alias: 't' })).json.team_id })).json
      assert.equal((await chat(key)).status, 200)
      const again = await chat(key)
      assert.equal(again.status, 200)
      assert.ok(again.headers.get('x-litellm-cache-key'), 'the second is a hit')
      await waitFor(async () => (await ask(`/key/info?key=${key}`)).json.info.spend > 0, 'the spend')
      assert.equal((await ask(`/spend/logs?api_key=${token}`)).json.length, 2)
      assert.equal((await ask('/cache/flushall', {})).json.deleted_keys, 1)
      assert.equal((await ask('/key/generate', { key_alias: 'ada' })).status, 400, 'the alias is taken')
      assert.equal((await ask('/key/block', { key })).status, 200)
      assert.equal((await chat(key)).status, 401)
      assert.deepEqual((await ask('/key/delete', { keys: [key] })).json.deleted_keys, [key])
      assert.equal((await ask('/cache/ping')).json.status, 'healthy')
      await waitFor(async () => (await nodes[order === 'first' ? 0 : 1].command('EXISTS', '{litellm}:routing:cooldowns', '{litellm}:version')) >= 1, 'shared routing')
    })
    const kept = await cluster.keys()
    assert.equal(Math.min(...kept), 0)
    assert.ok(kept[owner] > 5)
  }))
}

test('a cluster is found by the nodes that are there, and followed when a replica takes over', { skip }, () => withCluster(async cluster => {
  const owner = cluster.nodes[(await cluster.nodes[0].command('CLUSTER', 'KEYSLOT', '{litellm}:')) > 8191 ? 1 : 0]
  const away = { port: await freePort() }
  await withGateway(named([away, ...cluster.nodes.slice(0, 2)]), async ({ ask, chat }) => {
    const { key } = await waitFor(async () => (await ask('/key/generate', { max_budget: 10 })).json, 'a key')
    assert.equal((await chat(key, 'before')).status, 200)
    await waitFor(async () => (await ask(`/key/info?key=${key}`)).json.info.spend > 0, 'the spend')
    const spent = (await ask(`/key/info?key=${key}`)).json.info.spend
    await waitFor(async () => Number((await owner.command('WAIT', 1, 1000))) === 1, 'the replica to have it')

    await owner.kill()
    await owner.replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER')

    await waitFor(async () => (await chat(key, 'after')).status === 200, 'calls to go on')
    await waitFor(async () => (await ask(`/key/info?key=${key}`)).json.info?.spend > spent, 'their spend')
  })
}, { replicas: true }))

async function refused (env) {
  const folder = await fs.mkdtemp('/tmp/litellm-')
  await fs.writeFile(`${folder}/config.yaml`, config)
  const child = spawn(program, ['--config', `${folder}/config.yaml`], { env: { PATH: process.env.PATH, PORT: '0', LITELLM_SPOOL_DIR: `${folder}/spool`, ...env }, stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 })
  let said = ''
  child.stderr.on('data', text => { said += text })
  const [code] = await once(child, 'close')
  await fs.rm(folder, { recursive: true })
  return { code, said }
}

test('a node of a cluster that is named as a server is refused at start, with what to write', { skip }, () => withCluster(async cluster => {
  const { port } = cluster.nodes[0]
  const { code, said } = await refused({ REDIS_URL: cluster.url })
  assert.equal(code, 65)
  assert.equal(said, `seance-litellm: Valkey at 127.0.0.1:${port} is a node of a cluster, of which the address of one server is not enough; ` +
    `name nodes with REDIS_CLUSTER_NODES, such as [{"host": "127.0.0.1", "port": ${port}}], in place of REDIS_URL or REDIS_HOST\n`)
}))

test('a node of a cluster that comes up later is told in the log, with what to write', { skip }, async () => {
  const port = await freePort()
  await withGateway({ REDIS_URL: `redis://127.0.0.1:${port}` }, async ({ gateway, chat }) => {
    assert.equal((await chat('sk-some-virtual-key')).status, 503)
    await withCluster(async () => {
      const refusal = await waitFor(async () => {
        assert.equal((await chat('sk-some-virtual-key')).status, 503)
        return gateway.log.find(one => one.event === 'valkey_refused' && one.advice)
      }, 'the refusal')
      assert.match(refusal.reason, /^(MOVED|CROSSSLOT)/)
      assert.equal(refusal.advice, 'this is a server of a cluster: name its nodes with REDIS_CLUSTER_NODES, and start again')
    }, { first: port })
  }, { refusals: true })
})

test('a server that is named as a node of a cluster is refused at start', { skip }, async () => {
  const valkey = await startValkey()
  const { code, said } = await refused(named([valkey]))
  await valkey.stop()
  assert.equal(code, 65)
  assert.match(said, /^seance-litellm: Valkey at 127\.0\.0\.1:\d+ is no node of a cluster; name it with REDIS_URL or REDIS_HOST, in place of REDIS_CLUSTER_NODES\n$/)
})
