// What the tests of `seance` as a command line share: product folders of their own, and running it to its end.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { programPath, repository } from './program.mjs'

export const program = programPath('seance')

// Runs `seance` to its end: its exit code and its two streams, as they are without a terminal.
export function seance (folder, ...words) {
  return new Promise(resolve => {
    execFile(program, words, { cwd: folder, timeout: 90_000 }, (error, out, err) => {
      resolve({ code: error ? error.code ?? error.signal : 0, out, err })
    })
  })
}

// A folder of a product; without a manifest, that of this repository.
export async function productFolder (manifest) {
  const folder = await mkdtemp(path.join(tmpdir(), 'seance-cli-'))
  if (manifest !== undefined) await writeFile(path.join(folder, 'stack.yaml'), manifest)
  else for (const name of ['stack.yaml', 'web', 'deploy']) await symlink(path.join(repository, name), path.join(folder, name))
  return folder
}

export async function withProduct (manifest, use) {
  const folder = await productFolder(manifest)
  try {
    await use(folder)
  } finally {
    await seance(folder, 'down')
    await rm(folder, { recursive: true, force: true })
  }
}

// A product of another kind, whose services are the given lines below `services:`.
export const shop = services => `project: shop
environments:
  local: {target: local, domain: shop.localhost}
services:
${services}`

export function listenSomewhere () {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve({ server, port: server.address().port }))
  })
}
