// Images that really run: pushed to a registry, pulled, started, health-checked, reached by their public name, replaced,
// drained, rolled back. And the registry and the rehearsal that bring it all together.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { method } from '../emulators/railway/containers.mjs'
import { startRegistry } from '../emulators/registry.mjs'
import { missing, repository, stop, waitFor } from './program.mjs'
import { buildServer, pushImage, tar } from './emulators/image.mjs'

const server = buildServer()
const skip = missing(process.execPath, 'graphql', 'ws') || server.reason || false
const noRedis = skip || ((process.env.PATH ?? '').split(':').some(folder => existsSync(path.join(folder, 'redis-server'))) ? false : 'redis-server is not installed')
const { configure, get, recordsOf, withEmulators } = skip ? {} : await import('./emulators/client.mjs')
let registry
const digests = {}

// Images server:1 and server:2 differ in VERSION only; more by name as a test needs them.
const layers = skip ? [] : [tar([{ name: 'etc/' }, { name: 'etc/release', bytes: Buffer.from('layer one') }, { name: 'gone' }]), tar([{ name: '.wh.gone' }, { name: 'bin/' }, { name: 'bin/server', mode: 0o555, bytes: server.bytes }])]
const push = (tag, { env = [], ...more } = {}) => pushImage(registry.url, 'seance/server', tag, { layers, config: { User: '65532:65532', Entrypoint: ['/bin/server'], Env: [`VERSION=${tag}`, ...env] }, ...more })

before(async () => {
  if (skip) return
  registry = await startRegistry()
  for (const tag of ['1', '2']) digests[tag] = await push(tag)
})
after(async () => {
  await registry?.stop()
})

const IMAGE = 'docker.io/seance/server'
const running = (name, body, options = {}) => test(name, { skip: options.skip ?? skip }, () => withEmulators(body, { run: true, speed: 50, registryMap: { 'docker.io/seance': `${registry.host}/seance` }, ...options }))

// A public address for a service, without DNS.
async function publicName (client, target) {
  return (await client.ask('mutation ($input: ServiceDomainCreateInput!) { serviceDomainCreate(input: $input) { domain } }', { input: { serviceId: target.serviceId, environmentId: target.environmentId } })).serviceDomainCreate.domain
}

running('an image goes from the registry to an answer by its public name, and back by rollback', async ({ client, railway, cf, zone }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.set(target, { PORT: '8765', GREETING: 'hello' })
  await client.update(target, { healthcheckPath: '/health', drainingSeconds: 10 })
  const domain = await client.domain(target, 'backend.seance.dev', 8765)

  const first = await client.run(target, `${IMAGE}:1@${digests['1']}`)
  assert.equal((await client.deployment(first)).meta.imageDigest, digests['1'])
  assert.equal((await get(railway.edge, 'backend.seance.dev', '/env/VERSION')).status, 404)
  await cf('POST', `/zones/${zone}/dns_records/batch`, { posts: recordsOf(domain) })
  const version = async () => (await get(railway.edge, 'backend.seance.dev', '/env/VERSION')).body
  await waitFor(async () => await version() === '1', 'the first version by its name')
  assert.equal((await get(railway.edge, 'backend.seance.dev', '/env/GREETING')).body, 'hello')
  assert.match((await get(railway.edge, 'backend.seance.dev', '/env/RAILWAY_DEPLOYMENT_ID')).body, new RegExp(first))

  const second = await client.run(target, `${IMAGE}:2`)
  assert.equal((await client.deployment(second)).meta.imageDigest, digests['2'])
  assert.equal(await version(), '2')
  await client.until(first, 'REMOVED')

  await client.ask('mutation ($id: String!) { deploymentRollback(id: $id) }', { id: first })
  await waitFor(async () => await version() === '1', 'the first version again')
})

running('a rollback needs no registry: the platform keeps the image', async ({ client, railway }) => {
  await push('kept')
  const target = await client.service(await client.project(), 'backend')
  const first = await client.run(target, `${IMAGE}:kept`)
  await client.run(target, `${IMAGE}:2`)
  await client.until(first, 'REMOVED')
  await configure(registry, { next: [{ match: 'GET *', do: 'fail', status: 404, times: 50 }] })

  await client.ask('mutation ($id: String!) { deploymentRollback(id: $id) }', { id: first })
  const [newest] = await client.deployments(target)
  await client.until(newest.id, 'SUCCESS')

  await configure(registry, { clear: true })
  assert.equal(newest.meta.image, `${IMAGE}:kept`)
  assert.equal((await get(railway.edge, await publicName(client, target), '/env/VERSION')).body, 'kept')
})

running('what the edge adds arrives at the service, and nothing forged does', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, `${IMAGE}:1`)
  const host = await publicName(client, target)

  const { body, headers } = await get(railway.edge, host, '/headers', { 'x-forwarded-for': '6.6.6.6', 'cf-connecting-ip': '6.6.6.6' })

  assert.match(body, new RegExp(`host: ${host}`, 'i'))
  assert.match(body, /x-forwarded-proto: https/i)
  assert.doesNotMatch(body, /6\.6\.6\.6/)
  assert.equal(headers.server, 'railway-edge')
  const id = (await client.deployments(target))[0].id
  const { httpLogs } = await client.ask('query ($id: String!) { httpLogs(deploymentId: $id, filter: "@httpStatus:200", limit: 10) { method path httpStatus host requestId } }', { id })
  assert.deepEqual([httpLogs.at(-1).path, httpLogs.at(-1).host, httpLogs.at(-1).requestId], ['/headers', host, headers['x-railway-request-id']])
})

running('a WebSocket passes through', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'signaling')
  await client.run(target, `${IMAGE}:1`)
  const host = await publicName(client, target)
  const socket = net.connect(new URL(railway.edge).port, '127.0.0.1')
  let text = ''
  socket.on('data', data => { text += data })
  socket.write(`GET /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  await waitFor(() => text.includes('101 Switching Protocols'), 'the upgrade')
  socket.write('ping through')
  await waitFor(() => text.includes('ping through'), 'the echo')
  socket.destroy()
})

running('the edge speaks TLS for any name, with a certificate of its own authority', async ({ client, railway, cf, zone }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.set(target, { PORT: '80' })
  await client.run(target, `${IMAGE}:1`)
  await cf('POST', `/zones/${zone}/dns_records/batch`, { posts: recordsOf(await client.domain(target, 'backend.seance.dev')) })
  await cf('POST', `/zones/${zone}/dns_records/batch`, { posts: recordsOf(await client.domain(target, 'too.deep.seance.dev')) })
  const ca = await fs.readFile(railway.ca)
  const fetchTls = host => new Promise((resolve, reject) => {
    https.get({ host: '127.0.0.1', port: new URL(railway.edgeTls).port, servername: host, headers: { host }, path: '/env/VERSION', ca, agent: false }, response => {
      response.on('data', data => resolve({ body: String(data), status: response.statusCode }))
    }).on('error', reject)
  })

  await waitFor(async () => (await fetchTls('backend.seance.dev')).body === '1', 'the answer over TLS')
  await assert.rejects(fetchTls('too.deep.seance.dev'), undefined, 'a proxied name two labels below the zone has no certificate')
}, { tls: true })

running('only 200 passes the health check: until its timeout the old version serves', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { healthcheckPath: '/health', healthcheckTimeout: 2 })
  const first = await client.run(target, `${IMAGE}:1`)
  const host = await publicName(client, target)
  await client.set(target, { HEALTH: '204 No Content' })
  await client.update(target, { source: { image: `${IMAGE}:2` } })

  const second = await client.deploy(target)
  await waitFor(async () => (await client.deployment(second)).status === 'FAILED', 'the failure')

  const check = (await client.events(second)).find(event => event.step === 'HEALTHCHECK')
  assert.match(check.payload.error, /204, not 200/)
  assert.ok(check.payload.attempt > 1)
  assert.equal((await get(railway.edge, host, '/env/VERSION')).body, '1')
  assert.equal((await client.deployment(first)).status, 'SUCCESS')
  assert.ok((await client.logs(first)).some(entry => entry.message === 'health asked'), 'the probe came as healthcheck.railway.app')
})

running('what exits at once is restarted as the policy says and then called failed', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.set(target, { EXIT_CODE: '3' })
  await client.update(target, { source: { image: `${IMAGE}:1` }, healthcheckPath: '/health', restartPolicyMaxRetries: 2 })
  const checked = await client.deploy(target)
  await waitFor(async () => (await client.deployment(checked)).status === 'FAILED', 'the failure')
  assert.match((await client.events(checked)).find(event => event.step === 'HEALTHCHECK').payload.error, /exited with code 3/)
  assert.equal((await client.logs(checked)).filter(entry => entry.message === 'leaving at once').length, 3)

  await client.update(target, { healthcheckPath: null })
  const unchecked = await client.deploy(target)
  await waitFor(async () => (await client.deployment(unchecked)).status === 'CRASHED', 'the crash after SUCCESS')
})

running('what crashes later is started again', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  const id = await client.run(target, `${IMAGE}:1`)
  const host = await publicName(client, target)
  await get(railway.edge, host, '/crash')

  await waitFor(async () => (await client.logs(id)).filter(entry => entry.message === 'started').length === 2, 'the second start')
  await waitFor(async () => (await get(railway.edge, host, '/env/VERSION')).body === '1', 'an answer again')
  assert.equal((await client.deployment(id)).status, 'SUCCESS')
})

running('an image that cannot be pulled fails with empty logs', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  for (const [image, reason] of [[`${IMAGE}:absent`, /404/], ['ghcr.io/someone/else:1', /loopback/], [`${IMAGE}@sha256:${'0'.repeat(64)}`, /404/]]) {
    await client.update(target, { source: { image } })
    const id = await client.deploy(target)
    await waitFor(async () => (await client.deployment(id)).status === 'FAILED', 'the failure')
    assert.match((await client.events(id))[0].payload.error, reason)
    assert.deepEqual(await client.logs(id), [])
  }
})

running('an image that lies about its layers or its machine is refused', async ({ client }) => {
  await push('lies', { diffIds: layers.map(() => 'sha256:' + '0'.repeat(64)) })
  await push('arm', { architecture: 'arm64' })
  const target = await client.service(await client.project(), 'backend')
  for (const [tag, reason] of [['lies', /unpacks to/], ['arm', /arm64/]]) {
    await client.update(target, { source: { image: `${IMAGE}:${tag}` } })
    const id = await client.deploy(target)
    await waitFor(async () => (await client.deployment(id)).status === 'FAILED', 'the failure')
    assert.match((await client.events(id))[0].payload.error, reason)
  }
})

running('overlap and drain default to 0 s: a request in flight is cut when the service is replaced', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.set(target, { STUBBORN: '1' })
  const first = await client.run(target, `${IMAGE}:1`)
  const host = await publicName(client, target)
  const slow = get(railway.edge, host, '/slow').then(answer => answer.status, () => 'cut')
  await waitFor(async () => (await client.logs(first)).some(entry => entry.message === 'slow began'), 'the request in flight')

  await client.run(target, `${IMAGE}:2`)
  await client.until(first, 'REMOVED')

  const drain = (await client.events(first)).find(event => event.step === 'DRAIN_INSTANCES')
  assert.ok(drain.payload.durationMs < 1000, 'SIGKILL came at once')
  assert.equal(await slow, 502)
})

running('with a drain time the old one is told to end and may finish', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { drainingSeconds: 100 })
  const first = await client.run(target, `${IMAGE}:1`)
  const live = (await client.deployment(first)).instances.length
  await client.run(target, `${IMAGE}:2`)
  await client.until(first, 'REMOVED')

  assert.equal(live, 1)
  assert.ok((await client.logs(first)).some(entry => entry.message === 'told to end'))
})

running('replicas run side by side', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { numReplicas: 3, healthcheckPath: '/health' })
  await client.run(target, `${IMAGE}:1`)
  const host = await publicName(client, target)

  const seen = new Set()
  await waitFor(async () => seen.add((await get(railway.edge, host, '/env/RAILWAY_REPLICA_ID')).body).size === 3, 'an answer of each replica')
})

running('services reach each other by their private name and own port', async ({ client, railway }) => {
  const project = await client.project()
  const backend = await client.service(project, 'backend')
  const landing = await client.service(project, 'landing')
  await client.set(backend, { PORT: '8765' })
  await client.set(landing, { BACKEND: 'http://${{backend.RAILWAY_PRIVATE_DOMAIN}}:8765' })
  await client.run(backend, `${IMAGE}:2`)
  await client.run(landing, `${IMAGE}:1`)
  const host = await publicName(client, landing)
  const name = method() === 'loader' ? railway.platform.privateAddress(railway.platform.findInstance(backend.serviceId, project.environmentId)) : 'backend.railway.internal'

  assert.equal((await get(railway.edge, host, '/env/BACKEND')).body, `http://${name}:8765`)
  assert.equal((await get(railway.edge, host, `/ask/${name}:8765`)).body, '2')
  assert.match((await get(railway.edge, host, `/ask/${name}:8766`)).body, /refused/)
})

for (const how of ['unshare', 'loader']) {
  const cannot = how === 'unshare' && method() === 'loader' ? 'user namespaces are not allowed here' : false
  running(`a program linked to libraries of its image runs by ${how}, too`, async ({ client, railway }) => {
    const { bytes, libraries } = buildServer({ linked: '-no-pie' })
    const folders = [...new Set(libraries.flatMap(({ name }) => name.split('/').slice(0, -1).map((_, i, parts) => parts.slice(0, i + 1).join('/') + '/')))].sort()
    await pushImage(registry.url, 'seance/server', 'linked', { layers: [tar([{ name: 'bin/' }, { name: 'bin/server', mode: 0o555, bytes }, ...folders.map(name => ({ name })), ...libraries])], config: { Entrypoint: ['/bin/server'], Env: ['VERSION=linked'] } })
    const project = await client.project()
    const target = await client.service(project, 'backend')
    await client.set(target, { SELF: 'http://${{RAILWAY_PRIVATE_DOMAIN}}:8080' })

    await client.run(target, `${IMAGE}:linked`)

    const host = await publicName(client, target)
    assert.equal((await get(railway.edge, host, '/env/VERSION')).body, 'linked')
    const [, name] = /http:\/\/(.*):8080/.exec((await get(railway.edge, host, '/env/SELF')).body)
    assert.equal((await get(railway.edge, host, `/ask/${name}:8080`)).body, 'linked')
  }, { method: how, skip: skip || cannot })
}

running('a domain that points to another port than PORT answers 502', async ({ client, railway, cf, zone }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, `${IMAGE}:1`)
  await cf('POST', `/zones/${zone}/dns_records/batch`, { posts: recordsOf(await client.domain(target, 'backend.seance.dev', 8765)) })

  await waitFor(async () => (await get(railway.edge, 'backend.seance.dev')).status === 502, 'the refusal')
  assert.match((await get(railway.edge, 'backend.seance.dev')).body, /Application failed to respond/)
  await client.set(target, { PORT: '8765' })
  await client.run(target, `${IMAGE}:2`)
  assert.equal((await get(railway.edge, 'backend.seance.dev', '/env/VERSION')).body, '2')
})

running('with a volume the old one stops before the new one starts, and the data stays', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'counter')
  await client.ask('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { ...target, mountPath: '/data' } })
  await client.set(target, { RAILWAY_RUN_UID: '0' })
  const host = await publicName(client, target)
  const first = await client.run(target, `${IMAGE}:1`)
  assert.equal((await get(railway.edge, host, '/count')).body, '1')

  const second = await client.run(target, `${IMAGE}:2`)

  assert.equal((await client.deployment(first)).status, 'REMOVED')
  const [old, started] = [first, second].map(id => railway.state.deployments.find(row => row.id === id))
  assert.ok(Date.parse(old.removedAt) <= Date.parse(started.events.find(event => event.step === 'CONFIGURE_NETWORK').createdAt))
  assert.equal((await get(railway.edge, host, '/count')).body, '2')
})

running('an image that runs as another user cannot write to its volume without RAILWAY_RUN_UID', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'counter')
  await client.ask('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { ...target, mountPath: '/data' } })
  await client.run(target, `${IMAGE}:1`)

  assert.equal((await get(railway.edge, await publicName(client, target), '/count')).status, 500)
}, { skip: skip || (method() === 'chroot' ? false : 'only root can give a program another user') })

running('a Valkey image is stood in for by redis-server, with its volume', async ({ client, railway }) => {
  const project = await client.project()
  const target = await client.service(project, 'valkey')
  await client.ask('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { ...target, mountPath: '/data' } })
  await client.set(target, { PASSWORD: 'pw with space' })
  await client.update(target, { startCommand: `/bin/sh -c 'exec valkey-server --requirepass "$PASSWORD" --appendonly yes --dir /data --save ""'` })
  const talk = async (...commands) => {
    const address = railway.platform.privateAddress(railway.platform.findInstance(target.serviceId, target.environmentId))
    const socket = net.connect(6379, address)
    let text = ''
    socket.on('data', data => { text += data })
    socket.on('error', () => {})
    socket.write(['AUTH "pw with space"', ...commands].join('\r\n') + '\r\n')
    await waitFor(() => text.split('\r\n').length > commands.length + 1 || socket.destroyed, 'the answers')
    socket.destroy()
    return text
  }

  const first = await client.run(target, 'valkey/valkey:8-alpine')
  assert.equal((await client.deployment(first)).meta.emulator.stoodInBy, 'redis-server')
  await waitFor(async () => (await talk('SET key kept')).includes('+OK\r\n+OK'), 'a written key')
  await client.run(target, 'valkey/valkey:8.1-alpine')
  await waitFor(async () => (await talk('GET key')).includes('kept'), 'the key after a deployment')
}, { skip: noRedis })

running('output becomes log entries of its replica', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  const id = await client.run(target, `${IMAGE}:1`)
  await waitFor(async () => (await client.logs(id)).some(entry => entry.message === 'second line'), 'the output')

  const started = (await client.logs(id)).find(entry => entry.message === 'started')
  assert.equal(started.severity, 'info')
  assert.ok(started.attributes.some(one => one.key === 'version' && one.value === '"1"'))
  assert.equal(started.tags.deploymentInstanceId, (await client.deployment(id)).instances[0].id)
})

test('a stopped emulator starts its services again from its state file', { skip }, async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'emulators-'))
  const options = { run: true, speed: 50, registryMap: { 'docker.io/seance': `${registry.host}/seance` }, folder, state: path.join(folder, 'railway.json') }
  let host
  await withEmulators(async ({ client }) => {
    const target = await client.service(await client.project(), 'backend')
    await client.ask('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { ...target, mountPath: '/data' } })
    await client.set(target, { RAILWAY_RUN_UID: '0' })
    host = await publicName(client, target)
    await client.run(target, `${IMAGE}:1`)
  }, options)
  await withEmulators(async ({ railway }) => {
    await waitFor(async () => (await get(railway.edge, host, '/count')).body === '1', 'the service after the restart')
  }, options)
  await fs.rm(folder, { recursive: true })
})

// --- registry and rehearsal ---

test('the registry is strict about digests, order and scope', { skip }, async () => {
  const own = await startRegistry({ auth: { username: 'me', password: 'secret' } })
  const basic = { authorization: 'Basic ' + Buffer.from('me:secret').toString('base64') }
  const token = async (scope, headers = basic) => (await (await fetch(`${own.url}/token?service=x&scope=${scope}`, { headers })).json()).token
  try {
    const challenge = await fetch(`${own.url}/v2/seance/x/blobs/uploads/`, { method: 'POST' })
    assert.equal(challenge.status, 401)
    assert.match(challenge.headers.get('www-authenticate'), /^Bearer realm="http:\/\/127\.0\.0\.1:\d+\/token",service="[^"]+",scope="repository:seance\/x:pull,push"$/)
    const headers = { authorization: `Bearer ${await token('repository:seance/x:pull,push')}` }
    const readOnly = { authorization: `Bearer ${await token('repository:seance/x:pull,push', {})}` }
    assert.equal((await fetch(`${own.url}/v2/seance/x/blobs/uploads/`, { method: 'POST', headers: readOnly })).status, 401, 'anonymous got pull only, without an error')

    const type = 'application/vnd.oci.image.manifest.v1+json'
    const early = await fetch(`${own.url}/v2/seance/x/manifests/1`, { method: 'PUT', headers: { ...headers, 'content-type': type }, body: JSON.stringify({ schemaVersion: 2, mediaType: type, config: { digest: 'sha256:' + '0'.repeat(64), size: 1 }, layers: [] }) })
    assert.equal((await early.json()).errors[0].code, 'MANIFEST_BLOB_UNKNOWN')

    const place = new URL((await fetch(`${own.url}/v2/seance/x/blobs/uploads/`, { method: 'POST', headers })).headers.get('location'), own.url)
    assert.equal((await fetch(place.href.split('?')[0] + '?digest=sha256:' + '0'.repeat(64), { method: 'PUT', headers, body: 'x' })).status, 404, 'the query of the location must be kept')
    place.searchParams.set('digest', 'sha256:' + '0'.repeat(64))
    assert.equal((await (await fetch(place, { method: 'PUT', headers, body: 'x' })).json()).errors[0].code, 'DIGEST_INVALID')

    const digest = await pushImage(own.url, 'seance/x', '1', { layers: [layers[0]], headers })
    assert.equal((await fetch(`${own.url}/v2/seance/x/manifests/1`, { headers: { ...headers, accept: type } })).headers.get('docker-content-digest'), digest)
    assert.equal((await fetch(`${own.url}/v2/seance/x/manifests/1`, { headers: { ...headers, accept: 'text/plain' } })).status, 404)
    assert.deepEqual((await (await fetch(`${own.url}/v2/seance/x/tags/list`, { headers })).json()).tags, ['1'])
    own.limitPulls(0)
    assert.equal((await fetch(`${own.url}/v2/seance/x/manifests/1`, { headers: { ...headers, accept: type } })).status, 429)
    assert.equal((await fetch(`${own.url}/v2/seance/x/manifests/1`, { method: 'HEAD', headers: { ...headers, accept: type } })).status, 200)
  } finally { await own.stop() }
})

for (const kind of ['docker-registry', 'built-in']) {
  const program = (process.env.PATH ?? '').split(':').some(folder => existsSync(path.join(folder, 'docker-registry')))
  test(`a rehearsal starts all of it with the ${kind} registry, and ends with its standard input`, { skip: skip || (kind === 'docker-registry' && !program && 'docker-registry is not installed') }, async () => {
    const child = spawn(process.execPath, [path.join(repository, 'tests/emulators/rehearsal.mjs'), '--zone', 'seance.dev', '--images', 'docker.io/seance', ...(kind === 'built-in' ? ['--built-in-registry'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      let text = ''
      child.stdout.on('data', data => { text += data })
      await waitFor(() => text.includes('\n'), 'the line of JSON')
      const line = JSON.parse(text)
      assert.equal(line.registry.kind, kind)
      assert.deepEqual(line.registry.map, { 'docker.io/seance': `${line.registry.host}/seance` })
      const me = await fetch(line.railway.url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${line.railway.token}` }, body: '{"query":"{ me { workspaces { id } } }"}' })
      assert.equal((await me.json()).data.me.workspaces[0].id, line.railway.workspaceId)
      const zones = await fetch(`${line.cloudflare.url}/zones`, { headers: { authorization: `Bearer ${line.cloudflare.token}` } })
      assert.equal((await zones.json()).result[0].name, 'seance.dev')
      await pushImage(line.registry.url, 'seance/server', '1', { layers, config: { Entrypoint: ['/bin/server'] } })
      assert.match(await fs.readFile(line.railway.ca, 'utf8'), /BEGIN CERTIFICATE/)

      child.stdin.end()
      const [code] = await once(child, 'exit')
      assert.equal(code, 0)
      await assert.rejects(fetch(line.registry.url), undefined, 'the registry is gone too')
    } finally { await stop(child, 'SIGKILL') }
  })
}
