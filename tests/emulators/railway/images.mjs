// Pulls an image from a registry on this machine and unpacks it, checking every digest and size on the way.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import zlib from 'node:zlib'

const run = promisify(execFile)
const ACCEPT = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json'].join(', ')
const sha256 = bytes => 'sha256:' + createHash('sha256').update(bytes).digest('hex')

export class PullFailure extends Error {}

// [host[:port]/]repository[:tag][@digest] with what Docker fills in.
export function parseReference (text) {
  const [, name, tag, digest] = /^([^@\s]+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? []
  const parts = name?.split('/') ?? []
  const hasHost = parts.length > 1 && (/[.:]/.test(parts[0]) || parts[0] === 'localhost')
  const host = hasHost ? parts.shift() : 'docker.io'
  const repository = host === 'docker.io' && parts.length === 1 ? `library/${parts[0]}` : parts.join('/')
  if (!repository || !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(repository)) return null
  return { host, repository, tag: tag ?? (digest ? null : 'latest'), digest: digest ?? null }
}

// Where the image is really fetched: the longest mapped prefix, or the host itself if it is on this machine.
export function place (reference, registryMap) {
  const full = `${reference.host}/${reference.repository}`
  const prefix = Object.keys(registryMap).filter(one => full === one || full.startsWith(`${one}/`)).sort((a, b) => b.length - a.length)[0]
  const target = prefix ? registryMap[prefix] + full.slice(prefix.length) : full
  const [host, ...rest] = target.split('/')
  const name = host.replace(/:\d+$/, '')
  if (name !== 'localhost' && !/^127\./.test(name) && name !== '[::1]') throw new PullFailure(`${full} is not on this machine and no entry of registryMap covers it; the emulator reaches only loopback registries`)
  return { origin: `http://${host}`, repository: rest.join('/') }
}

// One registry conversation, with the token it was told to fetch.
class Conversation {
  constructor ({ origin, repository }, credentials) {
    Object.assign(this, { origin, repository, credentials })
    this.authorization = null
  }

  async get (path, headers = {}, again = true) {
    const response = await fetch(`${this.origin}/v2/${this.repository}/${path}`, { headers: { ...headers, ...(this.authorization ? { authorization: this.authorization } : {}) }, signal: AbortSignal.timeout(60_000) })
    if (response.status === 401 && again) {
      await response.arrayBuffer()
      await this.authenticate(response.headers.get('www-authenticate') ?? '')
      return this.get(path, headers, false)
    }
    if (response.status !== 200) throw new PullFailure(`${this.repository}/${path}: the registry answers ${response.status} ${(await response.text()).slice(0, 300)}`)
    return response
  }

  async authenticate (challenge) {
    const basic = this.credentials && `Basic ${Buffer.from(`${this.credentials.username}:${this.credentials.password}`).toString('base64')}`
    if (/^basic/i.test(challenge) && basic) {
      this.authorization = basic
      return
    }
    const parts = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]))
    if (!/^bearer/i.test(challenge) || !parts.realm) throw new PullFailure(`${this.repository}: pull access denied`)
    const url = new URL(parts.realm)
    if (parts.service) url.searchParams.set('service', parts.service)
    url.searchParams.set('scope', `repository:${this.repository}:pull`)
    const response = await fetch(url, { headers: basic ? { authorization: basic } : {}, signal: AbortSignal.timeout(60_000) })
    if (!response.ok) throw new PullFailure(`${this.repository}: pull access denied`)
    const answer = await response.json()
    this.authorization = `Bearer ${answer.token ?? answer.access_token}`
  }

  async blob ({ digest, size }) {
    const bytes = Buffer.from(await (await this.get(`blobs/${digest}`)).arrayBuffer())
    if (bytes.length !== size) throw new PullFailure(`blob ${digest} has ${bytes.length} bytes; the manifest says ${size}`)
    if (sha256(bytes) !== digest) throw new PullFailure(`blob ${digest} has digest ${sha256(bytes)}`)
    return bytes
  }
}

async function applyLayer (root, bytes, folder) {
  const file = path.join(folder, 'layer')
  fs.writeFileSync(file, bytes)
  const { stdout } = await run('tar', ['-tf', file], { maxBuffer: 64 << 20 })
  for (const name of stdout.split('\n')) {
    const base = path.basename(name)
    if (!base.startsWith('.wh.')) continue
    const parent = path.resolve(root, path.dirname(name))
    if (!parent.startsWith(root)) throw new PullFailure(`a layer reaches outside with ${name}`)
    if (base === '.wh..wh..opq') for (const child of fs.existsSync(parent) ? fs.readdirSync(parent) : []) fs.rmSync(path.join(parent, child), { recursive: true })
    else fs.rmSync(path.join(parent, base.slice(4)), { recursive: true, force: true })
  }
  const owner = process.getuid() === 0 ? ['--same-owner', '--numeric-owner'] : ['--no-same-owner']
  await run('tar', ['-xpf', file, '-C', root, ...owner, '--exclude=.wh.*'], { maxBuffer: 64 << 20 })
  fs.rmSync(file)
}

export class Images {
  constructor (folder, registryMap) {
    this.folder = folder
    this.registryMap = registryMap
    this.pulling = new Map()
  }

  kept (digest) {
    const folder = path.join(this.folder, digest.slice('sha256:'.length))
    const file = path.join(folder, 'image.json')
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null
  }

  // { digest, root, config }. Throws PullFailure with the reason.
  async pull (text, credentials) {
    const reference = parseReference(text)
    if (!reference) throw new PullFailure(`"${text}" is not an image reference`)
    const conversation = new Conversation(place(reference, this.registryMap), credentials)
    try {
      return await this.#fetch(conversation, reference.digest ?? reference.tag, reference.digest)
    } catch (error) {
      if (error instanceof PullFailure) throw error
      throw new PullFailure(`${text}: ${error.cause?.message ?? error.message}`)
    }
  }

  async #fetch (conversation, wanted, pinned) {
    const response = await conversation.get(`manifests/${wanted}`, { accept: ACCEPT })
    const bytes = Buffer.from(await response.arrayBuffer())
    const digest = sha256(bytes)
    if (pinned && digest !== pinned) throw new PullFailure(`the manifest ${pinned} has digest ${digest}`)
    const manifest = JSON.parse(bytes)
    if (manifest.manifests) {
      const fitting = manifest.manifests.find(one => one.platform?.os === 'linux' && one.platform?.architecture === 'amd64')
      if (!fitting) throw new PullFailure('no image for linux/amd64 in the index')
      return { ...await this.#fetch(conversation, fitting.digest, fitting.digest), digest }
    }
    const kept = this.kept(digest)
    if (kept) return kept
    if (!this.pulling.has(digest)) this.pulling.set(digest, this.#unpack(conversation, manifest, digest).finally(() => this.pulling.delete(digest)))
    return this.pulling.get(digest)
  }

  async #unpack (conversation, manifest, digest) {
    const config = JSON.parse(await conversation.blob(manifest.config))
    if (config.os !== 'linux' || config.architecture !== 'amd64') throw new PullFailure(`the image is for ${config.os}/${config.architecture}, not linux/amd64`)
    const folder = path.join(this.folder, digest.slice('sha256:'.length))
    const root = path.join(folder, 'root')
    fs.rmSync(folder, { recursive: true, force: true })
    fs.mkdirSync(root, { recursive: true, mode: 0o755 })
    const ids = config.rootfs?.diff_ids ?? []
    if (ids.length !== manifest.layers.length) throw new PullFailure(`the configuration names ${ids.length} layers, the manifest ${manifest.layers.length}`)
    for (const [i, layer] of manifest.layers.entries()) {
      const bytes = await conversation.blob(layer)
      if (/gzip$/.test(layer.mediaType)) {
        const plain = sha256(zlib.gunzipSync(bytes))
        if (plain !== ids[i]) throw new PullFailure(`layer ${i} unpacks to ${plain}; the configuration says ${ids[i]}`)
      }
      await applyLayer(root, bytes, folder)
    }
    const image = { digest, root, config: config.config ?? {} }
    fs.writeFileSync(path.join(folder, 'image.json'), JSON.stringify(image))
    return image
  }
}
