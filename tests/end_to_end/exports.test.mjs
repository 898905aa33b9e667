// Exports and the starter as a person gets them, and the scripts for old habits. What is exported is judged by
// the schemas of Kubernetes and of Compose, which tests/requirements.txt brings.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { programPath, repository } from './program.mjs'

const seance = programPath('seance')
const python = path.join(repository, 'tests/.venv/bin/python')
const noJudge = existsSync(python) ? false : `${python} is not there: ./dev test makes it`

// Never fails: gives what a shell would see.
function run (program, args, cwd) {
  return new Promise(resolve => {
    execFile(program, args, { cwd }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }))
  })
}

// This repository's stack, and another product's with everything that a stack may have.
const shop = `
project: shop
registry: registry.example/team
environments:
  live:
    target: railway
    domain: shop.example
    secrets: s.yaml
    require: {api: [DB_PASSWORD]}
    start: {db: 'db-server --save "" --dir /data'}
    env: {api: {HASH: "\${secret_sha256.key}", ODD: "a: b # $(c) \${domain}"}}
services:
  api: {source: a, port: 8000, subdomain: api, health: /up, needs: [db, worker], replicas: 3, secrets: [KEY],
        resources: {cpu: 0.5, memory: 512MB}, start_timeout: 15m}
  web: {source: w, port: 80, subdomain: "@", health: /}
  db: {image: "db:8", port: 6379, health: redis-ping, volume: /data, files: {db.conf: /etc/db.conf}}
  worker: {source: k, port: 9000, health: /ready, volume: /spool, restart: on-failure, resources: {cpu: 0.25}}
`
const stacks = {}
let folder, commit

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'seance-exports-'))
  for (const [name, text, environment] of [
    ['seance', await readFile(path.join(repository, 'stack.yaml'), 'utf8'), 'production'],
    ['shop', shop, 'live']
  ]) {
    const root = path.join(folder, name)
    await mkdir(root)
    await writeFile(path.join(root, 'stack.yaml'), text)
    stacks[name] = { root, environment }
  }
  const git = (...args) => run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], folder)
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-q', '-m', 'all')
  commit = (await git('rev-parse', 'HEAD')).stdout.slice(0, 7)
})

after(async () => { await rm(folder, { recursive: true, force: true }) })

for (const engine of ['kubernetes', 'compose']) {
  for (const name of ['seance', 'shop']) {
    test(`what is exported of ${name} for ${engine} is what its schemas ask for`, { skip: noJudge }, async () => {
      const { root, environment } = stacks[name]
      const file = path.join(root, `${engine}.yaml`)

      const exported = await run(seance, ['export', engine, '-e', environment, '-o', file], root)
      const judged = await run(python, [path.join(repository, 'tests/end_to_end/exports/judge.py'), engine, file], root)

      assert.equal(exported.code, 0, exported.stderr)
      assert.equal(exported.stdout, `${file}\n`)
      assert.equal(judged.code, 0, judged.stderr)
      assert.match(judged.stdout, name === 'shop' ? /worker/ : /signaling/)
    })
  }
}

test('standard output has the file alone, and names the commit as images do', async () => {
  const { root, environment } = stacks.shop

  const { code, stdout, stderr } = await run(seance, ['export', 'tofu', '-e', environment], root)

  assert.equal(code, 0)
  const services = JSON.parse(stdout).resource.railway_service
  assert.equal(services.web.source_image, `registry.example/team/shop-web:${commit}`)
  assert.match(stderr, /^note: .*health check \/up of api/m)
})

test('--json tells what was made, with its notes', async () => {
  const { root, environment } = stacks.shop

  const { stdout } = await run(seance, ['export', 'compose', '-e', environment, '--json', '--commit', 'HEAD'], root)

  const { schema, engine, commit: told, notes, text } = JSON.parse(stdout)
  assert.deepEqual({ schema, engine, told }, { schema: 'seance.export/1', engine: 'compose', told: commit })
  assert.ok(notes.length > 0 && text.includes('services:'))
})

test('exit codes say what is wrong with an export', async () => {
  const { root, environment } = stacks.shop
  for (const [code, ...args] of [
    [64, 'export', 'helm', '-e', environment],
    [64, 'export', 'tofu', '-e', environment, '--image', 'wep=x'],
    [64, 'export', 'tofu', '-e', environment, '--image', 'web'],
    [65, 'export', 'tofu', '-e', 'elsewhere'],
    [3, 'export', 'tofu', '-e', environment, '--commit', 'nowhere'],
    [1, 'export', 'tofu', '-e', environment, '-o', path.join(root, 'no/such/folder')]
  ]) {
    const result = await run(seance, args, root)
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`)
    assert.equal(result.stdout, '')
  }
  const local = await run(seance, ['export', 'tofu'], stacks.seance.root)
  assert.equal(local.code, 64)
  assert.match(local.stderr, /seance export ENGINE -e production/)
})

test('init writes a stack that doctor accepts and that exports, and never writes over one', async () => {
  const root = path.join(folder, 'My Shop_2')
  await mkdir(root)

  const made = await run(seance, ['init', '--domain', 'shop.dev'], root)
  // The edge's port may be another program's here.
  const doctor = await run(seance, ['doctor', '--edge-port', String(20000 + process.pid % 20000)], root)
  const again = await run(seance, ['init'], root)
  const exported = await run(seance, ['export', 'kubernetes', '-e', 'production'], root)

  assert.equal(made.code, 0, made.stderr)
  assert.deepEqual(made.stdout.trim().split('\n').map(name => path.basename(name)), ['stack.yaml', 'index.html'])
  assert.match(await readFile(path.join(root, 'stack.yaml'), 'utf8'), /^project: my-shop-2$/m)
  assert.equal(doctor.code, 0, doctor.stdout)
  assert.equal(again.code, 5)
  assert.match(exported.stdout, /host: shop\.dev/)
  assert.equal((await run(seance, ['init', '--stack', 'other.yaml', '--name', 'Bad Name'], root)).code, 64)
  assert.equal((await run(seance, ['init', '--stack', 'other.yaml', '--domain', 'nodots'], root)).code, 64)
})

test('the scripts for old habits say what to type and pass the rest on', async () => {
  const root = path.join(folder, 'checkout')
  await cp(path.join(repository, 'scripts'), path.join(root, 'scripts'), { recursive: true })
  const script = name => path.join(root, 'scripts', name)

  const unbuilt = await run(script('deploy-railway.sh'), [], folder)
  await mkdir(path.join(root, 'build/bin'), { recursive: true })
  await writeFile(path.join(root, 'build/bin/seance'), '#!/bin/sh\necho "$@"\nexit 7\n')
  await chmod(path.join(root, 'build/bin/seance'), 0o755)
  const deployed = await run(script('deploy-railway.sh'), ['--commit', 'HEAD~1'], folder)
  const applied = await run(script('apply-railway-secrets.sh'), ['staging'], folder)
  const unnamed = await run(script('apply-railway-secrets.sh'), [], folder)

  assert.equal(unbuilt.code, 1)
  assert.match(unbuilt.stderr, /\.\/dev build/)
  assert.deepEqual([deployed.code, deployed.stdout], [7, 'deploy -e production --commit HEAD~1\n'])
  assert.equal(applied.stdout, 'secrets apply -e staging\n')
  assert.equal(unnamed.code, 64)
})
