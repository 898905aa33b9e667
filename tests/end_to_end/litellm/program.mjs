// Starting and stopping the gateway for tests.
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import * as shared from '../program.mjs'

export const program = shared.programPath('seance-litellm')
export const repository = shared.repository

// A busy machine or a slow build gets more time from Valkey than the 50 ms of the program's own.
export const patience = { LITELLM_VALKEY_DEADLINE: `${Math.min(500 * Number(process.env.SEANCE_SLOWNESS ?? 1), 5000)}ms` }

export const missing = (...packages) => shared.missing(program, ...packages)
export const waitFor = (condition, what, limit = 10_000) => shared.waitFor(condition, what, limit)

// `config` is the text of config.yaml; ready when it resolves.
export async function startGateway (config, env = {}, flags = []) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-'))
  const file = path.join(folder, 'config.yaml')
  await fs.writeFile(file, config)
  const child = spawn(program, ['--config', file, '--host', '127.0.0.1', ...flags], {
    env: { PATH: process.env.PATH, UBSAN_OPTIONS: 'print_stacktrace=1', PORT: '0', NUM_WORKERS: '1', LITELLM_MASTER_KEY: 'sk-master', LITELLM_SPOOL_DIR: path.join(folder, 'spool'), ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const log = []
  readline.createInterface({ input: child.stdout }).on('line', line => log.push(JSON.parse(line)))
  const { port } = await waitFor(() => log.find(line => line.event === 'listening'), 'seance-litellm to listen')
  return {
    log,
    child,
    port,
    file,
    pid: child.pid,
    url: `http://127.0.0.1:${port}`,
    async reload (text) {
      const before = log.length
      await fs.writeFile(file, text)
      child.kill('SIGHUP')
      // The file is watched as well, and that tells too: of this one, or of the one before.
      const told = () => log.findIndex((line, i) => i >= before && line.cause === 'signal' && ['config_reloaded', 'config_refused'].includes(line.event))
      await waitFor(() => told() >= 0 && (log[told()].event === 'config_refused' || log.slice(told()).some(line => line.event === 'gateway_configured')), 'the new configuration')
    },
    async stop () {
      const code = await shared.stop(child)
      await fs.rm(folder, { recursive: true })
      return code
    }
  }
}
