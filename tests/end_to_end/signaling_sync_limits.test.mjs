// What the fallback endpoint refuses, and what it does when there is too much.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from './signaling/program.mjs'
import { awarenessMessage, encoding, skip, syncMessage, withServer } from './signaling/sync_server.mjs'

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
      ann.write(text)
      ann.doc.getText('notes').delete(0, text.length)
      await ann.acknowledged()
    }

    await bob.acknowledged()
    assert.equal(bob.doc.getText('notes').length, 0)
    slow.socket.resume()
    await slow.closed()
    await waitFor(() => server.log.some(line => line.event === 'sync_peer_closed' && line.code === 1013), 'a line in the log')
  }))

test('questions for the whole document are answered at the rate that is allowed, the last one too', { skip, timeout: 60_000 }, () => withServer(
  { SYNC_MAX_ANSWER_BYTES_PER_SECOND: '50000' }, async ({ join, connect }) => {
    const ann = join('room')
    await ann.synced()
    ann.write('x'.repeat(100_000))
    await ann.acknowledged()
    const greedy = await connect('/sync/room')
    const began = Date.now()
    for (let i = 0; i < 8; i++) await greedy.ask()
    assert.ok(Date.now() - began >= 3900, `800 kB, of which 500 at once, in ${Date.now() - began} ms`)

    for (let i = 0; i < 1000; i++) greedy.send(syncMessage(0, Uint8Array.of(0)))
    ann.write('y')
    await greedy.next(m => m.type === 'update', 'what others write, meanwhile')
    await greedy.next(m => m.type === 'step2', 'the answer that had to wait')
    await ann.acknowledged()
    ann.write('z')
    await greedy.next(m => m.type === 'update', 'what is written later')
    assert.equal(greedy.messages.filter(m => m.type === 'step2').length, 0, 'one answer to a thousand questions')
    await join('room').sees('x'.repeat(100_000) + 'yz')
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

test('limits let everything through up to their edge', { skip }, () => withServer(
  { SYNC_MAX_MESSAGE_BYTES: '5000', SYNC_MAX_ROOM_BYTES: '30', MAX_MESSAGES_PER_SECOND: '5' }, async ({ connect }) => {
    const refused = async (client, code, reason) => assert.deepEqual(await client.closed(), { code, reason })
    const message = size => Buffer.alloc(size, 9)  // of a type that is for others

    const ann = await connect(`/sync/${'r'.repeat(30)}`)
    ann.send(message(5000))
    assert.equal((await ann.ask()).length, 1)
    ann.send(message(5001))
    await refused(ann, 1009, 'message too big')
    assert.ok(!(await connect(`/sync/${'r'.repeat(31)}`)).isOpen())

    const hasty = await connect('/sync/room')
    for (let i = 0; i < 9; i++) hasty.send(message(1))
    assert.equal((await hasty.ask()).length, 1)
    for (let i = 0; i < 20; i++) hasty.send(message(1))
    await refused(hasty, 1008, 'too many messages per second')
  }))

// On several threads the documents may be on different ones, and it is the other one that has to make room.
for (const THREADS of ['1', '5']) {
  test(`no more documents are opened than there is memory for, and unused ones make room, on ${THREADS} threads`, { skip }, () => withServer(
    { THREADS, SYNC_MAX_MESSAGE_BYTES: '50000', SYNC_MAX_DOCUMENT_BYTES: '30000', SYNC_MAX_MEMORY_BYTES: '30000' }, async ({ connect }) => {
      const sealed = fill => Buffer.alloc(25_000, fill)
      const ann = await connect('/sync/one')
      ann.update(sealed(0xf1))
      assert.equal((await ann.ask()).length, 1)
      const refused = await connect('/sync/two')
      refused.update(sealed(0xf2))
      assert.equal((await refused.closed()).code, 1013)

      ann.end()
      for (const room of ['two', 'three', 'four', 'five', 'six']) {
        await waitFor(async () => {
          const next = await connect(`/sync/${room}`)
          next.update(sealed(0xf2))
          const opened = await Promise.race([next.ask().then(() => true), next.closed().then(() => false)])
          next.end()
          return opened
        }, `the document before to make room for ${room}`)
      }
    }))

  test(`no more documents are open than may be, and unused ones make room, on ${THREADS} threads`, { skip }, () => withServer(
    { THREADS, SYNC_MAX_ROOMS: '3' }, async ({ connect }) => {
      const open = []
      for (const room of ['one', 'two', 'three']) {
        const client = await connect(`/sync/${room}`)
        client.update(Buffer.from(room))
        await client.ask()
        open.push(client)
      }
      const refused = await connect('/sync/four')
      assert.deepEqual(await refused.closed(), { code: 1013, reason: 'as many documents are open as may be' })
      const second = await connect('/sync/one')
      assert.equal((await second.ask()).length, 1)

      open[1].end()
      await waitFor(async () => {
        const next = await connect('/sync/four')
        const opened = await Promise.race([next.ask().then(() => true), next.closed().then(() => false)])
        next.end()
        return opened
      }, 'a document that nobody is in to make room')
    }))
}

test('a room that nobody has written in is gone with its last client', { skip }, () => withServer({}, async ({ server, connect }) => {
  const rooms = async () => (await (await fetch(`http://127.0.0.1:${server.port}/health`)).json()).sync.rooms
  const clients = []
  for (let i = 0; i < 20; i++) clients.push(await connect(`/sync/room ${i}`))
  clients[0].update(Buffer.from('kept'))
  await clients[0].ask()
  await waitFor(async () => await rooms() === 20, 'twenty rooms')

  clients.forEach(client => client.end())

  await waitFor(async () => await rooms() === 1, 'the one that was written in to be left')
  const again = await connect('/sync/room 0')
  assert.equal(Buffer.from((await again.ask())[0]).toString(), 'kept')
}))
