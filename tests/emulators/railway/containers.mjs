// Starts an image's program with what an ordinary machine offers: chroot as root, a user namespace, or the image's own
// loader. Ports are real ports of this machine; names of other services stand in the image's /etc/hosts.
import { execFile, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CHROOT = ['/usr/sbin/chroot', '/usr/bin/chroot', '/sbin/chroot'].find(file => fs.existsSync(file))
const UNSHARE = ['/usr/bin/unshare', '/bin/unshare'].find(file => fs.existsSync(file))
const LINE_LIMIT = 64 << 10
const LIBRARY_FOLDERS = ['lib', 'lib64', 'usr/lib', 'usr/lib64', 'lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'usr/local/lib']

// A container has its /proc; the mount is the program's alone and ends with it.
const WITH_PROC = ['--mount', '/bin/sh', '-c', '/bin/mount --bind /proc "$0/proc" && exec "$@"']

const works = (program, args) => program && spawnSync(program, args).status === 0
let found, procWorks
// 'chroot', 'unshare' or 'loader', by what works here.
export function method () {
  found ??= process.getuid() === 0 && works(CHROOT, ['/', '/bin/true']) ? 'chroot' : CHROOT && works(UNSHARE, ['-Ur', CHROOT, '/', '/bin/true']) ? 'unshare' : 'loader'
  return found
}

export function freePort () {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

// A copy of the image's files for one replica, with what every container gets.
export async function makeRoot (image, root, { hosts, owner }) {
  fs.rmSync(root, { recursive: true, force: true })
  fs.mkdirSync(path.dirname(root), { recursive: true })
  await run('cp', ['-a', '--reflink=auto', image.root, root])
  for (const folder of ['etc', 'dev', 'tmp']) fs.mkdirSync(path.join(root, folder), { recursive: true })
  fs.chmodSync(path.join(root, 'tmp'), 0o1777)
  writeHosts(root, hosts)
  if (!fs.existsSync(path.join(root, 'etc/resolv.conf')) && fs.existsSync('/etc/resolv.conf')) fs.copyFileSync('/etc/resolv.conf', path.join(root, 'etc/resolv.conf'))
  if (owner === 'chroot') {
    for (const [name, minor] of [['null', 3], ['zero', 5], ['random', 8], ['urandom', 9]]) {
      const file = path.join(root, 'dev', name)
      if (!fs.existsSync(file)) await run('mknod', ['-m', '666', file, 'c', '1', String(minor)]).catch(() => {})
    }
  }
}

export function writeHosts (root, hosts) {
  fs.rmSync(path.join(root, 'etc/hosts'), { force: true })
  const lines = ['127.0.0.1 localhost', '::1 localhost', ...hosts.map(({ address, name }) => `${address} ${name}`)]
  fs.writeFileSync(path.join(root, 'etc/hosts'), lines.join('\n') + '\n')
}

// The way of a volume into a container: its folder is moved to the mount path and back, so no right to mount is needed.
export function attachVolume (folder, root, mountPath) {
  const target = path.join(root, path.resolve('/', mountPath))
  fs.mkdirSync(folder, { recursive: true })
  fs.rmSync(target, { recursive: true, force: true })
  fs.mkdirSync(path.dirname(target), { recursive: true })
  fs.renameSync(folder, target)
  return { from: target, to: folder }
}

export function detachVolume ({ from, to }) {
  if (!fs.existsSync(from)) return
  fs.rmSync(to, { recursive: true, force: true })
  fs.renameSync(from, to)
}

// A path of the image on this machine's disk, following links inside the image.
function inside (root, file, depth = 0) {
  const full = path.join(root, path.resolve('/', file))
  if (depth > 20 || !fs.lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink()) return full
  return inside(root, path.resolve(path.dirname(path.resolve('/', file)), fs.readlinkSync(full)), depth + 1)
}

function interpreter (file) {
  const bytes = fs.readFileSync(file)
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2) return null
  const [offset, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)]
  for (let at = offset; at < offset + size * count; at += size) {
    if (bytes.readUInt32LE(at) === 3) return bytes.toString('latin1', Number(bytes.readBigUInt64LE(at + 8)), Number(bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32)) - 1)
  }
  return null
}

function command (how, root, argv, user) {
  if (how === 'direct') return argv
  if (how === 'chroot') {
    procWorks ??= works(UNSHARE, [...WITH_PROC, '/', '/bin/true'])
    const there = [CHROOT, ...(user ? [`--userspec=${user.includes(':') ? user : `${user}:${user}`}`] : []), root, ...argv]
    if (!procWorks) return there
    fs.mkdirSync(path.join(root, 'proc'), { recursive: true })
    return [UNSHARE, ...WITH_PROC, root, ...there]
  }
  if (how === 'unshare') return [UNSHARE, '-Ur', CHROOT, root, ...argv]
  const file = inside(root, argv[0])
  const loader = interpreter(file)
  if (!loader) return [file, ...argv.slice(1)]
  const folders = LIBRARY_FOLDERS.map(folder => path.join(root, folder)).filter(folder => fs.existsSync(folder))
  return [inside(root, loader), '--library-path', folders.join(':'), file, ...argv.slice(1)]
}

// { child, exited: Promise<{ code, signal }>, stop(signal) }; onLines(lines, severity) as output arrives.
export function start ({ how, root, argv, env, user, folder = '/', onLines }) {
  const [program, ...args] = command(how, root, argv, user)
  const child = spawn(program, args, { env, cwd: how === 'loader' ? root : folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const killAll = () => { try { process.kill(-child.pid, 'SIGKILL') } catch { /* all are gone */ } }
  const flushes = [[child.stdout, 'info'], [child.stderr, 'error']].map(([stream, severity]) => {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', text => {
      const lines = (rest + text).split('\n')
      rest = lines.pop().slice(-LINE_LIMIT)
      if (lines.length) onLines(lines.map(line => line.slice(0, LINE_LIMIT)), severity)
    })
    return () => { if (rest) onLines([rest], severity) }
  })
  const exited = new Promise(resolve => {
    child.on('error', error => {
      onLines([`emulator: ${argv[0]} cannot be started: ${error.message}${argv[0] === 'redis-server' ? '; install it with: apt-get install redis-server' : ''}`], 'error')
      resolve({ code: 127, signal: null })
    })
    // With its first process a container's others end, as in a process namespace of their own.
    child.on('exit', killAll)
    child.on('close', (code, signal) => {
      for (const flush of flushes) flush()
      resolve({ code, signal })
    })
  })
  return { child, exited, stop: signal => signal === 'SIGKILL' && child.pid ? killAll() : child.kill(signal) }
}

// Words of a start command, as an exec form reads them: quotes and backslashes, no expansion.
export function words (text) {
  const found = []
  for (const [whole] of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    found.push(whole.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, double, single, one) => double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : single ?? one))
  }
  return found
}

// Valkey and Redis images are stood in for by this machine's redis-server.
export const isRedis = reference => /(^|\/)(valkey|redis)(\/|:|@|$)/.test(reference)

// The server's own options out of a start command such as: sh -c 'exec valkey-server --requirepass "$PASSWORD"'.
export function redisCommand (startCommand, env, { port, folder }) {
  let given = startCommand ? words(startCommand) : []
  const shell = given.findIndex((word, i) => word === '-c' && /(^|\/)(sh|bash|ash)$/.test(given[i - 1] ?? ''))
  if (shell >= 0) given = words(given[shell + 1].replace(/\$\{(\w+)\}|\$(\w+)/g, (_, a, b) => env[a ?? b] ?? ''))
  const at = given.findIndex(word => /(^|\/)(valkey|redis)-server$/.test(word))
  const options = given.slice(at + 1)
  const kept = []
  let declared = 6379
  for (let i = 0; i < options.length; i++) {
    const value = /^--(port|dir|bind|daemonize)$/.exec(options[i])
    if (!value) kept.push(options[i])
    else {
      if (value[1] === 'port') declared = Number(options[i + 1])
      while (i + 1 < options.length && !options[i + 1].startsWith('--')) i++
    }
  }
  return { declared, argv: ['redis-server', ...kept, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--daemonize', 'no'] }
}
