// What a test tells an emulator to do wrong, and what the emulator saw. Both emulators ask `begin(names)` at each call.
//
//   { "next": [{ "match": "serviceCreate", "do": "lose", "times": 1 }] }   rules, first match wins
//   { "everyCall": { "delay": 50 } }                                       ms before each answer
//   { "killAt": 3, "act": true }                                           cut at the third call from now and at all after it
//
// do: fail (status, message, after; or body, sent as it is) · rate-limit (after: seconds) · hang · drop (cut before acting) · lose (act, then
// cut) · delay (ms). A match is a root field, an operation name, or for Cloudflare "METHOD /path" with * as wildcard.
const KINDS = new Set(['fail', 'rate-limit', 'hang', 'drop', 'lose', 'delay'])

const pattern = text => new RegExp('^' + text.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*') + '$')

export class Faults {
  calls = []
  #rules = []
  #delay = 0
  #killIn = null
  #killActs = true
  #hung = new Set()

  configure (body) {
    for (const rule of body.next ?? []) {
      if (!KINDS.has(rule.do)) throw new Error(`"do" is ${JSON.stringify(rule.do)}; it is one of ${[...KINDS].join(', ')}`)
      if (rule.times !== undefined && !(Number.isInteger(rule.times) && rule.times > 0)) throw new Error(`"times" is ${JSON.stringify(rule.times)}; give a whole number above 0`)
      this.#rules.push({ match: '*', times: 1, skip: 0, ...rule })
    }
    if (body.everyCall !== undefined) this.#delay = body.everyCall?.delay ?? 0
    if (body.killAt !== undefined) {
      if (body.killAt !== null && !(Number.isInteger(body.killAt) && body.killAt > 0)) throw new Error(`"killAt" is ${JSON.stringify(body.killAt)}; give a whole number above 0, or null`)
      this.#killIn = body.killAt
      this.#killActs = body.act ?? true
    }
    if (body.clear) {
      this.#rules = []
      this.#delay = 0
      this.#killIn = null
      this.release()
    }
    if (body.forget) this.calls.length = 0
  }

  // Decides about one call. `call` is kept for GET /__control/calls; `names` are what a rule may match.
  begin (names, call) {
    this.calls.push(call)
    call.names = names
    if (this.#killIn !== null && --this.#killIn <= 0) {
      const first = this.#killIn === 0
      call.fault = 'kill'
      return { do: first && this.#killActs ? 'lose' : 'drop' }
    }
    const rule = this.#rules.find(one => one.times > 0 && names.some(name => pattern(one.match).test(name)))
    if (rule) {
      if (rule.skip > 0) rule.skip--
      else {
        rule.times--
        call.fault = rule.do
        return { ...rule }
      }
    }
    return { do: 'none' }
  }

  // Waits as told, and hangs or cuts; true if the call may act.
  async before (directive, request, response) {
    const ms = this.#delay + (directive.do === 'delay' ? directive.ms ?? 1000 : 0)
    if (ms) await new Promise(resolve => setTimeout(resolve, ms))
    if (directive.do === 'drop') {
      request.socket.destroy()
      return false
    }
    if (directive.do === 'hang') {
      this.#hung.add(request.socket)
      request.socket.on('close', () => this.#hung.delete(request.socket))
      return false
    }
    return !response.destroyed
  }

  release () {
    for (const socket of this.#hung) socket.destroy()
    this.#hung.clear()
  }
}

export async function readBody (request, limit = 16 << 20) {
  const parts = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > limit) throw new Error(`the body is over ${limit} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

// The answer of a rule that says "body": an object as JSON, a text as it is (what stands before an API answers so).
export function sendBody (response, { status = 200, body, headers = {} }) {
  if (typeof body === 'object') return sendJson(response, status, body, headers)
  response.writeHead(status, { 'content-type': 'text/html', 'content-length': Buffer.byteLength(body), ...headers }).end(body)
}

export function sendJson (response, status, value, headers = {}) {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers }).end(text)
}

// The control endpoint both emulators have; `more` are further POST keys and GET views of one emulator.
export async function control (faults, request, response, { state, apply = () => ({}), views = {} }) {
  const url = new URL(request.url, 'http://x')
  if (request.method === 'GET') {
    const view = url.pathname.slice('/__control'.length).replace(/^\//, '') || 'all'
    if (view === 'calls') return sendJson(response, 200, faults.calls)
    if (view === 'state') return sendJson(response, 200, state())
    if (view === 'all') return sendJson(response, 200, { calls: faults.calls, state: state() })
    if (views[view]) return sendJson(response, 200, await views[view](url.searchParams))
    return sendJson(response, 404, { error: `there is no view "${view}"` })
  }
  if (request.method !== 'POST') return sendJson(response, 405, { error: 'POST to configure, GET to look' })
  try {
    const body = JSON.parse(await readBody(request))
    faults.configure(body)
    sendJson(response, 200, { ok: true, ...await apply(body) })
  } catch (error) {
    sendJson(response, 400, { error: error.message })
  }
}
