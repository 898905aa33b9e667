// What the tests of one program share: where it is, whether it can run, waiting, stopping.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
export const repository = fileURLToPath(new URL('../..', import.meta.url))

export function programPath (name) {
  return path.join(process.env.SEANCE_BIN ?? path.join(repository, 'build/bin'), name)
}

// The reason to skip, or false.
export function missing (program, ...packages) {
  if (!existsSync(program)) return `${program} is not built`
  for (const name of packages) {
    try { require.resolve(name) } catch { return `the npm package ${name} is not installed: npm --prefix tests ci` }
  }
  return false
}

const slowness = Number(process.env.SEANCE_SLOWNESS ?? 1)   // of a sanitizer build

export async function waitFor (condition, what, limit = 20_000) {
  limit *= slowness
  for (const end = Date.now() + limit; ;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

// Gives the exit code, null after a signal that killed.
export async function stop (child, signal = 'SIGTERM') {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal)
    await once(child, 'exit')
  }
  return child.exitCode
}
