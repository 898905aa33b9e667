// A server with documents, and real y-websocket clients of it, for the tests of the fallback.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startValkey } from '../valkey.mjs'
import { freePort, missing, startSeance, waitFor } from './program.mjs'

export const skip = missing('y-websocket', 'y-protocols/awareness', 'ws', 'yjs')
export const { Y, awarenessMessage, connectRaw, encoding, join, syncMessage } = skip ? {} : await import('./sync_client.mjs')
export const { contents, edit, randomOf } = skip ? {} : await import('./sync_random.mjs')

// SYNC_SEED repeats a failure.
export const newSeed = () => Number(process.env.SYNC_SEED ?? (Math.random() * 2 ** 32) >>> 0)

// A server, and clients that are gone when the test is.
export async function withServer (settings, body) {
  settings = { PORT: String(await freePort()), SYNC: 'true', ...settings }
  let server = await startSeance(settings)
  const clients = []
  const here = {
    server,
    async restart (signal) {
      await server.stop(signal)
      here.server = server = await startSeance(settings)
    },
    join: (room, options) => { const c = join(here.server, room, options); clients.push(c); return c },
    connect: async path => { const c = await connectRaw(here.server, path); clients.push({ leave: c.end }); return c }
  }
  try {
    await body(here)
  } finally {
    clients.forEach(client => client.leave())
    await server.stop()
  }
}

// With a folder for the logs of documents.
export async function withFolder (settings, body) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'seance-sync-'))
  const logs = () => readdirSync(folder).filter(name => name.endsWith('.log')).map(name => path.join(folder, name))
  try {
    await withServer({ SYNC_DIRECTORY: folder, ...settings }, here => body({ ...here, restart: signal => here.restart(signal), now: () => here.server, folder, logs }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// Two replicas, of two threads each, and their Valkey.
export async function withReplicas (body, start = () => startValkey({ keeps: false })) {
  const valkey = await start()
  const settings = { VALKEY_URL: valkey.url, THREADS: '2', ...valkey.environment }
  try {
    await withServer(settings, one => withServer(settings, other => body(one, other, valkey)))
  } finally {
    await valkey.stop()
  }
}

// Until all have the same, and the server too.
export async function converge (clients) {
  await Promise.all(clients.map(c => c.acknowledged()))
  await waitFor(() => clients.every(c => contents(c.doc) === contents(clients[0].doc)), 'all documents to be the same')
}
