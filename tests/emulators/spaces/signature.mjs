// AWS Signature 4 as S3 checks it: in the Authorization header or in the query of a presigned link.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Refusal } from './refusal.mjs'

const SKEW = 15 * 60_000
const LONGEST_LINK = 7 * 86_400
const UNSIGNED = 'UNSIGNED-PAYLOAD'
const sha256 = data => createHash('sha256').update(data).digest('hex')
const hmac = (key, text) => createHmac('sha256', key).update(text).digest()

// Everything but A-Z a-z 0-9 - . _ ~ as %XX, upper case.
export const encode = (text, slash = '%2F') => encodeURIComponent(text).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase()).replaceAll('%2F', slash)

export function decode (text) {
  try { return decodeURIComponent(text) } catch { throw new Refusal('InvalidURI') }
}

// The parameters as they were sent, decoded; a plus is a plus.
export function queryOf (target) {
  const at = target.indexOf('?')
  if (at < 0 || at === target.length - 1) return []
  return target.slice(at + 1).split('&').map(pair => {
    const equals = pair.indexOf('=')
    return equals < 0 ? [decode(pair), ''] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))]
  })
}

function timeOf (text) {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '') ?? []
  return y ? Date.UTC(y, mo - 1, d, h, mi, s) : NaN
}

function headersOf (request) {
  const all = new Map()
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i].toLowerCase()
    const value = Buffer.from(request.rawHeaders[i + 1], 'latin1').toString().trim().replace(/ +/g, ' ')
    all.set(name, all.has(name) ? `${all.get(name)},${value}` : value)
  }
  return all
}

function credentialOf (text, malformed) {
  const parts = text.split('/')
  if (parts.length < 5) throw malformed('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".')
  const [day, region, service, end] = parts.slice(-4)
  return { id: parts.slice(0, -4).join('/'), day, region, service, end, scope: parts.slice(-4).join('/') }
}

function canonical (request, query, headers, names, payload) {
  const path = encode(decode(request.url.split('?')[0]), '/')
  const pairs = query.map(([name, value]) => [encode(name), encode(value)]).sort(([a, x], [b, y]) => a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0)
  const text = pairs.map(pair => pair.join('=')).join('&')
  return [request.method, path, text, ...names.map(name => `${name}:${headers.get(name)}`), '', names.join(';'), payload].join('\n')
}

function check (secret, credential, date, canonicalRequest, given, keyId) {
  const text = ['AWS4-HMAC-SHA256', date, credential.scope, sha256(canonicalRequest)].join('\n')
  const key = [credential.day, credential.region, 's3', 'aws4_request'].reduce(hmac, `AWS4${secret}`)
  const right = hmac(key, text)
  if (!/^[0-9a-f]{64}$/.test(given) || !timingSafeEqual(right, Buffer.from(given, 'hex'))) {
    throw new Refusal('SignatureDoesNotMatch', undefined, { AWSAccessKeyId: keyId, StringToSign: text, SignatureProvided: given, CanonicalRequest: canonicalRequest })
  }
}

// Who sent the request: one of `keys` ({ id, secret }), or null for nobody in particular. Throws what S3 answers
// to a signature that is wrong in any way. `body` is the whole body.
export function signer (request, body, { keys, region, now }) {
  const query = queryOf(request.url)
  const parameters = new Map(query)
  const headers = headersOf(request)
  const authorization = headers.get('authorization')
  const presigned = parameters.has('X-Amz-Signature') || parameters.has('X-Amz-Algorithm')
  if (authorization !== undefined && presigned) throw new Refusal('InvalidArgument', 'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified')
  if (parameters.has('AWSAccessKeyId') || authorization?.startsWith('AWS ')) throw new Refusal('InvalidRequest', 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.')
  if (authorization === undefined && !presigned) return null
  const malformed = presigned
    ? why => new Refusal('AuthorizationQueryParametersError', `Error parsing the X-Amz-Credential parameter; ${why}`)
    : (why, more) => new Refusal('AuthorizationHeaderMalformed', `The authorization header is malformed; ${why}`, more)

  let fields
  if (presigned) {
    if (parameters.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw new Refusal('AuthorizationQueryParametersError', 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
    fields = Object.fromEntries(['Credential', 'SignedHeaders', 'Signature', 'Date', 'Expires'].map(name => [name, parameters.get(`X-Amz-${name}`)]))
    if (Object.values(fields).some(value => !value)) throw new Refusal('AuthorizationQueryParametersError', 'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.')
  } else {
    const found = /^AWS4-HMAC-SHA256 +(.*)$/.exec(authorization)
    if (!found) throw new Refusal('InvalidArgument', 'Unsupported Authorization Type')
    fields = Object.fromEntries(found[1].split(/ *, */).map(part => part.split(/=(.*)/s).slice(0, 2)))
    for (const name of ['Credential', 'SignedHeaders', 'Signature']) if (!fields[name]) throw malformed(`the authorization header requires three components: Credential, SignedHeaders, and Signature.`)
    if (!/^\d{8}T\d{6}Z$/.test(headers.get('x-amz-date') ?? '')) throw new Refusal('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
    fields.Date = headers.get('x-amz-date')
  }

  const credential = credentialOf(fields.Credential, malformed)
  if (credential.end !== 'aws4_request') throw malformed(`incorrect terminal "${credential.end}". This endpoint uses "aws4_request".`)
  if (credential.service !== 's3') throw malformed(`incorrect service "${credential.service}". This endpoint belongs to "s3".`)
  const time = timeOf(fields.Date)
  if (Number.isNaN(time) || credential.day !== fields.Date.slice(0, 8)) throw malformed(`Invalid credential date "${credential.day}". This date is not the same as X-Amz-Date: "${fields.Date.slice(0, 8)}".`)
  const key = keys.find(one => one.id === credential.id)
  if (!key) throw new Refusal('InvalidAccessKeyId', undefined, { AWSAccessKeyId: credential.id })
  if (credential.region !== region) throw malformed(`the region '${credential.region}' is wrong; expecting '${region}'`, { Region: region })
  const stamp = at => new Date(at).toISOString().replace(/\.\d+/, '')
  if (presigned) {
    const seconds = Number(fields.Expires)
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_LINK) throw new Refusal('AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 and 604800 seconds')
    if (time > now + SKEW) throw new Refusal('AccessDenied', 'Request is not valid yet')
    if (now > time + seconds * 1000) throw new Refusal('AccessDenied', 'Request has expired', { Expires: stamp(time + seconds * 1000), ServerTime: stamp(now) })
  } else if (Math.abs(now - time) > SKEW) {
    throw new Refusal('RequestTimeTooSkewed', undefined, { RequestTime: fields.Date, ServerTime: stamp(now), MaxAllowedSkewMilliseconds: SKEW })
  }

  const names = fields.SignedHeaders.split(';')
  if (names.some((name, i) => name !== name.toLowerCase() || (i > 0 && names[i - 1] >= name))) throw malformed('SignedHeaders must be lower-case, sorted and each once.')
  const absent = names.filter(name => !headers.has(name))
  const unsigned = [...headers.keys()].filter(name => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name))
  if (unsigned.length) throw new Refusal('AccessDenied', 'There were headers present in the request which were not signed', { HeadersNotSigned: unsigned.join(', ') })
  if (absent.length) throw new Refusal('SignatureDoesNotMatch', `signed headers are absent: ${absent.join(', ')}`)

  const payload = headers.get('x-amz-content-sha256') ?? (presigned ? UNSIGNED : undefined)
  if (payload === undefined) throw new Refusal('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  if (payload.startsWith('STREAMING-')) throw new Refusal('NotImplemented', 'Bodies signed in chunks are not implemented')
  if (payload !== UNSIGNED && !/^[0-9a-f]{64}$/.test(payload)) throw new Refusal('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a valid sha256 value.')
  const covered = presigned ? query.filter(([name]) => name !== 'X-Amz-Signature') : query
  check(key.secret, credential, fields.Date, canonical(request, covered, headers, names, payload), fields.Signature, key.id)
  if (payload !== UNSIGNED && sha256(body) !== payload) throw new Refusal('XAmzContentSHA256Mismatch', undefined, { ClientComputedContentSHA256: payload, S3ComputedContentSHA256: sha256(body) })
  return key
}

// Content-MD5, where one is sent or demanded.
export function checkMd5 (request, body, demanded = false) {
  const given = request.headers['content-md5']
  if (given === undefined) {
    if (demanded) throw new Refusal('InvalidRequest', 'Missing required header for this request: Content-MD5')
    return
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(given)) throw new Refusal('InvalidDigest', undefined, { 'Content-MD5': given })
  if (createHash('md5').update(body).digest('base64') !== given) throw new Refusal('BadDigest', undefined, { ExpectedDigest: given })
}
