// Everything a first deployment meets, on this machine: an image registry, Cloudflare, Railway, Spaces, and sinks for
// what services send out into the world. `seance rehearse` starts it, reads the one JSON line it prints, and ends it by
// closing its standard input.
//
//   node tests/emulators/rehearsal.mjs --zone seance.dev --images docker.io/seance [--folder DIR] [--speed 50] [--plan HOBBY]
//        [--region sfo3] [--sink posthog] [--run-env '{"beholder": {"EVENTS_UPSTREAM": "http://${sinks.posthog.host}:${sinks.posthog.port}"}}']
//
// With --folder the state is kept there, and a later start goes on from it; objects in Spaces are not kept.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startCloudflare } from './cloudflare.mjs'
import { parseRunEnv, railwayLine, startRailway } from './railway.mjs'
import { freePort } from './railway/containers.mjs'
import { startRegistry } from './registry.mjs'
import { close, listen, runUntilTold, wait, writeWhole } from './shared/program.mjs'
import { startSpaces } from './spaces.mjs'

const onPath = program => (process.env.PATH ?? '').split(':').map(folder => path.join(folder, program)).find(file => fs.existsSync(file))

async function realRegistry (program, folder) {
  const host = `127.0.0.1:${await freePort()}`
  const file = path.join(folder, 'registry.yml')
  fs.writeFileSync(file, JSON.stringify({ version: '0.1', log: { level: 'error', accesslog: { disabled: true } }, storage: { filesystem: { rootdirectory: path.join(folder, 'registry') }, delete: { enabled: true } }, http: { addr: host } }))
  // It logs each thing that is asked for and not there yet as an error.
  const log = fs.openSync(path.join(folder, 'registry.log'), 'w', 0o600)
  const child = spawn(program, ['serve', file], { stdio: ['ignore', 'ignore', log] })
  fs.closeSync(log)
  const ended = once(child, 'exit')
  for (const end = Date.now() + 10_000; ;) {
    const ready = await fetch(`http://${host}/v2/`).then(answer => answer.status === 200, () => false)
    if (ready) break
    if (child.exitCode !== null || Date.now() > end) throw new Error(`${program} does not answer on ${host}: ${fs.readFileSync(path.join(folder, 'registry.log'), 'utf8').slice(-1000)}`)
    await wait(50)
  }
  return { host, url: `http://${host}`, kind: 'docker-registry', async stop () { child.kill('SIGTERM'); await ended } }
}

// A server that takes whatever it gets, and says 200.
async function startSink () {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":1}'))
  })
  const port = await listen(server)
  return { host: '127.0.0.1', port, url: `http://127.0.0.1:${port}`, stop: () => close(server) }
}

// The key of a kept rehearsal stays the same: running services have it.
function spacesKey (place) {
  const file = path.join(place, 'spaces-key.json')
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8'))
  const key = { id: `DO00${randomBytes(8).toString('hex').toUpperCase()}`, secret: randomBytes(24).toString('hex') }
  writeWhole(file, JSON.stringify(key))
  return key
}

// Of a kept rehearsal again on the same port, if that is free: the address is in the variables of what was deployed.
async function startSpacesAt (place, options) {
  const file = path.join(place, 'spaces-port.json')
  const port = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : 0
  const spaces = await startSpaces({ port, ...options }).catch(error => {
    if (error.code !== 'EADDRINUSE') throw error
    return startSpaces(options)
  })
  writeWhole(file, new URL(spaces.url).port)
  return spaces
}

function withSinks (runEnv, sinks) {
  const filled = text => text.replace(/\$\{sinks\.([^.}]+)\.(host|port)\}/g, (all, name, part) => {
    if (!sinks[name]) throw new Error(`${all} refers to a sink that was not asked for: --sink ${name}`)
    return String(sinks[name][part])
  })
  return Object.fromEntries(Object.entries(runEnv).map(([service, values]) => [service, Object.fromEntries(Object.entries(values).map(([name, text]) => [name, filled(text)]))]))
}

export async function startRehearsal ({ zones, images, folder, speed = 50, plan, builtInRegistry = false, railwayPort, registryPort, cloudflarePort, region = 'sfo3', spaces: spacesOptions = {}, sinks: sinkNames = [], runEnv = {}, ...more }) {
  const own = folder ? null : fs.mkdtempSync(path.join(os.tmpdir(), 'rehearsal-'))
  const place = folder ?? own
  fs.mkdirSync(place, { recursive: true, mode: 0o700 })
  const parts = []
  const stop = async () => {
    for (const part of parts.reverse()) await part.stop()
    if (own) fs.rmSync(own, { recursive: true, force: true })
  }
  try {
    const program = builtInRegistry ? null : onPath('docker-registry')
    const registry = program ? await realRegistry(program, place) : { ...await startRegistry({ port: registryPort }), kind: 'built-in' }
    parts.push(registry)
    const cloudflare = await startCloudflare({ port: cloudflarePort, zones: zones.map(name => ({ name })), tokens: [{ value: 'rehearsal-cloudflare-token' }], state: path.join(place, 'cloudflare.json') })
    parts.push(cloudflare)
    const key = spacesOptions.keys?.[0] ?? spacesKey(place)
    const spaces = await startSpacesAt(place, { region, keys: [key], state: path.join(place, 'spaces.json'), ...spacesOptions })
    parts.push(spaces)
    const sinks = {}
    for (const name of sinkNames) parts.push(sinks[name] = await startSink())
    const registryMap = Object.fromEntries(images.map(name => [name, `${registry.host}/${name.split('/').slice(1).join('/')}`]))
    const railway = await startRailway({ port: railwayPort, cloudflare, speed, plan, registryMap, tls: true, runEnv: withSinks(runEnv, sinks), folder: path.join(place, 'railway'), state: path.join(place, 'railway.json'), ...more })
    parts.push(railway)
    const line = {
      railway: railwayLine(railway),
      cloudflare: { url: cloudflare.url, control: cloudflare.control, token: cloudflare.tokens[0].value, zones: cloudflare.zones.map(({ id, name }) => ({ id, name })) },
      registry: { url: registry.url, host: registry.host, kind: registry.kind, map: registryMap },
      spaces: { url: spaces.url, control: spaces.control, cdn: `${spaces.url}/cdn`, region: spaces.region, accessKeyId: key.id, secretAccessKey: key.secret },
      sinks: Object.fromEntries(Object.entries(sinks).map(([name, { url }]) => [name, url]))
    }
    return { line, railway, cloudflare, registry, spaces, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      zone: { type: 'string', multiple: true, default: [] }, images: { type: 'string', multiple: true, default: [] }, folder: { type: 'string' }, speed: { type: 'string', default: '50' }, plan: { type: 'string' },
      region: { type: 'string' }, sink: { type: 'string', multiple: true, default: [] }, 'run-env': { type: 'string' }, 'stand-in': { type: 'string' }, 'records-by-hand': { type: 'boolean', default: false }, 'built-in-registry': { type: 'boolean', default: false }
    }
  })
  const speed = Number(values.speed)
  if (!(speed > 0)) {
    process.stderr.write(`--speed is "${values.speed}"; give a number above 0, such as 50\n`)
    process.exit(64)
  }
  const rehearsal = await startRehearsal({ zones: values.zone, images: values.images, folder: values.folder, speed, plan: values.plan, builtInRegistry: values['built-in-registry'], region: values.region, sinks: values.sink, runEnv: parseRunEnv(values['run-env']), standIn: JSON.parse(values['stand-in'] ?? '{}'), recordsByHand: values['records-by-hand'] })
  await runUntilTold([rehearsal], rehearsal.line)
}
