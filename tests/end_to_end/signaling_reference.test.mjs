// The same conversations with the y-webrtc package's own server and with ours, compared frame by frame.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { missing, startReference, startSeance, waitFor } from './signaling/program.mjs'

const skip = missing('y-webrtc', 'ws')
const { default: WebSocket } = skip ? {} : await import('ws')

// A conversation is a list of [who, what]: a string is sent as it is, an object as JSON, a Buffer as a binary
// frame, 'hang up' closes. Each step ends with a ping and its pong of the sender, so the order is certain.
async function play (url, conversation) {
  const heard = {}
  const sockets = {}
  const barrier = async name => {
    const before = heard[name].length
    sockets[name].send('{"type":"ping"}')
    const pong = await waitFor(() => heard[name].slice(before).findIndex(m => m.endsWith('{"type":"pong"}')) + 1, 'a pong')
    heard[name].splice(before + pong - 1, 1)
  }
  for (const [name, what] of conversation) {
    if (!sockets[name]) {
      heard[name] = []
      sockets[name] = new WebSocket(url + '/any/path?at=all', { perMessageDeflate: false })
      sockets[name].on('message', (data, binary) => heard[name].push((binary ? 'binary ' : 'text ') + data))
      await once(sockets[name], 'open')
    }
    if (what === 'hang up') {
      sockets[name].close()
      await once(sockets[name], 'close')
      // That the server knows is seen in the next steps' `clients`: give it a turn with somebody else's ping.
      for (const other of Object.keys(sockets)) if (sockets[other].readyState === WebSocket.OPEN) await barrier(other)
      continue
    }
    sockets[name].send(typeof what === 'object' && !Buffer.isBuffer(what) ? JSON.stringify(what) : what)
    await barrier(name)
  }
  // Whoever was published to has it once it has its own pong.
  for (const name of Object.keys(sockets)) if (sockets[name].readyState === WebSocket.OPEN) await barrier(name)
  for (const socket of Object.values(sockets)) socket.terminate()
  return heard
}

const subscribe = (...topics) => ({ type: 'subscribe', topics })
const unsubscribe = (...topics) => ({ type: 'unsubscribe', topics })
const publish = (topic, data, more = {}) => ({ type: 'publish', topic, data, ...more })

const conversations = {
  'a publish reaches every subscriber and its sender': [
    ['a', subscribe('r')], ['b', subscribe('r')], ['a', publish('r', { type: 'announce', from: 'a' })], ['b', publish('r', 'text')]],
  'the sender need not be subscribed': [
    ['a', subscribe('r')], ['b', publish('r', 1)], ['b', publish('nobody', 2)]],
  'subscribing twice is harmless, odd topics are ignored, the empty one counts': [
    ['a', subscribe('r', 'r', 5, null, { x: 1 }, ['y'], '')], ['a', subscribe('r')], ['b', publish('r', 1)], ['b', publish('', 2)], ['b', publish('5', 3)]],
  'unsubscribing ends it, unknown topics are ignored': [
    ['a', subscribe('r', 's')], ['b', subscribe('r')], ['a', unsubscribe('r', 'never', 7)], ['b', publish('r', 1)], ['b', publish('s', 2)], ['a', unsubscribe()]],
  'every field is kept and clients is overwritten in its place': [
    ['a', subscribe('r')], ['b', publish('r', { deep: [1, 2.5, true, null, { x: '' }] }, { clients: 99, extra: { a: 'ä😀\u2028"\\\n' } })],
    ['b', { clients: 'x', type: 'publish', topic: 'r', z: 1 }]],
  'what is no known message is ignored': [
    ['a', subscribe('r')], ['a', {}], ['a', { type: 'hello', topic: 'r' }], ['a', { topic: 'r' }], ['a', { type: 'publish' }], ['a', { type: 'publish', topic: null }],
    ['a', { type: 'subscribe' }], ['a', { type: 'subscribe', topics: null }], ['a', { type: null }]],
  'binary frames are read as text and answered as text': [
    ['a', Buffer.from(JSON.stringify(subscribe('r')))], ['b', Buffer.from(JSON.stringify(publish('r', 'é')))]],
  'the last of equal keys counts': [
    ['a', subscribe('r')], ['a', '{"type":"ping","type":"subscribe","topics":["q"],"topics":["s"]}'], ['b', publish('q', 1)], ['b', publish('s', 2)]],
  'escapes in keys and topics are understood': [
    ['a', subscribe('ü"\n')], ['b', '{"\\u0074ype":"publi\\u0073h","topic":"\\u00fc\\"\\n","data":1}']],
  'white space and escapes of the text keep their meaning': [
    ['a', subscribe('r')], ['b', ' { "type" : "publish" ,\n\t"topic":"r", "data" : "\\u00e9\\/" } ']],
  'who hangs up is counted out': [
    ['a', subscribe('r')], ['b', subscribe('r')], ['b', 'hang up'], ['a', publish('r', 1)]],
  'messages of every frame length': [
    ['a', subscribe('r')], ...[0, 60, 80, 100, 120, 200, 65_400, 65_500, 70_000, 300_000].map(n => ['b', publish('r', 'x'.repeat(n))])],
  'many messages of one sender stay in order': [
    ['a', subscribe('r')], ['b', subscribe('r')], ...Array.from({ length: 100 }, (_, i) => [i % 3 ? 'a' : 'b', publish('r', i)])]
}

// Texts the reference would have printed itself are compared byte for byte; others by what they mean, for ours
// keeps the publisher's own spelling.
const spelledTheirOwnWay = new Set(['white space and escapes of the text keep their meaning', 'escapes in keys and topics are understood'])
const meaning = heard => Object.fromEntries(Object.entries(heard).map(([name, list]) =>
  [name, list.map(m => [m.slice(0, m.indexOf(' ')), JSON.parse(m.slice(m.indexOf(' ')))])]))

test('every conversation goes as with the reference server', { skip }, async t => {
  const [reference, ours] = await Promise.all([startReference(), startSeance()])
  try {
    for (const [name, conversation] of Object.entries(conversations)) {
      await t.test(name, async () => {
        const [theirs, mine] = [await play(reference.url, conversation), await play(ours.url, conversation)]
        assert.ok(Object.values(theirs).flat().length > 0 || name.includes('ignored'))
        if (spelledTheirOwnWay.has(name)) assert.deepEqual(meaning(mine), meaning(theirs))
        else assert.deepEqual(mine, theirs)
      })
    }
    await t.test('a plain request of any method and path gets okay', async () => {
      for (const [method, path] of [['GET', '/'], ['GET', '/a/b?c'], ['POST', '/x'], ['DELETE', '/y']]) {
        const [theirs, mine] = await Promise.all([reference, ours].map(async server => {
          const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
          return [response.status, response.headers.get('content-type'), await response.text()]
        }))
        assert.deepEqual(mine, theirs, `${method} ${path}`)
      }
    })
  } finally {
    await Promise.all([reference.stop(), ours.stop()])
  }
})

// Where the reference falls over, ours closes the one connection and says why.
test('bad messages end their own connection alone', { skip }, async () => {
  const server = await startSeance()
  const closing = async data => {
    const socket = new WebSocket(server.url)
    await once(socket, 'open')
    socket.send(data)
    const [code, reason] = await once(socket, 'close')
    return `${code} ${reason}`
  }
  try {
    assert.equal(await closing('{"type":'), '1007 the message is not JSON')
    assert.equal(await closing(Buffer.from([0xff, 0xfe])), '1007 the message is not UTF-8')
    assert.equal(await closing('null'), '1008 the message is not a JSON object')
    assert.equal(await closing('[1]'), '1008 the message is not a JSON object')
    assert.equal(await closing('{"type":"subscribe","topics":"r"}'), '1008 type and topic have to be strings, topics an array')
    assert.equal(await closing('x'.repeat(2 << 20)), '1009 message too big')
    const heard = await play(server.url, [['a', subscribe('r')], ['b', publish('r', 1)]])
    assert.equal(heard.a.length, 1)
  } finally {
    await server.stop()
  }
})
