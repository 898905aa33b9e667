// A world to deploy into, and a person's checkout to deploy from: the emulators in this process, a git clone with
// programs of its commit, and `seance` run as from a shell.
import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startRehearsal } from '../../emulators/rehearsal.mjs'
import { programPath, repository } from '../program.mjs'

export const seanceProgram = programPath('seance')
export const programs = ['seance', 'seance-backend', 'seance-landing', 'seance-signaling', 'seance-beholder', 'seance-litellm']

const git = (folder, ...words) => execFileSync('git', ['-c', 'user.name=A Person', '-c', 'user.email=person@example.com', '-c', 'commit.gpgsign=false', ...words], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

// A folder under git that `seance` runs in.
export class Checkout {
  constructor (folder) { this.folder = folder }

  get commit () { return git(this.folder, 'rev-parse', '--short=7', 'HEAD') }
  get program () { return seanceProgram }

  write (file, text) {
    fs.mkdirSync(path.dirname(path.join(this.folder, file)), { recursive: true })
    fs.writeFileSync(path.join(this.folder, file), text)
  }

  commitAll (subject) {
    git(this.folder, 'add', '-A')
    git(this.folder, 'commit', '-q', '--allow-empty', '-m', subject)
  }

  remove () { fs.rmSync(this.folder, { recursive: true, force: true }) }
}

// A clone of this repository. Its programs are copies of those that were built, in which the commit that they were
// built from is written over by the one that is checked out: what building it would give, as long as no source changed.
export class Clone extends Checkout {
  constructor () {
    super(fs.mkdtempSync(path.join(os.tmpdir(), 'seance-clone-')))
    git(this.folder, 'clone', '-q', repository, '.')
    this.takePrograms()
  }

  get program () { return path.join(this.folder, 'build/bin/seance') }

  takePrograms () {
    const place = path.join(this.folder, 'build/bin')
    fs.mkdirSync(place, { recursive: true })
    const { commit } = this
    for (const name of programs) {
      const built = execFileSync(programPath(name), ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1)
      if (built.length !== commit.length) throw new Error(`${name} --version says "${built}", which is no commit`)
      const bytes = fs.readFileSync(programPath(name))
      for (let at = bytes.indexOf(built); at >= 0; at = bytes.indexOf(built, at + built.length)) bytes.write(commit, at)
      // As the linker would: the build id follows from what is linked, the commit too.
      const note = bytes.indexOf('\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0', 'latin1')
      if (note < 0) throw new Error(`${name} has no build id`)
      createHash('sha1').update(commit).digest().copy(bytes, note + 16)
      fs.rmSync(path.join(place, name), { force: true })
      fs.writeFileSync(path.join(place, name), bytes, { mode: 0o755 })
    }
  }

  commitAll (subject) {
    super.commitAll(subject)
    this.takePrograms()
  }
}

// A product of two services with ready-made images, that has one of everything: a volume, a public name, a need, secrets.
export function shopCheckout (manifest = SHOP) {
  const shop = new Checkout(fs.mkdtempSync(path.join(os.tmpdir(), 'seance-shop-')))
  git(shop.folder, 'init', '-q', '-b', 'main')
  shop.write('stack.yaml', manifest)
  shop.commitAll('Open the shop')
  return shop
}

export const SHOP = `project: shop
registry: docker.io/shop
environments:
  production:
    target: railway
    domain: shop.dev
    dns: cloudflare
    secrets: secrets.env
    require: {api: [SPACES_ACCESS_KEY_ID, SPACES_SECRET_ACCESS_KEY]}
    spaces: {bucket: shop-cdn, region: sfo3, cors: ["https://\${domain}"]}
services:
  store:
    image: docker.io/shop/valkey:8
    port: 6379
    volume: /data
  api:
    image: docker.io/shop/api:1
    port: 8000
    subdomain: api
    health: /health
    needs: [store]
    env: {GREETING: hello, STORE: "\${services.store.host}"}
`

// Of this run alone: nothing else on the machine holds them.
const mark = randomBytes(6).toString('hex')
export const SENTINELS = {
  builder_key: `sentinel-builder-${mark}`, litellm_master_key: `sk-sentinel-master-${mark}`, LITELLM_MASTER_KEY: `sk-sentinel-master-${mark}`,
  STRIPE_SECRET_KEY: `sk_test_sentinel-stripe-${mark}`, OPENAI_API_KEY: `sk-sentinel-openai-${mark}`
}
const SPACES_KEY = { id: `DO00${mark.toUpperCase()}`, secret: `sentinel-spaces-secret-${mark}` }

export class World {
  static async start ({ zone = 'seance.dev', images = 'docker.io/seance', secrets = SENTINELS, bucket = 'seance-cdn', ...options } = {}) {
    const world = new World()
    world.rehearsal = await startRehearsal({
      zones: [zone], images: [images], speed: 50, plan: 'PRO', spaces: { keys: [SPACES_KEY] }, sinks: ['posthog'],
      runEnv: {
        backend: { SPACES_PATH_STYLE: 'true' },
        beholder: { EVENTS_UPSTREAM: 'http://${sinks.posthog.host}:${sinks.posthog.port}', ASSETS_UPSTREAM: 'http://${sinks.posthog.host}:${sinks.posthog.port}' }
      },
      ...options
    })
    const { line } = world.rehearsal
    world.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'seance-world-'))
    world.secrets = { ...secrets, SPACES_ACCESS_KEY_ID: SPACES_KEY.id, SPACES_SECRET_ACCESS_KEY: SPACES_KEY.secret }
    world.writeSecrets(world.secrets)
    world.environment = {
      PATH: process.env.PATH, HOME: world.folder, NO_COLOR: '1',
      RAILWAY_API_TOKEN: line.railway.token, CLOUDFLARE_API_TOKEN: line.cloudflare.token,
      SEANCE_RAILWAY_URL: line.railway.url, SEANCE_CLOUDFLARE_URL: line.cloudflare.url, SEANCE_SPACES_URL: line.spaces.url, SEANCE_SPACES_CDN_URL: `${line.spaces.cdn}/${bucket}`,
      SEANCE_EDGE: line.railway.edgeTls.replace('https://', ''), SEANCE_CA_FILE: line.railway.ca, SEANCE_REGISTRY_MAP: `${images}=${line.registry.map[images]}`,
      SEANCE_SECRETS_FILE: world.secretsFile
    }
    return world
  }

  get railway () { return this.rehearsal.railway }
  get cloudflare () { return this.rehearsal.cloudflare }
  get spaces () { return this.rehearsal.spaces }
  get emulators () { return [this.railway, this.cloudflare, this.spaces] }
  get secretsFile () { return path.join(this.folder, 'secrets.env') }

  writeSecrets (values) {
    fs.writeFileSync(this.secretsFile, Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 })
  }

  spawn (checkout, words, environment = {}) {
    const env = Object.fromEntries(Object.entries({ ...this.environment, ...environment }).filter(([, value]) => value !== null))
    const child = spawn(checkout.program, ['-e', 'production', ...words], { cwd: checkout.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    child.out = child.err = ''
    child.stdout.setEncoding('utf8').on('data', text => { child.out += text })
    child.stderr.setEncoding('utf8').on('data', text => { child.err += text })
    child.ended = once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, out: child.out, err: child.err, all: child.out + child.err }))
    return child
  }

  run (checkout, words, environment) { return this.spawn(checkout, words, environment).ended }

  // What an earlier run left locked, as it is a while later.
  ageLock (seconds = 3600) {
    for (const row of this.railway.state.variables) {
      if (row.name !== 'SEANCE_LOCK' || !row.value) continue
      const holder = JSON.parse(row.value)
      row.value = JSON.stringify({ ...holder, heartbeat: holder.heartbeat - seconds })
    }
  }

  forgetCalls () { for (const emulator of this.emulators) emulator.faults.calls.length = 0 }
  clearFaults () { for (const emulator of this.emulators) emulator.faults.configure({ clear: true }) }

  // Names of all calls that change something, at all three.
  changingCalls () {
    const railway = this.railway.faults.calls.filter(call => /^\s*mutation/.test(call.query ?? '')).flatMap(call => call.names)
    const others = [...this.cloudflare.faults.calls, ...this.spaces.faults.calls].filter(call => !['GET', 'HEAD'].includes(call.method ?? call.names[0].split(' ')[0])).map(call => call.names[0])
    return [...railway, ...others]
  }

  // All that a deployment is about, without what differs from one account to the next.
  picture () {
    const { state } = this.railway
    const alive = rows => rows.filter(row => !row.deletedAt)
    const name = id => state.services.find(one => one.id === id)?.name ?? ''
    const targets = new Map()
    const domains = alive(state.customDomains).map(({ domain, serviceId, targetPort, ...more }) => {
      for (const value of Object.values(more)) if (typeof value === 'string') targets.set(value, `‹of ${domain}›`)
      return `${domain} ${name(serviceId)}:${targetPort}`
    }).sort()
    const variables = Object.fromEntries(state.variables.filter(row => !['SEANCE_LOCK', 'SEANCE_FINGERPRINT_KEY', 'SEANCE_REVISION', 'SEANCE_RELEASES'].includes(row.name)).map(row => [`${name(row.serviceId)}.${row.name}`, row.value]).sort())
    const latest = Object.fromEntries(alive(state.services).map(service => {
      const of = state.deployments.filter(one => one.serviceId === service.id)
      return [service.name, of.filter(one => one.status === 'SUCCESS').map(one => one.image)]
    }))
    const deployments = Object.fromEntries(alive(state.services).map(service => [service.name, state.deployments.filter(one => one.serviceId === service.id).length]))
    const records = this.cloudflare.zones.flatMap(zone => zone.records.map(record => `${record.type} ${record.name} ${record.type === 'TXT' ? '' : targets.get(record.content) ?? ''} ${record.proxied ?? ''} ${record.comment ?? ''}`)).sort()
    return {
      projects: alive(state.projects).map(one => one.name), environments: alive(state.environments).map(one => one.name), services: alive(state.services).map(one => one.name).sort(),
      instances: state.instances.filter(one => !one.deletedAt).map(one => [name(one.serviceId), one.source?.image, one.settings]).sort(),
      deployments, volumes: alive(state.volumeInstances).map(one => `${name(one.serviceId)} ${one.mountPath}`), domains, variables, latest, records,
      buckets: [...this.spaces.buckets.values()].map(one => [one.name, one.rules])
    }
  }

  async stop () {
    await this.rehearsal?.stop()
    if (this.folder) fs.rmSync(this.folder, { recursive: true, force: true })
  }
}
