// Who calls, by which header, and how often they may.
import { PLANS } from './platform.mjs'

const HOUR = 3_600_000

// A project token and an account token travel in different headers, and neither is understood in the other's.
export function callerOf (headers, tokens) {
  const projectToken = headers['project-access-token']
  if (projectToken !== undefined) {
    const token = tokens.find(one => one.kind === 'project' && one.value === projectToken)
    return token ? { ...token } : { kind: 'none', reason: 'Project Token not found' }
  }
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  const token = tokens.find(one => one.kind !== 'project' && one.value === bearer)
  return token ? { ...token } : { kind: 'none', reason: 'Not Authorized' }
}

// All three marks of a well-behaved client; without them the edge's own limit applies.
export const identified = (headers, url) => Boolean(headers['user-agent'] && headers['x-source'] && url.searchParams.get('source'))

export class Limiter {
  constructor (platform) {
    this.platform = platform
    this.used = new Map()
    this.anonymous = []
  }

  get figures () { return { ...PLANS[this.platform.options.plan], ...this.platform.options.limits } }

  #window (caller) {
    const key = caller.value ?? 'anonymous'
    const now = this.platform.now()
    let window = this.used.get(key)
    if (!window || now >= window.resets) this.used.set(key, window = { count: 0, resets: now + HOUR, recent: [] })
    return window
  }

  // Seconds to wait, or 0 and the call is counted.
  take (caller) {
    const { perHour, perSecond } = this.figures
    const window = this.#window(caller)
    const now = this.platform.now()
    window.recent = window.recent.filter(at => at > now - 1000)
    if (window.count >= perHour) return Math.ceil((window.resets - now) / 1000)
    if (perSecond && window.recent.length >= perSecond) return 1
    window.recent.push(now)
    window.count++
    return 0
  }

  // The edge's limit on callers that do not say who they are: ten a second, answered without JSON.
  takeAnonymous () {
    const now = this.platform.now()
    this.anonymous = this.anonymous.filter(at => at > now - 1000)
    if (this.anonymous.length >= 10) return false
    this.anonymous.push(now)
    return true
  }

  headers (caller) {
    const { perHour } = this.figures
    const window = this.#window(caller)
    return { 'x-ratelimit-limit': String(perHour), 'x-ratelimit-remaining': String(Math.max(0, perHour - window.count)), 'x-ratelimit-reset': new Date(window.resets).toISOString() }
  }

  left (caller) {
    const window = this.#window(caller)
    return { remainingPoints: Math.max(0, this.figures.perHour - window.count), resetsAt: new Date(window.resets).toISOString() }
  }
}
