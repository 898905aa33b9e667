// An image registry (OCI Distribution) in memory, for machines without the real `docker-registry`.
//
//   const registry = await startRegistry({ auth: { username: 'me', password: 'secret' } })   // auth is optional
//   registry.host             // 127.0.0.1:PORT
//   registry.limitPulls(0)    // manifest GETs are answered 429 from now on
//
// By itself: node tests/emulators/registry.mjs --port 0
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Faults, control } from './shared/faults.mjs'
import { close, listen, runUntilTold } from './shared/program.mjs'

const NAME = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/
const MANIFEST_LIMIT = 4 << 20
const INDEXES = new Set(['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'])
const MANIFESTS = new Set([...INDEXES, 'application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'])
const digestOf = bytes => 'sha256:' + createHash('sha256').update(bytes).digest('hex')

class Refusal extends Error {
  constructor (status, code, message = code.toLowerCase().replaceAll('_', ' '), headers = {}) {
    super(message)
    Object.assign(this, { status, code, headers })
  }
}

async function bytesOf (request, limit = Infinity) {
  const parts = []
  let size = 0
  for await (const part of request) {
    if ((size += part.length) > limit) throw new Refusal(413, 'SIZE_INVALID')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

class Registry {
  constructor ({ auth = null, tokenSeconds = 60, deletes = false }) {
    Object.assign(this, { auth, tokenSeconds, deletes })
    this.faults = new Faults()
    this.repositories = new Map()
    this.uploads = new Map()
    this.tokens = new Map()
    this.pullsLeft = Infinity
  }

  limitPulls (left) { this.pullsLeft = left }
  // Everything of a repository is forgotten, as after a deletion at the hub.
  remove (name) { this.repositories.delete(name) }

  repository (name, make = false) {
    if (!NAME.test(name)) throw new Refusal(400, 'NAME_INVALID')
    if (!this.repositories.has(name) && make) this.repositories.set(name, { blobs: new Map(), manifests: new Map(), tags: new Map() })
    const repository = this.repositories.get(name)
    if (!repository) throw new Refusal(404, 'NAME_UNKNOWN')
    return repository
  }

  // Grants what was asked as far as allowed, without an error; only the registry itself refuses.
  grant (request, url) {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const known = basic && Buffer.from(basic, 'base64').toString() === `${this.auth.username}:${this.auth.password}`
    if (basic && !known) throw new Refusal(401, 'UNAUTHORIZED', 'incorrect username or password')
    const scopes = new Set()
    for (const scope of url.searchParams.getAll('scope').flatMap(text => text.split(' '))) {
      const [, name, actions] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? []
      for (const action of actions?.split(',') ?? []) if (known || action === 'pull') scopes.add(`${name}:${action}`)
    }
    const token = randomBytes(24).toString('hex')
    this.tokens.set(token, { scopes, until: Date.now() + this.tokenSeconds * 1000 })
    return { token, access_token: token, expires_in: this.tokenSeconds, issued_at: new Date().toISOString() }
  }

  allow (request, name, action) {
    if (!this.auth) return
    const value = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const token = this.tokens.get(value)
    const scope = name ? `,scope="repository:${name}:${action === 'pull' ? 'pull' : 'pull,push'}"` : ''
    const challenge = { 'www-authenticate': `Bearer realm="${this.url}/token",service="${this.host}"${scope}` }
    if (!token || token.until < Date.now()) throw new Refusal(401, 'UNAUTHORIZED', 'authentication required', challenge)
    if (name && !token.scopes.has(`${name}:${action}`)) throw new Refusal(401, 'DENIED', 'requested access to the resource is denied', challenge)
  }

  async act (request, url) {
    if (url.pathname === '/token' && this.auth) return { status: 200, json: this.grant(request, url) }
    if (url.pathname === '/v2/' || url.pathname === '/v2') {
      this.allow(request)
      return { status: 200, json: {} }
    }
    const [, name, kind, rest] = /^\/v2\/(.+)\/(blobs|manifests|tags)\/(.*)$/.exec(url.pathname) ?? []
    if (!name) throw new Refusal(404, 'NAME_UNKNOWN')
    const reads = ['GET', 'HEAD'].includes(request.method) && !rest.startsWith('uploads/')
    this.allow(request, name, reads ? 'pull' : 'push')
    if (kind === 'tags') return this.listTags(name, rest, url)
    if (kind === 'manifests') return this.manifest(request, name, rest)
    return rest.startsWith('uploads/') ? this.upload(request, name, rest.slice('uploads/'.length), url) : this.blob(request, name, rest)
  }

  listTags (name, rest, url) {
    if (rest !== 'list') throw new Refusal(404, 'UNSUPPORTED')
    const all = [...this.repository(name).tags.keys()].sort()
    const last = url.searchParams.get('last')
    const left = last === null ? all : all.filter(tag => tag > last)
    const n = url.searchParams.has('n') ? Number(url.searchParams.get('n')) : left.length
    const tags = left.slice(0, n)
    const more = left.length > tags.length && tags.length > 0 ? { link: `</v2/${name}/tags/list?n=${n}&last=${tags.at(-1)}>; rel="next"` } : {}
    return { status: 200, json: { name, tags }, headers: more }
  }

  blob (request, name, digest) {
    if (!DIGEST.test(digest)) throw new Refusal(400, 'DIGEST_INVALID')
    if (!['GET', 'HEAD'].includes(request.method)) throw new Refusal(405, 'UNSUPPORTED')
    const bytes = this.repositories.get(name)?.blobs.get(digest)
    if (!bytes) throw new Refusal(404, 'BLOB_UNKNOWN')
    return { status: 200, bytes, headers: { 'docker-content-digest': digest, 'content-type': 'application/octet-stream' } }
  }

  keep (name, bytes, digest) {
    if (!DIGEST.test(digest ?? '') || digestOf(bytes) !== digest) throw new Refusal(400, 'DIGEST_INVALID', `the content has digest ${digestOf(bytes)}`)
    this.repository(name, true).blobs.set(digest, bytes)
    return { status: 201, headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest } }
  }

  async upload (request, name, id, url) {
    if (!NAME.test(name)) throw new Refusal(400, 'NAME_INVALID')
    if (request.method === 'POST' && id === '') {
      const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')]
      const source = mount && from && this.repositories.get(from)?.blobs.get(mount)
      if (source) {
        this.allow(request, from, 'pull')
        return this.keep(name, source, mount)
      }
      const body = await bytesOf(request)
      if (url.searchParams.has('digest')) return this.keep(name, body, url.searchParams.get('digest'))
      const key = randomUUID()
      this.uploads.set(key, { name, bytes: Buffer.alloc(0), round: 0 })
      return { status: 202, headers: this.place(name, key) }
    }
    const upload = this.uploads.get(id)
    // The state in the query stands for what real registries put there: losing it must be noticed.
    if (!upload || upload.name !== name || url.searchParams.get('_state') !== `${id}.${upload.round}`) throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN')
    if (request.method === 'GET') return { status: 204, headers: this.place(name, id) }
    if (request.method === 'DELETE') {
      this.uploads.delete(id)
      return { status: 204 }
    }
    const body = await bytesOf(request)
    if (request.method === 'PATCH') {
      const range = request.headers['content-range']
      if (range !== undefined) {
        const [, first, last] = /^(\d+)-(\d+)$/.exec(range) ?? []
        if (first === undefined || Number(first) !== upload.bytes.length || Number(last) - Number(first) + 1 !== body.length) throw new Refusal(416, 'BLOB_UPLOAD_INVALID', 'the range does not follow what is here', this.place(name, id))
      }
      upload.bytes = Buffer.concat([upload.bytes, body])
      upload.round++
      return { status: 202, headers: this.place(name, id) }
    }
    if (request.method === 'PUT') {
      const answer = this.keep(name, Buffer.concat([upload.bytes, body]), url.searchParams.get('digest'))
      this.uploads.delete(id)
      return answer
    }
    throw new Refusal(405, 'UNSUPPORTED')
  }

  place (name, id) {
    const upload = this.uploads.get(id)
    return { location: `/v2/${name}/blobs/uploads/${id}?_state=${id}.${upload.round}`, range: `0-${Math.max(0, upload.bytes.length - 1)}`, 'docker-upload-uuid': id }
  }

  async manifest (request, name, reference) {
    if (!TAG.test(reference) && !DIGEST.test(reference)) throw new Refusal(400, 'MANIFEST_INVALID', `${reference} is neither tag nor digest`)
    if (request.method === 'PUT') return this.putManifest(request, name, reference)
    const repository = this.repositories.get(name)
    const digest = DIGEST.test(reference) ? reference : repository?.tags.get(reference)
    const kept = repository?.manifests.get(digest)
    if (request.method === 'DELETE') {
      if (!this.deletes) throw new Refusal(405, 'UNSUPPORTED')
      if (!kept) throw new Refusal(404, 'MANIFEST_UNKNOWN')
      repository.manifests.delete(digest)
      for (const [tag, at] of repository.tags) if (at === digest) repository.tags.delete(tag)
      return { status: 202 }
    }
    if (!['GET', 'HEAD'].includes(request.method)) throw new Refusal(405, 'UNSUPPORTED')
    if (!kept) throw new Refusal(404, 'MANIFEST_UNKNOWN')
    const accept = (request.headers.accept ?? '').split(',').map(one => one.split(';')[0].trim())
    if (!accept.includes(kept.type) && !accept.includes('*/*')) throw new Refusal(404, 'MANIFEST_UNKNOWN', `the manifest is ${kept.type}, which Accept does not name`)
    if (request.method === 'GET' && this.pullsLeft-- <= 0) throw new Refusal(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.', { 'retry-after': '60', 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' })
    return { status: 200, bytes: kept.bytes, headers: { 'content-type': kept.type, 'docker-content-digest': digest } }
  }

  async putManifest (request, name, reference) {
    const bytes = await bytesOf(request, MANIFEST_LIMIT)
    let manifest
    try { manifest = JSON.parse(bytes) } catch { throw new Refusal(400, 'MANIFEST_INVALID', 'it is not JSON') }
    const type = request.headers['content-type']
    if (!MANIFESTS.has(type)) throw new Refusal(400, 'MANIFEST_INVALID', `the media type ${type} is not known`)
    if (manifest.schemaVersion !== 2 || (manifest.mediaType ?? type) !== type) throw new Refusal(400, 'MANIFEST_INVALID', 'Content-Type and mediaType differ')
    const digest = digestOf(bytes)
    if (DIGEST.test(reference) && reference !== digest) throw new Refusal(400, 'DIGEST_INVALID')
    const repository = this.repository(name, true)
    if (INDEXES.has(type)) {
      for (const part of manifest.manifests ?? []) if (!repository.manifests.has(part.digest)) throw new Refusal(404, 'MANIFEST_BLOB_UNKNOWN', `manifest ${part.digest} is not here`)
    } else {
      if (!manifest.config || !Array.isArray(manifest.layers)) throw new Refusal(400, 'MANIFEST_INVALID', 'config or layers are missing')
      for (const part of [manifest.config, ...manifest.layers]) {
        const blob = repository.blobs.get(part.digest)
        if (!blob) throw new Refusal(400, 'MANIFEST_BLOB_UNKNOWN', `blob ${part.digest} is not here`)
        if (blob.length !== part.size) throw new Refusal(400, 'SIZE_INVALID', `blob ${part.digest} has ${blob.length} bytes, not ${part.size}`)
      }
    }
    repository.manifests.set(digest, { bytes, type })
    if (!DIGEST.test(reference)) repository.tags.set(reference, digest)
    return { status: 201, headers: { location: `/v2/${name}/manifests/${digest}`, 'docker-content-digest': digest } }
  }

  async handle (request, response) {
    const url = new URL(request.url, 'http://x')
    if (url.pathname.startsWith('/__control')) {
      return control(this.faults, request, response, { state: () => Object.fromEntries([...this.repositories].map(([name, one]) => [name, { tags: Object.fromEntries(one.tags), manifests: [...one.manifests.keys()], blobs: [...one.blobs.keys()] }])) })
    }
    const directive = this.faults.begin([`${request.method} ${url.pathname}`], { method: request.method, path: request.url, headers: request.headers })
    if (!await this.faults.before(directive, request, response)) return
    let answer
    try {
      if (directive.do === 'fail') throw new Refusal(directive.status ?? 500, 'UNKNOWN', directive.message ?? 'told to fail')
      if (directive.do === 'rate-limit') throw new Refusal(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': String(directive.after ?? 1) })
      answer = await this.act(request, url)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      answer = { status: error.status, json: { errors: [{ code: error.code, message: error.message, detail: null }] }, headers: error.headers }
    }
    if (directive.do === 'lose') return request.socket.destroy()
    request.resume()
    const bytes = answer.bytes ?? (answer.json ? Buffer.from(JSON.stringify(answer.json)) : Buffer.alloc(0))
    const headers = { 'docker-distribution-api-version': 'registry/2.0', ...(answer.json ? { 'content-type': 'application/json' } : {}), ...answer.headers }
    response.writeHead(answer.status, { ...headers, ...(answer.status === 204 ? {} : { 'content-length': bytes.length }) })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  }
}

export async function startRegistry ({ port = 0, ...options } = {}) {
  const registry = new Registry(options)
  const server = http.createServer((request, response) => {
    registry.handle(request, response).catch(() => response.destroy())
  })
  registry.host = `127.0.0.1:${await listen(server, port)}`
  registry.url = `http://${registry.host}`
  registry.control = `${registry.url}/__control`
  registry.stop = async () => {
    registry.faults.release()
    await close(server)
  }
  return registry
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, username: { type: 'string' }, password: { type: 'string' } } })
  const auth = values.username ? { username: values.username, password: values.password ?? '' } : null
  const registry = await startRegistry({ port: Number(values.port), auth })
  await runUntilTold([registry], { url: registry.url, host: registry.host })
}
