// Real y-websocket clients share documents through the fallback endpoint.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, startSeance, waitFor } from './signaling/program.mjs'

const skip = missing('y-websocket', 'y-protocols/awareness', 'ws', 'yjs')
const { Y, awarenessMessage, awarenessProtocol, connectRaw, encoding, join, syncMessage } = skip ? {} : await import('./signaling/sync_client.mjs')
const { contents, edit, randomOf } = skip ? {} : await import('./signaling/sync_random.mjs')

// A server, and clients that are gone when the test is.
async function withServer (settings, body) {
  const server = await startSeance({ SYNC: 'true', ...settings })
  const clients = []
  const here = {
    server,
    join: (room, options) => { const c = join(server, room, options); clients.push(c); return c },
    connect: async path => { const c = await connectRaw(server, path); clients.push({ leave: c.end }); return c }
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
  assert.equal(health.rooms, 0)
}))

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

// What the server makes of updates is what Yjs makes of them.
test('random documents merge and are cut at any state as Yjs does it', { skip, timeout: 300_000 }, t => withServer({}, async ({ connect }) => {
  for (let round = 0; round < 25; round++) {
    const seed = Number(process.env.SYNC_SEED ?? (Math.random() * 2 ** 32) >>> 0)
    const random = randomOf(seed)
    await t.test(`seed ${seed}`, async () => {
      const docs = Array.from({ length: 1 + random.below(4) }, () => new Y.Doc({ gc: random.chance(0.7) }))
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
          same(ours, apply(theirs), 'with gaps')
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
