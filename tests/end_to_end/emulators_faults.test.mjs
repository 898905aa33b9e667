// What a test tells the Railway emulator to do wrong, what it keeps of each call, its subscriptions and its logs.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { missing, waitFor } from './program.mjs'

const skip = missing(process.execPath, 'graphql', 'ws')
const { configure, get, withEmulators } = skip ? {} : await import('./emulators/client.mjs')
const { default: WebSocket } = skip ? {} : await import('ws')
const emulated = (name, body, options) => test(name, { skip }, () => withEmulators(body, options))
const rejects = (promise, pattern) => assert.rejects(promise, error => pattern.test(error.message) || assert.fail(`"${error.message}" does not match ${pattern}`))

// --- faults ---

emulated('an answer is lost after acting: the object is there, and asking again makes a second', async ({ client, railway }) => {
  const target = await client.project()
  await configure(railway, { next: [{ match: 'serviceCreate', do: 'lose' }] })

  await assert.rejects(client.service(target, 'valkey'))
  assert.equal(railway.state.services.length, 1)
  await client.service(target, 'valkey')
  assert.equal(railway.state.services.length, 2)
})

emulated('calls fail, are limited, are cut and hang as told, so often as told', async ({ client, railway }) => {
  await configure(railway, { next: [{ match: 'me', do: 'fail', message: 'Problem processing request', times: 2 }, { match: 'me', do: 'rate-limit', after: 7 }, { match: 'me', do: 'drop' }, { match: 'me', do: 'delay', ms: 30 }] })
  await rejects(client.ask('query { me { id } }'), /Problem processing request/)
  await rejects(client.ask('query { me { id } }'), /Problem processing request/)
  const limited = await client.raw('query { me { id } }')
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '7'])
  await assert.rejects(client.ask('query { me { id } }'))
  const began = Date.now()
  await client.ask('query { me { id } }')
  assert.ok(Date.now() - began >= 25)

  await configure(railway, { next: [{ match: 'projectCreate', do: 'hang' }] })
  await assert.rejects(fetch(railway.url, { method: 'POST', headers: { ...client.headers, 'content-type': 'application/json' }, body: JSON.stringify({ query: 'mutation { projectCreate(input: { name: "x" }) { id } }' }), signal: AbortSignal.timeout(100) }))
  assert.equal(railway.state.projects.length, 0)
  await assert.rejects(configure(railway, { next: [{ match: 'me', do: 'explode' }] }), /explode/)
})

emulated('an answer may be anything at all, as from a box in front of the API', async ({ client, railway }) => {
  await configure(railway, { next: [
    { match: '*', do: 'fail', status: 503, body: '<html>down</html>' }, { match: '*', do: 'fail', body: {} },
    { match: '*', do: 'fail', message: 'Two factor authentication required', extensions: { workspaceName: 'Example' } }
  ] })
  const answers = []
  for (let i = 0; i < 3; i++) answers.push(await client.raw('query { me { id } }'))

  assert.deepEqual([answers[0].status, answers[0].text], [503, '<html>down</html>'])
  assert.deepEqual(answers[1].body, {})
  assert.equal(answers[2].body.errors[0].extensions.workspaceName, 'Example')
})

emulated('the edge fails as told, for one name', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, 'docker.io/seance/backend:1')
  const { domain } = (await client.ask('mutation ($input: ServiceDomainCreateInput!) { serviceDomainCreate(input: $input) { domain } }', { input: { serviceId: target.serviceId, environmentId: target.environmentId } })).serviceDomainCreate
  await configure(railway, { edge: { next: [{ match: `GET ${domain}/health`, do: 'fail', status: 503 }] } })

  const statuses = []
  for (const path of ['/', '/health', '/health']) statuses.push((await get(railway.edge, domain, path)).status)

  assert.deepEqual(statuses, [200, 503, 200])
})

emulated('cutting at each call in turn enumerates the points at which a tool may die', async ({ client, railway }) => {
  const steps = async () => {
    const project = await client.project()
    await client.service(project, 'backend')
    await client.service(project, 'landing')
  }
  for (const [at, projects, services] of [[1, 1, 0], [2, 2, 1], [3, 3, 3]]) {
    await configure(railway, { killAt: at })
    await assert.rejects(steps())
    await assert.rejects(client.ask('query { me { id } }'), undefined, 'nothing gets through after the cut')
    await configure(railway, { clear: true })
    assert.deepEqual([railway.state.projects.length, railway.state.services.length], [projects, services])
  }
})

emulated('every document received is kept with its variables', async ({ client, railway }) => {
  await client.service(await client.project(), 'backend')
  const calls = await (await fetch(`${railway.control}/calls`)).json()

  assert.deepEqual(calls.map(call => call.names), [['projectCreate'], ['serviceCreate']])
  assert.equal(calls[1].variables.input.name, 'backend')
  assert.equal(calls[1].identified, true)
})

test('the state survives a restart from its file', { skip }, async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'emulators-'))
  const state = path.join(folder, 'railway.json')
  let token
  await withEmulators(async ({ client, railway }) => {
    token = railway.token('account')
    const target = await client.service(await client.project(), 'backend')
    await client.run(target, 'docker.io/seance/backend:1')
  }, { state })
  await withEmulators(async ({ client, railway }) => {
    assert.equal(railway.token('account'), token)
    assert.equal(railway.state.services[0].name, 'backend')
    assert.equal((await client.deployment(railway.state.deployments[0].id)).status, 'SUCCESS')
  }, { state })
  await fs.rm(folder, { recursive: true })
})

// --- subscriptions ---

// A subscription's frames as they arrive, and its end.
async function subscribe (railway, query, variables, { protocol = 'graphql-transport-ws', headers } = {}) {
  const socket = new WebSocket(railway.url.replace('http', 'ws') + '?source=test', protocol, { headers: headers ?? { authorization: `Bearer ${railway.token('account')}` } })
  const frames = []
  let closed = null
  socket.on('error', () => {})
  socket.on('message', data => frames.push(JSON.parse(data)))
  socket.on('close', code => { closed = code })
  socket.on('unexpected-response', (request, response) => { closed = response.statusCode; request.destroy() })
  const self = {
    frames, socket, send: message => socket.send(JSON.stringify(message)), closed: () => waitFor(() => closed, 'the end of a socket'),
    until: (test, what) => waitFor(() => frames.find(test), what), data: () => frames.filter(frame => frame.type === 'next').map(frame => frame.payload.data)
  }
  await waitFor(() => socket.readyState === 1 || closed !== null, 'an open socket')
  if (query && closed === null) {
    self.send({ type: 'connection_init' })
    await self.until(frame => frame.type === 'connection_ack', 'connection_ack')
    self.send({ id: '1', type: 'subscribe', payload: { query, variables } })
  }
  return self
}

emulated('a subscription tells each change of a deployment, and its events', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { source: { image: 'docker.io/seance/backend:1' } })
  await configure(railway, { outcomes: [{ status: 'NEEDS_APPROVAL' }] })
  const id = await client.deploy(target)
  await client.until(id, 'NEEDS_APPROVAL')
  const watched = await subscribe(railway, 'subscription ($id: String!) { deployment(id: $id) { id status } }', { id })
  const events = await subscribe(railway, 'subscription ($id: String!) { deploymentEvents(id: $id) { step completedAt } }', { id })
  await waitFor(() => railway.faults.calls.filter(call => call.socket).length === 2, 'both subscriptions')

  await client.ask('mutation ($id: String!) { deploymentApprove(id: $id) }', { id })

  await watched.until(frame => frame.payload?.data?.deployment.status === 'SUCCESS', 'SUCCESS')
  assert.deepEqual([...new Set(watched.data().map(data => data.deployment.status))], ['DEPLOYING', 'SUCCESS'])
  await events.until(frame => frame.payload?.data?.deploymentEvents.step === 'CONFIGURE_NETWORK', 'an event')
  watched.send({ id: '1', type: 'complete' })
  watched.socket.close()
  events.socket.close()
})

emulated('a log subscription begins with the backlog and goes on live, with attributes of JSON lines', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  const id = await client.run(target, 'docker.io/seance/backend:1')
  const deployment = railway.state.deployments.find(row => row.id === id)
  const write = (...lines) => railway.logs.lines(deployment, deployment.instances[0].id, lines, 'info')
  write('{"level":"warn","msg":"slow query","ms":12}', 'plain text')

  const logs = await subscribe(railway, 'subscription ($id: String!) { deploymentLogs(deploymentId: $id, filter: "", limit: 500) { timestamp message severity attributes { key value } } }', { id })
  await logs.until(frame => frame.type === 'next', 'the backlog')
  write('live line')
  await logs.until(frame => frame.payload?.data?.deploymentLogs.some(entry => entry.message === 'live line'), 'a live line')

  const entries = logs.data().flatMap(data => data.deploymentLogs)
  const slow = entries.find(entry => entry.message === 'slow query')
  assert.equal(slow.severity, 'warn')
  assert.deepEqual(slow.attributes, [{ key: 'level', value: '"warn"' }, { key: 'ms', value: '12' }])
  assert.match(slow.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
  assert.equal(entries.find(entry => entry.message === 'plain text').timestamp, slow.timestamp, 'lines of one piece share a nanosecond')
  logs.socket.close()

  const cut = await subscribe(railway, 'subscription ($e: String!) { environmentLogs(environmentId: $e, filter: "@level:warn") { message } }', { e: target.environmentId })
  await cut.until(frame => frame.type === 'next', 'the warning')
  assert.deepEqual(cut.data()[0].environmentLogs.map(entry => entry.message), ['slow query'])
  await configure(railway, { closeSockets: 1001 })
  assert.equal(await cut.closed(), 1001)
})

emulated('the subscription protocol is kept to the letter', async ({ railway }) => {
  const early = await subscribe(railway)
  early.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { x }' } })
  assert.equal(await early.closed(), 4401)
  const twice = await subscribe(railway)
  twice.send({ type: 'connection_init' })
  twice.send({ type: 'connection_init' })
  assert.equal(await twice.closed(), 4429)
  const silent = await subscribe(railway)
  assert.equal(await silent.closed(), 4408)
  const wrong = await subscribe(railway, null, null, { protocol: 'graphql-ws' })
  assert.equal(await wrong.closed(), 1006)
  const refused = await subscribe(railway, 'subscription { deployment(id: "x") { nothing } }')
  assert.match((await refused.until(frame => frame.type === 'error', 'an error')).payload[0].message, /nothing/)
  const dead = await subscribe(railway, 'subscription { deployment(id: "x") { id } }', {}, { headers: {} })
  assert.equal((await dead.until(frame => frame.type === 'error', 'an error')).payload[0].message, 'Not Authorized')
  const deaf = await subscribe(railway, 'subscription { deploymentEvents(id: "x") { id } }')
  assert.equal(await deaf.closed(), 1006, 'an unanswered ping ends the connection')
  await configure(railway, { refuseUpgrades: true })
  assert.equal(await (await subscribe(railway)).closed(), 403)
}, { initMs: 100, pingMs: 100 })

// --- logs ---

emulated('log queries filter, and now and then answer one line too many', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  const id = await client.run(target, 'docker.io/seance/backend:1')
  const deployment = railway.state.deployments.find(row => row.id === id)
  for (let i = 0; i < 5; i++) railway.logs.lines(deployment, deployment.instances[0].id, [`{"level":"${i % 2 ? 'error' : 'info'}","message":"line number ${i}","status":${500 + i}}`], 'info')
  const messages = async (filter, limit) => (await client.logs(id, { filter, limit })).map(entry => entry.message.slice(-1))

  assert.deepEqual(await messages('@level:error', 100), ['1', '3'])
  assert.deepEqual(await messages('"line number" AND @status:>=503', 100), ['3', '4'])
  assert.deepEqual(await messages('@status:501..502 OR "number 4"', 100), ['1', '2', '4'])
  assert.deepEqual(await messages('line -(@level:error OR @status:500)', 100), ['2', '4'])
  assert.deepEqual([(await messages('line', 2)).length, (await messages('line', 2)).length], [2, 3])
  await rejects(client.logs(id, { limit: 5001 }), /5000/)
})
