// Cloudflare's API v4 as far as DNS needs it: tokens, zones, records with batches, the SSL mode, purging.
//
//   const cloudflare = await startCloudflare({ zones: [{ name: 'seance.dev' }], tokens: [{ value: 'cf-token' }] })
//   cloudflare.url            // http://127.0.0.1:PORT/client/v4
//   cloudflare.faults.configure({ next: [{ match: 'POST */dns_records/batch', do: 'lose' }] })
//   await cloudflare.stop()
//
// By itself: node tests/emulators/cloudflare.mjs --port 0 --zone seance.dev --token cf-token
import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Refusal, checkNeighbours, checkedRecord, filtered, paged, plainText } from './cloudflare/records.mjs'
import { Faults, control, readBody, sendBody, sendJson } from './shared/faults.mjs'
import { close, listen, runUntilTold, writeWhole } from './shared/program.mjs'

const id32 = () => randomBytes(16).toString('hex')
const ALL = ['zone:read', 'dns:edit', 'settings:read', 'settings:edit', 'cache:purge']
const SSL_MODES = ['off', 'flexible', 'full', 'strict', 'origin_pull']
const BATCH_LIMIT = { free: 200, pro: 3500, business: 3500, enterprise: 3500 }
const WINDOW = 300_000

const noRoute = path => new Refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`)

function makeZone (options, account) {
  return {
    id: id32(), status: 'active', paused: false, type: 'full', plan: 'free', ssl: 'full', records: [], purges: [], ...options, account,
    created_on: new Date().toISOString(), modified_on: new Date().toISOString()
  }
}

const shownZone = zone => ({
  id: zone.id, name: zone.name, status: zone.status, paused: zone.paused, type: zone.type, development_mode: 0,
  name_servers: ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'], original_name_servers: ['ns1.registrar.example'], account: zone.account,
  plan: { id: id32(), name: `${zone.plan[0].toUpperCase()}${zone.plan.slice(1)} Website`, legacy_id: zone.plan }, created_on: zone.created_on, modified_on: zone.modified_on
})

const shownRecord = ({ ...record }) => ({ ...record, proxiable: ['A', 'AAAA', 'CNAME'].includes(record.type), meta: {} })

class Cloudflare {
  constructor ({ zones = [], tokens = [], txtReadsBack = 'bare', identicalCode = 81058, limit = 1200, state: file, account = { id: id32(), name: 'Example' } }) {
    if (!['quoted', 'bare', 'as-sent'].includes(txtReadsBack)) throw new Error(`txtReadsBack is "${txtReadsBack}"; it is quoted, bare or as-sent`)
    this.options = { txtReadsBack, identicalCode, limit }
    this.file = file
    this.account = account
    this.faults = new Faults()
    this.offset = 0
    this.used = []
    this.blockedUntil = 0
    const kept = file && fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null
    this.zones = kept?.zones ?? zones.map(zone => makeZone(zone, account))
    this.tokens = kept?.tokens ?? tokens.map(token => ({ id: id32(), status: 'active', permissions: ALL, zones: '*', ...token }))
  }

  now = () => Date.now() + this.offset
  stamp = () => new Date(this.now()).toISOString()
  save () { if (this.file) writeWhole(this.file, JSON.stringify({ zones: this.zones, tokens: this.tokens })) }

  // What the world sees at a name: the zone's records of it, with the zone; null if no active zone holds it.
  lookup (name) {
    const zone = this.zones.filter(one => (name === one.name || name.endsWith(`.${one.name}`)) && one.status === 'active' && !one.paused)
      .sort((a, b) => b.name.length - a.name.length)[0]
    if (!zone) return null
    const records = zone.records.filter(record => record.name === name).map(record => ({ ...record, content: record.type === 'TXT' ? plainText(record.content) : record.content }))
    return { zone: { name: zone.name, ssl: zone.ssl }, records }
  }

  token (request) {
    const header = request.headers.authorization
    if (header === undefined) throw new Refusal(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers')
    const value = /^Bearer ([A-Za-z0-9_.-]+)$/.exec(header)?.[1]
    if (!value) throw new Refusal(400, 6003, 'Invalid request headers', { chain: [{ code: 6111, message: 'Invalid format for Authorization header' }] })
    const token = this.tokens.find(one => one.value === value)
    if (!token) throw new Refusal(403, 9109, 'Invalid access token')
    return token
  }

  need (token, permission, zone) {
    if (token.status !== 'active') throw new Refusal(403, 9109, `Token is ${token.status}`)
    if (zone && token.zones !== '*' && !token.zones.includes(zone.name)) throw new Refusal(403, 9109, 'Unauthorized to access requested resource')
    const implied = permission.endsWith(':read') ? [permission, permission.replace(':read', ':edit')] : [permission]
    if (!implied.some(one => token.permissions.includes(one))) throw new Refusal(403, 10000, 'Authentication error')
  }

  // The limit is per user: all tokens share it, and going over it blocks everything for five minutes.
  limited () {
    const now = this.now()
    this.used = this.used.filter(at => at > now - WINDOW)
    if (this.blockedUntil > now) return Math.ceil((this.blockedUntil - now) / 1000)
    if (this.used.length >= this.options.limit) {
      this.blockedUntil = now + WINDOW
      return WINDOW / 1000
    }
    this.used.push(now)
    return 0
  }

  limitHeaders () {
    const left = Math.max(0, this.options.limit - this.used.length)
    const resets = this.used.length ? Math.ceil((this.used[0] + WINDOW - this.now()) / 1000) : 300
    return { ratelimit: `"default";r=${left};t=${resets}`, 'ratelimit-policy': `"default";q=${this.options.limit};w=300` }
  }

  listZones (token, parameters) {
    this.need(token, 'zone:read')
    const known = new Set(['name', 'status', 'account.id', 'account.name', 'page', 'per_page', 'match', 'order', 'direction'])
    for (const key of parameters.keys()) if (!known.has(key)) throw new Refusal(400, 1004, `Invalid query parameter "${key}"`, { pointer: `/${key}` })
    const tests = []
    const name = parameters.get('name')
    if (name) {
      const [, operator = 'equal', text] = /^(?:(contains|starts_with|ends_with|not|equal|starts_with_case_sensitive|ends_with_case_sensitive|contains_case_sensitive):)?(.*)$/.exec(name)
      const operators = { equal: z => z === text, not: z => z !== text, contains: z => z.includes(text), starts_with: z => z.startsWith(text), ends_with: z => z.endsWith(text) }
      tests.push(zone => operators[operator.replace('_case_sensitive', '')](zone.name))
    }
    if (parameters.get('status')) tests.push(zone => zone.status === parameters.get('status'))
    if (parameters.get('account.id')) tests.push(zone => zone.account.id === parameters.get('account.id'))
    if (parameters.get('account.name')) tests.push(zone => zone.account.name === parameters.get('account.name'))
    const any = parameters.get('match') === 'any' && tests.length > 0
    const visible = this.zones.filter(zone => token.zones === '*' || token.zones.includes(zone.name))
    const kept = visible.filter(zone => any ? tests.some(test => test(zone)) : tests.every(test => test(zone)))
    kept.sort((a, b) => a.name < b.name ? -1 : 1)
    if (parameters.get('direction') === 'desc') kept.reverse()
    return paged(kept.map(shownZone), parameters, { least: 5, most: 50, usual: 20 })
  }

  // One change to `records`, a copy the caller keeps only if all changes succeed.
  change (kind, body, zone, records, at = '') {
    const { txtReadsBack } = this.options
    const find = id => {
      const index = records.findIndex(record => record.id === id)
      if (index < 0) throw new Refusal(404, 81044, 'Record does not exist.', { pointer: at ? `${at}/id` : undefined })
      return index
    }
    if (kind === 'delete') return { id: records.splice(find(body.id), 1)[0].id }
    const { id, ...fields } = body
    if (kind === 'post') {
      if (id !== undefined) throw new Refusal(400, 1004, 'DNS Validation Error', { pointer: `${at}/id`, chain: [{ code: 9000, message: 'unknown field "id"' }] })
      const record = checkedRecord(fields, zone, { at, txtReadsBack })
      checkNeighbours(record, records, this.options)
      const whole = { id: id32(), ...record, created_on: this.stamp(), modified_on: this.stamp(), ...(record.comment ? { comment_modified_on: this.stamp() } : {}) }
      records.push(whole)
      return whole
    }
    const index = find(id)
    const old = records[index]
    // A PUT is complete: what it leaves out falls back to its default, above all proxied to false.
    const base = kind === 'patch' ? Object.fromEntries(['type', 'name', 'content', 'ttl', 'proxied', 'comment', 'tags', 'settings', 'priority', 'data'].filter(key => old[key] !== undefined).map(key => [key, old[key]])) : {}
    if (kind === 'patch' && fields.type !== undefined && fields.type !== old.type) delete base.content
    const record = checkedRecord(fields, zone, { at, base, txtReadsBack })
    checkNeighbours(record, records.filter(other => other.id !== id), this.options)
    const noted = record.comment !== old.comment ? this.stamp() : old.comment_modified_on
    records[index] = { id, ...record, created_on: old.created_on, modified_on: this.stamp(), ...(noted ? { comment_modified_on: noted } : {}) }
    return records[index]
  }

  batch (zone, body) {
    const order = [['deletes', 'delete'], ['patches', 'patch'], ['puts', 'put'], ['posts', 'post']]
    for (const key of Object.keys(body)) if (!order.some(([list]) => list === key)) throw new Refusal(400, 1004, `Unknown field "${key}"`, { pointer: `/${key}` })
    const lists = order.map(([list, kind]) => [list, kind, body[list] ?? []])
    if (lists.some(([, , items]) => !Array.isArray(items))) throw new Refusal(400, 1004, 'deletes, patches, puts and posts are lists')
    const count = lists.reduce((sum, [, , items]) => sum + items.length, 0)
    if (count === 0) throw new Refusal(400, 1004, 'A batch needs at least one change')
    if (count > BATCH_LIMIT[zone.plan]) throw new Refusal(400, 1004, `A batch has at most ${BATCH_LIMIT[zone.plan]} changes on this plan, this one has ${count}`)
    const records = zone.records.map(record => ({ ...record }))
    const result = {}
    for (const [list, kind, items] of lists) result[list] = items.map((item, i) => ({ ...this.change(kind, item ?? {}, zone, records, `/${list}/${i}`) }))
    zone.records = records
    for (const [list, kind] of order) if (kind !== 'delete') result[list] = result[list].map(shownRecord)
    return result
  }

  purge (zone, body) {
    const keys = Object.keys(body)
    const lists = ['files', 'hosts', 'prefixes', 'tags']
    const right = keys.length === 1 && (body.purge_everything === true || (lists.includes(keys[0]) && Array.isArray(body[keys[0]]) && body[keys[0]].length > 0 && body[keys[0]].length <= 30))
    if (!right) throw new Refusal(400, 1094, 'Give exactly one of purge_everything, files, hosts, prefixes, tags, with 1 to 30 entries.')
    zone.purges.push({ at: this.stamp(), ...body })
    return { id: zone.id }
  }

  zoneOf (token, id, path) {
    const zone = this.zones.find(one => one.id === id)
    if (!zone) throw noRoute(path)
    this.need(token, 'zone:read', zone)
    return zone
  }

  act (request, url, text) {
    const token = this.token(request)
    const path = url.pathname.slice('/client/v4'.length)
    const { method } = request
    const hasBody = ['POST', 'PUT', 'PATCH'].includes(method)
    let body = {}
    if (hasBody) {
      try { body = JSON.parse(text) } catch { throw new Refusal(400, 6007, 'Malformed JSON in request body') }
      if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(400, 6007, 'Malformed JSON in request body')
    }
    const ok = result => ({ result })
    if (method === 'GET' && (path === '/user/tokens/verify' || path === `/accounts/${this.account.id}/tokens/verify`)) {
      const owned = path.startsWith('/accounts/')
      if (owned !== (token.owner === 'account')) throw new Refusal(401, 1000, 'Invalid API Token')
      return { result: { id: token.id, status: token.status, ...(token.expires_on ? { expires_on: token.expires_on } : {}) }, messages: [{ code: 10000, message: 'This API Token is valid and active', type: null }] }
    }
    if (method === 'GET' && path === '/zones') return this.listZones(token, url.searchParams)
    const [, zoneId, rest] = /^\/zones\/([^/]+)(\/.*)?$/.exec(path) ?? []
    if (!zoneId) throw noRoute(path)
    const zone = this.zoneOf(token, zoneId, path)
    if (method === 'GET' && !rest) return ok(shownZone(zone))
    if (rest === '/settings/ssl') return this.ssl(token, zone, method, body, path)
    if (rest === '/purge_cache' && method === 'POST') {
      this.need(token, 'cache:purge', zone)
      return ok(this.purge(zone, body))
    }
    if (!rest?.startsWith('/dns_records')) throw noRoute(path)
    this.need(token, method === 'GET' ? 'dns:read' : 'dns:edit', zone)
    const id = rest.slice('/dns_records'.length).replace(/^\//, '')
    if (method === 'GET' && id === '') return paged(filtered(zone.records, url.searchParams).map(shownRecord), url.searchParams, { least: 1, most: 5_000_000, usual: 100 })
    if (method === 'POST' && id === 'batch') return ok(this.batch(zone, body))
    if (method === 'GET') {
      const record = zone.records.find(one => one.id === id)
      if (!record) throw new Refusal(404, 81044, 'Record does not exist.')
      return ok(shownRecord(record))
    }
    const kind = { POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' }[method]
    if (!kind || (kind === 'post') !== (id === '')) throw noRoute(path)
    const records = zone.records.map(record => ({ ...record }))
    const result = this.change(kind, kind === 'post' ? body : { ...body, id }, zone, records)
    zone.records = records
    return ok(kind === 'delete' ? result : shownRecord(result))
  }

  ssl (token, zone, method, body, path) {
    this.need(token, method === 'GET' ? 'settings:read' : 'settings:edit', zone)
    if (method === 'PATCH') {
      if (Object.keys(body).join() !== 'value' || !SSL_MODES.includes(body.value)) throw new Refusal(400, 1007, `Invalid value for zone setting ssl`, { pointer: '/value' })
      zone.ssl = body.value
      zone.modified_on = this.stamp()
    } else if (method !== 'GET') throw noRoute(path)
    return { result: { id: 'ssl', value: zone.ssl, editable: true, modified_on: zone.modified_on } }
  }

  async handle (request, response) {
    const url = new URL(request.url, 'http://x')
    if (url.pathname.startsWith('/__control')) {
      return control(this.faults, request, response, {
        state: () => ({ zones: this.zones, tokens: this.tokens }),
        apply: body => this.configure(body),
        views: { dns: parameters => this.lookup(parameters.get('name') ?? '') }
      })
    }
    const text = await readBody(request)
    const name = `${request.method} ${url.pathname.replace('/client/v4', '')}`
    const call = { at: this.stamp(), method: request.method, path: request.url, headers: request.headers, body: text }
    const directive = this.faults.begin([name], call)
    if (!await this.faults.before(directive, request, response)) return
    const answer = (status, value, headers = {}) => {
      call.status = status
      if (directive.do === 'lose') return request.socket.destroy()
      sendJson(response, status, value, { 'cf-ray': `${id32().slice(0, 16)}-EMU`, ...this.limitHeaders(), ...headers })
    }
    const failure = refusal => ({
      success: false, messages: [], result: null,
      errors: [{ code: refusal.code, message: refusal.message, ...(refusal.pointer ? { source: { pointer: refusal.pointer } } : {}), ...(refusal.chain ? { error_chain: refusal.chain } : {}) }]
    })
    if (directive.do === 'fail' && directive.body !== undefined) return sendBody(response, directive)
    if (directive.do === 'fail') return answer(directive.status ?? 500, failure({ code: directive.code ?? 10013, message: directive.message ?? 'Internal error (told to fail)' }))
    const retry = directive.do === 'rate-limit' ? directive.after ?? 1 : this.limited()
    if (retry) return answer(429, failure({ code: 971, message: 'Please wait and consider throttling your request speed' }), { 'retry-after': String(retry) })
    if (!url.pathname.startsWith('/client/v4/')) return answer(404, failure(noRoute(url.pathname)))
    try {
      const outcome = this.act(request, url, text)
      if (request.method !== 'GET') this.save()
      answer(200, { success: true, errors: [], messages: [], ...outcome })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      answer(error.status, failure(error))
    }
  }

  configure (body) {
    if (body.advance) this.offset += body.advance * 1000
    for (const { name, ...change } of body.zones ?? []) Object.assign(this.zones.find(zone => zone.name === name) ?? (() => { throw new Error(`there is no zone ${name}`) })(), change)
    for (const { value, ...change } of body.tokens ?? []) {
      const token = this.tokens.find(one => one.value === value)
      if (token) Object.assign(token, change)
      else this.tokens.push({ id: id32(), status: 'active', permissions: ALL, zones: '*', value, ...change })
    }
    for (const key of ['txtReadsBack', 'identicalCode', 'limit']) if (body[key] !== undefined) this.options[key] = body[key]
    this.save()
    return {}
  }
}

export async function startCloudflare ({ port = 0, ...options } = {}) {
  const cloudflare = new Cloudflare(options)
  const server = http.createServer((request, response) => {
    cloudflare.handle(request, response).catch(error => {
      if (response.headersSent || response.destroyed) return response.destroy()
      sendJson(response, 500, { success: false, errors: [{ code: 10013, message: `the emulator failed: ${error.message}` }], messages: [], result: null })
    })
  })
  const bound = await listen(server, port)
  cloudflare.url = `http://127.0.0.1:${bound}/client/v4`
  cloudflare.control = `http://127.0.0.1:${bound}/__control`
  cloudflare.stop = async () => {
    cloudflare.faults.release()
    await close(server)
  }
  return cloudflare
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' }, zone: { type: 'string', multiple: true, default: [] }, token: { type: 'string' },
      state: { type: 'string' }, 'txt-reads-back': { type: 'string', default: 'bare' }
    }
  })
  const token = values.token ?? `cf-${randomUUID()}`
  const cloudflare = await startCloudflare({ port: Number(values.port), zones: values.zone.map(name => ({ name })), tokens: [{ value: token }], state: values.state, txtReadsBack: values['txt-reads-back'] })
  await runUntilTold([cloudflare], { url: cloudflare.url, control: cloudflare.control, token })
}
