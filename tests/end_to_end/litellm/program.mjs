// Starting and stopping the gateway for tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
const bin = process.env.SEANCE_BIN ?? path.join(here, '../../../build/bin')
export const program = path.join(bin, 'seance-litellm')
export const repository = path.join(here, '../../..')

// The reason to skip, or false.
export function missing (...packages) {
  if (!existsSync(program)) return `${program} is not built`
  for (const name of packages) {
    try { require.resolve(name) } catch { return `the npm package ${name} is not installed: npm --prefix tests ci` }
  }
  return false
}

export async function waitFor (condition, what, limit = 10_000) {
  const end = Date.now() + limit
  for (;;) {
    const value = condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

// `config` is the text of config.yaml; ready when it resolves.
export async function startGateway (config, env = {}, flags = []) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-'))
  const file = path.join(folder, 'config.yaml')
  await fs.writeFile(file, config)
  const child = spawn(program, ['--config', file, '--host', '127.0.0.1', ...flags], {
    env: { PATH: process.env.PATH, PORT: '0', NUM_WORKERS: '1', LITELLM_MASTER_KEY: 'sk-master', ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const log = []
  readline.createInterface({ input: child.stdout }).on('line', line => log.push(JSON.parse(line)))
  const { port } = await waitFor(() => log.find(line => line.event === 'listening'), 'seance-litellm to listen')
  return {
    log,
    port,
    url: `http://127.0.0.1:${port}`,
    async reload (text) {
      const before = log.length
      await fs.writeFile(file, text)
      child.kill('SIGHUP')
      await waitFor(() => log.slice(before).some(line => line.event === 'gateway_configured' || line.event === 'config_refused'), 'the new configuration')
    },
    async stop () {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await fs.rm(folder, { recursive: true })
      return child.exitCode
    }
  }
}
