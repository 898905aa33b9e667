// What clients did is recorded, and done again against another server.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { programPath } from './program.mjs'
import { missing, startSeance, waitFor } from './signaling/program.mjs'

const skip = missing('ws')
const { default: WebSocket } = skip ? {} : await import('ws')
const program = programPath('seance-signaling')

async function run (...args) {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args)
    return { code: 0, stdout, stderr }
  } catch ({ code, stdout, stderr }) {
    return { code, stdout, stderr }
  }
}

async function record (file, settings = {}) {
  const server = await startSeance({ RECORD_FILE: file, ...settings })
  const heard = []
  const peers = []
  for (const name of ['ann', 'bob']) {
    const socket = new WebSocket(server.url)
    await once(socket, 'open')
    socket.on('message', data => heard.push(JSON.parse(data)))
    socket.send('{"type":"subscribe","topics":["the secret room"]}')
    socket.send(JSON.stringify({ type: 'publish', topic: 'the secret room', data: `hello from ${name}` }))
    socket.send('{"type":"ping"}')
    peers.push(socket)
    await waitFor(() => heard.filter(m => m.type === 'pong').length === peers.length, 'the pong')
  }
  for (const socket of peers) {
    socket.close()
    await once(socket, 'close')
  }
  await server.stop()
  return readFileSync(file, 'utf8')
}

for (const [name, settings] of [['without content', {}], ['with content', { RECORD_CONTENT: 'on' }]]) {
  test(`a recording ${name} is done again`, { skip }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'seance-replay-'))
    const file = path.join(folder, 'capture.jsonl')
    try {
      const text = await record(file, settings)
      assert.equal(text.includes('the secret room'), name === 'with content')
      assert.equal(text.includes('hello from'), name === 'with content')

      const server = await startSeance()
      try {
        const again = await run('--replay', file, '--url', server.url, '--speed', '0')
        assert.equal(again.code, 0, again.stderr)
        const { connections, failed, sent, closed_by_server: closed } = JSON.parse(again.stdout)
        assert.deepEqual({ connections, failed, sent, closed }, { connections: 2, failed: 0, sent: 6, closed: {} })
      } finally {
        await server.stop('SIGKILL')
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('a replay says what went otherwise, and what it cannot read', { skip }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'seance-replay-'))
  const file = path.join(folder, 'capture.jsonl')
  const server = await startSeance({ MAX_TOPIC_BYTES: '3' })
  try {
    writeFileSync(file, '{"t":0,"c":1,"e":"open"}\n{"t":1,"c":1,"e":"text","text":"{\\"type\\":\\"subscribe\\",\\"topics\\":[\\"long\\"]}"}\n')
    const closed = await run('--replay', file, '--url', server.url)
    assert.equal(closed.code, 1)
    assert.deepEqual(JSON.parse(closed.stdout).closed_by_server, { 1008: 1 })

    writeFileSync(file, '{"t":0,"c":1,"e":"open"}\n{"t":1}\n')
    const unreadable = await run('--replay', file)
    assert.equal(unreadable.code, 65)
    assert.match(unreadable.stderr, /capture\.jsonl line 2 needs t \(milliseconds\) and c/)
    const misused = await run('--replay', file, '--speed', 'fast')
    assert.equal(misused.code, 64)
    assert.match(misused.stderr, /--speed fast is not understood; this is how it is used:\n {2}seance-signaling --replay FILE/)
    assert.equal((await run('--replay')).code, 64)
    for (const url of ['http://127.0.0.1:1/', '127.0.0.1:4444', '']) {
      const wrong = await run('--replay', file, '--url', url)
      assert.equal(wrong.code, 64)
      assert.ok(wrong.stderr.startsWith(`seance-signaling: --url ${url} is not understood, it has to begin with ws:// or wss://; this is how`), wrong.stderr)
    }
    for (const nothing of ['', '\n\n']) {
      writeFileSync(file, nothing)
      const empty = await run('--replay', file, '--url', server.url)
      assert.equal(empty.code, 65)
      assert.match(empty.stderr, /^seance-signaling: .*capture\.jsonl is empty: there is nothing to do again/)
    }
    writeFileSync(file, '{"t":1}\n')
    assert.equal((await run('--speed', '0', '--url', server.url, '--replay', file)).code, 65)
    const { code, stderr } = await run('--replay', folder, '--url', server.url)
    assert.deepEqual([code, stderr.includes('is a folder; name the file that RECORD_FILE has written')], [65, true])
    assert.match((await run('--help')).stdout, /--replay FILE/)
  } finally {
    await server.stop('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})

// The server closes with 1007 after the text; the recording says when it did at the time.
for (const [name, rest, closed] of [
  ['a little earlier', '{"t":220,"c":1,"e":"close"}', {}],
  ['much earlier', '{"t":400,"c":1,"e":"close"}', { 1007: 1 }],
  ['before the client had said all', '{"t":100,"c":1,"e":"text","text":"{}"}\n{"t":110,"c":1,"e":"close"}', { 1007: 1 }],
  ['and never in the recording', '', { 1007: 1 }]
]) {
  test(`a replay in which the server closes ${name}`, { skip }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'seance-replay-'))
    const file = path.join(folder, 'capture.jsonl')
    const server = await startSeance()
    try {
      writeFileSync(file, `{"t":0,"c":1,"e":"open"}\n{"t":20,"c":1,"e":"text","text":"no json"}\n${rest}\n`)
      const replayed = await run('--replay', file, '--url', server.url)
      assert.deepEqual(JSON.parse(replayed.stdout).closed_by_server, closed)
      assert.equal(replayed.code, Object.keys(closed).length > 0 ? 1 : 0)
    } finally {
      await server.stop('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  })
}

test('rooms are listed on the admin port by a hash', { skip }, async () => {
  const { freePort } = await import('./signaling/program.mjs')
  const ADMIN_PORT = String(await freePort())
  const server = await startSeance({ ADMIN_PORT, THREADS: '2' })
  const peers = []
  try {
    for (let i = 0; i < 6; i++) {
      const socket = new WebSocket(server.url)
      await once(socket, 'open')
      socket.send('{"type":"subscribe","topics":["plans"]}')
      socket.send('{"type":"ping"}')
      await once(socket, 'message')
      peers.push(socket)
    }
    const list = async () => (await fetch(`http://127.0.0.1:${ADMIN_PORT}/rooms`)).text()
    const text = await waitFor(async () => { const t = await list(); return JSON.parse(t).rooms[0]?.members + JSON.parse(t).rooms[0]?.elsewhere === 6 && t }, 'six members')
    assert.equal(JSON.parse(text).total, 1)
    assert.match(JSON.parse(text).rooms[0].room, /^[0-9a-f]{32}$/)
    assert.ok(!text.includes('plans'))
    assert.equal((await fetch(`http://127.0.0.1:${ADMIN_PORT}/rooms?limit=x`)).status, 400)
    const metrics = await (await fetch(`http://127.0.0.1:${ADMIN_PORT}/metrics`)).text()
    assert.match(metrics, /^seance_signaling_connections 6$/m)
    assert.match(metrics, /^seance_signaling_fan_out_seconds_count/m)
  } finally {
    for (const socket of peers) socket.terminate()
    await server.stop('SIGKILL')
  }
})
