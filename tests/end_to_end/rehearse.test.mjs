// `seance rehearse`: the whole deployment on this machine, and nothing left behind.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { missing, programPath, repository, waitFor } from './program.mjs'
import { Clone, programs } from './deploy/world.mjs'

const onPath = program => (process.env.PATH ?? '').split(':').some(folder => fs.existsSync(path.join(folder, program)))
const skip = programs.map(name => missing(programPath(name), 'graphql', 'ws')).find(Boolean) || ['redis-server', 'openssl', 'tar'].filter(name => !onPath(name)).map(name => `${name} is not installed`)[0] || false
let clone, temporary

before(() => {
  if (skip) return
  clone = new Clone()
  fs.symlinkSync(path.join(repository, 'tests/node_modules'), path.join(clone.folder, 'tests/node_modules'))
  clone.write('.git/info/exclude', 'tests/node_modules\n')
  temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'seance-rehearsals-'))
})
after(() => {
  clone?.remove()
  if (temporary) fs.rmSync(temporary, { recursive: true, force: true })
})

function rehearse (words, environment = {}) {
  const env = { PATH: process.env.PATH, HOME: temporary, TMPDIR: temporary, NO_COLOR: '1', ...environment }
  const child = spawn(clone.program, ['-e', 'production', 'rehearse', ...words], { cwd: clone.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  child.out = child.err = ''
  child.stdout.setEncoding('utf8').on('data', text => { child.out += text })
  child.stderr.setEncoding('utf8').on('data', text => { child.err += text })
  child.ended = once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, out: child.out, err: child.err }))
  return child
}

// Processes of a rehearsal in our own temporary folder, and what it keeps there.
const left = () => fs.readdirSync('/proc').filter(name => /^\d+$/.test(name)).filter(pid => {
  try { return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(temporary) || fs.readlinkSync(`/proc/${pid}/root`).startsWith(temporary) } catch { return false }
}).map(pid => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
const assertNothingLeft = async () => {
  await waitFor(() => left().length === 0, `the end of ${left()}`, 10_000)
  assert.deepEqual(fs.readdirSync(temporary), [])
}

test('a rehearsal deploys from nothing, changes nothing the second time, and leaves nothing behind', { skip }, async () => {
  const { code, out, err } = await rehearse(['--json']).ended
  assert.equal(code, 0, err + out)
  const result = JSON.parse(out)
  assert.deepEqual([result.schema, result.ok, result.environment], ['seance.rehearse/1', true, 'production'])
  assert.equal(result.steps.length, 5)
  await assertNothingLeft()
})

test('a command takes the place of the steps, among the emulators, with secrets made for it', { skip }, async () => {
  const { code, out, err } = await rehearse(['--', 'sh', '-c', 'stat -c %a "$SEANCE_SECRETS_FILE"; cut -d= -f1 "$SEANCE_SECRETS_FILE"; echo "token=$RAILWAY_TOKEN"; exit 9'], { RAILWAY_TOKEN: 'of-the-real-world' }).ended
  assert.equal(code, 9, err)
  const [mode, ...names] = out.trim().split('\n')
  assert.equal(mode, '600')
  for (const name of ['SPACES_ACCESS_KEY_ID', 'SPACES_SECRET_ACCESS_KEY', 'LITELLM_MASTER_KEY', 'litellm_master_key', 'builder_key', 'STRIPE_SECRET_KEY', 'OPENAI_API_KEY']) assert.ok(names.includes(name), name)
  assert.equal(names.at(-1), 'token=', 'a token of the real world does not get in')
  await assertNothingLeft()
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} ends a rehearsal in the middle of a deployment, with all that it started`, { skip }, async () => {
    const child = rehearse([])
    await waitFor(() => /deploy landing/.test(child.err), 'a deployment', 60_000)
    assert.ok(left().length > 0)
    child.kill(signal)
    assert.equal((await child.ended).code, 130, child.err)
    await assertNothingLeft()
  })
}

test('a rehearsal that is killed leaves no process behind', { skip }, async () => {
  const folder = path.join(temporary, 'kept')
  const child = rehearse(['--keep', folder])
  await waitFor(() => /deploy landing/.test(child.err), 'a deployment', 60_000)
  child.kill('SIGKILL')
  await child.ended
  await waitFor(() => left().length === 0, `the end of ${left()}`, 20_000)
  fs.rmSync(folder, { recursive: true })
})

test('a kept rehearsal is gone on with: what ran in it is still there', { skip }, async () => {
  const folder = path.join(temporary, 'again')
  const own = ['--', clone.program, '-e', 'production']
  const first = await rehearse(['--keep', folder, ...own, 'deploy', '--yes', '--no-verify']).ended
  assert.equal(first.code, 0, first.err)
  const second = await rehearse(['--keep', folder, ...own, 'plan', '--json']).ended
  assert.equal(second.code, 0, second.err)
  assert.deepEqual(JSON.parse(second.out).changes, [], 'nothing seems to have changed meanwhile')
  const releases = ['releases', '--json']
  const [before, after] = [await rehearse(['--keep', folder, ...own, ...releases]).ended, await rehearse(['--keep', folder, ...own, ...releases]).ended]
  const took = result => JSON.parse(result.out).releases.map(one => one.seconds)
  assert.deepEqual(took(after), took(before), 'going on is no part of what a deployment took')
  fs.rmSync(folder, { recursive: true })
})

test('what a rehearsal needs and this machine lacks is said with its fix', { skip }, async () => {
  const bare = fs.mkdtempSync(path.join(os.tmpdir(), 'seance-bare-'))
  try {
    fs.symlinkSync(execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim(), path.join(bare, 'git'))
    const { code, err } = await rehearse([], { PATH: bare }).ended
    assert.equal(code, 7, err)
    assert.match(err, /no node on PATH\n.*apt-get install nodejs/)
  } finally { fs.rmSync(bare, { recursive: true, force: true }) }
})

test('hints of what runs in a rehearsal can be followed: `seance` is the program that rehearses', { skip }, async () => {
  const { code, out, err } = await rehearse(['--', 'sh', '-c', 'command -v seance; seance -e production plan > /dev/null']).ended
  assert.equal(code, 0, err)
  assert.equal(out.trim(), clone.program)
  assert.doesNotMatch(err, /is a rehearsal/, 'that is for somebody at a terminal')
})

test('a shell in a rehearsal begins with what it is and how to leave it', { skip: skip || (onPath('script') ? false : 'script is not installed') }, async () => {
  const env = { PATH: process.env.PATH, HOME: temporary, TMPDIR: temporary, TERM: 'dumb' }
  const child = spawn('script', ['-qec', `${clone.program} -e production rehearse -- sh -c 'echo "here: $0"'`, '/dev/null'], { cwd: clone.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let all = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { all += text })
  const [code] = await once(child, 'close')
  assert.equal(code, 0, all)
  assert.match(all, /is a rehearsal: seance -e production reaches emulators[^]*exit \(Ctrl-D\) leaves it[^]*here: sh/)
  await assertNothingLeft()
})

// A product of its own, outside of this repository, with git.
async function withProduct (use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'seance-starter-'))
  const run = (program, ...words) => execFileSync(program, words, { cwd: folder, stdio: 'pipe' })
  const git = (...words) => run('git', '-c', 'user.name=t', '-c', 'user.email=t@t', ...words)
  const env = { PATH: process.env.PATH, HOME: temporary, TMPDIR: temporary, NO_COLOR: '1' }
  const seance = async words => {
    const child = spawn(clone.program, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const got = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', text => { got.out += text })
    child.stderr.setEncoding('utf8').on('data', text => { got.err += text })
    const [code] = await once(child, 'close')
    return { ...got, code, all: got.err + got.out }
  }
  try {
    run(clone.program, 'init', '--name', 'shop')
    git('init', '-q')
    const commit = () => { git('add', '-A'); git('commit', '-qm', 'Change') }
    commit()
    await use({ folder, seance, commit })
  } finally { fs.rmSync(folder, { recursive: true, force: true }) }
}

test('what `seance init` writes can be rehearsed as it is', { skip }, () => withProduct(async ({ seance }) => {
  const { code, all } = await seance(['-e', 'production', 'rehearse'])
  assert.equal(code, 0, all)
  assert.doesNotMatch(all, /SPACES_|stood in for/)
  await assertNothingLeft()
}))

const FETCH = `
  const [host, port] = process.env.SEANCE_EDGE.split(':')
  require('node:https').get({ host, port, path: '/', servername: 'shop.example', headers: { host: 'shop.example', accept: 'text/html' }, ca: require('node:fs').readFileSync(process.env.SEANCE_CA_FILE) }, answer => answer.pipe(process.stdout))`

test('what `seance init` writes ships the page that it serves here', { skip }, () => withProduct(async ({ folder, seance, commit }) => {
  const page = '<!doctype html>\n<title>Shop</title>\n<p>Fresh bread, written in web/index.html.\n'
  fs.writeFileSync(path.join(folder, 'web/index.html'), page)
  commit()
  const { code, out, all } = await seance(['-e', 'production', 'rehearse', '--', 'sh', '-c', `seance -e production deploy --yes >&2 && exec node -e "$0"`, FETCH])
  assert.equal(code, 0, all)
  assert.equal(out, page)
  assert.match(all, /CNAME +shop\.example +\S+\.up\.railway\.app/, 'without `dns` the records are told')
}))

test('a service that is no compiled program is found by doctor, and refused with what to write', { skip }, () => withProduct(async ({ folder, seance, commit }) => {
  fs.mkdirSync(path.join(folder, 'src/api'), { recursive: true })
  fs.writeFileSync(path.join(folder, 'src/api/app.py'), '#!/usr/bin/env python3\n', { mode: 0o755 })
  fs.appendFileSync(path.join(folder, 'stack.yaml'), '  api:\n    program: src/api/app.py\n    source: src/api\n    port: 8000\n')
  commit()
  const doctor = await seance(['-e', 'production', 'doctor', '--json'])
  assert.equal(doctor.code, 7)
  const row = JSON.parse(doctor.out).checks.find(one => one.what === 'program of api')
  assert.equal(row.status, 'fail')
  assert.match(row.finding, /app\.py is no compiled program/)
  const { code, err } = await seance(['-e', 'production', 'rehearse', '--', 'seance', '-e', 'production', 'plan'])
  assert.equal(code, 1, err)
  assert.match(err, /no image of api: \S+app\.py is no compiled program[^]*"image: docker\.io\/shop\/shop-api:1" in place of "source: src\/api"/)
}))
