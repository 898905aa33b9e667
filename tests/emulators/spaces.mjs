// DigitalOcean Spaces as far as the deploy tool and the backend need it: buckets with CORS rules, objects, uploads in
// parts, and the CDN's view of what is public. Strict about signatures, digests and names; everything in memory, but
// with `state: FILE` the buckets and their rules are kept there.
//
//   const spaces = await startSpaces({ region: 'sfo3', keys: [{ id: 'DO00X', secret: 's' }], buckets: ['seance-cdn'] })
//   spaces.url                // http://127.0.0.1:PORT; buckets by path, or by Host <bucket>.<region>.digitaloceanspaces.com
//   spaces.cdn('seance-cdn')  // http://127.0.0.1:PORT/cdn/seance-cdn; or by Host <bucket>.<region>.cdn.digitaloceanspaces.com
//   spaces.faults.configure({ next: [{ match: 'PUT /seance-cdn?cors', do: 'lose' }] })
//   await spaces.stop()
//
// POST /__control also takes { advance: seconds }, { keys: [...] }, { taken: [names] } (buckets of other accounts) and
// { purge: { bucket, files } }. A rule's "fail" takes a code of S3: { do: "fail", code: "InternalError" }.
//
// By itself: node tests/emulators/spaces.mjs --port 0 --region sfo3 --access-key-id DO00X --secret-access-key s --bucket seance-cdn
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Faults, control } from './shared/faults.mjs'
import { close, listen, runUntilTold, writeWhole } from './shared/program.mjs'
import { Cdn } from './spaces/cdn.mjs'
import { corsHeaders, preflight, readRules, writeRules } from './spaces/cors.mjs'
import { MOST_BODY, Objects, copySource } from './spaces/objects.mjs'
import { Refusal } from './spaces/refusal.mjs'
import { checkMd5, decode, encode, queryOf, signer } from './spaces/signature.mjs'
import { parse, write } from './spaces/xml.mjs'

const NAME = /^(?!cdn$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/   // "cdn" is the path of the CDN here
const RIGHTS = { read: ['read'], readwrite: ['read', 'write'], fullaccess: ['read', 'write', 'manage'] }
const SUBRESOURCES = new Set(['cors', 'location', 'uploads', 'acl', 'policy', 'lifecycle', 'versioning', 'versions', 'tagging', 'website', 'logging', 'notification', 'delete', 'encryption', 'object-lock', 'publicAccessBlock', 'torrent', 'restore', 'select', 'attributes', 'retention', 'legal-hold', 'requestPayment', 'replication', 'inventory', 'metrics', 'analytics', 'accelerate', 'ownershipControls'])
const xml = (name, content, status = 200) => ({ status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(typeof content === 'string' ? content : write(name, content)) })

async function bodyOf (request) {
  const parts = []
  let size = 0
  for await (const part of request) {
    if ((size += part.length) > MOST_BODY) throw new Refusal('EntityTooLarge', undefined, { MaxSizeAllowed: MOST_BODY })
    parts.push(part)
  }
  return Buffer.concat(parts)
}

class Spaces {
  constructor ({ region = 'sfo3', keys = [], buckets = [], taken = [], ttl = 3600, state: file }) {
    Object.assign(this, { region, ttl, offset: 0, keys: [], buckets: new Map(), taken: new Set(taken), faults: new Faults() })
    this.setKeys(keys)
    for (const name of buckets) this.make(name)
    if (file && fs.existsSync(file)) for (const { name, rules } of JSON.parse(fs.readFileSync(file, 'utf8'))) this.make(name).rules = rules
    this.file = file
  }

  save () {
    if (this.file) writeWhole(this.file, JSON.stringify([...this.buckets.values()].map(({ name, rules }) => ({ name, rules }))))
  }

  clock = () => Date.now() + this.offset

  setKeys (keys) {
    for (const { grants = [{ bucket: '', permission: 'fullaccess' }], ...key } of keys) {
      for (const { permission } of grants) if (!RIGHTS[permission]) throw new Error(`"permission" is ${JSON.stringify(permission)}; it is one of ${Object.keys(RIGHTS).join(', ')}`)
      if (!key.id || !key.secret) throw new Error('a key has an id and a secret')
      this.keys = [...this.keys.filter(one => one.id !== key.id), { ...key, grants }]
    }
  }

  make (name) {
    if (!NAME.test(name)) throw new Refusal('InvalidBucketName', undefined, { BucketName: name })
    const bucket = { name, rules: null, objects: new Objects(this.clock), cdn: new Cdn(this.clock, this.ttl) }
    this.buckets.set(name, bucket)
    return bucket
  }

  // Throws unless the key may do this: "read" or "write" objects, "manage" the bucket; "" is all buckets.
  need (key, right, name) {
    if (!key?.grants.some(grant => RIGHTS[grant.permission].includes(right) && (grant.bucket === '' || grant.bucket === name))) throw new Refusal('AccessDenied', undefined, { BucketName: name })
  }

  bucket (name) {
    if (this.taken.has(name)) throw new Refusal('AccessDenied', undefined, { BucketName: name })
    const bucket = this.buckets.get(name)
    if (!bucket) throw new Refusal('NoSuchBucket', undefined, { BucketName: name })
    return bucket
  }

  // Which bucket and key a request is about, and whether it came by the CDN.
  place (request) {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    const path = decode(request.url.split('?')[0])
    const named = suffix => host.endsWith(suffix) ? host.slice(0, -suffix.length) : null
    const behindCdn = named(`.${this.region}.cdn.digitaloceanspaces.com`)
    const byHost = named(`.${this.region}.digitaloceanspaces.com`)
    if (behindCdn ?? byHost) return { cdn: behindCdn !== null, name: behindCdn ?? byHost, key: path.slice(1) }
    const [, cdn, name, key = ''] = /^(\/cdn)?\/([^/]*)(?:\/([^]*))?$/.exec(path) ?? []
    if (name === undefined) throw new Refusal('InvalidURI')
    return { cdn: cdn !== undefined, name, key }
  }

  makeBucket (key, name, headers, text) {
    this.need(key, 'manage', '')
    if (!NAME.test(name)) throw new Refusal('InvalidBucketName', undefined, { BucketName: name })
    if (!['private', 'public-read', undefined].includes(headers['x-amz-acl'])) throw new Refusal('InvalidArgument', undefined, { ArgumentName: 'x-amz-acl', ArgumentValue: headers['x-amz-acl'] })
    if (text !== '') {
      const where = parse(text, 'CreateBucketConfiguration').only('LocationConstraint').value('LocationConstraint')
      if (where !== this.region || where === 'us-east-1') throw new Refusal('InvalidLocationConstraint', undefined, { LocationConstraint: where ?? '' })
    }
    if (this.taken.has(name)) throw new Refusal('BucketAlreadyExists', undefined, { BucketName: name })
    if (this.buckets.has(name)) throw new Refusal('BucketAlreadyOwnedByYou', undefined, { BucketName: name })
    this.make(name)
    this.save()
    return { status: 200, headers: { location: `/${name}` } }
  }

  onCors (key, bucket, request, body) {
    this.need(key, 'manage', bucket.name)
    if (request.method === 'GET') {
      if (!bucket.rules) throw new Refusal('NoSuchCORSConfiguration', undefined, { BucketName: bucket.name })
      return xml('CORSConfiguration', writeRules(bucket.rules))
    }
    if (request.method === 'DELETE') {
      bucket.rules = null
      this.save()
      return { status: 204 }
    }
    if (request.method !== 'PUT') throw new Refusal('MethodNotAllowed')
    checkMd5(request, body, true)
    if (body.length > 64 << 10) throw new Refusal('MalformedXML')
    bucket.rules = readRules(body.toString())
    this.save()
    return { status: 200 }
  }

  onBucket (key, name, request, parameters, body) {
    const { method } = request
    if (parameters.has('cors')) return this.onCors(key, this.bucket(name), request, body)
    if (method === 'PUT') return this.makeBucket(key, name, request.headers, body.toString())
    const bucket = this.bucket(name)
    if (parameters.has('uploads') && method === 'GET') {
      this.need(key, 'write', name)
      return bucket.objects.listUploads(name, parameters.get('prefix'))
    }
    if (method === 'DELETE') {
      this.need(key, 'manage', name)
      if (bucket.objects.size) throw new Refusal('BucketNotEmpty', undefined, { BucketName: name })
      this.buckets.delete(name)
      this.save()
      return { status: 204 }
    }
    if (!['GET', 'HEAD'].includes(method)) throw new Refusal('MethodNotAllowed')
    this.need(key, 'read', name)
    if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': this.region } }
    if (parameters.has('location')) return xml('LocationConstraint', `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${this.region === 'us-east-1' ? '' : this.region}</LocationConstraint>`)
    if (parameters.get('list-type') !== '2') throw new Refusal('NotImplemented', 'Only ListObjectsV2 is implemented: list-type=2')
    return bucket.objects.list(name, parameters)
  }

  onObject (who, bucket, key, request, parameters, body) {
    const { method, headers } = request
    const { objects, name } = bucket
    if (['GET', 'HEAD'].includes(method) && !parameters.has('uploadId')) {
      // Without the right to look, nobody learns what exists.
      if (who || objects.find(key)?.acl !== 'public-read') this.need(who, 'read', name)
      return objects.read(key, request, who ? parameters : new Map())
    }
    this.need(who, 'write', name)
    const upload = parameters.get('uploadId')
    if (method === 'GET') return objects.listParts(name, key, upload)
    if (method === 'PUT') {
      if (headers['content-length'] === undefined) throw new Refusal('MissingContentLength')
      checkMd5(request, body)
      if (upload !== undefined && headers['x-amz-copy-source']) throw new Refusal('NotImplemented', 'Copying into a part is not implemented')
      if (upload !== undefined) return objects.putPart(key, upload, parameters.get('partNumber') ?? '', body)
      if (headers['x-amz-copy-source'] === undefined) return objects.put(key, headers, body)
      if (body.length) throw new Refusal('InvalidRequest', 'A copy has no body')
      const from = copySource(headers['x-amz-copy-source'])
      this.need(who, 'read', from.bucket)
      const source = this.bucket(from.bucket).objects.find(from.key)
      if (!source) throw new Refusal('NoSuchKey', undefined, { Key: from.key })
      return objects.copy(key, headers, source)
    }
    if (method === 'POST' && parameters.has('uploads')) return objects.begin(name, key, headers)
    if (method === 'POST' && upload !== undefined) return objects.complete(name, key, upload, body.toString(), `${this.url}/${name}/${encode(key, '/')}`)
    if (method === 'DELETE') return upload === undefined ? objects.remove(key) : objects.abort(key, upload)
    throw new Refusal('MethodNotAllowed')
  }

  onCdn (bucket, key, request) {
    if (!['GET', 'HEAD'].includes(request.method)) throw new Refusal('MethodNotAllowed')
    const address = `/${encode(key, '/')}${request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : ''}`
    const kept = bucket.cdn.get(address, request.headers.origin, () => {
      const object = bucket.objects.find(key)
      if (object?.acl !== 'public-read') throw new Refusal('AccessDenied', undefined, { BucketName: bucket.name })
      return { object, cors: corsHeaders(bucket.rules, request, 'GET') }
    })
    // Ranges and conditions are answered from what is kept.
    const view = new Objects(this.clock)
    view.restore(key, kept.object)
    const answer = view.read(key, request)
    return { ...answer, headers: { ...answer.headers, ...kept.cors, 'x-cache': kept.state, age: String(kept.age) } }
  }

  act (request, body) {
    const { cdn, name, key } = this.place(request)
    const bucket = this.buckets.get(name)
    if (request.method === 'OPTIONS') return { status: 200, headers: preflight(this.bucket(name).rules, request) }
    if (cdn) return this.onCdn(this.bucket(name), key, request)
    const who = signer(request, body, { keys: this.keys, region: this.region, now: this.clock() })
    const parameters = new Map(queryOf(request.url))
    for (const one of parameters.keys()) if (SUBRESOURCES.has(one) && !['cors', 'location', 'uploads'].includes(one)) throw new Refusal('NotImplemented', `The sub-resource ${one} is not implemented`)
    if (name === '') {
      if (request.method !== 'GET') throw new Refusal('MethodNotAllowed')
      this.need(who, 'manage', '')
      return xml('ListAllMyBucketsResult', { Owner: { ID: 'emulated' }, Buckets: { Bucket: [...this.buckets.keys()].sort().map(one => ({ Name: one })) } })
    }
    if (key === '') return this.onBucket(who, name, request, parameters, body)
    const answer = this.onObject(who, this.bucket(name), key, request, parameters, body)
    return { ...answer, headers: { ...answer.headers, ...corsHeaders(bucket?.rules, request) } }
  }

  async handle (request, response) {
    const url = new URL(request.url, 'http://x')
    if (url.pathname.startsWith('/__control')) return control(this.faults, request, response, { state: () => this.state(), apply: body => this.configure(body) })
    const id = `tx${randomBytes(10).toString('hex')}-${this.region}`
    let answer
    const call = { at: new Date(this.clock()).toISOString(), method: request.method, path: request.url, headers: { ...request.headers, ...(request.headers.authorization ? { authorization: request.headers.authorization.replace(/Signature=.*/, 'Signature=…') } : {}) } }
    // "PUT /bucket?cors", and without the query's values "PUT /bucket/key".
    const names = [`${request.method} ${request.url}`, `${request.method} ${url.pathname}`]
    const directive = this.faults.begin([...new Set(names)], call)
    try {
      const body = await bodyOf(request)
      call.size = body.length
      if (!await this.faults.before(directive, request, response)) return
      if (directive.do === 'fail') throw new Refusal(directive.code ?? 'InternalError', directive.message, {}, directive.status)
      if (directive.do === 'rate-limit') throw new Refusal('SlowDown', undefined, {}, 503, directive.after === undefined ? {} : { 'retry-after': String(directive.after) })
      answer = this.act(request, body)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      call.code = error.code
      answer = xml('Error', { Code: error.code, Message: error.message, ...error.more, Resource: url.pathname, RequestId: id, HostId: this.region }, error.status)
      answer.headers = { ...answer.headers, ...error.headers }
    }
    call.status = answer.status
    if (directive.do === 'lose') return request.socket.destroy()
    const { status, headers = {}, body = Buffer.alloc(0) } = answer
    const empty = status === 204 || status === 304
    response.writeHead(status, { 'x-amz-request-id': id, date: new Date(this.clock()).toUTCString(), ...headers, ...(empty ? {} : { 'content-length': body.length }) })
    response.end(request.method === 'HEAD' || empty ? undefined : body)
  }

  state () {
    return {
      region: this.region, taken: [...this.taken], keys: this.keys.map(({ id, grants }) => ({ id, grants })),
      buckets: Object.fromEntries([...this.buckets].map(([name, one]) => [name, { cors: one.rules, objects: one.objects.summary(), uploads: one.objects.uploads, cdn: { hits: one.cdn.hits, misses: one.cdn.misses } }]))
    }
  }

  configure (body) {
    if (body.advance) this.offset += body.advance * 1000
    this.setKeys(body.keys ?? [])
    if (body.taken) this.taken = new Set(body.taken)
    if (body.purge) this.bucket(body.purge.bucket).cdn.purge(body.purge.files)
    return {}
  }
}

export async function startSpaces ({ port = 0, ...options } = {}) {
  const spaces = new Spaces(options)
  const server = http.createServer((request, response) => {
    spaces.handle(request, response).catch(error => {
      if (response.headersSent || response.destroyed) return response.destroy()
      response.writeHead(500, { 'content-type': 'application/xml' }).end(write('Error', { Code: 'InternalError', Message: `the emulator failed: ${error.message}` }))
    })
  })
  const bound = await listen(server, port)
  spaces.url = `http://127.0.0.1:${bound}`
  spaces.control = `${spaces.url}/__control`
  spaces.cdn = bucket => `${spaces.url}/cdn/${bucket}`
  spaces.stop = async () => {
    spaces.faults.release()
    await close(server)
  }
  return spaces
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' }, region: { type: 'string', default: 'sfo3' }, 'access-key-id': { type: 'string' }, 'secret-access-key': { type: 'string' },
      bucket: { type: 'string', multiple: true, default: [] }, taken: { type: 'string', multiple: true, default: [] }
    }
  })
  const key = { id: values['access-key-id'] ?? `DO00${randomBytes(8).toString('hex').toUpperCase()}`, secret: values['secret-access-key'] ?? randomBytes(32).toString('base64') }
  const spaces = await startSpaces({ port: Number(values.port), region: values.region, keys: [key], buckets: values.bucket, taken: values.taken })
  await runUntilTold([spaces], { url: spaces.url, control: spaces.control, cdn: `${spaces.url}/cdn`, region: values.region, accessKeyId: key.id, secretAccessKey: key.secret })
}
