// Starting and stopping what the tests talk to: our program, the reference server, real clients.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as shared from '../program.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
const program = shared.programPath('seance-signaling')
const { stop } = shared

export const missing = (...packages) => shared.missing(program, ...packages)
export const { freePort, waitFor } = shared

// Ours, on a free port unless one is named; ready when it resolves.
export async function startSeance (settings = {}) {
  const env = { ...process.env, PORT: '0', ADDRESS: '127.0.0.1', ...settings }
  const child = spawn(program, [], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const log = []
  readline.createInterface({ input: child.stdout }).on('line', line => log.push(JSON.parse(line)))
  const { port } = await waitFor(() => log.find(line => line.event === 'listening'), 'seance-signaling to listen')
  return { port, log, pid: child.pid, url: `ws://127.0.0.1:${port}`, stop: (signal = 'SIGTERM') => stop(child, signal) }
}

export async function startReference () {
  const port = await freePort()
  const script = path.join(path.dirname(require.resolve('y-webrtc')), '../bin/server.js')
  const child = spawn(process.execPath, [script], { env: { ...process.env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  return { port, url: `ws://127.0.0.1:${port}`, stop: () => stop(child, 'SIGKILL') }
}

// A real y-webrtc client; see yjs_peer.cjs.
export function startPeer (url, room, password) {
  const child = spawn(process.execPath, [path.join(here, 'yjs_peer.cjs'), url, room, ...(password ? [password] : [])],
    { stdio: ['pipe', 'pipe', 'ignore'] })
  const events = []
  readline.createInterface({ input: child.stdout }).on('line', line => {
    try { events.push(JSON.parse(line)) } catch { /* a library's own words */ }
  })
  const tell = command => child.stdin.write(JSON.stringify(command) + '\n')
  const has = predicate => events.some(predicate)
  return {
    events,
    write: text => tell({ write: text }),
    leave: () => tell({ leave: true }),
    connected: times => waitFor(() => events.filter(e => e.event === 'connected').length >= times, `connection ${times}`),
    heard: (predicate, what) => waitFor(() => has(e => e.event === 'message' && predicate(e.message)), what),
    sees: text => waitFor(() => has(e => e.event === 'text' && e.text === text), `the text "${text}"`),
    stop: () => stop(child, 'SIGKILL')
  }
}
