// Held against Yjs itself, with random documents.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Y, contents, edit, newSeed, randomOf, skip, withServer } from './signaling/sync_server.mjs'

// What the server makes of updates is what Yjs makes of them.
test('random documents merge and are cut at any state as Yjs does it', { skip, timeout: 300_000 }, t => withServer({}, async ({ connect }) => {
  for (let round = 0; round < 25; round++) {
    const seed = newSeed()
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
