// The CDN in front of one bucket: what is public, kept by address (with its query) as long as Cache-Control says.
export class Cdn {
  #kept = new Map()
  hits = 0
  misses = 0
  // `ttl`: seconds for answers that do not say.
  constructor (clock, ttl = 3600) { Object.assign(this, { clock, ttl }) }

  // How long an answer may be kept, in seconds.
  lifetime (fields) {
    const control = (fields['cache-control'] ?? '').toLowerCase()
    if (/\b(no-store|no-cache|private)\b/.test(control)) return 0
    const [, seconds] = /\bs-maxage=(\d+)/.exec(control) ?? /\bmax-age=(\d+)/.exec(control) ?? []
    return seconds === undefined ? this.ttl : Number(seconds)
  }

  // `fetch` asks the bucket for the whole object; what it throws is not kept.
  get (address, origin, fetch) {
    const name = `${address} ${origin ?? ''}`
    const found = this.#kept.get(name)
    if (found && found.until > this.clock()) {
      this.hits++
      return { ...found, state: 'HIT', age: Math.floor((this.clock() - found.at) / 1000) }
    }
    this.misses++
    const answer = fetch()
    const seconds = this.lifetime(answer.object.fields)
    const kept = { ...answer, at: this.clock(), until: this.clock() + seconds * 1000, path: address.split('?')[0] }
    if (seconds > 0) this.#kept.set(name, kept)
    else this.#kept.delete(name)
    return { ...kept, state: 'MISS', age: 0 }
  }

  // Paths without the first slash; a final * stands for anything.
  purge (files) {
    for (const file of files) {
      for (const [name, one] of this.#kept) {
        const path = one.path.replace(/^\//, '')
        if (file.endsWith('*') ? path.startsWith(file.slice(0, -1)) : path === file) this.#kept.delete(name)
      }
    }
  }
}
