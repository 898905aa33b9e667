// A real redis-server of a test's own, on a free port.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { makeCertificate } from './beholder/certificate.mjs'
import { freePort, stop, waitFor } from './program.mjs'

// The reason to skip, or false.
export const noValkey = (() => {
  try { execFileSync('redis-server', ['--version']); return false } catch { return 'redis-server is not installed' }
})()

// One command over a connection of its own; replies as text, number, null or list.
function ask (port, words) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    let bytes = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('connect', () => socket.write(`*${words.length}\r\n` + words.map(word => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join('')))
    socket.on('data', data => {
      bytes = Buffer.concat([bytes, data])
      const reply = parse(bytes, 0)
      if (!reply) return
      socket.destroy()
      reply.value instanceof Error ? reject(reply.value) : resolve(reply.value)
    })
  })
}

function parse (bytes, at) {
  const end = bytes.indexOf('\r\n', at)
  if (end < 0) return null
  const rest = bytes.toString('utf8', at + 1, end)
  const next = end + 2
  switch (bytes[at]) {
    case 43: return { value: rest, next }
    case 45: return { value: new Error(rest), next }
    case 58: return { value: Number(rest), next }
    case 36: {
      const size = Number(rest)
      if (size < 0) return { value: null, next }
      return bytes.length < next + size + 2 ? null : { value: bytes.toString('utf8', next, next + size), next: next + size + 2 }
    }
    default: {
      const list = []
      let place = next
      for (let i = 0; i < Number(rest); i++) {
        const item = parse(bytes, place)
        if (!item) return null
        list.push(item.value)
        place = item.next
      }
      return { value: list, next: place }
    }
  }
}

// With an append-only file, unless it is to forget everything when it ends. `tls`: its URL is one of TLS, and
// `environment` makes a program trust it.
export async function startValkey ({ keeps = true, tls = false } = {}) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'seance-valkey-'))
  const port = await freePort()
  const certificate = tls && makeCertificate('localhost')
  const tlsPort = tls && await freePort()
  const tlsOptions = tls
    ? ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', '--tls-cert-file', certificate.caFile, '--tls-key-file', certificate.keyFile, '--tls-ca-cert-file', certificate.caFile]
    : []
  const valkey = {
    port,
    url: tls ? `rediss://localhost:${tlsPort}/0` : `redis://127.0.0.1:${port}/0`,
    environment: tls ? { SSL_CERT_FILE: certificate.caFile } : {},
    command: (...words) => ask(port, words),
    async start () {
      this.child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', keeps ? 'yes' : 'no', '--dir', folder, ...tlsOptions], { stdio: 'ignore' })
      await waitFor(() => ask(port, ['PING']).then(reply => reply === 'PONG', () => false), 'redis-server')
    },
    freeze () { this.child.kill('SIGSTOP') },
    thaw () { this.child.kill('SIGCONT') },
    kill () { return stop(this.child, 'SIGKILL') },
    async stop () {
      this.thaw()
      await stop(this.child, 'SIGKILL')
      await fs.rm(folder, { recursive: true, force: true })
      if (tls) certificate.remove()
    }
  }
  await valkey.start()
  return valkey
}

// Two masters that share the slots; `replicas`: each with a replica, which takes over when it is told to. `first`: the
// port of the first master.
export async function startValkeyCluster ({ replicas = false, first } = {}) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'seance-valkey-'))
  const nodes = []
  const start = async () => {
    const [port, bus] = [(nodes.length === 0 && first) || await freePort(), await freePort()]
    const dir = path.join(folder, String(port))
    await fs.mkdir(dir)
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir, '--cluster-enabled', 'yes', '--cluster-port', String(bus)], { stdio: 'ignore' })
    await waitFor(() => ask(port, ['PING']).then(reply => reply === 'PONG', () => false), 'redis-server')
    const node = { port, bus, child, command: (...words) => ask(port, words), kill: () => stop(child, 'SIGKILL') }
    if (nodes.length) await ask(nodes[0].port, ['CLUSTER', 'MEET', '127.0.0.1', port, bus])
    nodes.push(node)
    return node
  }
  for (const slots of [[0, 8191], [8192, 16383]]) await (await start()).command('CLUSTER', 'ADDSLOTSRANGE', ...slots)
  for (const { command } of nodes) await waitFor(() => command('CLUSTER', 'INFO').then(reply => reply.includes('cluster_state:ok')), 'the cluster')
  for (const master of replicas ? [...nodes] : []) {
    const id = await master.command('CLUSTER', 'MYID')
    const replica = master.replica = await start()
    await waitFor(() => replica.command('CLUSTER', 'REPLICATE', id).then(() => true, () => false), 'the replica to know its master')
    await waitFor(() => replica.command('INFO', 'replication').then(reply => reply.includes('master_link_status:up')), 'the replica')
  }
  return {
    nodes,
    url: `redis://127.0.0.1:${nodes[0].port}/0`,
    keys: () => Promise.all(nodes.map(({ command }) => command('DBSIZE'))),
    async stop () {
      for (const { child } of nodes) await stop(child, 'SIGKILL')
      await fs.rm(folder, { recursive: true, force: true })
    }
  }
}
