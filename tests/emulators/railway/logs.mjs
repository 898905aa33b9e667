// Log entries of deployments, and the filter language: words, "phrases", @key:value, @key:>=n, @key:a..b,
// replica:<id>, AND, OR, - for not, parentheses.
import { refused } from './errors.mjs'

const KEPT = 20_000

export const nanoseconds = text => {
  const [, seconds, fraction = ''] = /^(.*?)(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? []
  if (seconds === undefined) throw refused(`Invalid date ${text}`)
  const zone = /(Z|[+-]\d\d:\d\d)$/.exec(text)[1]
  return BigInt(Date.parse(seconds + zone)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9))
}

let last = 0n
// RFC 3339 with nanoseconds, never the same twice from here; lines of one chunk share one on purpose.
export function stamp (now) {
  const at = BigInt(now) * 1_000_000n + process.hrtime.bigint() % 1_000_000n
  last = at > last ? at : last + 1n
  return `${new Date(Number(last / 1_000_000n)).toISOString().slice(0, 19)}.${String(last % 1_000_000_000n).padStart(9, '0')}Z`
}

// A line of output as an entry. A JSON line's keys become attributes, with JSON text as their values.
export function entryOf (line, { timestamp, severity, tags }) {
  let parsed
  if (line.startsWith('{')) try { parsed = JSON.parse(line) } catch { /* not JSON: a plain line */ }
  if (typeof parsed !== 'object' || parsed === null) return { timestamp, message: line, severity, attributes: [{ key: 'level', value: JSON.stringify(severity) }], tags }
  const { msg, message, ...rest } = parsed
  if (message !== undefined && msg !== undefined) rest.msg = msg
  const attributes = Object.entries(rest).map(([key, value]) => ({ key, value: JSON.stringify(value) }))
  const text = message ?? msg ?? ''
  const level = typeof parsed.level === 'string' ? parsed.level.toLowerCase() : severity
  if (parsed.level === undefined) attributes.push({ key: 'level', value: JSON.stringify(severity) })
  return { timestamp, message: typeof text === 'string' ? text : JSON.stringify(text), severity: level, attributes, tags }
}

export class Logs {
  constructor (platform) {
    this.platform = platform
    this.entries = new Map()
    this.queries = 0
  }

  list (kind, deploymentId) { return this.entries.get(`${kind}:${deploymentId}`) ?? [] }

  add (kind, deploymentId, entry) {
    const key = `${kind}:${deploymentId}`
    if (!this.entries.has(key)) this.entries.set(key, [])
    const list = this.entries.get(key)
    list.push(entry)
    if (list.length > KEPT) list.splice(0, list.length - KEPT)
  }

  // `lines` came in one piece: they share a timestamp, as they do on the real platform.
  lines (deployment, instanceId, lines, severity) {
    const timestamp = stamp(this.platform.now())
    const tags = { deploymentId: deployment.id, deploymentInstanceId: instanceId, environmentId: deployment.environmentId, serviceId: deployment.serviceId, projectId: deployment.projectId, snapshotId: deployment.snapshotId }
    const batch = lines.map(line => entryOf(line, { timestamp, severity, tags }))
    for (const entry of batch) this.add('deploy', deployment.id, entry)
    this.platform.events.emit('log', { deployment, entries: batch })
  }

  http (deployment, entry) {
    this.add('http', deployment.id, entry)
    this.platform.events.emit('http', { deployment, entries: [entry] })
  }

  // The last `limit` that match; now and then one more than asked for.
  last (list, { limit = 100, filter = '', startDate, endDate }) {
    if (limit < 1 || limit > 5000) throw refused('limit must be between 1 and 5000')
    const matches = parseFilter(filter)
    const kept = list.filter(entry => matches(entry) && (!startDate || nanoseconds(entry.timestamp) >= nanoseconds(startDate)) && (!endDate || nanoseconds(entry.timestamp) <= nanoseconds(endDate)))
    const extra = this.platform.options.extraLogLine && this.queries++ % 2 === 1 ? 1 : 0
    return kept.slice(-(limit + extra))
  }

  around (list, { filter = '', anchorDate, beforeDate, beforeLimit, afterDate, afterLimit }) {
    const matches = parseFilter(filter)
    const kept = list.filter(matches)
    const at = text => nanoseconds(text)
    const time = entry => nanoseconds(entry.timestamp)
    if (!anchorDate && !beforeDate && !afterDate) return kept.slice(-(beforeLimit ?? 100))
    const until = beforeDate ?? anchorDate
    const since = afterDate ?? anchorDate
    const before = anchorDate || (beforeDate && !afterDate) ? kept.filter(entry => time(entry) < at(until)).slice(-(beforeLimit ?? 100)) : []
    if (!since) return before
    const after = kept.filter(entry => time(entry) >= at(since) && !(beforeDate && afterDate && time(entry) >= at(beforeDate)))
    return [...before, ...after.slice(0, afterLimit ?? 100)]
  }
}

// --- filter ---

const TOKEN = /\s*(?:(\()|(\))|(-)(?=\()|(-)?(?:(@?[A-Za-z_][\w.-]*):(?:"((?:[^"\\]|\\.)*)"|([^\s()]+))|"((?:[^"\\]|\\.)*)"|([^\s()]+)))/y

function tokens (text) {
  const found = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text)
    if (!match) throw refused(`Invalid filter: ${text}`)
    const [, open, close, notGroup, not, key, quotedValue, value, phrase, word] = match
    if (open) found.push({ is: '(' })
    else if (close) found.push({ is: ')' })
    else if (notGroup) found.push({ is: 'not' })
    else {
      if (not) found.push({ is: 'not' })
      if (key) found.push({ is: 'term', test: keyTest(key, quotedValue ?? value) })
      else if (!not && phrase === undefined && (word === 'AND' || word === 'OR')) found.push({ is: word })
      else found.push({ is: 'term', test: textTest(phrase ?? word) })
    }
  }
  return found
}

const textTest = text => entry => (entry.message ?? `${entry.method} ${entry.path} ${entry.httpStatus}`).toLowerCase().includes(text.toLowerCase())

function valueOf (entry, key) {
  const attribute = entry.attributes?.find(one => one.key === key)
  if (attribute) {
    const value = JSON.parse(attribute.value)
    return typeof value === 'object' ? attribute.value : value
  }
  if (key === 'level') return entry.severity
  if (key === 'replica') return entry.tags?.deploymentInstanceId ?? entry.deploymentInstanceId
  if (['service', 'deployment', 'environment', 'snapshot'].includes(key)) return entry.tags?.[`${key}Id`]
  return entry.attributes ? undefined : entry[key]
}

function keyTest (key, wanted) {
  const name = key.replace(/^@/, '')
  const range = /^(-?[\d.]+)\.\.(-?[\d.]+)$/.exec(wanted)
  if (range) return entry => Number(valueOf(entry, name)) >= Number(range[1]) && Number(valueOf(entry, name)) <= Number(range[2])
  const compared = /^(>=|<=|>|<)(-?[\d.]+)$/.exec(wanted)
  if (compared) {
    const tests = { '>=': (a, b) => a >= b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '<': (a, b) => a < b }
    return entry => tests[compared[1]](Number(valueOf(entry, name) ?? NaN), Number(compared[2]))
  }
  return entry => String(valueOf(entry, name) ?? '').toLowerCase() === wanted.toLowerCase()
}

export function parseFilter (text) {
  const queue = tokens(text ?? '')
  if (queue.length === 0) return () => true
  const peek = () => queue[0]?.is
  const wrong = () => refused(`Invalid filter: ${text}`)
  const one = () => {
    const token = queue.shift()
    if (token?.is === 'not') {
      const inner = one()
      return entry => !inner(entry)
    }
    if (token?.is === 'term') return token.test
    if (token?.is !== '(') throw wrong()
    const inner = either()
    if (queue.shift()?.is !== ')') throw wrong()
    return inner
  }
  const all = () => {
    const tests = [one()]
    while (queue.length && !['OR', ')'].includes(peek())) {
      if (peek() === 'AND') queue.shift()
      tests.push(one())
    }
    return entry => tests.every(test => test(entry))
  }
  const either = () => {
    const tests = [all()]
    while (peek() === 'OR') {
      queue.shift()
      tests.push(all())
    }
    return entry => tests.some(test => test(entry))
  }
  const test = either()
  if (queue.length) throw wrong()
  return test
}
