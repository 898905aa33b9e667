// A tiny image made by hand and pushed to a registry as the specification says.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import zlib from 'node:zlib'

const sha256 = bytes => 'sha256:' + createHash('sha256').update(bytes).digest('hex')

// The server's program: { bytes }, and { libraries: [{ name, bytes }] } of what it is linked to unless static; or the reason why not.
export function buildServer ({ linked = '-static' } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'server-'))
  try {
    const file = path.join(folder, 'server')
    const source = fileURLToPath(new URL('server.c', import.meta.url))
    const { status, stderr, error } = spawnSync('cc', ['-std=gnu11', linked, '-O1', source, '-o', file], { encoding: 'utf8' })
    if (error || status !== 0) return { reason: `no program can be compiled with ${linked}: ${error?.message ?? stderr}` }
    const needed = linked === '-static' ? '' : spawnSync('ldd', [file], { encoding: 'utf8' }).stdout
    const libraries = [...needed.matchAll(/(?:^|\s)\/(\S+) \(0x/gm)].map(([, name]) => ({ name, mode: 0o555, bytes: fs.readFileSync(`/${name}`) }))
    return { bytes: fs.readFileSync(file), libraries }
  } finally { fs.rmSync(folder, { recursive: true }) }
}

// ustar entries: { name, mode, bytes } for files, names that end in / for folders.
export function tar (entries) {
  const octal = (value, width) => value.toString(8).padStart(width - 1, '0') + '\0'
  const blocks = entries.flatMap(({ name, mode = name.endsWith('/') ? 0o755 : 0o444, bytes = Buffer.alloc(0) }) => {
    const head = Buffer.alloc(512)
    head.write(name, 0)
    head.write(octal(mode, 8), 100)
    head.write(octal(0, 8), 108)
    head.write(octal(0, 8), 116)
    head.write(octal(bytes.length, 12), 124)
    head.write(octal(0, 12), 136)
    head.write('        ', 148)
    head.write(name.endsWith('/') ? '5' : '0', 156)
    head.write('ustar\x0000', 257)
    const sum = head.reduce((total, byte) => total + byte, 0)
    head.write(sum.toString(8).padStart(6, '0') + '\0 ', 148)
    return [head, bytes, Buffer.alloc((512 - bytes.length % 512) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

async function call (method, url, { headers = {}, body, expect }) {
  const response = await fetch(url, { method, headers, body })
  const text = await response.text()
  if (response.status !== expect) throw new Error(`${method} ${url} answers ${response.status}, not ${expect}: ${text}`)
  return response
}

async function pushBlob (registry, name, bytes, headers) {
  const opened = await call('POST', `${registry}/v2/${name}/blobs/uploads/`, { headers, expect: 202 })
  const place = new URL(opened.headers.get('location'), registry)
  place.searchParams.set('digest', sha256(bytes))
  await call('PUT', place, { headers: { ...headers, 'content-type': 'application/octet-stream' }, body: bytes, expect: 201 })
  return { digest: sha256(bytes), size: bytes.length }
}

// Gives the manifest's digest.
export async function pushImage (registry, name, tag, { layers, config = {}, diffIds, architecture = 'amd64', headers = {} }) {
  const described = []
  for (const layer of layers) described.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...await pushBlob(registry, name, zlib.gzipSync(layer), headers) })
  const document = { architecture, os: 'linux', config, rootfs: { type: 'layers', diff_ids: diffIds ?? layers.map(sha256) } }
  const pushed = { mediaType: 'application/vnd.oci.image.config.v1+json', ...await pushBlob(registry, name, Buffer.from(JSON.stringify(document)), headers) }
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, config: pushed, layers: described }))
  const response = await call('PUT', `${registry}/v2/${name}/manifests/${tag}`, { headers: { ...headers, 'content-type': type }, body: manifest, expect: 201 })
  return response.headers.get('docker-content-digest')
}
