// The y-websocket side of the tests: real providers, and one that says what it is told to.
import { createRequire } from 'node:module'
import { waitFor } from './program.mjs'

const require = createRequire(import.meta.url)
export const WebSocket = require('ws')
export const Y = require('yjs')
export const { WebsocketProvider } = require('y-websocket')
export const encoding = require('lib0/encoding')
export const decoding = require('lib0/decoding')
export const awarenessProtocol = require('y-protocols/awareness')

// A document that a real provider keeps in sync. It shares nothing with others of this process but the server.
export function join (server, room, { doc = new Y.Doc(), ...options } = {}) {
  const provider = new WebsocketProvider(`${server.url}/sync`, room, doc,
    { WebSocketPolyfill: WebSocket, disableBc: true, maxBackoffTime: 100, ...options })
  provider.on('connection-error', () => {})
  return {
    doc,
    provider,
    awareness: provider.awareness,
    synced: () => waitFor(() => provider.synced, `${room} to be synced`),
    sees: (text, name = 'notes') => waitFor(() => doc.getText(name).toString() === text, `the text "${text}", not "${doc.getText(name)}"`),
    write: (text, name = 'notes') => doc.getText(name).insert(doc.getText(name).length, text),
    // The server has answered a step 1 that was sent after everything else: what came before it is kept.
    async acknowledged () {
      await waitFor(() => provider.synced, 'the first synchronisation')
      provider.synced = false
      provider.ws.send(syncMessage(0, Y.encodeStateVector(doc)))
      await waitFor(() => provider.synced, 'an answer to step 1')
    },
    leave () {
      provider.destroy()
      doc.destroy()  // and with it the awareness' timer
    }
  }
}

export function syncMessage (kind, bytes) {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, 0)
  encoding.writeVarUint(encoder, kind)
  encoding.writeVarUint8Array(encoder, bytes)
  return encoding.toUint8Array(encoder)
}

export function awarenessMessage (bytes) {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarUint8Array(encoder, bytes)
  return encoding.toUint8Array(encoder)
}

// A connection that shows every message as it came.
export async function connectRaw (server, path) {
  const socket = new WebSocket(`${server.url}${path}`)
  socket.binaryType = 'nodebuffer'
  const messages = []
  let closed = null
  socket.on('message', data => messages.push(parse(data)))
  socket.on('close', (code, reason) => { closed = { code, reason: reason.toString() } })
  socket.on('error', () => {})
  await waitFor(() => socket.readyState === WebSocket.OPEN || closed, 'a raw connection')
  const next = async (predicate, what) => {
    const found = await waitFor(() => messages.find(predicate), what)
    messages.splice(messages.indexOf(found), 1)
    return found
  }
  return {
    socket,
    messages,
    send: bytes => socket.send(bytes),
    update: bytes => socket.send(syncMessage(2, bytes)),
    // Everything that answers a step 1 with this state vector.
    async ask (stateVector = Uint8Array.of(0)) {
      socket.send(syncMessage(0, stateVector))
      const last = await next(m => m.type === 'step2', 'step 2')
      return [...messages.filter(m => m.type === 'update'), last].map(m => m.body)
    },
    next,
    closed: () => waitFor(() => closed, 'the end of the connection'),
    isOpen: () => closed === null,
    end: () => socket.terminate()
  }
}

function parse (data) {
  const decoder = decoding.createDecoder(new Uint8Array(data))
  const type = decoding.readVarUint(decoder)
  if (type === 0) {
    const kind = decoding.readVarUint(decoder)
    return { type: ['step1', 'step2', 'update'][kind], body: decoding.readVarUint8Array(decoder) }
  }
  if (type === 1) return { type: 'awareness', body: decoding.readVarUint8Array(decoder) }
  return { type }
}
