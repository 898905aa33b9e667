// Documents over several replicas, in a real Valkey.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from './signaling/program.mjs'
import { contents, converge, edit, newSeed, randomOf, skip, withReplicas } from './signaling/sync_server.mjs'
import { withoutOpenssl } from './beholder/certificate.mjs'
import { noValkey, startValkey, startValkeyCluster } from './valkey.mjs'

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

  const others = Array.from({ length: 6 }, (_, i) => [one.join(`room ${i}`), other.join(`room ${i}`)])
  others.forEach(([here], i) => here.write(`text ${i}`))
  await Promise.all(others.map(([, there], i) => there.sees(`text ${i}`)))
}))

test('random edits on two replicas converge, and are there after both were killed', { skip: skip || noValkey, timeout: 120_000 }, t => withReplicas(async (one, other) => {
  const seed = newSeed()
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

// Three writers of one document, the second at the other replica, who see each other.
async function meet (one, other) {
  const clients = [one.join('notes'), other.join('notes'), one.join('notes')]
  await Promise.all(clients.map(client => client.synced()))
  clients[0].write('1')
  await clients[1].sees('1')
  return clients
}

test('while Valkey is away each replica goes on, and both have everything when it is back', { skip: skip || noValkey, timeout: 60_000 }, () => withReplicas(async (one, other, valkey) => {
  const [ann, bob, carl] = await meet(one, other)
  await valkey.kill()
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

test('while Valkey is frozen each replica goes on, and both have everything when it is awake', { skip: skip || noValkey, timeout: 90_000 }, () => withReplicas(async (one, other, valkey) => {
  const [ann, bob, carl] = await meet(one, other)
  valkey.freeze()
  ann.write('2')
  await carl.sees('12')  // at once: nobody waits for what is written
  bob.write('3')
  await Promise.all([ann.acknowledged(), bob.acknowledged()])  // once it is known that it cannot be written now
  const dora = one.join('another')
  await dora.synced()
  dora.write('new')

  valkey.thaw()
  await waitFor(() => contents(ann.doc) === contents(bob.doc) && ann.doc.getText('notes').length === 3, 'both to have everything')
  await other.join('another').sees('new')
  await Promise.all([ann.acknowledged(), bob.acknowledged(), dora.acknowledged()])
  for (const client of [ann, bob, carl, dora]) client.leave()
  await Promise.all([one.restart('SIGKILL'), other.restart('SIGKILL')])
  const late = other.join('notes')
  await waitFor(() => late.doc.getText('notes').length === 3, 'the whole document')
}))

test('over TLS documents are kept and shared as well', { skip: skip || noValkey || withoutOpenssl(), timeout: 60_000 }, () => withReplicas(async (one, other, valkey) => {
  const clients = await meet(one, other)
  await Promise.all(clients.map(client => client.acknowledged()))
  clients.forEach(client => client.leave())
  await Promise.all([one.restart('SIGKILL'), other.restart('SIGKILL')])
  await other.join('notes').sees('1')
}, () => startValkey({ tls: true })))

test('over a cluster documents are kept and shared as well', { skip: skip || noValkey, timeout: 60_000 }, () => withReplicas(async (one, other, cluster) => {
  const rooms = Array.from({ length: 12 }, (_, i) => ({ name: `room ${i}`, here: one.join(`room ${i}`), there: other.join(`room ${i}`) }))
  for (const { here, there, name } of rooms) {
    await Promise.all([here.synced(), there.synced()])
    here.write(`${name}, `)
    await there.sees(`${name}, `)
    there.write('and back')
    await here.sees(`${name}, and back`)
  }
  await Promise.all(rooms.flatMap(({ here, there }) => [here.acknowledged(), there.acknowledged()]))
  rooms.forEach(({ here, there }) => { here.leave(); there.leave() })
  await Promise.all([one.restart('SIGKILL'), other.restart('SIGKILL')])
  for (const { name } of rooms) await other.join(name).sees(`${name}, and back`)
  for (const keys of await cluster.keys()) assert.ok(keys > 0, 'each master has some')
}, startValkeyCluster))
