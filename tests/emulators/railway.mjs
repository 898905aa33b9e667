// Railway for tests and rehearsals: its GraphQL API over HTTP and WebSocket, deployments that really run, and the edge.
//
//   const railway = await startRailway({ cloudflare, registryMap: { 'docker.io/seance': '127.0.0.1:5000/seance' } })
//   railway.url                         // http://127.0.0.1:PORT/graphql/v2
//   railway.edge                        // http://127.0.0.1:PORT, every public name by Host
//   railway.token('account')            // Authorization: Bearer …
//   railway.faults.configure({ next: [{ match: 'serviceCreate', do: 'lose' }] })
//   await railway.stop()
//
// By itself: node tests/emulators/railway.mjs --port 0 [--cloudflare URL] [--speed 50] [--state FILE] [--no-run]
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Limiter, callerOf, identified } from './railway/access.mjs'
import { Changes } from './railway/changes.mjs'
import { Domains } from './railway/domains.mjs'
import { Edge } from './railway/edge.mjs'
import { Engine } from './railway/engine.mjs'
import { Graphql } from './railway/graphql.mjs'
import { Logs } from './railway/logs.mjs'
import { Platform } from './railway/platform.mjs'
import { Variables } from './railway/variables.mjs'
import account from './railway/resolvers/account.mjs'
import delivery from './railway/resolvers/delivery.mjs'
import network from './railway/resolvers/network.mjs'
import projects from './railway/resolvers/projects.mjs'
import { loadSchema } from './railway/schema.mjs'
import { Sockets } from './railway/socket.mjs'
import { Faults, control, readBody, sendBody, sendJson } from './shared/faults.mjs'
import { close, listen, runUntilTold } from './shared/program.mjs'
import { Authority } from './shared/tls.mjs'

const PATH = '/graphql/v2'

class Railway {
  constructor (options, folder) {
    this.platform = new Platform(options)
    this.faults = new Faults()
    this.folder = folder
    const { platform } = this
    this.variables = new Variables(platform)
    this.logs = new Logs(platform)
    this.domains = new Domains(platform)
    this.engine = new Engine(platform, this.variables, this.logs, folder)
    this.changes = new Changes(platform, this.variables, this.domains, this.engine)
    this.limiter = new Limiter(platform)
    this.graphql = new Graphql(loadSchema(options.schemaFile), [projects(this), delivery(this), network(this), account(this)], platform.options)
    this.sockets = new Sockets({ graphql: this.graphql, faults: this.faults, limiter: this.limiter, initMs: options.initMs ?? 3000, pingMs: options.pingMs ?? 10_000, record: call => ({ at: platform.stamp(), ...call }) })
    this.edgeServer = new Edge(platform, this.domains, this.engine, this.logs)
  }

  token (kind) { return this.platform.tokenValue(kind) }
  get state () { return this.platform.state }

  async handle (request, response) {
    const url = new URL(request.url, 'http://x')
    if (url.pathname.startsWith('/__control')) return control(this.faults, request, response, { state: () => this.state, apply: body => this.configure(body), views: { ignored: () => this.changes.ignored } })
    if (url.pathname !== PATH) return sendJson(response, 404, { error: 'Not Found' })
    const marked = identified(request.headers, url)
    if (!marked && this.platform.options.requireIdentification) return void response.writeHead(403, { 'content-type': 'text/html' }).end('<html><body>Forbidden</body></html>')
    if (!marked && !this.limiter.takeAnonymous()) return void response.writeHead(429, { 'content-type': 'text/html', 'retry-after': '1' }).end('<html><body>Too many requests</body></html>')
    if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end()
    const text = await readBody(request)
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return sendJson(response, 415, { errors: [{ message: 'Content-Type must be application/json' }] })
    let payload
    try { payload = JSON.parse(text) } catch { return sendJson(response, 400, { errors: [{ message: 'POST body sent invalid JSON.' }] }) }
    await this.#call(request, response, payload ?? {}, marked)
  }

  async #call (request, response, payload, marked) {
    const caller = callerOf(request.headers, this.state.tokens)
    const prepared = this.graphql.prepare(payload)
    const call = { at: this.platform.stamp(), caller: caller.kind, identified: marked, headers: request.headers, query: payload.query, operationName: payload.operationName, variables: payload.variables, ...(prepared.errors ? { errors: prepared.errors } : {}) }
    const directive = this.faults.begin(prepared.names ?? ['(invalid)'], call)
    if (!await this.faults.before(directive, request, response)) return
    const answer = (status, value, headers = {}) => {
      call.status = status
      if (value.errors) call.errors = value.errors
      if (directive.do === 'lose') return request.socket.destroy()
      sendJson(response, status, value, { ...this.limiter.headers(caller), ...headers })
    }
    if (directive.do === 'fail' && directive.body !== undefined) return sendBody(response, directive)
    if (directive.do === 'fail') return answer(directive.status ?? 200, { errors: [{ message: directive.message ?? 'Problem processing request', extensions: { code: 'INTERNAL_SERVER_ERROR', ...directive.extensions } }], data: null })
    const retry = directive.do === 'rate-limit' ? directive.after ?? 1 : this.limiter.take(caller)
    if (retry) return answer(429, { errors: [{ message: 'Too Many Requests', extensions: { code: 'RATE_LIMITED' } }] }, { 'retry-after': String(retry) })
    if (prepared.errors) return answer(400, { errors: prepared.errors })
    if (prepared.operation.operation === 'subscription') return answer(400, { errors: [{ message: 'Subscriptions are not supported over HTTP' }] })
    const result = await this.graphql.execute(prepared, payload, caller)
    if (prepared.operation.operation === 'mutation') this.platform.save()
    answer(result.data === undefined ? 400 : 200, result)
  }

  upgrade (request, socket, head) {
    const url = new URL(request.url, 'http://x')
    if (url.pathname !== PATH) return void socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    this.sockets.upgrade(request, socket, head, callerOf(request.headers, this.state.tokens))
  }

  configure (body) {
    const { platform } = this
    if (body.advance) platform.offset += body.advance * 1000
    if (body.options) {
      for (const name of Object.keys(body.options)) if (!(name in platform.options)) throw new Error(`there is no option "${name}"`)
      Object.assign(platform.options, body.options)
    }
    for (const outcome of body.outcomes ?? []) this.engine.expect(outcome)
    if (body.closeSockets !== undefined) this.sockets.closeAll(body.closeSockets || undefined)
    if (body.edge) this.edgeServer.faults.configure(body.edge)
    if (body.refuseUpgrades !== undefined) this.sockets.refuse = Boolean(body.refuseUpgrades)
    platform.save()
    return {}
  }
}

export async function startRailway ({ port = 0, edgePort = 0, edgeTlsPort = 0, tls = false, folder, ...options } = {}) {
  const own = folder ? null : fs.mkdtempSync(path.join(os.tmpdir(), 'railway-'))
  folder ??= own
  fs.mkdirSync(folder, { recursive: true })
  const railway = new Railway(options, folder)
  const server = http.createServer((request, response) => {
    railway.handle(request, response).catch(error => {
      if (response.headersSent || response.destroyed) return response.destroy()
      sendJson(response, 500, { errors: [{ message: `the emulator failed: ${error.stack}` }] })
    })
  })
  server.on('upgrade', (request, socket, head) => railway.upgrade(request, socket, head))
  const bound = await listen(server, port)
  const authority = tls ? await Authority.make(path.join(folder, 'tls')) : null
  await railway.edgeServer.start({ port: edgePort, tlsPort: edgeTlsPort, authority })
  railway.engine.resume()
  railway.url = `http://127.0.0.1:${bound}${PATH}`
  railway.control = `http://127.0.0.1:${bound}/__control`
  railway.edge = `http://127.0.0.1:${railway.edgeServer.port}`
  railway.edgeTls = authority ? `https://127.0.0.1:${railway.edgeServer.tlsPort}` : null
  railway.ca = authority?.file ?? null
  railway.stop = async () => {
    railway.faults.release()
    railway.sockets.stop()
    await railway.edgeServer.stop()
    await close(server)
    await railway.engine.stop()
    if (own) fs.rmSync(own, { recursive: true, force: true })
  }
  return railway
}

export const railwayFlags = {
  port: { type: 'string', default: '0' }, cloudflare: { type: 'string' }, schema: { type: 'string' }, folder: { type: 'string' }, state: { type: 'string' }, plan: { type: 'string' },
  speed: { type: 'string', default: '1' }, 'registry-map': { type: 'string', multiple: true, default: [] }, 'account-token': { type: 'string' }, 'run-env': { type: 'string' }, 'no-run': { type: 'boolean', default: false }
}

// --run-env: {"service": {"NAME": "value"}}, what a service's processes get over its variables.
export function parseRunEnv (text) {
  if (text === undefined) return undefined
  let value = null
  try { value = JSON.parse(text) } catch { /* said below */ }
  const fits = value && typeof value === 'object' && Object.values(value).every(one => one && typeof one === 'object' && Object.values(one).every(each => typeof each === 'string'))
  if (!fits) throw new Error(`--run-env is ${text}; write it as {"service": {"NAME": "value"}}`)
  return value
}

export function railwayOptions (values) {
  const speed = Number(values.speed)
  if (!(speed > 0)) throw new Error(`--speed is "${values.speed}"; give a number above 0, such as 50`)
  const map = values['registry-map'].map(text => {
    const at = text.indexOf('=')
    if (at < 1) throw new Error(`--registry-map is "${text}"; write it as docker.io/name=127.0.0.1:5000/name`)
    return [text.slice(0, at), text.slice(at + 1)]
  })
  return {
    port: Number(values.port), cloudflare: values.cloudflare, schemaFile: values.schema, folder: values.folder, state: values.state, plan: values.plan, speed, run: !values['no-run'], tls: true, runEnv: parseRunEnv(values['run-env']),
    registryMap: Object.fromEntries(map), ...(values['account-token'] ? { tokens: [{ kind: 'account', value: values['account-token'] }] } : {})
  }
}

export const railwayLine = railway => ({ url: railway.url, edge: railway.edge, edgeTls: railway.edgeTls, ca: railway.ca, control: railway.control, token: railway.token('account'), workspaceId: railway.platform.workspace.id })

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const railway = await startRailway(railwayOptions(parseArgs({ options: railwayFlags }).values))
  await runUntilTold([railway], railwayLine(railway))
}
