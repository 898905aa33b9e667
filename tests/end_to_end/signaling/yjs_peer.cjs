// One real y-webrtc client in a process of its own (inside one process its clients would find each other by a
// broadcast channel). Prints one JSON line for each thing that happens; takes commands, one JSON line each.
//   node yjs_peer.cjs URL ROOM [PASSWORD]
const readline = require('node:readline')
globalThis.WebSocket = require('ws')
const wrtc = require('@roamhq/wrtc')
const Y = require('yjs')
const { WebrtcProvider } = require('y-webrtc')

const [url, room, password = null] = process.argv.slice(2)
const say = event => process.stdout.write(JSON.stringify(event) + '\n')

const doc = new Y.Doc()
// No STUN: both ends are on this machine.
const peerOpts = { wrtc, config: { iceServers: [] } }
const provider = new WebrtcProvider(room, doc, { signaling: [url], password, peerOpts })
const text = doc.getText('notes')

doc.on('update', () => say({ event: 'text', text: text.toString() }))
provider.on('peers', ({ webrtcPeers }) => say({ event: 'peers', count: webrtcPeers.length }))
provider.key.then(() => {
  for (const conn of provider.signalingConns) {
    if (conn.connected) say({ event: 'connected' })
    conn.on('connect', () => say({ event: 'connected' }))
    conn.on('disconnect', () => say({ event: 'disconnected' }))
    conn.on('message', message => say({ event: 'message', message }))
  }
})

readline.createInterface({ input: process.stdin }).on('line', line => {
  const command = JSON.parse(line)
  if (command.write !== undefined) text.insert(text.length, command.write)
  if (command.leave) {
    provider.destroy()
    setTimeout(() => process.exit(0), 200)
  }
}).on('close', () => process.exit(0))
