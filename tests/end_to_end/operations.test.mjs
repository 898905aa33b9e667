// A stack in the background, looked at and handled from other shells.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { productFolder, program, seance } from './command_line.mjs'
import { freePort, missing, programPath, stop, waitFor } from './program.mjs'

const skip = missing(program) || missing(programPath('seance-backend'))
let folder, up, port

async function status () {
  return JSON.parse((await seance(folder, 'status', '--json')).out)
}

async function service (name) {
  return (await status()).services.find(one => one.name === name)
}

// Beside the edge, as an operator would: at the direct address.
async function backendHealth () {
  const { direct_url: address } = await service('backend')
  return (await fetch(`http://${address}/health`)).json()
}

before(async () => {
  if (skip) return
  folder = await productFolder()
  port = await freePort()
  const begun = performance.now()
  up = await seance(folder, 'up', '--detach', '--edge-port', String(port))
  up.ms = performance.now() - begun
})

after(async () => {
  if (skip) return
  await seance(folder, 'down')
  await rm(folder, { recursive: true, force: true })
})

test('up --detach ends when all is healthy, with the table of what runs', { skip }, async t => {
  assert.equal(up.code, 0, up.err)
  assert.match(up.out, /^SERVICE +STATE .*\n(.*● healthy.*\n){6}\ndashboard {2}http:\/\/dashboard\.seance\.localhost:\d+\n$/)
  assert.equal((up.err.match(/● \w+ healthy\n/g) ?? []).length, 6, up.err)
  t.diagnostic(`seance up: all healthy in ${up.ms.toFixed(0)} ms (bar: 3000 ms)`)
})

test('status tells the same from a folder below, and as a document', { skip }, async () => {
  const { code, out } = await seance(path.join(folder, '.seance'), 'status')
  assert.equal(code, 0)
  assert.match(out, /backend +● healthy .* http:\/\/backend\.seance\.localhost:/)
  const document = await status()
  assert.equal(document.schema, 'seance.status/1')
  assert.equal(document.ready, true)
  assert.equal(document.edge_port, port)
})

test('status tells the commit that a service itself prints, and metrics where somebody listens', { skip }, async () => {
  const { stdout } = await promisify(execFile)(programPath('seance-backend'), ['--version'])
  const printed = /\b[0-9a-f]{7,40}$/.exec(stdout.trim())?.[0] ?? ''
  const { services } = await status()

  for (const { name, commit, admin_port: port } of services) {
    assert.equal(commit, name === 'valkey' ? '' : printed, name)
    if (name === 'valkey') assert.equal(port, 0)
    else assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 200, name)
  }
  const table = (await seance(folder, 'status')).out
  assert.match(table, /^valkey +● healthy +\w.* +127\.0\.0\.1:\d+ +- +- +-$/m)
})

test('a second up is refused with 5 and says what runs where', { skip }, async () => {
  const { code, out, err } = await seance(folder, 'up', '--edge-port', String(port + 1))
  assert.equal(code, 5)
  assert.equal(out, '')
  assert.match(err, /^error: the stack already runs \(process \d+\) at http:\/\/seance\.localhost:\d+, 6 of 6 services healthy\n {2}`seance status` shows it, `seance down` stops it\n$/)
  const document = JSON.parse((await seance(folder, 'up', '--json')).out)
  assert.equal(document.error.code, 'ALREADY_RUNNING')
})

test('verify passes every check', { skip }, async t => {
  const begun = performance.now()
  const { code, out, err } = await seance(folder, 'verify')
  t.diagnostic(`seance verify: ${(performance.now() - begun).toFixed(0)} ms (bar: 2000 ms)`)
  assert.equal(code, 0, out)
  assert.equal(err, '')
  assert.match(out, /\n10 of 10 checks passed in \d+ ms\n$/)
})

test('verify names a service that hangs, and exits with 7', { skip }, async t => {
  const { pid } = await service('signaling')
  process.kill(pid, 'SIGSTOP')
  try {
    const begun = performance.now()
    // Two at once, which must not disturb one another.
    const [table, json] = await Promise.all([seance(folder, 'verify'), seance(folder, 'verify', '--json')])
    t.diagnostic(`seance verify with a service that hangs: ${(performance.now() - begun).toFixed(0)} ms (bar: 2000 ms)`)

    assert.equal(table.code, 7)
    assert.match(table.out, /✘ {2}signaling +health +\d+ ms +no answer in 1800ms\n/)
    assert.match(table.out, /✘ {2}signaling +relay +\d+ ms +no message came in 1800ms\n/)
    assert.match(table.out, /\n8 of 10 checks passed in \d+ ms\n$/)
    assert.equal(json.code, 7)
    const document = JSON.parse(json.out)
    assert.equal(document.ok, false)
    assert.deepEqual(document.checks.filter(check => !check.ok).map(check => [check.service, check.check, check.detail]),
      [['signaling', 'health', 'no answer in 1800ms'], ['signaling', 'relay', 'no message came in 1800ms']])
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('logs are of the services asked for, each with its time and name', { skip }, async () => {
  const { code, out } = await seance(folder, 'logs', 'beholder', '-n', '3')
  assert.equal(code, 0)
  assert.match(out, /^(\d{4}-\d\d-\d\dT[\d:.]+Z beholder {2}\w+( \w+=.*)?\n){1,3}$/)
  assert.doesNotMatch(out, / ts=| level=/)
  const lines = (await seance(folder, 'logs', '--since', '1h', '--json')).out.trim().split('\n').map(line => JSON.parse(line))
  assert.deepEqual(new Set(lines.map(line => line.type)), new Set(['log']))
  assert.ok(lines.some(line => line.service === 'valkey'))
})

test('logs are filtered by their text and their level', { skip }, async () => {
  const listening = await seance(folder, 'logs', '--grep', 'listening', '--json')
  const lines = listening.out.trim().split('\n').map(line => JSON.parse(line))
  assert.ok(lines.length >= 5, listening.out)
  for (const { level, message, attributes, line } of lines) {
    assert.equal(level, 'info')
    assert.ok(`${message}${attributes.event}`.includes('listening'), line)
    assert.deepEqual(JSON.parse(line).event, attributes.event)
  }
  assert.equal((await seance(folder, 'logs', '--level', 'error', '--grep', 'listening')).out, '')
  const { code, err } = await seance(folder, 'logs', '--level', 'loud')
  assert.equal(code, 64)
  assert.equal(err, 'error: --level is "loud"; give debug, info, warning or error\n')
})

test('logs --follow goes on over a restart of the service', { skip }, async () => {
  const follower = spawn(program, ['logs', '--follow', '--service', 'landing', '-n', '1'], { cwd: folder })
  let seen = ''
  follower.stdout.on('data', piece => { seen += piece })
  try {
    await waitFor(() => seen.endsWith('\n'), 'the last line so far')
    const known = seen
    const { pid } = await service('landing')
    process.kill(pid, 'SIGKILL')
    await waitFor(() => seen.slice(known.length).includes(' listening '), 'the new process to be heard')
    assert.notEqual((await service('landing')).pid, pid)
  } finally {
    await stop(follower)
  }
})

test('Valkey killed is seen in the health of the backend, and comes back', { skip }, async t => {
  const connected = await waitFor(async () => {
    const health = await backendHealth()
    return health.valkey.status === 'connected' && health
  }, 'a backend with Valkey')
  const kill = async () => {
    const { pid } = await waitFor(async () => { const now = await service('valkey'); return now.pid !== 0 && now }, 'a Valkey to kill')
    process.kill(pid, 'SIGKILL')
    return pid
  }

  // The first restart is at once, each next one waits longer: time enough to look.
  const first = await kill()
  await waitFor(async () => { const { pid } = await service('valkey'); return pid !== 0 && pid !== first }, 'the restart')
  await kill()
  const degraded = await waitFor(async () => {
    const health = await backendHealth()
    return health.valkey.status !== 'connected' && health
  }, 'the backend to notice')
  assert.ok(degraded.degraded.includes('valkey'), JSON.stringify(degraded))

  const begun = performance.now()
  const back = await waitFor(async () => {
    const health = await backendHealth()
    return health.valkey.status === 'connected' && health
  }, 'the backend to have Valkey again')
  t.diagnostic(`back in ${(performance.now() - begun).toFixed(0)} ms after it was missed`)
  assert.deepEqual(back.degraded, [])
  assert.ok(back.valkey.since > connected.valkey.since)
  assert.ok((await service('valkey')).restarts >= 2)
})

test('a stack that does not answer is not taken for one that does not run: 6', { skip }, async () => {
  const pid = Number(await readFile(path.join(folder, '.seance/lock'), 'utf8'))
  process.kill(pid, 'SIGSTOP')
  try {
    for (const command of ['status', 'verify']) {
      assert.deepEqual(await seance(folder, command),
        { code: 6, out: '', err: 'error: the stack runs but does not answer\n  it may be starting or stopping: try again\n' })
    }
    assert.deepEqual(JSON.parse((await seance(folder, 'status', '--json')).out).error.code, 'NO_ANSWER')
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

test('down from another shell stops it all and leaves no process', { skip }, async () => {
  const { pid, services } = await status()
  assert.deepEqual(await seance(path.join(folder, '.seance/logs'), 'down'), { code: 0, out: '', err: 'stopped\n' })
  for (const { pid: one } of [{ pid }, ...services]) {
    // In a container whose first process reaps nobody, an ended one stays as a zombie.
    const state = await readFile(`/proc/${one}/stat`, 'utf8').then(stat => stat.split(') ')[1][0], () => 'gone')
    assert.ok(['gone', 'Z'].includes(state), `process ${one} is still there`)
  }
  assert.equal((await seance(folder, 'status')).code, 3)
})
