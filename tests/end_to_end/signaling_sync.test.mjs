// Real y-websocket clients share documents through the fallback endpoint.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { freePort, startSeance, waitFor } from './signaling/program.mjs'
import { awarenessMessage, connectRaw, contents, converge, edit, newSeed, randomOf, skip, syncMessage, withServer } from './signaling/sync_server.mjs'

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
  await withServer({ ADMIN_PORT, THREADS: '2' }, async ({ server, join, connect }) => {
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
    await waitFor(() => server.log.filter(line => line.path === `/sync/${first.room}` && line.status === 101).length === 2, 'both clients in the log')
    assert.ok(!JSON.stringify(server.log).includes('plans'), 'the log has the hash too')
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

test('several clients that write at random all end with the same document', { skip, timeout: 120_000 }, async t => {
  for (let round = 0; round < 4; round++) {
    const seed = newSeed()
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

test('connections accepted by any thread meet in their rooms', { skip }, () => withServer({ THREADS: '3' }, async ({ join }) => {
  const clients = Array.from({ length: 12 }, () => join('room'))
  await Promise.all(clients.map(c => c.synced()))
  clients[0].write('all')
  await Promise.all(clients.map(c => c.sees('all')))
}))

test('rooms are spread over the threads, and are counted and listed all together', { skip }, async () => {
  const ADMIN_PORT = String(await freePort())
  await withServer({ ADMIN_PORT, THREADS: '4' }, async ({ server, join }) => {
    const rooms = Array.from({ length: 16 }, (_, i) => Array.from({ length: 3 }, () => join(`room ${i}`)))
    await Promise.all(rooms.flat().map(client => client.synced()))
    for (const [i, [first]] of rooms.entries()) first.write(`text ${i}`)
    await Promise.all(rooms.flatMap((clients, i) => clients.map(client => client.sees(`text ${i}`))))

    const get = async (port, path) => (await fetch(`http://127.0.0.1:${port}${path}`)).json()
    assert.deepEqual((await get(server.port, '/health')).sync, { connections: 48, rooms: 16 })
    const list = await get(ADMIN_PORT, '/rooms')
    assert.equal(list.total, 16)
    assert.equal(new Set(list.rooms.map(line => line.room)).size, 16)
    assert.ok(list.rooms.every(line => line.kind === 'sync' && line.members === 3), JSON.stringify(list))
    rooms.flat().forEach(client => client.leave())
    await waitFor(async () => (await get(server.port, '/health')).sync.connections === 0, 'all to have left')
  })
})

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

// A provider makes its URL of what it was given and the room.
for (const [what, settings, path, reason] of [
  ['forgot /sync', { SYNC: 'true' }, '/room', "this is y-websocket's protocol: use /sync/<room>"],
  ['finds no SYNC', {}, '/sync/room', "this is y-websocket's protocol: use /sync/<room>, with SYNC=true on the server"]
]) {
  test(`a client that ${what} is told so`, { skip }, async () => {
    const server = await startSeance(settings)
    const refused = async bytes => {
      const peer = await connectRaw(server, path)
      peer.send(bytes)
      const { code, reason } = await peer.closed()
      return [code, reason]
    }
    try {
      assert.deepEqual(await refused(syncMessage(0, Uint8Array.of(0))), [1007, reason])
      assert.deepEqual(await refused(syncMessage(0, Uint8Array.of(1, 0xff, 0xff, 0x03, 5))), [1007, reason], 'no UTF-8')
      assert.deepEqual(await refused(awarenessMessage(Uint8Array.of(0))), [1007, reason])
      assert.deepEqual(await refused(Buffer.from('no JSON')), [1007, 'the message is not JSON'])
      assert.deepEqual(await refused('\x00\x00\x01\x00'), [1007, 'the message is not JSON'], 'as text')
      assert.deepEqual(await refused(Uint8Array.of(0xff)), [1007, 'the message is not UTF-8'])
    } finally {
      await server.stop('SIGKILL')
    }
  })
}

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
