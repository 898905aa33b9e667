// Objects of one bucket: stored, read whole or in part, listed, copied, and uploaded in parts.
import { createHash, randomBytes } from 'node:crypto'
import { Refusal } from './refusal.mjs'
import { decode, encode } from './signature.mjs'
import { parse, write } from './xml.mjs'

export const LEAST_PART = 5 << 20
export const MOST_BODY = 1 << 30
const MOST_KEY = 1024
const ACLS = ['private', 'public-read']
const KEPT = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']
const OVERRIDES = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']
const md5 = bytes => createHash('md5').update(bytes).digest('hex')
const quoted = text => `"${text}"`
const xml = (name, content) => ({ status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(write(name, content)) })

export function checkKey (key) {
  if (Buffer.byteLength(key) > MOST_KEY) throw new Refusal('KeyTooLongError', undefined, { Size: Buffer.byteLength(key), MaxSizeAllowed: MOST_KEY })
}

function described (headers) {
  const acl = headers['x-amz-acl'] ?? 'private'
  if (!ACLS.includes(acl)) throw new Refusal('InvalidArgument', undefined, { ArgumentName: 'x-amz-acl', ArgumentValue: acl })
  const known = name => ['x-amz-acl', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-copy-source', 'x-amz-metadata-directive'].includes(name) || name.startsWith('x-amz-meta-')
  for (const name of Object.keys(headers)) if (name.startsWith('x-amz-') && !known(name)) throw new Refusal('NotImplemented', `The header ${name} is not implemented`)
  const fields = Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT.includes(name) || name.startsWith('x-amz-meta-')))
  return { acl, fields: { 'content-type': 'binary/octet-stream', ...fields } }
}

export class Objects {
  #objects = new Map()
  #uploads = new Map()
  constructor (clock) { this.clock = clock }

  get size () { return this.#objects.size }
  get uploads () { return this.#uploads.size }
  summary = () => Object.fromEntries([...this.#objects].sort().map(([key, one]) => [key, { size: one.bytes.length, etag: one.etag, acl: one.acl, ...one.fields }]))
  find (key) { return this.#objects.get(key) }
  restore (key, object) { this.#objects.set(key, object) }

  put (key, headers, bytes) {
    checkKey(key)
    if (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined) throw new Refusal('NotImplemented', 'Conditional writes are not implemented')
    const object = { ...described(headers), bytes, etag: quoted(md5(bytes)), modified: this.clock() }
    this.#objects.set(key, object)
    return { status: 200, headers: { etag: object.etag } }
  }

  read (key, request, parameters = new Map()) {
    const object = this.#objects.get(key)
    if (!object) throw new Refusal('NoSuchKey', undefined, { Key: key })
    const { headers } = request
    const modified = Math.floor(object.modified / 1000) * 1000
    const matches = list => list.split(',').some(one => ['*', object.etag].includes(one.trim().replace(/^W\//, '')))
    if (headers['if-match'] !== undefined ? !matches(headers['if-match']) : modified > Date.parse(headers['if-unmodified-since'])) throw new Refusal('PreconditionFailed')
    const fields = { ...object.fields, etag: object.etag, 'last-modified': new Date(modified).toUTCString(), 'accept-ranges': 'bytes' }
    for (const name of OVERRIDES) if (parameters.has(`response-${name}`)) fields[name] = parameters.get(`response-${name}`)
    if (headers['if-none-match'] !== undefined ? matches(headers['if-none-match']) : modified <= Date.parse(headers['if-modified-since'])) return { status: 304, headers: fields }
    // Several ranges in one request are ignored, as S3 does.
    const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? []
    const size = object.bytes.length
    const stale = headers['if-range'] !== undefined && headers['if-range'] !== object.etag && Date.parse(headers['if-range']) !== modified
    if (first === undefined || (first === '' && last === '') || stale) return { status: 200, headers: fields, body: object.bytes }
    const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
    const to = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last))
    if (from > to || from >= size) throw new Refusal('InvalidRange', undefined, { RangeRequested: headers.range, ActualObjectSize: size }, 416, { 'content-range': `bytes */${size}` })
    return { status: 206, headers: { ...fields, 'content-range': `bytes ${from}-${to}/${size}` }, body: object.bytes.subarray(from, to + 1) }
  }

  remove (key) {
    this.#objects.delete(key)
    return { status: 204 }
  }

  copy (key, headers, source) {
    checkKey(key)
    const directive = headers['x-amz-metadata-directive'] ?? 'COPY'
    if (!['COPY', 'REPLACE'].includes(directive)) throw new Refusal('InvalidArgument', `Unknown metadata directive: ${directive}`)
    if (source === this.#objects.get(key) && directive === 'COPY') throw new Refusal('InvalidRequest', "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
    // The access rights of the source are not copied.
    const { acl, fields } = described(headers)
    const object = { ...source, acl, fields: directive === 'COPY' ? source.fields : fields, etag: quoted(md5(source.bytes)), modified: this.clock() }
    this.#objects.set(key, object)
    return xml('CopyObjectResult', { LastModified: new Date(object.modified).toISOString(), ETag: object.etag })
  }

  list (name, parameters) {
    const whole = (key, most) => {
      const text = parameters.get(key) ?? String(most)
      if (!/^\d{1,9}$/.test(text)) throw new Refusal('InvalidArgument', `Provided ${key} not an integer or within integer range`, { ArgumentName: key, ArgumentValue: text })
      return Math.min(Number(text), most)
    }
    const max = whole('max-keys', 1000)
    const encoding = parameters.get('encoding-type')
    if (encoding !== undefined && encoding !== 'url') throw new Refusal('InvalidArgument', 'Invalid Encoding Method specified in Request', { ArgumentName: 'encoding-type', ArgumentValue: encoding })
    const shown = text => encoding ? encode(text, '/') : text
    const prefix = parameters.get('prefix') ?? ''
    const delimiter = parameters.get('delimiter') ?? ''
    const token = parameters.get('continuation-token')
    let after = parameters.get('start-after') ?? ''
    if (token !== undefined) {
      after = Buffer.from(token, 'base64url').toString()
      if (!after.startsWith('after:')) throw new Refusal('InvalidArgument', 'The continuation token provided is incorrect', { ArgumentName: 'continuation-token' })
      after = after.slice('after:'.length)
    }
    const bytewise = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))
    const [contents, folders] = [[], new Set()]
    let [last, truncated] = ['', false]
    for (const key of [...this.#objects.keys()].sort(bytewise)) {
      if (!key.startsWith(prefix)) continue
      const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1
      const folder = cut < 0 ? null : key.slice(0, cut + delimiter.length)
      if (bytewise(key, after) <= 0 || (folder !== null && (folders.has(folder) || folder === after))) continue
      if (contents.length + folders.size >= max) {
        truncated = max > 0
        break
      }
      last = folder ?? key
      if (folder !== null) folders.add(folder)
      else contents.push(key)
    }
    return xml('ListBucketResult', {
      Name: name, Prefix: shown(prefix), MaxKeys: max, KeyCount: contents.length + folders.size, IsTruncated: truncated,
      Delimiter: delimiter ? shown(delimiter) : undefined, EncodingType: encoding, ContinuationToken: token, StartAfter: parameters.get('start-after'),
      NextContinuationToken: truncated ? Buffer.from(`after:${last}`).toString('base64url') : undefined,
      Contents: contents.map(key => {
        const one = this.#objects.get(key)
        return { Key: shown(key), LastModified: new Date(one.modified).toISOString(), ETag: one.etag, Size: one.bytes.length, StorageClass: 'STANDARD' }
      }),
      CommonPrefixes: [...folders].map(folder => ({ Prefix: shown(folder) }))
    })
  }

  begin (name, key, headers) {
    checkKey(key)
    const id = `2~${randomBytes(24).toString('base64url')}`
    this.#uploads.set(id, { key, ...described(headers), parts: new Map(), begun: this.clock() })
    return xml('InitiateMultipartUploadResult', { Bucket: name, Key: key, UploadId: id })
  }

  upload (key, id) {
    const upload = this.#uploads.get(id)
    if (upload?.key !== key) throw new Refusal('NoSuchUpload', undefined, { UploadId: id })
    return upload
  }

  putPart (key, id, number, bytes) {
    const upload = this.upload(key, id)
    if (!/^[1-9]\d{0,4}$/.test(number) || Number(number) > 10_000) throw new Refusal('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', { ArgumentName: 'partNumber', ArgumentValue: number })
    const part = { bytes, etag: quoted(md5(bytes)), at: this.clock() }
    upload.parts.set(Number(number), part)
    return { status: 200, headers: { etag: part.etag } }
  }

  complete (name, key, id, text, location) {
    const upload = this.upload(key, id)
    const wanted = parse(text, 'CompleteMultipartUpload').only('Part').children.map(part => [Number(part.value('PartNumber')), part.value('ETag') ?? ''])
    if (wanted.length === 0) throw new Refusal('MalformedXML')
    const parts = wanted.map(([number, etag], i) => {
      if (i > 0 && number <= wanted[i - 1][0]) throw new Refusal('InvalidPartOrder')
      const part = upload.parts.get(number)
      if (part?.etag !== quoted(etag.replaceAll('"', ''))) throw new Refusal('InvalidPart', undefined, { PartNumber: number, ETag: etag })
      if (i < wanted.length - 1 && part.bytes.length < LEAST_PART) throw new Refusal('EntityTooSmall', undefined, { ProposedSize: part.bytes.length, MinSizeAllowed: LEAST_PART, PartNumber: number })
      return part
    })
    const digests = Buffer.concat(parts.map(part => Buffer.from(part.etag.replaceAll('"', ''), 'hex')))
    const etag = quoted(`${md5(digests)}-${parts.length}`)
    this.#objects.set(key, { acl: upload.acl, fields: upload.fields, bytes: Buffer.concat(parts.map(part => part.bytes)), etag, modified: this.clock() })
    this.#uploads.delete(id)
    return xml('CompleteMultipartUploadResult', { Location: location, Bucket: name, Key: key, ETag: etag })
  }

  abort (key, id) {
    this.upload(key, id)
    this.#uploads.delete(id)
    return { status: 204 }
  }

  listParts (name, key, id) {
    const upload = this.upload(key, id)
    const parts = [...upload.parts].sort(([a], [b]) => a - b)
    return xml('ListPartsResult', { Bucket: name, Key: key, UploadId: id, IsTruncated: false, Part: parts.map(([number, part]) => ({ PartNumber: number, LastModified: new Date(part.at).toISOString(), ETag: part.etag, Size: part.bytes.length })) })
  }

  listUploads (name, prefix = '') {
    const uploads = [...this.#uploads].filter(([, one]) => one.key.startsWith(prefix))
    return xml('ListMultipartUploadsResult', { Bucket: name, Prefix: prefix, IsTruncated: false, Upload: uploads.map(([id, one]) => ({ Key: one.key, UploadId: id, Initiated: new Date(one.begun).toISOString() })) })
  }
}

// "/bucket/a%20key" or without the first slash, encoded once.
export function copySource (text) {
  const [bucket, ...key] = decode(text.replace(/^\//, '')).split('/')
  if (!bucket || key.join('/') === '') throw new Refusal('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', { ArgumentName: 'x-amz-copy-source', ArgumentValue: text })
  return { bucket, key: key.join('/') }
}
