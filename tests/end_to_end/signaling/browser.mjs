// Headless Chromium driven over its DevTools protocol, and a page with the real y-webrtc in it: no bundler, the
// packages' own modules are served with an import map.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { stop, waitFor } from '../program.mjs'

const require = createRequire(import.meta.url)
const modules = require.resolve('y-webrtc').replace(/(.*node_modules)\/.*/, '$1')
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

export const missingBrowser = () => chromium ? false : 'Chromium is not installed: apt-get install chromium'

const page = `<!doctype html><meta charset="utf-8"><title>peer</title>
<script type="importmap">{"imports": {"yjs": "/m/yjs/dist/yjs.mjs", "y-webrtc": "/m/y-webrtc/src/y-webrtc.js",
  "lib0/": "/m/lib0/", "y-protocols/": "/m/y-protocols/", "simple-peer/simplepeer.min.js": "/simple-peer.js"}}</script>
<script src="/m/simple-peer/simplepeer.min.js"></script>
<script type="module">
import * as Y from 'yjs'
import { WebrtcProvider } from 'y-webrtc'
window.join = (signaling, room, password) => {
  const doc = new Y.Doc()
  const provider = new WebrtcProvider(room, doc, { signaling, password, peerOpts: { config: { iceServers: [] } } })
  const text = doc.getText('notes')
  window.peer = {
    write: piece => text.insert(text.length, piece),
    read: () => text.toString(),
    connected: () => provider.signalingConns.filter(conn => conn.connected).map(conn => conn.url),
    peers: () => provider.room?.webrtcConns.size ?? 0
  }
}
window.ready = true
</script>`

async function servePage () {
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://page.test')
    const answer = (type, body) => { response.writeHead(200, { 'content-type': type }); response.end(body) }
    if (url.pathname === '/') return answer('text/html', page)
    if (url.pathname === '/simple-peer.js') return answer('text/javascript', 'export default window.SimplePeer')
    let file = path.join(modules, path.normalize(url.pathname.replace(/^\/m/, '')))
    if (!existsSync(file) && existsSync(file + '.js')) file += '.js'
    if (!url.pathname.startsWith('/m/') || !existsSync(file)) { response.writeHead(404); return response.end() }
    answer('text/javascript', readFileSync(file))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() }
}

// One browser; each page is in a profile of its own, so that pages meet by WebRTC alone.
export async function startBrowser () {
  const { default: WebSocket } = await import('ws')
  const site = await servePage()
  const profile = mkdtempSync(path.join(tmpdir(), 'seance-chromium-'))
  const child = spawn(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--disable-features=WebRtcHideLocalIpsWithMdns', '--allow-loopback-in-peer-connection', '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows', '--remote-debugging-port=0', `--user-data-dir=${profile}`,
    'about:blank'],
  { stdio: ['ignore', 'ignore', 'pipe'] })
  const lines = []
  readline.createInterface({ input: child.stderr }).on('line', line => lines.push(line))
  const listening = await waitFor(() => lines.map(line => /DevTools listening on (\S+)/.exec(line)).find(Boolean), 'Chromium to start', 60_000)
  const socket = new WebSocket(listening[1], { perMessageDeflate: false })
  await once(socket, 'open')
  const waiting = new Map()
  let last = 0
  socket.on('message', data => {
    const message = JSON.parse(data)
    const settle = waiting.get(message.id)
    if (!settle) return
    waiting.delete(message.id)
    message.error ? settle.reject(new Error(message.error.message)) : settle.resolve(message.result)
  })
  const call = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject })
    socket.send(JSON.stringify({ id: last, method, params, sessionId }))
  })

  const open = async (signaling, room, password = null) => {
    const { browserContextId } = await call('Target.createBrowserContext')
    const { targetId } = await call('Target.createTarget', { url: site.url, browserContextId })
    const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true })
    const run = async expression => {
      const { result, exceptionDetails } = await call('Runtime.evaluate', { expression, returnByValue: true }, sessionId)
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    }
    await waitFor(() => run('window.ready === true'), 'the page', 60_000)
    await run(`join(${JSON.stringify(signaling)}, ${JSON.stringify(room)}, ${JSON.stringify(password)})`)
    return {
      write: text => run(`peer.write(${JSON.stringify(text)})`),
      read: () => run('peer.read()'),
      sees: text => waitFor(async () => await run('peer.read()') === text, `the text "${text}"`, 60_000),
      connected: url => waitFor(async () => (await run('peer.connected()')).some(one => one.startsWith(url)), `a connection to ${url}`, 60_000),
      peers: () => run('peer.peers()'),
      close: () => call('Target.disposeBrowserContext', { browserContextId })
    }
  }
  return {
    open,
    // Asked first, so that its own processes end too.
    stop: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : Promise.resolve()
      call('Browser.close').catch(() => {})
      await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 5000).unref())])
      socket.terminate()
      site.stop()
      await stop(child, 'SIGKILL')
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    }
  }
}
