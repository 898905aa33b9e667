// What seance-signaling says when it does not do what was asked: at start, to clients, in its log.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { programPath } from './program.mjs'
import { missing, startSeance, waitFor } from './signaling/program.mjs'

const skip = missing()
const program = programPath('seance-signaling')
const key = 'a key of thirty-two characters ..'

// A start that is to fail; those that do not are ended after ten seconds.
const start = settings => new Promise(resolve => execFile(program, [], { env: { PORT: '0', ADDRESS: '127.0.0.1', ...settings }, timeout: 10_000 },
  (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stderr })))

function token (claims, secret = key) {
  const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ alg: 'HS256' })}.${encode({ aud: 'seance-signaling', topics: ['a'], access: 'write', exp: Math.floor(Date.now() / 1000) + 60, ...claims })}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

// Asks for an upgrade and gives the answer's status and body; an accepted one stays until it is ended.
async function upgrade (server, path = '/', headers = {}) {
  const request = http.get({ port: server.port, host: '127.0.0.1', path, headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers } })
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('upgrade', (response, socket) => resolve({ status: response.statusCode, end: () => socket.destroy() }))
    request.on('response', async response => {
      let body = ''
      for await (const piece of response) body += piece
      resolve({ status: response.statusCode, body })
    })
  })
}

async function withServer (settings, body) {
  const server = await startSeance(settings)
  try {
    await body(server)
  } finally {
    await server.stop('SIGKILL')
  }
}

test('a place for documents without SYNC is refused, and what does nothing is warned about', { skip }, async () => {
  const refused = await start({ SYNC_DIRECTORY: '/tmp/documents' })
  assert.equal(refused.code, 65)
  assert.match(refused.stderr, /^seance-signaling: SYNC_DIRECTORY is set without SYNC, and no documents are kept; set SYNC=true/)
  await withServer({ ADDRESS: '', HOST: '127.0.0.1', REDIS_URL: 'redis://127.0.0.1', SYNC_TTL: '1h' }, server => {
    const warnings = server.log.filter(line => line.level === 'warning' && line.event.startsWith('setting_')).map(({ event, name, did_you_mean: meant, needs }) => [event, name, meant ?? needs])
    assert.deepEqual(warnings, [['setting_not_known', 'HOST', 'ADDRESS'], ['setting_not_known', 'REDIS_URL', 'VALKEY_URL'], ['setting_without_effect', 'SYNC_TTL', 'SYNC']])
  })
})

test('a file and a folder that nobody can write to are wrong settings', { skip }, async () => {
  for (const [settings, message] of [
    [{ RECORD_FILE: '/dev/null/capture.jsonl' }, 'RECORD_FILE /dev/null/capture.jsonl cannot be written: Not a directory; name one that'],
    [{ SYNC: 'true', SYNC_DIRECTORY: '/dev/null/documents' }, 'SYNC_DIRECTORY /dev/null/documents cannot be used: Not a directory; name one that'],
    [{ SYNC: 'true', SYNC_DIRECTORY: '/proc' }, 'SYNC_DIRECTORY /proc cannot be used: ']
  ]) {
    const { code, stderr } = await start(settings)
    assert.deepEqual([code, stderr.startsWith(`seance-signaling: ${message}`)], [65, true], stderr)
  }
})

// [what, status, reason in body and log, path, header fields]
const refusals = [
  ['without a token', 401, 'a room token is needed: add ?token= with one to the URL'],
  ['with what is no token', 401, 'the room token is no JSON Web Token', '/?token=nonsense'],
  ['signed with another key', 401, "the room token is not signed with this server's key", `/?token=${token({}, 'another')}`],
  ['for another audience', 401, 'the room token is for something else: aud has to be seance-signaling', `/?token=${token({ aud: 'x' })}`],
  ['too late', 401, 'the room token has expired', `/?token=${token({ exp: 1_700_000_000 })}`],
  ['for 57,000 years', 401, 'the room token is of no use: its exp looks like milliseconds; it is seconds', `/?token=${token({ exp: Date.now() + 3_600_000 })}`],
  ['without access', 401, 'the room token has no access of "read" or "write"', `/?token=${token({ access: undefined })}`],
  ['from another page', 403, 'pages of this origin may not connect here', '/', { Origin: 'https://evil.test' }],
  ['for another document', 403, 'the room token is for other rooms', `/sync/b?token=${token()}`],
  ['for a document without a name', 400, "the address names no room: it is /sync/ and the room's name", `/sync/?token=${token()}`],
  ['in another version', 426, 'only version 13 of the WebSocket protocol is spoken here', '/', { 'Sec-WebSocket-Version': '8' }]
]
test('the log says why an upgrade was refused, and never the token', { skip }, () =>
  withServer({ SYNC: 'true', ROOM_TOKEN_SECRET: key, ALLOWED_ORIGINS: 'https://seance.dev' }, async server => {
    for (const [what, status, reason, path, headers] of refusals) {
      assert.deepEqual(await upgrade(server, path, headers), { status, body: `Refused: ${reason}.\n` }, what)
    }
    const lines = await waitFor(() => { const all = server.log.filter(line => line.event === 'request'); return all.length === refusals.length && all }, 'the lines')
    assert.deepEqual(lines.map(line => [line.status, line.reason]), refusals.map(([, status, reason]) => [status, reason]))
    assert.deepEqual(lines.map(line => line.origin).filter(Boolean), ['https://evil.test'])
    assert.ok(!JSON.stringify(server.log).includes(token().split('.')[0]))
  }))

test('the log says that clients behind an unknown proxy count as one', { skip }, () =>
  withServer({ MAX_CONNECTIONS_PER_IP: '1', TURN_URLS: 'turn:a.test', TURN_SECRET: 'shared', TURN_MAX_PER_MINUTE: '1' }, async server => {
    const turn = headers => fetch(`http://127.0.0.1:${server.port}/turn`, { headers })
    const first = await upgrade(server)
    await turn()
    for (const headers of [{}, { 'X-Forwarded-For': '203.0.113.1' }]) {
      assert.equal((await upgrade(server, '/', headers)).status, 429)
      assert.equal((await turn(headers)).status, 429)
    }
    const lines = await waitFor(() => { const all = server.log.filter(line => line.status === 429); return all.length === 4 && all }, 'the lines')
    assert.deepEqual(lines.map(line => line.hint?.includes('set TRUSTED_PEERS') ?? false), [false, false, true, true])
    assert.equal(lines[1].reason, 'Your address has asked too often, try again in a minute.')
    first.end()
  }))

for (const [setting, status, reason] of [
  ['MAX_CONNECTIONS', 503, 'all places are taken, try again later'],
  ['MAX_CONNECTIONS_PER_IP', 429, 'your address has as many connections as it may, close one first']
]) {
  test(`the log says that ${setting} was reached`, { skip }, () => withServer({ [setting]: '1' }, async server => {
    const first = await upgrade(server)
    assert.equal(first.status, 101)
    assert.equal((await upgrade(server)).status, status)
    const line = await waitFor(() => server.log.find(line => line.status === status), 'the line')
    assert.equal(line.reason, reason)
    first.end()
  }))
}
