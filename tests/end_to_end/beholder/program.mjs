// Starts and stops seance-beholder for the tests.
import { spawn } from 'node:child_process'
import readline from 'node:readline'
import * as shared from '../program.mjs'

const program = shared.programPath('seance-beholder')

export const missing = (...packages) => shared.missing(program, ...packages)
export const waitFor = shared.waitFor

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
    stop: () => shared.stop(child)
  }
}
