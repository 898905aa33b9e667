// The real y-webrtc in headless Chromium: documents converge over WebRTC by way of our server, whatever happens to it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort, missing, startSeance } from './signaling/program.mjs'
import { noValkey, startValkey } from './valkey.mjs'

const skipPackages = missing('y-webrtc', 'yjs', 'ws', 'simple-peer')
const browser = skipPackages ? null : await import('./signaling/browser.mjs')
const skip = skipPackages || browser.missingBrowser()
const skipReplicas = skip || noValkey

async function withBrowser (body) {
  const chromium = await browser.startBrowser()
  const started = []
  const server = async settings => { const one = await startSeance(settings); started.push(one); return one }
  try {
    await body(chromium, server)
  } finally {
    await chromium.stop()
    for (const one of started) await one.stop('SIGKILL')
  }
}

test('two pages share a document, and go on after the server was restarted', { skip, timeout: 240_000 }, () => withBrowser(async (chromium, server) => {
  const PORT = String(await freePort())
  const first = await server({ PORT })
  const ann = await chromium.open([first.url], 'kitchen', 'pepper')
  const bob = await chromium.open([first.url], 'kitchen', 'pepper')
  await ann.write('milk, ')
  await bob.sees('milk, ')
  await bob.write('bread')
  await ann.sees('milk, bread')

  await first.stop('SIGKILL')
  const second = await server({ PORT })
  await ann.connected(second.url)
  await bob.connected(second.url)
  const carl = await chromium.open([second.url], 'kitchen', 'pepper')
  await carl.sees('milk, bread')
  await carl.write(', jam')
  await ann.sees('milk, bread, jam')
  await bob.sees('milk, bread, jam')
}))

test('a page with the wrong password sees nothing', { skip, timeout: 240_000 }, () => withBrowser(async (chromium, server) => {
  const { url } = await server()
  const ann = await chromium.open([url], 'safe', 'right')
  const eve = await chromium.open([url], 'safe', 'wrong')
  await ann.connected(url)
  await eve.connected(url)
  const bob = await chromium.open([url], 'safe', 'right')
  await ann.write('secret')
  await bob.sees('secret')
  assert.equal(await eve.read(), '')
  assert.equal(await eve.peers(), 0)
}))

test('pages on two replicas meet, and stay together when one replica goes', { skip: skipReplicas, timeout: 240_000 }, () => withBrowser(async (chromium, server) => {
  const valkey = await startValkey({ keeps: false })
  try {
    const [left, right] = [await server({ VALKEY_URL: valkey.url }), await server({ VALKEY_URL: valkey.url })]
    const ann = await chromium.open([left.url], 'hall')
    await ann.connected(left.url)
    const bob = await chromium.open([right.url], 'hall')
    await ann.write('one, ')
    await bob.sees('one, ')

    // As at a deployment: the old process sends its clients away, its port answers from the new one.
    await left.stop('SIGTERM')
    const fresh = await server({ VALKEY_URL: valkey.url, PORT: String(left.port) })
    await ann.connected(fresh.url)
    const carl = await chromium.open([right.url], 'hall')
    await carl.sees('one, ')
    await carl.write('two')
    await ann.sees('one, two')
    await bob.sees('one, two')
  } finally {
    await valkey.stop()
  }
}))
