// Two commits deployed to the emulated world by the real program, and the way back: releases, rollback, status, verify.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import https from 'node:https'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { missing, programPath, repository, waitFor } from './program.mjs'

const PROGRAMS = ['seance', 'seance-landing', 'seance-signaling']
const skip = PROGRAMS.map(name => missing(programPath(name), 'graphql', 'ws')).find(Boolean) || (fs.existsSync('/usr/bin/redis-server') ? false : 'redis-server is not installed')
const { startRehearsal } = skip ? {} : await import('../emulators/rehearsal.mjs')

const stack = note => `project: seance
registry: docker.io/seance
environments:
  production:
    target: railway
    domain: seance.dev
    prefix: prod
    dns: cloudflare
    start:
      valkey: valkey-server --appendonly yes --save "" --dir /data --protected-mode no
    env:
      landing: {LANDING_ROOT: /srv/landing, NOTE: ${note}}
services:
  valkey:
    program: [valkey-server, redis-server]
    image: valkey/valkey:8-alpine
    port: 6379
    health: redis-ping
    volume: /data
  landing:
    program: seance-landing
    prints_commit: true
    source: src/services/landing
    port: 80
    subdomain: "@"
    health: /health
    files: {web/landing: /srv/landing}
    env: {PUBLIC_DOMAIN: "\${domain}"}
  signaling:
    program: seance-signaling
    prints_commit: true
    source: src/services/signaling
    port: 4444
    subdomain: signaling
    health: /health
    verify:
      - relay: {path: /}
`
const page = word => `<!doctype html><html lang="en"><title>Séance</title><p>This is ${word}.</p></html>\n`

let world, folder, checkout, environment
const commits = {}

const git = (...words) => execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], { cwd: checkout, encoding: 'utf8' }).trim()

// Programs say which commit they are of: here of each commit that the test makes, as a build of it would.
function build (commit) {
  const bin = path.join(checkout, 'build/bin')
  fs.mkdirSync(bin, { recursive: true })
  for (const name of PROGRAMS) {
    const own = execFileSync(programPath(name), ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1)
    const bytes = fs.readFileSync(programPath(name))
    for (let at = bytes.indexOf(own); at >= 0; at = bytes.indexOf(own, at + 7)) bytes.write(commit, at, 'latin1')
    fs.rmSync(path.join(bin, name), { force: true })
    fs.writeFileSync(path.join(bin, name), bytes, { mode: 0o755 })
  }
}

function commit (word, note) {
  fs.writeFileSync(path.join(checkout, 'stack.yaml'), stack(note))
  fs.writeFileSync(path.join(checkout, 'web/landing/index.html'), page(word))
  git('add', '.')
  git('commit', '-qm', `Say ${word}`)
  build(git('rev-parse', '--short=7', 'HEAD'))
  return git('rev-parse', '--short=7', 'HEAD')
}

const start = (words, { cwd = checkout, env = {} } = {}) => spawn(path.join(checkout, 'build/bin/seance'), ['-e', 'production', ...words], { cwd, env: { ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
async function seance (words, options) {
  const child = start(words, options)
  let out = ''; let err = ''
  child.stdout.on('data', bytes => { out += bytes })
  child.stderr.on('data', bytes => { err += bytes })
  const [code, signal] = await once(child, 'close')
  return { code: code ?? signal, out, err }
}
async function good (words, options) {
  const ran = await seance(words, options)
  assert.equal(ran.code, 0, `${words.join(' ')}:\n${ran.out}\n${ran.err}`)
  return ran
}
const json = text => JSON.parse(text.trim().split('\n').at(-1))

const agent = new https.Agent({ keepAlive: false })
const get = (host, target = '/') => new Promise((resolve, reject) => {
  const edge = new URL(world.line.railway.edgeTls)
  https.get({ host: edge.hostname, port: edge.port, servername: host, path: target, headers: { host }, ca: fs.readFileSync(world.line.railway.ca), agent }, response => {
    let body = ''
    response.on('data', bytes => { body += bytes })
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    response.on('error', reject)
  }).on('error', reject)
})
const word = async () => /This is (\w+)\./.exec((await get('seance.dev')).body)?.[1]
const commitThere = async host => (await get(host, '/health')).headers['x-seance-commit']
const configure = body => fetch(world.line.railway.control, { method: 'POST', body: JSON.stringify(body) }).then(answer => assert.ok(answer.ok))
const service = name => world.railway.state.services.find(one => one.name === name)
const variable = (name, key) => world.railway.state.variables.find(one => one.serviceId === service(name).id && one.name === key)?.value
async function settled () {
  const lives = deployment => ['SUCCESS', 'REMOVING'].includes(deployment.status)
  for (const end = Date.now() + 60_000; ;) {
    const { deployments, services } = world.railway.state
    if (services.every(one => deployments.filter(each => each.serviceId === one.id && lives(each)).length === 1)) return
    assert.ok(Date.now() < end, 'old deployments are not removed')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
const records = () => fetch(`${world.line.cloudflare.url}/zones/${world.line.cloudflare.zones[0].id}/dns_records`, { headers: { authorization: `Bearer ${world.line.cloudflare.token}` } }).then(answer => answer.json()).then(({ result }) => result.map(({ id, name, content, modified_on: when }) => ({ id, name, content, when })))

// The state every test begins with.
async function runs (name) {
  if (await word() !== name) await good(['rollback', '--to', commits[name], '--yes', '--no-verify'])
  assert.equal(await word(), name)
}

before(async () => {
  if (skip) return
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'seance-rollback-'))
  checkout = path.join(folder, 'checkout')
  fs.mkdirSync(path.join(checkout, 'web/landing'), { recursive: true })
  fs.writeFileSync(path.join(checkout, '.gitignore'), 'build/\n')
  world = await startRehearsal({ zones: ['seance.dev'], images: ['docker.io/seance'], folder: path.join(folder, 'world'), speed: 50, plan: 'PRO' })
  const { railway, cloudflare, registry } = world.line
  environment = {
    PATH: process.env.PATH, HOME: folder, RAILWAY_API_TOKEN: railway.token, CLOUDFLARE_API_TOKEN: cloudflare.token, SEANCE_RAILWAY_URL: railway.url, SEANCE_CLOUDFLARE_URL: cloudflare.url,
    SEANCE_REGISTRY_MAP: `docker.io/seance=${registry.host}/seance`, SEANCE_CA_FILE: railway.ca, SEANCE_EDGE: new URL(railway.edgeTls).host
  }
  git('init', '-q')
  for (const [name, note] of [['alpha', 'one'], ['beta', 'two']]) {
    commits[name] = commit(name, note)
    await good(['deploy', '--yes'])
  }
}, { timeout: 120_000 })
after(async () => {
  await world?.stop()
  if (folder) fs.rmSync(folder, { recursive: true, force: true })
})

const it = (name, body) => test(name, { skip, timeout: 90_000 }, body)

it('releases tells both, newest first, with what each one changed', async () => {
  const { releases, schema, project } = json((await good(['releases', '--json'])).out)
  assert.equal(schema, 'seance.releases/1')
  assert.equal(project, 'seance')
  assert.deepEqual(releases.map(one => one.commit), [commits.beta, commits.alpha])
  assert.deepEqual(releases.map(one => one.outcome), ['good', 'good'])
  assert.deepEqual(releases.map(one => one.current), [true, false])
  assert.deepEqual(releases[0].deployments.map(one => one.service), ['landing'])
  assert.deepEqual(releases[1].deployments.map(one => one.service).sort(), ['landing', 'signaling', 'valkey'])
  assert.equal(releases[0].state.signaling.commit, commits.alpha)
  assert.equal(typeof releases[1].seconds, 'number')
  assert.match(releases[0].who, /./)

  assert.match((await good(['releases'])).out, new RegExp(`● +r2 +${commits.beta} .*good +landing`))
  assert.match((await good(['releases', 'show', commits.alpha.slice(0, 5)])).out, new RegExp(`${commits.alpha}[^]*landing +${commits.alpha}`))
})

it('a rollback brings the previous release back, with today\'s variables and nothing else touched', async () => {
  const dns = await records()
  const ran = await good(['rollback', '--yes'])
  assert.equal(await word(), 'alpha')
  assert.equal(await commitThere('seance.dev'), commits.alpha)
  assert.equal(variable('landing', 'NOTE'), 'two')
  assert.equal(variable('landing', 'SEANCE_COMMIT'), commits.alpha)
  assert.match(ran.err, new RegExp(`Commits that it undoes:\n +${commits.beta} Say beta`))
  assert.match(ran.err, /~ landing +image/)
  assert.deepEqual(await records(), dns)

  const { releases } = json((await good(['releases', '--json'])).out)
  assert.equal(releases[0].back_to, commits.alpha)
  assert.deepEqual(releases[0].deployments.map(one => one.service), ['landing'])
})

it('a rollback to what runs already does nothing', async () => {
  await runs('alpha')
  const deployments = world.railway.state.deployments.length
  const ran = await good(['rollback', '--to', commits.alpha, '--yes'])
  assert.match(ran.out, /nothing to do/)
  assert.equal(world.railway.state.deployments.length, deployments)
})

it('what was gone back from is no release to go back to', async () => {
  await runs('alpha')
  const ran = await seance(['rollback', '--yes'])
  assert.equal(ran.code, 3)
  assert.match(ran.err, /no good release before/)
})

it('a machine with nothing but stack.yaml rolls back too', async () => {
  await runs('alpha')
  const empty = path.join(folder, 'elsewhere')
  fs.mkdirSync(empty)
  fs.copyFileSync(path.join(checkout, 'stack.yaml'), path.join(empty, 'stack.yaml'))
  const ran = await good(['rollback', '--to', commits.beta, '--yes'], { cwd: empty, env: { CLOUDFLARE_API_TOKEN: '' } })
  assert.equal(await word(), 'beta')
  assert.match(ran.err, /not known here/)
})

it('a deploy of the same commit after a rollback to it has nothing to do', async () => {
  await runs('beta')
  const plan = json((await good(['plan', '--json'])).out)
  assert.deepEqual(plan.changes, [])
})

it('old variables come back when asked for', async () => {
  await runs('beta')
  await good(['rollback', '--to', commits.alpha, '--with-variables', '--yes'])
  assert.equal(variable('landing', 'NOTE'), 'one')
  assert.equal(await word(), 'alpha')
  await good(['deploy', '--yes'])
  assert.equal(variable('landing', 'NOTE'), 'two')
  assert.equal(await word(), 'beta')
})

it('a commit that was never released is refused with those that were', async () => {
  const typo = commits.alpha.slice(0, 5) + (commits.alpha.endsWith('00') ? '11' : '00')
  const ran = await seance(['rollback', '--to', typo, '--yes'])
  assert.equal(ran.code, 3)
  assert.match(ran.err, new RegExp(`no release ${typo}[^]*${commits.alpha}`))
  const other = json((await seance(['rollback', '--to', typo, '--yes', '--json'])).out)
  assert.equal(other.error.code, 'NO_RELEASE')
  assert.equal((await seance(['rollback', '--service', 'langing', '--yes'])).code, 3)
})

it('nobody at the terminal and no --yes changes nothing', async () => {
  await runs('beta')
  const ran = await seance(['rollback'])
  assert.equal(ran.code, 5)
  assert.equal(await word(), 'beta')
})

it('requests during a rollback of landing never fail', async () => {
  await runs('beta')
  let over = false
  const answers = []
  const asking = (async () => { while (!over) answers.push(await get('seance.dev').then(({ status, body }) => status === 200 ? /This is (\w+)/.exec(body)[1] : status, error => error.code)) })()
  await good(['rollback', '--to', commits.alpha, '--yes'])
  over = true
  await asking
  assert.ok(answers.length > 10)
  assert.deepEqual([...new Set(answers)].sort(), ['alpha', 'beta'])
})

it('one that was killed in the middle is completed by the same command', async () => {
  await runs('beta')
  for (const step of ['update', 'deploy']) {
    const [to, name] = step === 'update' ? [commits.alpha, 'alpha'] : [commits.beta, 'beta']
    const calls = world.railway.faults.calls
    const from = calls.length
    const child = start(['rollback', '--to', to, '--yes'])
    const reached = step === 'update' ? 'serviceInstanceUpdate' : 'serviceInstanceDeployV2'
    await waitFor(() => calls.slice(from).some(one => one.names?.includes(reached)), reached)
    child.kill('SIGKILL')
    await once(child, 'close')
    // A lock whose holder is gone for good ends a minute after its last sign of life.
    const lock = world.railway.state.variables.find(one => one.name === 'SEANCE_LOCK')
    if (lock?.value) lock.value = JSON.stringify({ ...JSON.parse(lock.value), heartbeat: 0 })
    await good(['rollback', '--to', to, '--yes'])
    assert.equal(await word(), name)
  }
})

it('an image that is gone is refused before anything is changed', async () => {
  await runs('beta')
  const image = json((await good(['releases', '--json'])).out).releases.find(one => one.commit === commits.alpha).state.landing.image
  const digest = image.split('@')[1]
  const manifest = `${world.line.registry.url}/v2/seance/seance-landing/manifests/${digest}`
  const accept = { accept: 'application/vnd.oci.image.manifest.v1+json' }
  const kept = await fetch(manifest, { headers: accept })
  const bytes = await kept.text()
  assert.equal((await fetch(manifest, { method: 'DELETE' })).status, 202)
  const ran = await seance(['rollback', '--to', commits.alpha, '--yes'])
  assert.equal(ran.code, 3)
  assert.match(ran.err, /no longer in the registry/)
  assert.equal(await word(), 'beta')
  const back = await fetch(manifest.replace(digest, commits.alpha), { method: 'PUT', body: bytes, headers: { 'content-type': accept.accept } })
  assert.equal(back.status, 201)
})

it('Railway\'s own rollback brings the variables of then, and is refused once it is out of retention', async () => {
  await runs('beta')
  await settled()   // Railway rolls back to what it has removed
  await good(['rollback', '--platform', '--to', commits.alpha, '--yes'])
  assert.equal(await word(), 'alpha')

  // Railway counts from when it removed a deployment, which it does some time after the next one is active.
  await settled()
  await configure({ advance: 200 * 3600 })
  const ran = await seance(['rollback', '--platform', '--to', commits.beta, '--yes'])
  assert.equal(ran.code, 3)
  assert.match(ran.err, /can no longer roll landing back/)
  await good(['rollback', '--to', commits.beta, '--yes'])
  assert.equal(await word(), 'beta')
})

it('status tells what really runs, and who deploys', async () => {
  await runs('beta')
  const status = json((await good(['status', '--json'])).out)
  assert.equal(status.schema, 'seance.status/1')
  assert.equal(status.ready, true)
  assert.equal(status.deploying, null)
  const of = name => status.services.find(one => one.name === name)
  assert.equal(of('landing').commit_answered, commits.beta)
  assert.equal(of('landing').commit_deployed, commits.beta)
  assert.deepEqual(of('landing').domains.map(({ host, verified }) => ({ host, verified })), [{ host: 'seance.dev', verified: true }])
  assert.equal(of('valkey').volume, '/data')
  assert.match((await good(['status'])).out, new RegExp(`landing +● active +${commits.beta} +ok`))
})

it('verify checks names, certificates and the proxy, and fails for a record that is gone', async () => {
  await runs('beta')
  const verified = await good(['verify', '--json'])
  const { checks } = json(verified.out)
  for (const check of ['health', 'certificate', 'proxied', 'domain', 'dns']) assert.ok(checks.some(one => one.service === 'landing' && one.check === check && one.ok), `${check}: ${verified.out}`)
  assert.match(checks.find(one => one.check === 'certificate').detail, /days? left/)

  const zone = `${world.line.cloudflare.url}/zones/${world.line.cloudflare.zones[0].id}/dns_records`
  const headers = { authorization: `Bearer ${world.line.cloudflare.token}`, 'content-type': 'application/json' }
  const record = (await (await fetch(zone, { headers })).json()).result.find(one => one.type === 'CNAME' && one.name === 'signaling.seance.dev')
  await fetch(`${zone}/${record.id}`, { method: 'DELETE', headers })
  const failed = await seance(['verify'])
  assert.equal(failed.code, 7)
  assert.match(failed.out, /CNAME signaling\.seance\.dev is missing/)
  await fetch(zone, { method: 'POST', headers, body: JSON.stringify({ type: 'CNAME', name: record.name, content: record.content, proxied: true, ttl: 1, comment: record.comment }) })
})

it('a deployment whose checks fail says what runs, that nothing was rolled back, and what to do', async () => {
  await runs('beta')
  await configure({ edge: { next: [{ match: 'GET seance.dev/health', do: 'fail', times: 1000 }] } })
  const failed = await seance(['deploy', '--yes'])
  await configure({ edge: { clear: true } })
  assert.equal(failed.code, 7, failed.out + failed.err)
  assert.match(failed.err, new RegExp(`production runs ${commits.beta} all the same: .*nothing was rolled back`))
  assert.match(failed.err, /seance -e production verify .*seance -e production rollback/)
})

it('verify skips by name what needs a secret that is locked here', async () => {
  await runs('beta')
  const locked = path.join(folder, 'locked')
  fs.mkdirSync(locked)
  const text = stack('two').replace('dns: cloudflare', 'dns: cloudflare\n    secrets: secrets.yaml').replace('path: /}', 'path: "/?${secret.room}"}')
  fs.writeFileSync(path.join(locked, 'stack.yaml'), text)
  const sealed = 'ENC[AES256_GCM,data:c2VjcmV0,iv:c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=,tag:c2VjcmV0c2VjcmV0c2Vjcg==,type:str]'
  fs.writeFileSync(path.join(locked, 'secrets.yaml'), `seance:\n    room: ${sealed}\nsops:\n    age:\n        - recipient: age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            c2VjcmV0\n            -----END AGE ENCRYPTED FILE-----\n    lastmodified: "2026-08-21T10:00:00Z"\n    mac: ${sealed}\n    version: 3.13.2\n`)
  const { checks } = json((await good(['verify', '--json'], { cwd: locked, env: { CLOUDFLARE_API_TOKEN: '' } })).out)
  const relay = checks.find(one => one.check === 'relay')
  assert.equal(relay.skipped, true)
  assert.match(relay.detail, /it needs a secret: ./)
  assert.match(checks.find(one => one.check === 'dns').detail, /no CLOUDFLARE_API_TOKEN/)
})

it('verify --watch tells a line for each change, and ends on Ctrl-C with 130', async () => {
  await runs('beta')
  const child = start(['verify', '--watch', '--interval', '1s', '--json'])
  const lines = []
  let rest = ''
  child.stdout.on('data', bytes => {
    const parts = (rest + bytes).split('\n')
    rest = parts.pop()
    lines.push(...parts.map(line => JSON.parse(line)))
  })
  const health = ok => lines.filter(one => one.service === 'landing' && one.check === 'health').at(-1)?.ok === ok
  await waitFor(() => health(true), 'a first good round')
  await configure({ edge: { next: [{ match: 'GET seance.dev/health', do: 'fail', times: 1 }] } })
  await waitFor(() => health(false), 'the failure')
  await waitFor(() => health(true), 'the recovery')
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.equal(code, 130)
})

it('status --watch tells anew what has changed, and ends on Ctrl-C with 130', async () => {
  await runs('beta')
  const child = start(['status', '--watch', '--json'])
  const seen = []
  let rest = ''
  child.stdout.on('data', bytes => {
    const parts = (rest + bytes).split('\n')
    rest = parts.pop()
    seen.push(...parts.map(line => JSON.parse(line)))
  })
  const healthy = word => seen.at(-1)?.services.find(one => one.name === 'landing').healthy === word
  await waitFor(() => healthy(true), 'a first look')
  await configure({ edge: { next: [{ match: 'GET seance.dev/health', do: 'fail', times: 1 }] } })
  await waitFor(() => healthy(false), 'the failure')
  await waitFor(() => healthy(true), 'the recovery')
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.equal(code, 130)
})
