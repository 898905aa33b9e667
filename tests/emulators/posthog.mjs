// PostHog Cloud as a proxy in front of it must treat it: an events host and an assets host that check every request
// and keep what they saw. A request that breaks a rule is answered 400 and listed in `violations`.
import http from 'node:http'
import https from 'node:https'
import { once } from 'node:events'
import zlib from 'node:zlib'

const CAPTURE = new Set(['/e', '/i/v0/e', '/batch', '/capture', '/track', '/engage', '/i/v1/analytics/events', '/s'])
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]+)$/i
const HOP_BY_HOP = ['keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'proxy-authorization']

// What a proxied request must look like; the first broken rule as a sentence, or nothing.
function violation (role, host, request) {
  const { headers } = request
  const path = request.url.split('?')[0]
  const count = name => request.rawHeaders.filter((_, i) => i % 2 === 0 && request.rawHeaders[i].toLowerCase() === name).length
  if (headers.host !== host) return `Host is ${headers.host}, not ${host}`
  if (headers.cookie) return 'a cookie came through'
  if (headers.authorization && !path.startsWith('/i/v1/')) return 'Authorization came through outside /i/v1/'
  if (count('x-forwarded-for') !== 1) return 'X-Forwarded-For is not there exactly once'
  const hops = headers['x-forwarded-for'].split(', ')
  if (!hops.every(hop => ADDRESS.test(hop))) return `X-Forwarded-For is ${headers['x-forwarded-for']}`
  if (hops[0] !== headers['x-real-ip']) return 'X-Forwarded-For does not begin with the client'
  if (!['http', 'https'].includes(headers['x-forwarded-proto'])) return 'X-Forwarded-Proto is missing'
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(headers['x-request-id'] ?? '')) return 'X-Request-Id is missing'
  for (const name of HOP_BY_HOP) if (headers[name]) return `${name} came through`
  if (headers.via) return 'Via is there, on which some hosts stop compressing'
  const isAsset = path.startsWith('/static/') || path.startsWith('/array/')
  if (role === 'assets' && !isAsset) return `${path} does not belong to the assets host`
  if (role === 'events' && isAsset) return `${path} does not belong to the events host`
}

function decode (request, body) {
  const url = new URL(request.url, 'http://x')
  let bytes = body
  if (request.headers['content-encoding'] === 'gzip' || url.searchParams.get('compression') === 'gzip-js') bytes = zlib.gunzipSync(body)
  const text = bytes.toString()
  const form = /^data=([^&]*)/.exec(text)
  return JSON.parse(form ? Buffer.from(decodeURIComponent(form[1]), 'base64').toString() : text)
}

function eventsOf (payload) {
  if (Array.isArray(payload)) return payload
  return payload.batch ?? (payload.event ? [payload] : [])
}

export async function startPostHog ({ tls, eventsHost, assetsHost } = {}) {
  const posthog = { requests: [], events: [], violations: [], behaviour: null }

  const serve = (role, hostOf) => async (request, response) => {
    const pieces = []
    try {
      for await (const piece of request) pieces.push(piece)
    } catch { return }
    const body = Buffer.concat(pieces)
    const seen = { role, method: request.method, url: request.url, headers: request.headers, rawHeaders: request.rawHeaders, body }
    posthog.requests.push(seen)
    const broken = violation(role, hostOf(), request)
    if (broken) {
      posthog.violations.push(`${request.method} ${request.url}: ${broken}`)
      response.writeHead(400, { 'Content-Type': 'text/plain' }).end(broken)
      return
    }
    if (posthog.behaviour && await posthog.behaviour(seen, response)) return
    answer(posthog, seen, response)
  }

  const make = (role, hostOf) => tls ? https.createServer(tls, serve(role, hostOf)) : http.createServer(serve(role, hostOf))
  const servers = {}
  for (const role of ['events', 'assets']) {
    const given = role === 'events' ? eventsHost : assetsHost
    const server = make(role, () => `${given ?? '127.0.0.1'}:${server.address().port}`)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers[role] = server
    posthog[`${role}Url`] = `${tls ? 'https' : 'http'}://${given ?? '127.0.0.1'}:${server.address().port}`
    posthog[`${role}Connections`] = 0
    server.on('connection', () => posthog[`${role}Connections`]++)
  }
  posthog.onTls = listener => Object.values(servers).forEach(server => server.on('secureConnection', listener))
  posthog.stop = () => Promise.all(Object.values(servers).map(server => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  }))
  return posthog
}

function answer (posthog, request, response) {
  const path = request.url.split('?')[0]
  const cors = { 'Access-Control-Allow-Origin': request.headers.origin ?? '*', 'Access-Control-Allow-Credentials': 'true' }
  // What must not reach a browser under our own name.
  const binding = { 'Set-Cookie': 'p=1', 'Strict-Transport-Security': 'max-age=1', 'Alt-Svc': 'h3=":443"', NEL: '{}', 'Report-To': '{}' }
  const json = (status, value) => {
    const bytes = Buffer.from(JSON.stringify(value))
    response.writeHead(status, { ...cors, ...binding, 'Content-Type': 'application/json', 'Content-Length': bytes.length }).end(bytes)
  }
  if (request.method === 'OPTIONS') {
    response.writeHead(200, { ...cors, 'Access-Control-Allow-Methods': 'GET, POST, OPTIONS', 'Access-Control-Allow-Headers': request.headers['access-control-request-headers'] ?? '' }).end()
    return
  }
  if (request.role === 'assets') {
    const script = zlib.gzipSync(`/* ${request.url} */`)
    response.writeHead(200, { 'Content-Type': 'application/javascript', 'Content-Encoding': 'gzip', 'Cache-Control': 'public, max-age=300', Vary: 'Accept-Encoding', ...binding }).end(script)
    return
  }
  const bare = path.endsWith('/') ? path.slice(0, -1) : path
  if (CAPTURE.has(bare) && request.method === 'POST') {
    let payload
    try { payload = decode(request, request.body) } catch (error) { return json(400, { detail: error.message }) }
    posthog.events.push(...eventsOf(payload))
    return json(200, { status: 'Ok' })
  }
  if (bare === '/flags' || bare === '/decide') return json(200, { flags: { beta: { key: 'beta', enabled: true, metadata: {}, reason: {} } }, featureFlags: { beta: true }, featureFlagPayloads: {}, errorsWhileComputingFlags: false })
  json(404, { detail: 'not found' })
}
