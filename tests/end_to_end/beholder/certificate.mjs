// A certificate of our own making, for TLS on loopback.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

// The reason to skip, or false.
export function withoutOpenssl () {
  return spawnSync('openssl', ['version']).status === 0 ? false : 'the program openssl is not installed'
}

export function makeCertificate (name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'seance-certificate-'))
  const key = path.join(folder, 'key.pem')
  const cert = path.join(folder, 'cert.pem')
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert])
  if (made.status !== 0) throw new Error(made.stderr.toString())
  return { key: readFileSync(key), cert: readFileSync(cert), caFile: cert, keyFile: key, remove: () => rmSync(folder, { recursive: true }) }
}
