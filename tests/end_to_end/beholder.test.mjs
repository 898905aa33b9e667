// Real PostHog clients reach PostHog through our own domain.
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { startPostHog } from '../emulators/posthog.mjs'
import { makeCertificate, withoutOpenssl } from './beholder/certificate.mjs'
import { missing, startBeholder, waitFor } from './beholder/program.mjs'

const skip = missing()

async function withBeholder (body, settings = {}) {
  const posthog = await startPostHog()
  const beholder = await startBeholder({ EVENTS_UPSTREAM: posthog.eventsUrl, ASSETS_UPSTREAM: posthog.assetsUrl, ...settings })
  try {
    await body(beholder, posthog)
    assert.deepEqual(posthog.violations, [])
  } finally {
    const code = await beholder.stop()
    await posthog.stop()
    assert.equal(code, 0)
  }
}

// fetch() forbids some of the fields a browser or an attacker sends.
function request (url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, headers }, response => {
      const pieces = []
      response.on('data', piece => pieces.push(piece))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, raw: response.rawHeaders, body: Buffer.concat(pieces) }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('posthog-node captures events and reads flags', { skip: missing('posthog-node') }, () => withBeholder(async (beholder, posthog) => {
  const { PostHog } = await import('posthog-node')
  const client = new PostHog('phc_test', { host: beholder.url, flushAt: 1, flushInterval: 0 })

  client.capture({ distinctId: 'ann', event: 'kettle_boiled', properties: { litres: 2 } })
  assert.equal(await client.isFeatureEnabled('beta', 'ann'), true)
  await client.shutdown()

  const event = posthog.events.find(one => one.event === 'kettle_boiled')
  assert.equal(event.distinct_id, 'ann')
  assert.equal(event.properties.litres, 2)
}))

test('posthog-js-lite captures events', { skip: missing('posthog-js-lite') }, () => withBeholder(async (beholder, posthog) => {
  const { PostHog } = await import('posthog-js-lite')
  const client = new PostHog('phc_test', { host: beholder.url, persistence: 'memory', flushAt: 1 })

  client.capture('page_seen', { path: '/' })
  await waitFor(() => posthog.events.find(one => one.event === 'page_seen'), 'the event')
  await client.shutdown()
}))

test('a browser payload reaches PostHog byte for byte', { skip }, () => withBeholder(async (beholder, posthog) => {
  const body = zlib.gzipSync(JSON.stringify([{ event: 'a', distinct_id: 'x', uuid: '0' }]))
  const path = '/e/?compression=gzip-js&ip=1&_=17&ver=1.2.3&x=%2F%2f'

  const response = await request(beholder.url + path, { method: 'POST', headers: { 'Content-Type': 'text/plain', Origin: 'https://app.test' }, body })

  assert.equal(response.status, 200)
  assert.deepEqual(JSON.parse(response.body), { status: 'Ok' })
  assert.equal(response.headers['access-control-allow-origin'], 'https://app.test')
  assert.equal(posthog.requests[0].url, path)
  assert.deepEqual(posthog.requests[0].body, body)
  assert.equal(posthog.requests[0].headers['content-encoding'], undefined)
}))

test('scripts and remote configuration come from the assets host with their prefix', { skip }, () => withBeholder(async (beholder, posthog) => {
  for (const path of ['/static/array.js', '/static/1.2.3/recorder.js', '/static/toolbar.js?v=1&t=2', '/array/phc_x/config', '/array/phc_x/config.js']) {
    const response = await request(beholder.url + path, { headers: { 'Accept-Encoding': 'gzip' } })
    assert.equal(zlib.gunzipSync(response.body).toString(), `/* ${path} */`)
    assert.equal(response.headers['cache-control'], 'public, max-age=300')
  }
  assert.ok(posthog.requests.every(one => one.role === 'assets'))
}))

test('credentials of our own domain stay here, and PostHog binds nothing to it', { skip }, () => withBeholder(async (beholder, posthog) => {
  const headers = { Cookie: 'session=secret', Authorization: 'Bearer secret', 'Content-Type': 'application/json' }
  const response = await request(`${beholder.url}/e/`, { method: 'POST', headers, body: '{"event":"a"}' })

  assert.equal(response.status, 200)
  for (const name of ['set-cookie', 'strict-transport-security', 'alt-svc', 'nel', 'report-to']) assert.equal(response.headers[name], undefined, name)
  await request(`${beholder.url}/i/v1/analytics/events`, { method: 'POST', headers, body: '{"event":"b"}' })
  assert.equal(posthog.requests[1].headers.authorization, 'Bearer secret')
  assert.ok(!JSON.stringify(beholder.log).includes('secret'))
}))

test('a preflight is PostHog\'s own', { skip }, () => withBeholder(async beholder => {
  const response = await request(`${beholder.url}/e/`, { method: 'OPTIONS', headers: { Origin: 'https://app.test', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' } })

  assert.equal(response.status, 200)
  assert.equal(response.raw.filter(one => one.toLowerCase() === 'access-control-allow-origin').length, 1)
  assert.equal(response.headers['access-control-allow-headers'], 'content-type')
}))

test('the client is whom the trusted peers name, and the log masks it', { skip }, () => withBeholder(async (beholder, posthog) => {
  await request(`${beholder.url}/flags/?v=2`, { method: 'POST', headers: { 'X-Forwarded-For': '6.6.6.6, 203.0.113.77', 'X-Real-IP': '203.0.113.77' }, body: '{}' })

  assert.equal(posthog.requests[0].headers['x-forwarded-for'], '203.0.113.77, 127.0.0.1')
  const line = await waitFor(() => beholder.log.find(one => one.event === 'request'), 'the log line')
  assert.equal(line.path, '/flags/')
  assert.equal(line.upstream_status, 200)
  assert.ok(!JSON.stringify(beholder.log).includes('203.0.113.77'))
}))

test('one connection carries many requests', { skip }, () => withBeholder(async (beholder, posthog) => {
  for (let i = 0; i < 20; i++) await request(`${beholder.url}/flags/?v=2`, { method: 'POST', body: '{}' })

  assert.equal(posthog.requests.length, 20)
  assert.equal(posthog.eventsConnections, 1)
}))

test('a fault on a capture path is one the SDK retries', { skip }, () => withBeholder(async (beholder, posthog) => {
  const capture = () => request(`${beholder.url}/e/`, { method: 'POST', body: '{"event":"a"}' })

  posthog.behaviour = (seen, response) => { response.socket.destroy(); return true }
  assert.equal((await capture()).status, 502)
  posthog.behaviour = () => new Promise(() => {})
  assert.equal((await capture()).status, 504)
  posthog.behaviour = null
  assert.equal((await capture()).status, 200)
}, { UPSTREAM_HEAD_TIMEOUT: '100ms' }))

test('a health check answers while PostHog is away', { skip }, async () => {
  const beholder = await startBeholder({ EVENTS_UPSTREAM: 'http://127.0.0.1:1', ASSETS_UPSTREAM: 'http://127.0.0.1:1' })
  try {
    const health = await request(`${beholder.url}/health?x=1`)
    assert.equal(health.status, 200)
    assert.equal(health.body.toString(), 'ok\n')
    assert.equal(health.headers['cache-control'], 'no-store')
    const capture = await request(`${beholder.url}/e/`, { method: 'POST', body: '{}' })
    assert.equal(capture.status, 502)
    assert.ok(!/127\.0|posthog/i.test(capture.body.toString()))
  } finally {
    await beholder.stop()
  }
})

test('a body over the limit is refused before PostHog hears of it', { skip }, () => withBeholder(async (beholder, posthog) => {
  const response = await request(`${beholder.url}/s/`, { method: 'POST', body: Buffer.alloc(2000) })

  assert.equal(response.status, 413)
  assert.equal(posthog.requests.length, 0)
}, { MAX_BODY: '1000' }))

test('a TLS upstream is verified by chain and name, and sessions are resumed', { skip: skip || withoutOpenssl() }, async () => {
  const files = makeCertificate('localhost')
  const posthog = await startPostHog({ tls: { key: files.key, cert: files.cert }, eventsHost: 'localhost', assetsHost: 'localhost' })
  const resumed = []
  posthog.onTls(socket => resumed.push({ again: socket.isSessionReused(), name: socket.servername, protocol: socket.alpnProtocol }))
  const statusWith = async settings => {
    const beholder = await startBeholder({ ASSETS_UPSTREAM: posthog.assetsUrl, UPSTREAM_IDLE_TIMEOUT: '10ms', ...settings })
    try {
      const first = await request(`${beholder.url}/flags/?v=2`, { method: 'POST', body: '{}' })
      await new Promise(resolve => setTimeout(resolve, 20)) // past the idle time: the next one connects anew
      const last = await request(`${beholder.url}/flags/?v=2`, { method: 'POST', body: '{}' })
      assert.equal(last.status, first.status)
      return first.status
    } finally {
      await beholder.stop()
    }
  }
  try {
    assert.equal(await statusWith({ EVENTS_UPSTREAM: posthog.eventsUrl, UPSTREAM_CA_FILE: files.caFile }), 200)
    assert.equal(resumed[0].name, 'localhost')
    assert.ok(resumed.at(-1).again, 'the second connection resumes the session')
    assert.equal(await statusWith({ EVENTS_UPSTREAM: posthog.eventsUrl }), 502)
    const byAddress = posthog.eventsUrl.replace('localhost', '127.0.0.1')
    assert.equal(await statusWith({ EVENTS_UPSTREAM: byAddress, UPSTREAM_CA_FILE: files.caFile }), 502)
    assert.deepEqual(posthog.violations, [])
  } finally {
    await posthog.stop()
    files.remove()
  }
})
