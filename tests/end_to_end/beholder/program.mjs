// Starts and stops seance-beholder for the tests.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
const program = path.join(process.env.SEANCE_BIN ?? path.join(here, '../../../build/bin'), 'seance-beholder')

// The reason to skip, or false.
export function missing (...packages) {
  if (!existsSync(program)) return `${program} is not built`
  for (const name of packages) {
    try { require.resolve(name) } catch { return `the npm package ${name} is not installed: npm --prefix tests ci` }
  }
  return false
}

export async function waitFor (condition, what, limit = 20_000) {
  for (const end = Date.now() + limit; ;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export async function startBeholder (settings) {
  const child = spawn(program, [], { env: { PORT: '0', ADDRESS: '127.0.0.1', ...settings }, stdio: ['ignore', 'pipe', 'inherit'] })
  const log = []
  readline.createInterface({ input: child.stdout }).on('line', line => log.push(JSON.parse(line)))
  const { port } = await waitFor(() => {
    if (child.exitCode !== null) throw new Error(`seance-beholder ended with ${child.exitCode}`)
    return log.find(line => line.event === 'listening')
  }, 'seance-beholder to listen')
  return {
    port,
    log,
    url: `http://127.0.0.1:${port}`,
    async stop () {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      return child.exitCode
    }
  }
}
