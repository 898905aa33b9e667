// "The internet" in front of the services: one HTTP and one HTTPS port for every name, routed by Host through the
// Cloudflare emulator's zone and Railway's domains to the live deployment. On the HTTP port TLS counts as already done.
import { randomBytes, randomUUID } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { Faults, sendBody } from '../shared/faults.mjs'
import { close, listen } from '../shared/program.mjs'
import { stamp } from './logs.mjs'
import { DEFAULT_PORT } from './variables.mjs'

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'])
const REGION = 'railway/us-west2'

export class Edge {
  constructor (platform, domains, engine, logs) {
    Object.assign(this, { platform, domains, engine, logs })
    this.agent = new http.Agent({ keepAlive: false })
    this.sockets = new Set()
    this.faults = new Faults()
  }

  async start ({ port = 0, tlsPort = 0, authority }) {
    const handler = (request, response) => this.#answer(request, response).catch(error => {
      if (response.headersSent) return response.destroy()
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`the emulator failed: ${error.stack}`)
    })
    this.servers = [http.createServer(handler)]
    this.port = await listen(this.servers[0], port)
    if (authority) {
      const names = (name, done) => this.#mayServe(name).then(() => authority.context(name)).then(context => done(null, context), done)
      this.servers.push(https.createServer({ SNICallback: names }, handler))
      this.tlsPort = await listen(this.servers[1], tlsPort)
    }
    for (const server of this.servers) {
      server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head).catch(() => socket.destroy()))
      server.on('connection', socket => {
        this.sockets.add(socket)
        socket.on('close', () => this.sockets.delete(socket))
      })
      server.on('tlsClientError', () => {})
    }
  }

  // Cloudflare's universal certificate reaches one label below the zone.
  async #mayServe (name) {
    const route = await this.domains.route(name)
    if (route.proxied && name.slice(0, -route.zone.name.length).split('.').length > 2) throw new Error(`no certificate covers ${name}`)
  }

  #refusal (status, message, extra = {}) {
    const body = { status: 'error', code: status, message, request_id: randomUUID() }
    return { status, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...extra } }
  }

  // Where the request goes: { target, route, port } or { refusal, route }.
  async #find (request) {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    const route = await this.domains.route(host)
    const here = route.zone?.ssl
    if (route.proxied && ['off', 'flexible'].includes(here)) return { route, host, refusal: { status: 301, body: '', headers: { location: `https://${host}${request.url}` } } }
    if (!route.row) return { route, host, refusal: this.#refusal(404, 'Application not found', { 'x-railway-fallback': 'true', 'x-emulator-reason': route.missing }) }
    if (route.proxied && here === 'strict' && !route.certified) return { route, host, refusal: { status: 526, body: 'Invalid SSL certificate', headers: { 'content-type': 'text/plain' } } }
    const instance = this.platform.findInstance(route.row.serviceId, route.row.environmentId)
    const wrong = reason => ({ route, host, refusal: this.#refusal(502, 'Application failed to respond', { 'x-railway-fallback': 'true', 'x-emulator-reason': reason }) })
    if (!instance) return wrong('the service is gone')
    const active = this.platform.active(instance).at(-1)
    if (!active) return wrong('no deployment is active')
    if (!this.platform.options.run) return { route, host, deployment: active }
    const upstream = this.engine.upstream(instance, route.row.targetPort)
    if (!upstream) return wrong(`nothing listens on port ${route.row.targetPort ?? DEFAULT_PORT} (PORT is ${active.variables.PORT ?? `not set, so ${DEFAULT_PORT}`})`)
    return { route, host, deployment: upstream.deployment, instanceId: upstream.deployment.instances[0]?.id, port: upstream.port }
  }

  #marks ({ proxied }, requestId) {
    return { 'x-railway-request-id': requestId, 'x-railway-edge': REGION, server: proxied ? 'cloudflare' : 'railway-edge', ...(proxied ? { 'cf-ray': `${randomBytes(8).toString('hex')}-EMU`, 'cf-cache-status': 'DYNAMIC' } : {}) }
  }

  #forwarded (request, { route, host }, requestId) {
    const client = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1'
    const kept = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name) && !/^(x-forwarded-|x-real-ip|cf-)/.test(name)))
    const visited = route.proxied ? { 'cf-connecting-ip': client, 'cf-ray': `${randomBytes(8).toString('hex')}-EMU`, 'cf-visitor': '{"scheme":"https"}', 'cdn-loop': 'cloudflare; loops=1' } : {}
    return { ...kept, ...visited, host, 'x-real-ip': client, 'x-forwarded-for': client, 'x-forwarded-proto': 'https', 'x-forwarded-host': host, 'x-railway-edge': REGION, 'x-railway-request-id': requestId, 'x-request-start': String(Date.now()) }
  }

  async #answer (request, response) {
    const began = Date.now()
    const requestId = randomBytes(11).toString('base64url')
    const found = await this.#find(request)
    const directive = this.faults.begin([`${request.method} ${found.host}${request.url}`], { at: this.platform.stamp(), method: request.method, host: found.host, path: request.url, headers: request.headers })
    if (!await this.faults.before(directive, request, response)) return
    if (['fail', 'rate-limit'].includes(directive.do)) return sendBody(response, { status: directive.do === 'fail' ? 502 : 429, body: directive.message ?? 'told to fail', ...directive })
    const marks = this.#marks(found.route, requestId)
    const record = (status, upstreamMs, txBytes, errors = '') => {
      if (!found.deployment) return
      this.logs.http(found.deployment, {
        timestamp: stamp(this.platform.now()), requestId, method: request.method, path: request.url.split('?')[0], host: found.host, httpStatus: status, totalDuration: Date.now() - began, upstreamRqDuration: upstreamMs,
        srcIp: '127.0.0.1', clientUa: request.headers['user-agent'] ?? '', edgeRegion: REGION, txBytes, rxBytes: Number(request.headers['content-length'] ?? 0), upstreamAddress: `http://[fd12::1]:${found.route.row.targetPort ?? DEFAULT_PORT}`,
        upstreamErrors: errors, responseDetails: '', deploymentId: found.deployment.id, deploymentInstanceId: found.instanceId ?? '', downstreamProto: 'HTTP/1.1', upstreamProto: 'HTTP/1.1'
      })
    }
    if (found.refusal) {
      const { status, body, headers } = found.refusal
      request.resume()
      return void response.writeHead(status, { ...headers, ...marks, 'content-length': Buffer.byteLength(body) }).end(request.method === 'HEAD' ? undefined : body)
    }
    if (!found.port) {
      request.resume()
      record(200, 0, 0)
      return void response.writeHead(200, { 'content-type': 'application/json', ...marks }).end(JSON.stringify({ emulated: true, image: found.deployment.image, deploymentId: found.deployment.id }))
    }
    const upstream = http.request({ host: '127.0.0.1', port: found.port, method: request.method, path: request.url, headers: this.#forwarded(request, found, requestId), agent: this.agent })
    let sent = 0
    upstream.on('response', answer => {
      const headers = answer.rawHeaders.reduce((list, text, i, all) => i % 2 || HOP_BY_HOP.has(text.toLowerCase()) || ['server'].includes(text.toLowerCase()) ? list : [...list, text, all[i + 1]], [])
      response.writeHead(answer.statusCode, [...headers, ...Object.entries(marks).flat()])
      answer.on('data', part => { sent += part.length })
      answer.pipe(response)
      answer.on('end', () => record(answer.statusCode, Date.now() - began, sent))
      answer.on('error', () => response.destroy())
      answer.on('aborted', () => { record(answer.statusCode, Date.now() - began, sent, 'connection reset'); response.destroy() })
    })
    upstream.on('error', error => {
      if (response.headersSent) return response.destroy()
      const { status, body, headers } = this.#refusal(502, 'Application failed to respond', { 'x-railway-fallback': 'true', 'x-emulator-reason': error.code ?? error.message })
      record(status, Date.now() - began, 0, error.code ?? error.message)
      response.writeHead(status, { ...headers, ...marks }).end(body)
    })
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  }

  // A WebSocket is passed through as it is, bytes both ways.
  async #upgrade (request, socket, head) {
    const found = await this.#find(request)
    socket.on('error', () => {})
    if (!found.port) {
      const status = found.refusal?.status ?? 502
      return void socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Error'}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
    }
    const headers = { ...this.#forwarded(request, found, randomBytes(11).toString('base64url')), connection: 'Upgrade', upgrade: request.headers.upgrade }
    const upstream = net.connect(found.port, '127.0.0.1', () => {
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`)
      if (head.length) upstream.write(head)
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    upstream.on('close', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
  }

  async stop () {
    this.faults.release()
    for (const socket of this.sockets) socket.destroy()
    for (const server of this.servers ?? []) await close(server)
  }
}
