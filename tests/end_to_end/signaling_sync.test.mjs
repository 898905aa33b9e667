// Real y-websocket clients share documents through the fallback endpoint.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { freePort, missing, startSeance, waitFor } from './signaling/program.mjs'

const skip = missing('y-websocket', 'y-protocols/awareness', 'ws', 'yjs')
const { Y, awarenessMessage, connectRaw, encoding, join, syncMessage } = skip ? {} : await import('./signaling/sync_client.mjs')
const { contents, edit, randomOf } = skip ? {} : await import('./signaling/sync_random.mjs')

const noValkey = hasValkey() ? false : 'redis-server is not installed'

// A server, and clients that are gone when the test is.
async function withServer (settings, body) {
  settings = { PORT: String(await freePort()), SYNC: 'true', ...settings }
  let server = await startSeance(settings)
  const clients = []
  const here = {
    server,
    async restart (signal) {
      await server.stop(signal)
      here.server = server = await startSeance(settings)
    },
    join: (room, options) => { const c = join(here.server, room, options); clients.push(c); return c },
    connect: async path => { const c = await connectRaw(here.server, path); clients.push({ leave: c.end }); return c }
  }
  try {
    await body(here)
  } finally {
    clients.forEach(client => client.leave())
    await server.stop()
  }
}

test('what one writes the others see', { skip }, () => withServer({}, async ({ join }) => {
  const ann = join('kitchen')
  const bob = join('kitchen')
  await Promise.all([ann.synced(), bob.synced()])

  ann.write('milk, ')
  await bob.sees('milk, ')
  bob.write('bread 🍞')
  await ann.sees('milk, bread 🍞')
}))

test('who comes late, with nobody there, gets the document', { skip }, () => withServer({}, async ({ join }) => {
  const ann = join('kitchen')
  ann.write('milk')
  await ann.acknowledged()
  ann.leave()

  const bob = join('kitchen')
  await bob.sees('milk')
}))

test('rooms are kept apart, those with slashes and odd names too', { skip }, () => withServer({}, async ({ join }) => {
  const rooms = ['a', 'a/b', 'c/b', 'zwei wörter', 'zwei', '%25']
  const writers = rooms.map(room => join(room))
  for (const [i, writer] of writers.entries()) {
    writer.write(`room ${i}`)
    await writer.acknowledged()
  }

  for (const [i, room] of rooms.entries()) await join(room).sees(`room ${i}`)
}))

test('the same room of y-webrtc is another thing', { skip }, () => withServer({}, async ({ server, join }) => {
  const ann = join('kitchen')
  await ann.synced()
  const health = await (await fetch(`http://127.0.0.1:${server.port}/health`)).json()
  assert.deepEqual(health, { status: 'ok', connections: 0, rooms: 0, sync: { connections: 1, rooms: 1 } })
}))

test('operators see how many documents there are, who is in them and how large, but not which', { skip }, async () => {
  const ADMIN_PORT = String(await freePort())
  await withServer({ ADMIN_PORT, THREADS: '2' }, async ({ join, connect }) => {
    const [ann, bob] = [join('plans'), join('plans')]
    ann.write('secret '.repeat(500))
    await bob.sees('secret '.repeat(500))
    const topic = await connect('/')
    topic.socket.removeAllListeners('message')
    topic.socket.send('{"type":"subscribe","topics":["plans"]}')

    const admin = async path => (await fetch(`http://127.0.0.1:${ADMIN_PORT}${path}`)).text()
    const text = await waitFor(async () => { const t = await admin('/rooms'); return JSON.parse(t).total === 2 && t }, 'both rooms')
    const [first, second] = JSON.parse(text).rooms
    assert.match(first.room, /^[0-9a-f]{32}$/)
    assert.ok(first.bytes >= 3500 && first.bytes < 20_000, text)
    assert.deepEqual(first, { room: first.room, kind: 'sync', members: 2, bytes: first.bytes })
    assert.equal(second.members + second.elsewhere, 1)
    assert.deepEqual([second.room, second.kind], [first.room, 'signaling'])
    assert.ok(!text.includes('plans') && !text.includes('secret'))
    const metrics = await admin('/metrics')
    assert.match(metrics, /^seance_signaling_sync_connections 2$/m)
    assert.match(metrics, /^seance_signaling_sync_rooms 1$/m)
    assert.match(metrics, /^seance_signaling_sync_memory_bytes [1-9]\d{3,}$/m)
  })
})

test('what was written while offline arrives on both sides', { skip }, () => withServer({}, async ({ join }) => {
  const ann = join('garden')
  const bob = join('garden')
  await Promise.all([ann.synced(), bob.synced()])
  ann.provider.disconnect()
  ann.write('A')
  bob.write('B')
  await bob.acknowledged()

  ann.provider.connect()
  await ann.synced()
  await waitFor(() => bob.doc.getText('notes').length === 2 && contents(ann.doc) === contents(bob.doc), 'both to have both')
}))

function hasValkey () {
  try { execFileSync('redis-server', ['--version']); return true } catch { return false }
}

async function startValkey () {
  const port = await freePort()
  let child
  const valkey = {
    url: `redis://127.0.0.1:${port}`,
    async start () {
      child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
      await waitFor(() => new Promise(resolve => {
        const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true) })
        socket.on('error', () => resolve(false))
      }), 'redis-server to listen')
    },
    async stop () {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  await valkey.start()
  return valkey
}

// With a folder for the logs of documents.
async function withFolder (settings, body) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'seance-sync-'))
  const logs = () => readdirSync(folder).filter(name => name.endsWith('.log')).map(name => path.join(folder, name))
  try {
    await withServer({ SYNC_DIRECTORY: folder, ...settings }, here => body({ ...here, restart: signal => here.restart(signal), now: () => here.server, folder, logs }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('several clients that write at random all end with the same document', { skip, timeout: 120_000 }, async t => {
  for (let round = 0; round < 4; round++) {
    const seed = Number(process.env.SYNC_SEED ?? (Math.random() * 2 ** 32) >>> 0)
    await t.test(`seed ${seed}`, () => withServer({}, async ({ join }) => {
      const random = randomOf(seed)
      const clients = Array.from({ length: 5 }, () => join('party'))
      await Promise.all(clients.map(c => c.synced()))
      for (let i = 0; i < 300; i++) {
        const client = random.pick(clients)
        edit(client.doc, random)
        if (random.chance(0.03)) client.provider.disconnect()
        if (random.chance(0.1)) random.pick(clients).provider.connect()
        if (random.chance(0.2)) await new Promise(resolve => setImmediate(resolve))
      }
      clients.forEach(c => c.provider.connect())

      await converge(clients)
      const late = join('party')
      await converge([clients[0], late])
    }))
  }
})

async function converge (clients) {
  await Promise.all(clients.map(c => c.acknowledged()))
  await waitFor(() => clients.every(c => contents(c.doc) === contents(clients[0].doc)), 'all documents to be the same')
}

for (const signal of ['SIGKILL', 'SIGTERM']) {
  test(`a document is there again after ${signal}`, { skip }, () => withFolder({}, async ({ join, restart, folder }) => {
    const ann = join('notes')
    ann.write('kept')
    await ann.acknowledged()
    ann.leave()

    await restart(signal)

    await join('notes').sees('kept')
    assert.deepEqual(readdirSync(folder).filter(name => name.includes('notes')), [], 'no name of a room on the disk')
  }))
}

test('clients go on over a restart', { skip }, () => withFolder({}, async ({ join, restart }) => {
  const ann = join('notes')
  const bob = join('notes')
  await Promise.all([ann.synced(), bob.synced()])
  ann.write('before ')
  await bob.sees('before ')

  await restart('SIGKILL')
  ann.write('after')
  await bob.sees('before after')
}))

test('a log that was torn loses its torn end alone', { skip }, () => withFolder({}, async ({ join, restart, logs, now }) => {
  const ann = join('notes')
  ann.write('first')
  await ann.acknowledged()
  ann.write(' second')
  await ann.acknowledged()
  ann.leave()
  await now().stop('SIGKILL')
  const [log] = logs()
  truncateSync(log, readFileSync(log).length - 3)

  await restart()
  const bob = join('notes')
  await bob.sees('first')
  await waitFor(() => now().log.some(line => line.event === 'sync_log_repaired' && line.bytes_cut_off > 0), 'a line in the log')
  bob.write(' again')
  await bob.acknowledged()
  bob.leave()
  await restart('SIGKILL')
  await join('notes').sees('first again')
}))

test('a file that is no log is left alone, and its room goes on in memory', { skip }, () => withFolder({}, async ({ join, restart, logs, now }) => {
  const ann = join('notes')
  ann.write('x')
  await ann.acknowledged()
  ann.leave()
  await now().stop('SIGKILL')
  const [log] = logs()
  writeFileSync(log, 'someone has put this here')

  await restart()
  const bob = join('notes')
  const eve = join('notes')
  bob.write('in memory')
  await eve.sees('in memory')
  await waitFor(() => now().log.some(line => line.event === 'sync_log_failed' && /move it away/.test(line.reason)), 'a line in the log')
  assert.equal(readFileSync(log, 'utf8'), 'someone has put this here')
}))

// A limit on the size of files stands in for a full disk: writes fail the same way.
test('while the disk is full documents go on in memory, and are written when there is room', { skip }, () => withFolder({}, async ({ join, restart, now, logs }) => {
  const limit = size => execFileSync('prlimit', ['--pid', String(now().pid), `--fsize=${size}:unlimited`])
  const ann = join('notes')
  ann.write('first ')
  await ann.acknowledged()
  limit(readFileSync(logs()[0]).length + 5)
  ann.write('second ')
  await ann.acknowledged()  // nobody waits for a full disk
  const bob = join('notes')
  await bob.sees('first second ')
  await waitFor(() => now().log.some(line => line.event === 'sync_log_failed' && /write/.test(line.reason)), 'a line in the log')

  limit('unlimited')
  await waitFor(() => now().log.some(line => line.event === 'sync_log_recovered'), 'the log to be written')
  await ann.acknowledged()
  ann.leave()
  bob.leave()
  await restart('SIGKILL')
  await join('notes').sees('first second ')
}))

test('a log is compacted, and says the same afterwards', { skip }, () => withFolder({}, async ({ join, restart, logs, now }) => {
  const ann = join('notes')
  await ann.synced()
  for (let i = 0; i < 3000; i++) ann.write('z')
  await ann.acknowledged()
  const text = ann.doc.getText('notes').toString()
  await waitFor(() => readFileSync(logs()[0]).length < 64 * 1024, 'a smaller log')
  ann.leave()

  await restart('SIGTERM')
  await join('notes').sees(text)
  assert.ok(readFileSync(logs()[0]).length < 4096, `${readFileSync(logs()[0]).length} bytes for 3000 letters`)
}))

test('while one process still has the log the next goes on in memory, and takes over', { skip }, () => withFolder({}, async ({ join, folder, now }) => {
  const ann = join('notes')
  ann.write('old ')
  await ann.acknowledged()
  await withServer({ SYNC_DIRECTORY: folder }, async next => {
    const bob = next.join('notes')
    bob.write('new ')
    await bob.acknowledged()
    assert.equal(bob.doc.getText('notes').toString(), 'new ')

    ann.leave()
    await now().stop('SIGTERM')
    await waitFor(() => bob.doc.getText('notes').length === 8, 'the old text')
    await bob.acknowledged()
    bob.leave()
    await next.restart('SIGKILL')
    const carl = next.join('notes')
    await waitFor(() => carl.doc.getText('notes').length === 8, 'both texts')
  })
}))

// Two replicas and their Valkey.
async function withReplicas (body) {
  const valkey = await startValkey()
  const settings = { VALKEY_URL: valkey.url }
  try {
    await withServer(settings, one => withServer(settings, other => body(one, other, valkey)))
  } finally {
    await valkey.stop()
  }
}

test('clients of two replicas share documents and see one another', { skip: skip || noValkey }, () => withReplicas(async (one, other) => {
  const ann = one.join('notes')
  const bob = other.join('notes')
  await Promise.all([ann.synced(), bob.synced()])
  ann.awareness.setLocalStateField('name', 'Ann')
  await waitFor(() => [...bob.awareness.getStates().values()].some(s => s.name === 'Ann'), 'Ann')

  ann.write('A')
  await bob.sees('A')
  bob.write('B')
  await ann.sees('AB')
  const late = other.join('notes')
  await late.sees('AB')
  await waitFor(() => [...late.awareness.getStates().values()].some(s => s.name === 'Ann'), 'Ann, who was here before')
  ann.leave()
  await waitFor(() => ![...bob.awareness.getStates().values()].some(s => s.name === 'Ann'), 'Ann to be gone')
}))

test('random edits on two replicas converge, and are there after both were killed', { skip: skip || noValkey, timeout: 120_000 }, t => withReplicas(async (one, other) => {
  const seed = Number(process.env.SYNC_SEED ?? (Math.random() * 2 ** 32) >>> 0)
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const clients = [one, one, other, other].map(replica => replica.join('party'))
  await Promise.all(clients.map(c => c.synced()))
  for (let i = 0; i < 300; i++) {
    const client = random.pick(clients)
    edit(client.doc, random)
    if (random.chance(0.02)) { client.provider.disconnect(); client.provider.connect() }
    if (random.chance(0.2)) await new Promise(resolve => setImmediate(resolve))
  }
  await converge(clients)
  const text = contents(clients[0].doc)
  clients.forEach(c => c.leave())

  await Promise.all([one.restart('SIGKILL'), other.restart('SIGKILL')])
  const late = one.join('party')
  await late.synced()
  assert.equal(contents(late.doc), text)
}))

test('while Valkey is away each replica goes on, and both have everything when it is back', { skip: skip || noValkey, timeout: 60_000 }, () => withReplicas(async (one, other, valkey) => {
  const ann = one.join('notes')
  const bob = other.join('notes')
  const carl = one.join('notes')
  await Promise.all([ann.synced(), bob.synced(), carl.synced()])
  ann.write('1')
  await bob.sees('1')
  await valkey.stop()
  ann.write('2')
  await carl.sees('12')
  await ann.acknowledged()
  bob.write('3')
  await bob.acknowledged()

  await valkey.start()  // with nothing in it
  await waitFor(() => contents(ann.doc) === contents(bob.doc) && ann.doc.getText('notes').length === 3, 'both to have everything')
  await Promise.all([ann.acknowledged(), bob.acknowledged()])
  for (const client of [ann, bob, carl]) client.leave()
  await Promise.all([one.restart('SIGKILL'), other.restart('SIGKILL')])
  const late = other.join('notes')
  await waitFor(() => late.doc.getText('notes').length === 3, 'the whole document, though Valkey had lost it')
}))

test('updates that nobody but clients can read are kept and passed on as they are', { skip }, () => withFolder({}, async ({ connect, restart }) => {
  const sealed = ['first', 'second'].map(text => Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.from(text)]))
  const doc = new Y.Doc()
  doc.getText('notes').insert(0, 'v2')
  const v2 = Buffer.from(Y.encodeStateAsUpdateV2(doc))
  const ann = await connect('/sync/safe')
  const bob = await connect('/sync/safe')
  for (const update of [...sealed, v2, sealed[0]]) ann.update(update)
  for (const update of [...sealed, v2]) {
    assert.deepEqual(Buffer.from((await bob.next(m => m.type === 'update', 'an update')).body), update)
  }
  await ann.ask()

  await restart('SIGKILL')
  const eve = await connect('/sync/safe')
  assert.deepEqual((await eve.ask()).map(u => Buffer.from(u)), [...sealed, v2], 'each once')
}))

test('awareness appears, and goes with its client', { skip }, () => withServer({}, async ({ join }) => {
  const names = client => [...client.awareness.getStates().values()].map(s => s.name).filter(Boolean).sort()
  const ann = join('room')
  const bob = join('room')
  ann.awareness.setLocalStateField('name', 'Ann')
  bob.awareness.setLocalStateField('name', 'Bob')
  await waitFor(() => names(ann).length === 2 && names(bob).length === 2, 'both to see both')
  const late = join('room')
  await waitFor(() => names(late).length === 2, 'a late one to see both')

  ann.provider.ws.terminate()  // without a word
  ann.provider.shouldConnect = false
  await waitFor(() => names(bob).join() === 'Bob' && names(late).join() === 'Bob', 'Ann to be gone')
}))

// y-protocols' clocks alone would hide who is back until its next sign of life, up to 15 s later.
test('who is back after a lost connection is seen at once', { skip }, () => withServer({}, async ({ join }) => {
  const ann = join('room')
  const bob = join('room')
  ann.awareness.setLocalStateField('name', 'Ann')
  const seen = () => [...bob.awareness.getStates().values()].some(s => s.name === 'Ann')
  await waitFor(seen, 'Ann')
  ann.provider.shouldConnect = false
  ann.provider.ws.terminate()
  await waitFor(() => !seen(), 'Ann to be gone')

  ann.provider.connect()
  await waitFor(seen, 'Ann to be back', 5000)
}))

test('a client that never reads loses its own connection and delays nobody', { skip, timeout: 60_000 }, () => withServer(
  { SYNC_MAX_MESSAGE_BYTES: '200000', SYNC_MAX_DOCUMENT_BYTES: '4000000', MAX_QUEUE_BYTES: '2000000', CLOSE_TIMEOUT: '200ms' }, async ({ server, join, connect }) => {
    const ann = join('room')
    const bob = join('room')
    await Promise.all([ann.synced(), bob.synced()])
    const slow = await connect('/sync/room')
    slow.socket.pause()
    const text = 'x'.repeat(100_000)
    for (let i = 0; i < 30; i++) {
      ann.write(text)
      await ann.acknowledged()
      ann.doc.getText('notes').delete(0, text.length)
    }
    for (let i = 0; i < 200 && slow.isOpen(); i++) {
      for (let n = 0; n < 20; n++) slow.send(syncMessage(0, Uint8Array.of(0)))
      await ann.acknowledged()
    }

    await bob.acknowledged()
    assert.equal(bob.doc.getText('notes').length, 0)
    slow.socket.resume()
    await slow.closed()
    await waitFor(() => server.log.some(line => line.event === 'sync_peer_closed' && line.code === 1013), 'a line in the log')
  }))

test('a bad message ends its connection, with a reason, and no other', { skip }, () => withServer(
  { SYNC_MAX_MESSAGE_BYTES: '5000', SYNC_MAX_DOCUMENT_BYTES: '3000' }, async ({ server, join, connect }) => {
    const ann = join('room')
    await ann.synced()
    const awareness = text => {
      const encoder = encoding.createEncoder()
      for (const n of [1, 7, 1]) encoding.writeVarUint(encoder, n)
      encoding.writeVarString(encoder, text)
      return awarenessMessage(encoding.toUint8Array(encoder))
    }
    for (const [message, code, reason] of [
      [Buffer.from([]), 1007, /y-websocket protocol/],
      [Buffer.from([0]), 1007, /y-websocket protocol/],
      [Buffer.from([0, 2, 200, 1, 0]), 1007, /y-websocket protocol/],
      [Buffer.from([0, 2, 0]), 1007, /empty/],
      [Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), 1007, /y-websocket protocol/],
      [awareness('{'), 1007, /awareness/],
      ['text', 1008, /binary/],
      [Buffer.alloc(6000), 1009, /./],
      [Buffer.from(syncMessage(2, Buffer.alloc(4000, 0xff))), 1009, /document/]
    ]) {
      const bad = await connect('/sync/room')
      bad.send(message)
      const closed = await bad.closed()
      assert.equal(closed.code, code, `${closed.reason} for ${message}`)
      assert.match(closed.reason, reason)
    }
    ann.write('well')
    await ann.acknowledged()
    await join('room').sees('well')
    for (const room of ['', '%', 'x'.repeat(2000)]) {
      const refused = await connect(`/sync/${room}`)
      assert.ok(!refused.isOpen())
    }
    assert.equal(server.log.filter(line => JSON.stringify(line).includes('well')).length, 0)
  }))

test('no more documents are opened than there is memory for, and unused ones make room', { skip }, () => withServer(
  { SYNC_MAX_MESSAGE_BYTES: '5000', SYNC_MAX_DOCUMENT_BYTES: '3000', SYNC_MAX_MEMORY_BYTES: '3000' }, async ({ join, connect }) => {
    const sealed = fill => Buffer.alloc(2800, fill)
    const ann = await connect('/sync/one')
    ann.update(sealed(0xf1))
    assert.equal((await ann.ask()).length, 1)
    const refused = await connect('/sync/two')
    refused.update(sealed(0xf2))
    assert.equal((await refused.closed()).code, 1013)

    ann.end()
    await waitFor(async () => {
      const bob = await connect('/sync/two')
      bob.update(sealed(0xf2))
      return Promise.race([bob.ask().then(() => true), bob.closed().then(() => false)])
    }, 'the first document to make room')
  }))

test('connections accepted by any thread meet in their rooms', { skip }, () => withServer({ THREADS: '3' }, async ({ join }) => {
  const clients = Array.from({ length: 12 }, () => join('room'))
  await Promise.all(clients.map(c => c.synced()))
  clients[0].write('all')
  await Promise.all(clients.map(c => c.sees('all')))
}))

test('a room token says who may read and who may write', { skip }, () => {
  const secret = 'k'.repeat(32)
  const token = (topics, access) => {
    const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ aud: 'seance-signaling', exp: Math.floor(Date.now() / 1000) + 60, topics, access })}`
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }
  return withServer({ ROOM_TOKEN_SECRET: secret }, async ({ join, connect }) => {
    const ann = join('room', { params: { token: token(['room'], 'write') } })
    const eve = join('room', { params: { token: token(['room'], 'read') } })
    await Promise.all([ann.synced(), eve.synced()])
    ann.write('Ann')
    await eve.sees('Ann')
    eve.write('Eve')
    ann.write(' again')
    await ann.acknowledged()
    await eve.acknowledged()
    assert.equal(ann.doc.getText('notes').toString(), 'Ann again')
    for (const query of ['', `?token=${token(['another'], 'write')}`, '?token=x']) {
      assert.ok(!(await connect(`/sync/room${query}`)).isOpen())
    }
  })
})

test('credentials of a TURN server are given to pages, and the secret to nobody', { skip }, async () => {
  const server = await startSeance({ TURN_URLS: 'turn:turn.test:3478,turns:turn.test:5349', TURN_SECRET: 'do not tell', TURN_TTL: '10m', TURN_MAX_PER_MINUTE: '3' })
  try {
    const ask = () => fetch(`http://127.0.0.1:${server.port}/turn?user=ann`, { headers: { Origin: 'https://app.test' } })
    const answer = await ask()
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    const { username, credential, ttl, urls } = await answer.json()
    assert.equal(credential, createHmac('sha1', 'do not tell').update(username).digest('base64'))
    assert.equal(ttl, 600)
    assert.deepEqual(urls, ['turn:turn.test:3478', 'turns:turn.test:5349'])
    const [expires, user] = username.split(':')
    assert.ok(Math.abs(Number(expires) - Date.now() / 1000 - 600) < 30)
    assert.equal(user, 'ann')
    await ask()
    await ask()
    assert.equal((await ask()).status, 429)
    await server.stop()
    assert.ok(!JSON.stringify(server.log).includes('do not tell') && !JSON.stringify(server.log).includes(credential))
  } finally {
    await server.stop()
  }
})

test('without SYNC the path is one of signaling as ever', { skip }, async () => {
  const server = await startSeance()
  try {
    const peer = await connectRaw(server, '/sync/room')
    peer.socket.removeAllListeners('message')
    const answer = new Promise(resolve => peer.socket.on('message', data => resolve(data.toString())))
    peer.socket.send('{"type":"ping"}')
    assert.equal(await answer, '{"type":"pong"}')
    peer.end()
  } finally {
    await server.stop()
  }
})

// What the server makes of updates is what Yjs makes of them.
test('random documents merge and are cut at any state as Yjs does it', { skip, timeout: 300_000 }, t => withServer({}, async ({ connect }) => {
  for (let round = 0; round < 25; round++) {
    const seed = Number(process.env.SYNC_SEED ?? (Math.random() * 2 ** 32) >>> 0)
    const random = randomOf(seed)
    await t.test(`seed ${seed}`, async () => {
      // What some have thrown away and others not comes in two forms, whose one or other may need what is still
      // missing: only once nothing is missing is the document the same whichever came first.
      const oneForm = random.chance(0.4)
      const docs = Array.from({ length: 1 + random.below(4) }, () => {
        const doc = new Y.Doc({ gc: !oneForm && random.chance(0.7) })
        doc.clientID = random.below(2 ** 32)
        return doc
      })
      const updates = []
      const states = [Uint8Array.of(0)]
      for (const doc of docs) doc.on('update', update => updates.push(update))
      for (let i = 0; i < 120; i++) {
        const doc = random.pick(docs)
        doc.transact(() => { for (let n = random.below(3); n >= 0; n--) edit(doc, random) })
        if (random.chance(0.15)) Y.applyUpdate(random.pick(docs), Y.encodeStateAsUpdate(doc))
        if (random.chance(0.1)) states.push(Y.encodeStateVector(doc))
        if (random.chance(0.05)) updates.push(Y.encodeStateAsUpdate(doc, random.pick(states)))
      }
      // In any order, some twice, some merged before by Yjs itself.
      const sent = updates.flatMap(update => random.chance(0.1) ? [update, update] : [update])
      for (let i = sent.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [sent[i], sent[j]] = [sent[j], sent[i]]
      }
      const all = Y.mergeUpdates(updates)
      const room = await connect(`/sync/differential-${seed}-${round}`)
      const early = Math.floor(sent.length / 2)
      for (let i = 0; i < sent.length;) {
        const n = random.chance(0.2) ? 1 + random.below(5) : 1
        room.update(n > 1 ? Y.mergeUpdates(sent.slice(i, i + n)) : sent[i])
        i += n
        if (i >= early && i - n < early) {  // with gaps
          const [answer] = await room.ask()
          const theirs = Y.mergeUpdates(sent.slice(0, i))
          assert.deepEqual(Y.encodeStateVectorFromUpdate(answer), Y.encodeStateVectorFromUpdate(theirs))
          const ours = apply(answer)
          if (oneForm) same(ours, apply(theirs), 'with gaps')
          Y.applyUpdate(ours, all)
          same(ours, apply(all), 'completed')
        }
      }

      const [whole] = await room.ask()
      same(apply(whole), apply(all), 'whole')
      for (const state of states) {
        const [part] = await room.ask(state)
        const theirs = Y.diffUpdate(all, state)
        // Onto a document in that state, and as such.
        const base = Y.mergeUpdates([all])
        same(apply(Y.mergeUpdates([base, part])), apply(base), 'in parts')
        assert.deepEqual(Y.parseUpdateMeta(part).from, Y.parseUpdateMeta(theirs).from)
        assert.deepEqual(Y.parseUpdateMeta(part).to, Y.parseUpdateMeta(theirs).to)
      }
      room.end()
    })
  }
}))

function apply (update) {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  return doc
}

// With a message that a person can read.
function same (ours, theirs, what) {
  const a = contents(ours)
  const b = contents(theirs)
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  assert.ok(a === b, `${what}: ours has ${a.slice(at - 40, at + 40)} where Yjs has ${b.slice(at - 40, at + 40)}`)
}
