// A certificate authority of a moment, and leaf certificates for any name it is asked for.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import tls from 'node:tls'

const run = (...args) => promisify(execFile)('openssl', args).catch(error => {
  throw error.code === 'ENOENT' ? new Error('the edge needs the program openssl for its certificates; install it with: apt-get install openssl') : error
})

export class Authority {
  static async make (folder) {
    fs.mkdirSync(folder, { recursive: true })
    const authority = new Authority()
    authority.folder = folder
    authority.file = path.join(folder, 'ca.pem')
    authority.contexts = new Map()
    await run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=Emulated CA',
      '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign', '-keyout', path.join(folder, 'ca.key'), '-out', authority.file)
    await run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path.join(folder, 'leaf.key'))
    return authority
  }

  context (name) {
    if (!this.contexts.has(name)) this.contexts.set(name, this.#leaf(name))
    return this.contexts.get(name)
  }

  async #leaf (name) {
    if (!/^[a-z0-9*_.-]{1,253}$/i.test(name)) throw new Error(`no certificate for the name ${name}`)
    const base = path.join(this.folder, `leaf-${this.contexts.size}`)
    const [request, extensions, certificate] = [`${base}.csr`, `${base}.ext`, `${base}.pem`]
    await run('req', '-new', '-key', path.join(this.folder, 'leaf.key'), '-subj', '/CN=emulated', '-out', request)
    fs.writeFileSync(extensions, `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`)
    await run('x509', '-req', '-in', request, '-CA', this.file, '-CAkey', path.join(this.folder, 'ca.key'), '-set_serial', `0x${Date.now().toString(16)}${this.contexts.size.toString(16).padStart(4, '0')}`, '-days', '30', '-extfile', extensions, '-out', certificate)
    return tls.createSecureContext({ key: fs.readFileSync(path.join(this.folder, 'leaf.key')), cert: fs.readFileSync(certificate) })
  }
}
