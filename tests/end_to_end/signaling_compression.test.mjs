// permessage-deflate with the npm package ws as the other end, whatever it asks for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { missing, startSeance, waitFor } from './signaling/program.mjs'

const skip = missing('ws')
const { default: WebSocket } = skip ? {} : await import('ws')

const wishes = {
  'the defaults of ws': true,
  'no context takeover': { serverNoContextTakeover: true, clientNoContextTakeover: true },
  'small windows': { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  'a large window': { serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
  'everything compressed': { threshold: 0 },
  'nothing': false
}

async function connect (url, perMessageDeflate) {
  const socket = new WebSocket(url, { perMessageDeflate })
  socket.heard = []
  socket.on('message', data => socket.heard.push(JSON.parse(data)))
  await once(socket, 'open')
  return socket
}

test('messages of every size arrive whole, whatever was agreed on', { skip }, async t => {
  const server = await startSeance({ COMPRESSION: 'on', COMPRESS_FROM_BYTES: '1' })
  try {
    for (const [name, wish] of Object.entries(wishes)) {
      await t.test(name, async () => {
        const [ann, bob] = [await connect(server.url, wish), await connect(server.url, false)]
        assert.equal(ann.extensions, wish ? 'permessage-deflate' : '')
        for (const socket of [ann, bob]) {
          socket.send('{"type":"subscribe","topics":["r"]}')
          socket.send('{"type":"ping"}')
          await waitFor(() => socket.heard.length > 0, 'a pong')
        }
        const texts = ['', 'é😀', ...[10, 125, 126, 1000, 70_000, 400_000].map(n => 'lorem ipsum '.repeat(n / 12 + 1).slice(0, n)),
          Array.from({ length: 5000 }, (_, i) => (i * 7919 % 65_521).toString(36)).join('')]
        for (const [from, to] of [[ann, bob], [bob, ann]]) {
          for (const data of texts) {
            from.send(JSON.stringify({ type: 'publish', topic: 'r', data }), { fin: true })
            const arrived = await waitFor(() => to.heard.find(m => m.data === data && !m.seen), `${data.length} characters`)
            assert.equal(arrived.clients, 2)
            arrived.seen = true
          }
          for (const message of [...ann.heard, ...bob.heard]) message.seen = true
        }
        ann.terminate()
        bob.terminate()
      })
    }
  } finally {
    await server.stop('SIGKILL')
  }
})

test('fragments of a compressed message are one message', { skip }, async () => {
  const server = await startSeance({ COMPRESSION: 'on' })
  const ann = await connect(server.url, { threshold: 0 })
  try {
    ann.send('{"type":', { fin: false, compress: true })
    ann.send('"ping"}', { fin: true })
    await waitFor(() => ann.heard.some(m => m.type === 'pong'), 'the pong')
  } finally {
    ann.terminate()
    await server.stop('SIGKILL')
  }
})

test('what grows beyond the limit closes its connection with 1009 and is never built', { skip }, async () => {
  const server = await startSeance({ COMPRESSION: 'on', MAX_MESSAGE_BYTES: '100000' })
  try {
    const bomb = await connect(server.url, { threshold: 0 })
    bomb.send(JSON.stringify({ type: 'publish', topic: 'r', data: 'x'.repeat(50_000_000) }))
    const [code, reason] = await once(bomb, 'close')
    assert.equal(`${code} ${reason}`, '1009 message too big')
    const health = await (await fetch(`http://127.0.0.1:${server.port}/health`)).json()
    assert.equal(health.status, 'ok')
  } finally {
    await server.stop('SIGKILL')
  }
})

test('it is not agreed on unless it is configured', { skip }, async () => {
  const server = await startSeance()
  const ann = await connect(server.url, true)
  try {
    assert.equal(ann.extensions, '')
  } finally {
    ann.terminate()
    await server.stop('SIGKILL')
  }
})
