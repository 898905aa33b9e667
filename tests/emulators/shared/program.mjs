// What the emulators' own command lines have in common: options, a line of JSON on start, and the end on SIGTERM,
// SIGINT or a closed standard input.
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'

export const wait = (ms, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, ms)
  signal?.addEventListener('abort', () => { clearTimeout(timer); resolve() }, { once: true })
})

export async function listen (server, port = 0, host = '127.0.0.1') {
  server.listen(port, host)
  await once(server, 'listening')
  return server.address().port
}

export async function close (server) {
  if (!server.listening) return
  server.closeAllConnections?.()
  server.close()
  await once(server, 'close')
}

// Replaces the file as a whole, so that a reader never sees half of it.
export function writeWhole (file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600 })
  fs.renameSync(`${file}.new`, file)
}

export async function runUntilTold (parts, line) {
  process.stdout.write(JSON.stringify(line) + '\n')
  let ending = false
  const end = async () => {
    if (ending) process.exit(1)
    ending = true
    for (const part of [...parts].reverse()) await part.stop()
    process.exit(0)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.stdin.on('end', end)
  process.stdin.on('error', end)
  process.stdin.resume()
}
