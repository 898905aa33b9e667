// --ssl_certfile_path and --ssl_keyfile_path: the gateway ends TLS itself.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { freePort } from './program.mjs'
import { missing, program, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing() || (() => {
  try { execFileSync('openssl', ['version']); return false } catch { return 'openssl is not installed' }
})()

const config = `model_list: [{ model_name: mock, litellm_params: { model: openai/mock, mock_response: "${'Hello over TLS. '.repeat(2000)}" } }]
general_settings: { master_key: sk-master, allowed_ips: [127.0.0.1] }
`

async function withGateway (body) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-tls-'))
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'certificate.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=gateway.test',
    '-addext', 'subjectAltName=DNS:gateway.test', '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  const port = await freePort()
  const gateway = await startGateway(config, { PORT: String(port) }, ['--ssl_keyfile_path', key, '--ssl_certfile_path', certificate])
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: await fs.readFile(certificate), servername: 'gateway.test' })
  const ask = (where, sent) => new Promise((resolve, reject) => {
    const request = https.request({ agent, host: '127.0.0.1', port, path: where, method: sent ? 'POST' : 'GET', headers: { authorization: 'Bearer sk-master' } }, async response => {
      let text = ''
      for await (const piece of response) text += piece
      resolve({ status: response.statusCode, text, reused: request.reusedSocket })
    })
    request.on('error', reject)
    request.end(sent && JSON.stringify(sent))
  })
  try {
    await body({ gateway, port, ask, file: gateway.file, tls: ['--ssl_keyfile_path', key, '--ssl_certfile_path', certificate] })
  } finally {
    agent.destroy()
    assert.equal(await gateway.stop(), 0)
    await fs.rm(folder, { recursive: true })
  }
}

test('calls over TLS are answered whole and streamed, on one connection', { skip }, () => withGateway(async ({ ask }) => {
  const call = stream => ask('/v1/chat/completions', { model: 'mock', stream, messages: [{ role: 'user', content: 'x'.repeat(200_000) }] })
  const whole = await call(false)
  assert.deepEqual([whole.status, JSON.parse(whole.text).choices[0].message.content.length], [200, 32_000])
  const streamed = await call(true)
  assert.ok(streamed.text.endsWith('data: [DONE]\n\n'))
  assert.ok(streamed.reused)
}))

test('whoever speaks no TLS, or says nothing, is in nobody else\'s way', { skip }, () => withGateway(async ({ ask, port }) => {
  const plain = net.connect(port, '127.0.0.1')
  plain.on('error', () => {})
  plain.write('GET /health/liveliness HTTP/1.1\r\nHost: x\r\n\r\n')
  let heard = ''
  plain.on('data', data => { heard += data.toString('latin1') })
  await waitFor(() => plain.closed || plain.readableEnded, 'the plain connection to end')
  assert.ok(!heard.startsWith('HTTP/'))
  const silent = net.connect(port, '127.0.0.1')
  assert.equal((await ask('/v1/models')).status, 200)
  silent.destroy()
}))

test('--health asks a gateway with TLS', { skip }, () => withGateway(async ({ port, file, tls }) => {
  const child = spawn(program, ['--config', file, '--host', '127.0.0.1', '--port', String(port), '--health', ...tls], { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const piece of child.stdout) text += piece
  assert.equal(JSON.parse(text).healthy_count, 1)
}))
