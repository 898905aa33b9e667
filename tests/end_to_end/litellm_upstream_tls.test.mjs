// ssl_verify, SSL_VERIFY, SSL_CERT_FILE and force_ipv4: how the gateway connects to upstreams.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { missing, startGateway } from './litellm/program.mjs'

const skip = missing() || (() => {
  try { execFileSync('openssl', ['version']); return false } catch { return 'openssl is not installed' }
})()

let folder, upstream, port, ca
const answer = { id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }

function serve (server) {
  server.on('request', async (request, response) => {
    for await (const piece of request) void piece
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer))
  })
  return server
}

before(async () => {
  if (skip) return
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-ca-'))
  const certify = (name, extra) => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
      '-addext', extra, '-keyout', path.join(folder, `${name}.key`), '-out', path.join(folder, `${name}.pem`)], { stdio: 'ignore' })
  }
  certify('other.test', 'subjectAltName=DNS:other.test')
  certify('upstream.test', 'subjectAltName=DNS:localhost')
  ca = path.join(folder, 'bundle.pem')
  await fs.writeFile(ca, await fs.readFile(path.join(folder, 'other.test.pem'), 'utf8') + await fs.readFile(path.join(folder, 'upstream.test.pem'), 'utf8'))
  upstream = serve(https.createServer({ key: await fs.readFile(path.join(folder, 'upstream.test.key')), cert: await fs.readFile(path.join(folder, 'upstream.test.pem')) }))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  port = upstream.address().port
})

after(async () => {
  if (skip) return
  upstream.close()
  upstream.closeAllConnections()
  await fs.rm(folder, { recursive: true })
})

const model = (name, extra = '') => `  - { model_name: ${name}, litellm_params: { model: openai/m, api_key: k, api_base: "https://localhost:${port}/v1", max_retries: 0${extra} } }\n`
const config = (models, settings = '') => `model_list:\n${models}litellm_settings: { num_retries: 0${settings} }\n`

async function ask (gateway, name, where = '/v1/chat/completions') {
  const response = await fetch(gateway.url + where, {
    method: 'POST', headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json' },
    body: JSON.stringify({ model: name, messages: [{ role: 'user', content: 'hi' }] })
  })
  const json = await response.json()
  return response.status === 200 ? json.choices[0].message.content : `${response.status} ${json.error.message}`
}

const refused = /^500 .*certificate check failed; ssl_verify can name a file/

test('each deployment believes the certificates that it names, on connections of its own', { skip }, async () => {
  const gateway = await startGateway(config(model('plain') + model('named', `, ssl_verify: ${ca}`) + model('open', ', ssl_verify: false')))
  try {
    for (let round = 0; round < 2; ++round) {
      assert.equal(await ask(gateway, 'named'), 'hello')
      assert.equal(await ask(gateway, 'open'), 'hello')
      assert.match(await ask(gateway, 'plain'), refused)
    }
    assert.ok(gateway.log.some(line => JSON.stringify(line).includes('litellm_params.ssl_verify of open is false: certificates of upstreams are not checked')))
  } finally {
    assert.equal(await gateway.stop(), 0)
  }
})

test('a reload changes whom the gateway believes, and a file that holds nothing is refused', { skip }, async () => {
  const gateway = await startGateway(config(model('plain')))
  try {
    assert.match(await ask(gateway, 'plain'), refused)
    await gateway.reload(config(model('plain'), `, ssl_verify: ${ca}`))
    assert.equal(await ask(gateway, 'plain'), 'hello')
    await gateway.reload(config(model('plain'), ', ssl_verify: /absent.pem'))
    assert.ok(gateway.log.some(line => line.event === 'config_refused' && JSON.stringify(line).includes('litellm_settings.ssl_verify is \\"/absent.pem\\", which cannot be read')))
    assert.equal(await ask(gateway, 'plain'), 'hello')
    await gateway.reload(config(model('plain')))
    assert.match(await ask(gateway, 'plain'), refused)
  } finally {
    assert.equal(await gateway.stop(), 0)
  }
})

test('SSL_VERIFY wins over the setting, and SSL_CERT_FILE stands in for the system', { skip }, async () => {
  for (const [settings, environment, expected] of [
    ['', { SSL_CERT_FILE: ca }, /^hello$/],
    ['', { SSL_VERIFY: ca }, /^hello$/],
    ['', { SSL_VERIFY: 'False' }, /^hello$/],
    [', ssl_verify: false', { SSL_VERIFY: 'True' }, refused]
  ]) {
    const gateway = await startGateway(config(model('plain'), settings), environment)
    try {
      assert.match(await ask(gateway, 'plain'), expected, JSON.stringify(environment))
    } finally {
      assert.equal(await gateway.stop(), 0)
    }
  }
})

test('the routes of providers and test connections believe the same certificates', { skip }, async () => {
  const gateway = await startGateway(config(model('named', `, ssl_verify: ${ca}`)))
  const call = (where, body) => fetch(gateway.url + where, { method: 'POST', headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json' }, body: JSON.stringify(body) })
  try {
    assert.equal(await ask(gateway, 'm', '/openai/v1/chat/completions'), 'hello')
    const params = { model: 'openai/m', api_key: 'k', api_base: `https://localhost:${port}/v1` }
    const outcome = async ssl => (await (await call('/health/test_connection', { litellm_params: { ...params, ssl_verify: ssl } })).json())
    assert.equal((await outcome(ca)).status, 'success')
    assert.equal((await outcome(false)).status, 'success')
    assert.equal((await outcome(true)).status, 'error')
    assert.match((await outcome('/absent.pem')).error.message, /litellm_params.ssl_verify is "\/absent.pem", which cannot be read/)
  } finally {
    assert.equal(await gateway.stop(), 0)
  }
})

test('force_ipv4 asks no address of IPv6', { skip: skip || !Object.values(os.networkInterfaces()).flat().some(one => one.address === '::1') && 'there is no IPv6 here' }, async () => {
  const six = serve(http.createServer())
  six.listen(0, '::1')
  await once(six, 'listening')
  const where = `  - { model_name: six, litellm_params: { model: openai/m, api_key: k, api_base: "http://localhost:${six.address().port}/v1" } }\n`
  const gateway = await startGateway(config(where))
  try {
    assert.equal(await ask(gateway, 'six'), 'hello')
    await gateway.reload(config(where, ', force_ipv4: true'))
    assert.match(await ask(gateway, 'six'), /^500 .*Connection refused/)
    await gateway.reload(config(where.replace('localhost', '[::1]'), ', force_ipv4: true'))
    assert.match(await ask(gateway, 'six'), /^500 .*no address of IPv4/)
  } finally {
    assert.equal(await gateway.stop(), 0)
    six.close()
    six.closeAllConnections()
  }
})
