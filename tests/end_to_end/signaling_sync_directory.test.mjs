// Documents in files: what survives the end of the process, a torn file, a full disk.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { waitFor } from './signaling/program.mjs'
import { Y, skip, withFolder, withServer } from './signaling/sync_server.mjs'

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

test('documents of all threads are there again', { skip }, () => withFolder({ THREADS: '3' }, async ({ join, restart, logs }) => {
  const rooms = Array.from({ length: 9 }, (_, i) => `room ${i}`)
  const writers = rooms.map(room => join(room))
  writers.forEach((writer, i) => writer.write(`text ${i}`))
  await Promise.all(writers.map(writer => writer.acknowledged()))
  writers.forEach(writer => writer.leave())
  assert.equal(logs().length, 9)

  await restart('SIGKILL')
  await Promise.all(rooms.map((room, i) => join(room).sees(`text ${i}`)))
}))

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
