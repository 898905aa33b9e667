#!/usr/bin/env node
// Fallback sync: CPU of the server for an update that it relays, and its memory for an open document.
//
// Method: 20 rooms of 10 clients; in each room one types 1,000 letters, one update each, and the other nine get
// them. CPU is the server's own (user and system), over updates that came in. Then 500 rooms with one client
// and that text each: the server's memory (RSS) over the rooms. Servers take turns, a fresh process each time;
// medians of ROUNDS. The clients are in this process, on another CPU where taskset is there.
//
// Usage: bench/signaling/sync.mjs [ROUNDS]          (3)
// SYNC_PEER: bin/server.cjs of the npm package y-websocket 2.1, which is then measured beside ours.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(path.join(root, 'tests/end_to_end/x.cjs'))
const Y = require('yjs')
const WebSocket = require('ws')
const rounds = Number(process.argv[2] ?? 3)
const letters = 1000
const median = list => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]

const updates = []
{
  const doc = new Y.Doc()
  doc.on('update', update => updates.push(Buffer.concat([Buffer.from([0, 2, update.length]), update])))
  for (let i = 0; i < letters; i++) doc.getText('text').insert(i, String.fromCharCode(97 + i % 26))
}

async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function start (command, environment, prefix) {
  const port = await freePort()
  const pinned = ['taskset', '-c', '0', ...command]
  const child = spawn(pinned[0], pinned.slice(1), { env: { ...process.env, PORT: String(port), HOST: '127.0.0.1', ADDRESS: '127.0.0.1', ...environment }, stdio: 'ignore' })
  for (;;) {
    const open = await new Promise(resolve => { const s = net.connect(port, '127.0.0.1', () => { s.destroy(); resolve(true) }); s.on('error', () => resolve(false)) })
    if (open) break
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return { url: `ws://127.0.0.1:${port}${prefix}`, pid: child.pid, async stop () { child.kill('SIGKILL'); await once(child, 'exit') } }
}

function cpuSeconds (pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const rssOf = pid => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024

async function client (url) {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  socket.count = 0
  socket.on('message', data => { if (data[0] === 0 && data[1] === 2) { socket.count++; socket.got?.() } })
  await once(socket, 'open')
  return socket
}

async function relay (server) {
  const rooms = []
  for (let r = 0; r < 20; r++) rooms.push(await Promise.all(Array.from({ length: 10 }, () => client(`${server.url}/room${r}`))))
  const before = cpuSeconds(server.pid)
  for (let i = 0; i < letters; i++) {
    for (const [writer] of rooms) writer.send(updates[i])
    // So many are under way at most, as with people.
    if (i % 5 === 4) await Promise.all(rooms.map(room => Promise.all(room.slice(1).map(reached(i + 1)))))
  }
  const cpu = cpuSeconds(server.pid) - before
  rooms.flat().forEach(socket => socket.terminate())
  return cpu / (20 * letters) * 1e6
}

const reached = count => socket => socket.count >= count ? null : new Promise(resolve => { socket.got = () => { if (socket.count >= count) resolve() } })

async function memory (server) {
  const documents = 500
  const sockets = []
  const one = async name => {
    const socket = await client(`${server.url}/${name}`)
    for (const update of updates) socket.send(update)
    socket.send(Buffer.from([0, 0, 1, 0]))
    await new Promise(resolve => socket.on('message', data => { if (data[0] === 0 && data[1] === 1) resolve() }))
    sockets.push(socket)
  }
  for (let i = 0; i < 20; i++) await one(`warm${i}`)
  const before = rssOf(server.pid)
  for (let i = 0; i < documents; i += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => one(`doc${i + k}`)))
  const size = (rssOf(server.pid) - before) / documents
  sockets.forEach(socket => socket.terminate())
  return size / 1024
}

if (os.cpus().length > 1) execFileSync('taskset', ['-acp', '1', String(process.pid)], { stdio: 'ignore' })
const folder = mkdtempSync(path.join(os.tmpdir(), 'seance-sync-bench-'))
const valkeyPort = await freePort()
const valkey = spawn('redis-server', ['--port', String(valkeyPort), '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' })
const program = [path.join(root, 'build/bin/seance-signaling')]
const servers = {
  'ours, in memory': () => start(program, { SYNC: 'true' }, '/sync'),
  'ours, on disk': () => start(program, { SYNC: 'true', SYNC_DIRECTORY: mkdtempSync(path.join(folder, 'd')) }, '/sync'),
  'ours, in Valkey': () => start(program, { SYNC: 'true', VALKEY_URL: `redis://127.0.0.1:${valkeyPort}` }, '/sync')
}
if (process.env.SYNC_PEER) servers['y-websocket 2.1'] = () => start([process.execPath, process.env.SYNC_PEER], {}, '')
const results = {}
try {
  for (let round = 0; round < rounds; round++) {
    for (const [name, begin] of Object.entries(servers)) {
      for (const [what, measure] of Object.entries({ relay, memory })) {
        const server = await begin()
        ;((results[name] ??= {})[what] ??= []).push(await measure(server))
        await server.stop()
      }
    }
  }
  for (const [name, { relay, memory }] of Object.entries(results)) {
    console.log(`${name.padEnd(18)} ${median(relay).toFixed(1).padStart(7)} µs of CPU for an update to nine   ${median(memory).toFixed(1).padStart(7)} KB for an open document of 1,000 letters and its client`)
  }
} finally {
  valkey.kill('SIGKILL')
  rmSync(folder, { recursive: true })
}
