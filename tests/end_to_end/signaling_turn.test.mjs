// Short-lived credentials of a TURN server.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { startSeance } from './signaling/program.mjs'
import { skip } from './signaling/sync_server.mjs'

test('credentials of a TURN server are given to pages, and the secret to nobody', { skip }, async () => {
  const server = await startSeance({ TURN_URLS: 'turn:turn.test:3478,turns:turn.test:5349', TURN_SECRET: 'do not tell', TURN_TTL: '10m', TURN_MAX_PER_MINUTE: '3' })
  try {
    const ask = () => fetch(`http://127.0.0.1:${server.port}/turn?user=ann`, { headers: { Origin: 'https://app.test' } })
    const answer = await ask()
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    const { username, credential, ttl, urls } = await answer.json()
    assert.equal(credential, createHmac('sha1', 'do not tell').update(username).digest('base64'))
    assert.equal(ttl, 600)
    assert.deepEqual(urls, ['turn:turn.test:3478', 'turns:turn.test:5349'])
    const [expires, user] = username.split(':')
    assert.ok(Math.abs(Number(expires) - Date.now() / 1000 - 600) < 30)
    assert.equal(user, 'ann')
    await ask()
    await ask()
    assert.equal((await ask()).status, 429)
    await server.stop()
    assert.ok(!JSON.stringify(server.log).includes('do not tell') && !JSON.stringify(server.log).includes(credential))
  } finally {
    await server.stop()
  }
})
