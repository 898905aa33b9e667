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
  assert.deepEqual(JSON.parse(second.out).changes.filter(change => change.kind === 'service' || change.kind === 'domain'), [])
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

test('what `seance init` writes can be rehearsed as it is', { skip: skip || (onPath('python3') ? false : 'python3 is not installed') }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'seance-starter-'))
  try {
    const run = words => execFileSync(words[0] === 'git' ? 'git' : clone.program, words[0] === 'git' ? ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words.slice(1)] : words, { cwd: folder, stdio: 'pipe' })
    run(['init', '--name', 'shop'])
    for (const words of [['init', '-q'], ['add', '-A'], ['commit', '-qm', 'Open']]) run(['git', ...words])
    const env = { PATH: process.env.PATH, HOME: temporary, TMPDIR: temporary, NO_COLOR: '1' }
    const child = spawn(clone.program, ['-e', 'production', 'rehearse'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let all = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { all += text })
    const [code] = await once(child, 'close')
    assert.equal(code, 0, all)
    assert.doesNotMatch(all, /SPACES_/)
    await assertNothingLeft()
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})
