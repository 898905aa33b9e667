// Rules of a DNS record: what Cloudflare accepts in a body, what it stores, and what may stand beside what.
import net from 'node:net'
import { domainToASCII } from 'node:url'

export class Refusal extends Error {
  constructor (status, code, message, { pointer, chain } = {}) {
    super(message)
    Object.assign(this, { status, code, pointer, chain })
  }
}

const invalid = (pointer, why) => new Refusal(400, 1004, 'DNS Validation Error', { pointer, chain: [{ code: 9000, message: why }] })
const FIELDS = new Set(['type', 'name', 'content', 'ttl', 'proxied', 'comment', 'tags', 'settings', 'priority', 'data'])
const SETTINGS = new Set(['flatten_cname', 'ipv4_only', 'ipv6_only'])
const PROXIABLE = new Set(['A', 'AAAA', 'CNAME'])
const TYPES = new Set(['A', 'AAAA', 'CNAME', 'TXT', 'MX', 'NS', 'CAA'])
const HOST = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}$/

// Outer quotes off, adjacent quoted strings joined.
export const plainText = content => {
  const parts = content.match(/^\s*"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*\s*$/) ? content.match(/"(?:[^"\\]|\\.)*"/g) : null
  return parts ? parts.map(part => part.slice(1, -1).replace(/\\(.)/g, '$1')).join('') : content
}

const quoted = text => (text.match(/[^]{1,255}/g) ?? ['']).map(part => `"${part.replace(/["\\]/g, '\\$&')}"`).join(' ')

function fullName (name, zone, at) {
  if (typeof name !== 'string' || name === '') throw invalid(`${at}/name`, 'name is required')
  if (name === '@') return zone.name
  const ascii = domainToASCII(name.replace(/\.$/, '').replaceAll('_', 'underscore--')).replaceAll('underscore--', '_').toLowerCase()
  const full = ascii === zone.name || ascii.endsWith(`.${zone.name}`) ? ascii : `${ascii}.${zone.name}`
  if (!HOST.test(full) || full.length > 253) throw new Refusal(400, 9000, 'DNS name is invalid.', { pointer: `${at}/name` })
  return full
}

function content (type, value, at, txtReadsBack) {
  if (typeof value !== 'string' || value === '') throw invalid(`${at}/content`, 'content is required')
  if (type === 'A' && !net.isIPv4(value)) throw new Refusal(400, 9005, 'Content for A record must be a valid IPv4 address.', { pointer: `${at}/content` })
  if (type === 'AAAA' && !net.isIPv6(value)) throw new Refusal(400, 9006, 'Content for AAAA record must be a valid IPv6 address.', { pointer: `${at}/content` })
  if (['CNAME', 'MX', 'NS'].includes(type)) {
    const host = value.replace(/\.$/, '').toLowerCase()
    if (!HOST.test(host)) throw new Refusal(400, 9007, `Content for ${type} record is invalid.`, { pointer: `${at}/content` })
    return host
  }
  if (type === 'TXT') {
    const text = plainText(value)
    if (/[\r\n]/.test(text) || text.length > 2048) throw invalid(`${at}/content`, 'content of a TXT record has a line break or is over 2048 characters')
    return txtReadsBack === 'quoted' ? quoted(text) : txtReadsBack === 'bare' ? text : value
  }
  return value
}

// The fields that may be stored, from a body that is complete (POST, PUT) or merged onto `base` (PATCH).
export function checkedRecord (body, zone, { at = '', base = {}, txtReadsBack }) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid(at || '/', 'a record is an object')
  for (const name of Object.keys(body)) if (!FIELDS.has(name)) throw invalid(`${at}/${name}`, `unknown field "${name}"`)
  const defaults = { ttl: 1, proxied: false, comment: null, tags: [], settings: {} }
  const wanted = { ...defaults, ...base, ...body }
  if (!TYPES.has(wanted.type)) throw invalid(`${at}/type`, `type ${JSON.stringify(wanted.type)} is missing or not known`)
  const record = { type: wanted.type, name: fullName(wanted.name, zone, at), content: content(wanted.type, wanted.content, at, txtReadsBack) }
  if (typeof wanted.proxied !== 'boolean') throw invalid(`${at}/proxied`, 'proxied is true or false')
  if (wanted.proxied && !PROXIABLE.has(record.type)) throw new Refusal(400, 9004, `This record type cannot be proxied.`, { pointer: `${at}/proxied` })
  const lowest = zone.plan === 'enterprise' ? 30 : 60
  if (!Number.isInteger(wanted.ttl) || (wanted.ttl !== 1 && (wanted.ttl < lowest || wanted.ttl > 86400))) {
    throw new Refusal(400, 9021, `Invalid TTL. Must be between ${lowest} and 86400 seconds, or 1 for Automatic.`, { pointer: `${at}/ttl` })
  }
  if (wanted.comment !== null) {
    const most = zone.plan === 'free' ? 100 : 500
    if (typeof wanted.comment !== 'string' || /[\r\n]/.test(wanted.comment)) throw invalid(`${at}/comment`, 'a comment is one line of text')
    if (wanted.comment.length > most) throw invalid(`${at}/comment`, `a comment has at most ${most} characters on this plan`)
  }
  if (!Array.isArray(wanted.tags) || wanted.tags.some(tag => typeof tag !== 'string')) throw invalid(`${at}/tags`, 'tags is a list of texts')
  if (zone.plan === 'free' && wanted.tags.length > 0) throw invalid(`${at}/tags`, 'the quota for tags on this plan is 0')
  for (const [name, value] of Object.entries(wanted.settings ?? {})) {
    if (!SETTINGS.has(name) || typeof value !== 'boolean') throw invalid(`${at}/settings/${name}`, `unknown setting "${name}", or not true or false`)
    if (name === 'flatten_cname' && value && zone.plan === 'free') throw invalid(`${at}/settings/${name}`, 'CNAME flattening of single records is not in this plan')
  }
  if (record.type === 'MX' && !Number.isInteger(wanted.priority)) throw invalid(`${at}/priority`, 'priority is required for MX')
  if (wanted.priority !== undefined && record.type !== 'MX') throw invalid(`${at}/priority`, 'priority belongs to MX')
  return {
    ...record,
    proxied: wanted.proxied,
    ttl: wanted.proxied ? 1 : wanted.ttl,
    comment: wanted.comment || null,
    tags: wanted.tags,
    settings: wanted.settings ?? {},
    ...(record.type === 'MX' ? { priority: wanted.priority } : {}),
    ...(wanted.data === undefined ? {} : { data: wanted.data })
  }
}

// Throws if `record` may not stand among `others`.
export function checkNeighbours (record, others, { identicalCode }) {
  const same = others.filter(other => other.name === record.name)
  if (record.type === 'CNAME' && same.some(other => PROXIABLE.has(other.type))) {
    throw new Refusal(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.')
  }
  if (['A', 'AAAA'].includes(record.type) && same.some(other => other.type === 'CNAME')) {
    throw new Refusal(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.')
  }
  if (same.some(other => other.type === record.type && plainText(other.content) === plainText(record.content))) {
    throw new Refusal(400, identicalCode, 'An identical record already exists.')
  }
}

const TEXT_TESTS = {
  exact: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  contains: (value, wanted) => value.toLowerCase().includes(wanted.toLowerCase()),
  startswith: (value, wanted) => value.toLowerCase().startsWith(wanted.toLowerCase()),
  endswith: (value, wanted) => value.toLowerCase().endsWith(wanted.toLowerCase())
}

function condition (key, wanted) {
  const [field, test = 'exact'] = key.split('.')
  if (key === 'type') return record => record.type === wanted
  if (key === 'proxied') {
    if (!['true', 'false'].includes(wanted)) throw invalid('/proxied', 'proxied is true or false')
    return record => record.proxied === (wanted === 'true')
  }
  if (key === 'search') return record => [record.name, record.content, record.comment ?? ''].some(text => TEXT_TESTS.contains(text, wanted))
  if (field === 'comment' && test === 'present') return record => record.comment !== null
  if (field === 'comment' && test === 'absent') return record => record.comment === null
  if (['name', 'content', 'comment'].includes(field) && TEXT_TESTS[test]) {
    const value = field === 'content' ? plainText(wanted) : wanted
    return record => record[field] !== null && TEXT_TESTS[test](field === 'content' ? plainText(record.content) : record[field], value)
  }
  if (field === 'tag') return record => test === 'present' ? record.tags.some(tag => tag.split(':')[0] === wanted) : record.tags.includes(wanted)
  throw invalid(`/${key}`, `unknown filter "${key}"`)
}

export function filtered (records, parameters) {
  const page = new Set(['page', 'per_page', 'order', 'direction', 'match', 'tag_match'])
  const conditions = [...parameters].filter(([key]) => !page.has(key)).map(([key, value]) => condition(key, value))
  const match = parameters.get('match') ?? 'all'
  if (!['all', 'any'].includes(match)) throw invalid('/match', 'match is all or any')
  const kept = conditions.length === 0 ? [...records] : records.filter(record => match === 'any' ? conditions.some(test => test(record)) : conditions.every(test => test(record)))
  const order = parameters.get('order')
  if (order && !['type', 'name', 'content', 'ttl', 'proxied'].includes(order)) throw invalid('/order', `records cannot be ordered by "${order}"`)
  const key = record => order ? String(record[order]) : record.name + ' ' + record.type
  kept.sort((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
  if (parameters.get('direction') === 'desc') kept.reverse()
  return kept
}

export function paged (items, parameters, { least, most, usual }) {
  const number = (name, otherwise) => {
    const text = parameters.get(name)
    if (text === null) return otherwise
    if (!/^\d+$/.test(text)) throw invalid(`/${name}`, `${name} is a whole number`)
    return Number(text)
  }
  const page = number('page', 1)
  const size = number('per_page', usual)
  if (page < 1) throw invalid('/page', 'page begins at 1')
  if (size < least || size > most) throw invalid('/per_page', `per_page is ${least} to ${most}`)
  const part = items.slice((page - 1) * size, page * size)
  return { result: part, result_info: { page, per_page: size, count: part.length, total_count: items.length, total_pages: Math.ceil(items.length / size) } }
}
