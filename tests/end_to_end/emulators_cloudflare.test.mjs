// The Cloudflare emulator: tokens, zones, records, batches and what a free plan refuses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCloudflare } from '../emulators/cloudflare.mjs'
import { missing } from './program.mjs'

const skip = missing(process.execPath, 'graphql', 'ws')
const { configure, dns } = skip ? {} : await import('./emulators/client.mjs')

const emulated = (name, body, options = {}) => test(name, { skip }, async () => {
  const cloudflare = await startCloudflare({ zones: [{ name: 'seance.dev' }, { name: 'example.org', status: 'pending' }], tokens: [{ value: 'cf-token' }], ...options })
  const zone = cloudflare.zones[0].id
  try { await body({ cloudflare, zone, cf: dns(cloudflare), records: `/zones/${zone}/dns_records` }) } finally { await cloudflare.stop() }
})
const code = answer => answer.body.errors[0].code
const why = answer => answer.body.errors[0].error_chain?.[0].message ?? answer.body.errors[0].message
const A = { type: 'A', name: 'backend.seance.dev', content: '192.0.2.1' }
const CNAME = { type: 'CNAME', name: 'backend.seance.dev', content: 'abc.up.railway.app', proxied: true }
const TXT = { type: 'TXT', name: '_railway-verify.backend.seance.dev', content: '"railway-verify=0f1e"', ttl: 1 }

emulated('a token is verified, and wrong ones are told apart by their code', async ({ cloudflare, cf, records }) => {
  assert.equal((await cf('GET', '/user/tokens/verify')).body.result.status, 'active')
  const unknown = await dns(cloudflare, 'other')('GET', '/user/tokens/verify')
  assert.deepEqual([unknown.status, code(unknown)], [403, 9109])
  const malformed = await dns(cloudflare, 'has space')('GET', '/zones')
  assert.deepEqual([malformed.status, code(malformed), malformed.body.errors[0].error_chain[0].code], [400, 6003, 6111])
  assert.equal(malformed.body.success, false)
  assert.equal(malformed.body.result, null)

  await configure(cloudflare, { tokens: [{ value: 'reader', permissions: ['zone:read', 'dns:read'] }, { value: 'elsewhere', zones: ['example.org'] }, { value: 'old', status: 'expired' }] })
  assert.equal((await dns(cloudflare, 'reader')('GET', records)).status, 200)
  const refused = await dns(cloudflare, 'reader')('POST', records, A)
  assert.deepEqual([refused.status, code(refused)], [403, 10000])
  assert.equal((await dns(cloudflare, 'reader')('GET', records.replace('dns_records', 'settings/ssl'))).status, 403)
  assert.deepEqual((await dns(cloudflare, 'elsewhere')('GET', '/zones')).body.result.map(zone => zone.name), ['example.org'])
  assert.equal((await dns(cloudflare, 'elsewhere')('GET', records)).status, 403)
  assert.equal((await dns(cloudflare, 'old')('GET', '/zones')).status, 403)
})

emulated('zones are found by exact name or operator, in pages, with their state', async ({ cf, zone }) => {
  assert.deepEqual((await cf('GET', '/zones?name=seance.dev')).body.result.map(one => [one.id, one.status, one.paused]), [[zone, 'active', false]])
  assert.equal((await cf('GET', '/zones?name=backend.seance.dev')).body.result.length, 0)
  assert.equal((await cf('GET', '/zones?name=contains:seance')).body.result.length, 1)
  assert.equal((await cf('GET', '/zones?status=pending')).body.result[0].name, 'example.org')
  const page = await cf('GET', '/zones?per_page=5&page=1')
  assert.deepEqual(page.body.result_info, { page: 1, per_page: 5, count: 2, total_count: 2, total_pages: 1 })
  assert.equal((await cf('GET', '/zones?per_page=100')).status, 400)
  const wrong = await cf('GET', `/zones/${'0'.repeat(32)}`)
  assert.deepEqual([wrong.status, code(wrong)], [404, 7003])
})

emulated('a record is created, read, patched and deleted', async ({ cf, records }) => {
  const { body } = await cf('POST', records, { ...CNAME, content: 'ABC.up.railway.app.', ttl: 300, comment: 'seance:production:backend' })
  const { id } = body.result
  assert.deepEqual([body.result.content, body.result.ttl, body.result.proxied, body.result.proxiable], ['abc.up.railway.app', 1, true, true])
  const patched = await cf('PATCH', `${records}/${id}`, { content: 'def.up.railway.app' })
  assert.deepEqual([patched.body.result.content, patched.body.result.proxied, patched.body.result.comment], ['def.up.railway.app', true, 'seance:production:backend'])
  assert.equal((await cf('GET', `${records}/${id}`)).body.result.content, 'def.up.railway.app')
  assert.deepEqual((await cf('DELETE', `${records}/${id}`)).body.result, { id })
  const gone = await cf('DELETE', `${records}/${id}`)
  assert.deepEqual([gone.status, code(gone)], [404, 81044])
})

emulated('overwriting with fields left out puts them back to their defaults', async ({ cf, records }) => {
  const { id } = (await cf('POST', records, { ...CNAME, comment: 'ours' })).body.result

  const { result } = (await cf('PUT', `${records}/${id}`, { type: 'CNAME', name: 'backend.seance.dev', content: 'abc.up.railway.app' })).body

  assert.deepEqual([result.proxied, result.comment, result.ttl], [false, null, 1])
})

emulated('unknown and missing fields are validation errors that name the field', async ({ cf, records }) => {
  const unknown = await cf('POST', records, { ...A, priorty: 1 })
  assert.deepEqual([unknown.status, code(unknown), unknown.body.errors[0].source.pointer], [400, 1004, '/priorty'])
  const absent = await cf('POST', records, { type: 'A', name: 'x.seance.dev' })
  assert.deepEqual([code(absent), why(absent)], [1004, 'content is required'])
  assert.equal((await cf('POST', records, { ...A, content: 'x' })).status, 400)
  assert.equal((await cf('POST', records, { ...A, ttl: 5 })).status, 400)
  assert.equal((await cf('POST', records, { ...TXT, proxied: true })).status, 400)
  assert.equal((await cf('POST', records, { ...A, tags: ['a:b'] })).status, 400)
  assert.equal((await cf('POST', records, '{')).status, 400)
  assert.match(why(await cf('POST', records, { ...A, comment: 'x'.repeat(101) })), /100/)
  assert.equal((await cf('POST', records, { ...A, comment: 'two\nlines' })).status, 400)
  assert.equal((await cf('POST', records, { ...A, comment: 'x'.repeat(100) })).status, 200)
})

emulated('a name has one CNAME and then no address, and identical records are refused', async ({ cf, records }) => {
  await cf('POST', records, A)
  assert.equal(code(await cf('POST', records, CNAME)), 81053)
  assert.equal(code(await cf('POST', records, A)), 81058)
  await cf('POST', records, { ...A, content: '192.0.2.2' })
  await cf('POST', records, TXT)
  assert.equal(code(await cf('POST', records, { ...TXT, content: 'railway-verify=0f1e' })), 81058, 'quotes make no difference')
  assert.equal((await cf('POST', records, { ...TXT, content: '"another"' })).status, 200)
})

emulated('names: @ is the apex, short ones are completed, others land below the zone', async ({ cf, records }) => {
  const named = async name => (await cf('POST', records, { ...A, name })).body.result.name
  assert.equal(await named('@'), 'seance.dev')
  assert.equal(await named('WWW'), 'www.seance.dev')
  assert.equal(await named('bücher.seance.dev'), 'xn--bcher-kva.seance.dev')
  assert.equal(await named('a.other.dev'), 'a.other.dev.seance.dev')
})

for (const [txtReadsBack, expected] of [['bare', 'railway-verify=0f1e'], ['quoted', '"railway-verify=0f1e"'], ['as-sent', '"railway-verify=0f1e"']]) {
  emulated(`a TXT reads back ${txtReadsBack}`, async ({ cf, records }) => {
    assert.equal((await cf('POST', records, TXT)).body.result.content, expected)
    assert.equal((await cf('GET', `${records}?content.exact=railway-verify=0f1e`)).body.result.length, 1)
  }, { txtReadsBack })
}

emulated('lists filter by type, name, content and comment, and come in pages', async ({ cf, records }) => {
  await cf('POST', records, { ...CNAME, comment: 'seance:production:backend' })
  await cf('POST', records, { ...TXT, comment: 'seance:production:backend:verify' })
  await cf('POST', records, { ...A, name: 'mail.seance.dev' })
  const names = async query => (await cf('GET', `${records}?${query}`)).body.result.map(record => record.name.split('.')[0])

  assert.deepEqual(await names('type=TXT'), ['_railway-verify'])
  assert.deepEqual(await names('name.exact=backend.seance.dev'), ['backend'])
  assert.deepEqual(await names('name=backend.seance.dev'), ['backend'])
  assert.deepEqual(await names('name.endswith=backend.seance.dev&order=name&direction=desc'), ['backend', '_railway-verify'])
  assert.deepEqual(await names('comment.startswith=seance:production:'), ['_railway-verify', 'backend'])
  assert.deepEqual(await names('comment.absent=true'), ['mail'])
  assert.deepEqual(await names('type=A&proxied=true'), [])
  assert.deepEqual((await names('type=A&proxied=true&match=any')).sort(), ['backend', 'mail'])
  assert.deepEqual(await names('per_page=1&page=2'), ['backend'])
  assert.equal((await cf('GET', `${records}?comment.beginswith=x`)).status, 400)
})

emulated('a batch acts in the order deletes, patches, puts, posts, all or nothing', async ({ cloudflare, cf, records }) => {
  const { id } = (await cf('POST', records, A)).body.result
  const turned = await cf('POST', `${records}/batch`, { posts: [CNAME, TXT], deletes: [{ id }] })
  assert.equal(turned.status, 200)
  assert.deepEqual(turned.body.result.deletes, [{ id }])
  assert.deepEqual(turned.body.result.posts.map(record => record.type), ['CNAME', 'TXT'])

  const before = JSON.stringify(cloudflare.zones[0].records)
  const failed = await cf('POST', `${records}/batch`, { deletes: [{ id: turned.body.result.posts[1].id }], posts: [{ ...A, name: 'ok.seance.dev' }, A] })
  assert.equal(code(failed), 81053)
  assert.equal(JSON.stringify(cloudflare.zones[0].records), before)
  assert.equal((await cf('POST', `${records}/batch`, { post: [] })).status, 400)
  const many = Array.from({ length: 201 }, (_, i) => ({ ...A, name: `n${i}.seance.dev` }))
  assert.match((await cf('POST', `${records}/batch`, { posts: many })).body.errors[0].message, /at most 200/)
  assert.equal((await cf('POST', `${records}/batch`, { posts: many.slice(1) })).status, 200)
})

emulated('the SSL mode is read and set, and caches are purged in one way at a time', async ({ cloudflare, cf, zone }) => {
  assert.deepEqual((await cf('GET', `/zones/${zone}/settings/ssl`)).body.result.value, 'full')
  assert.equal((await cf('PATCH', `/zones/${zone}/settings/ssl`, { value: 'flexible' })).body.result.value, 'flexible')
  assert.equal((await cf('PATCH', `/zones/${zone}/settings/ssl`, { value: 'loose' })).status, 400)
  assert.equal((await cf('POST', `/zones/${zone}/purge_cache`, { hosts: ['seance.dev'] })).status, 200)
  assert.equal((await cf('POST', `/zones/${zone}/purge_cache`, { hosts: ['seance.dev'], purge_everything: true })).status, 400)
  assert.deepEqual(cloudflare.zones[0].purges[0].hosts, ['seance.dev'])
})

emulated('over the limit everything is refused for five minutes, whoever asks', async ({ cloudflare, cf }) => {
  await configure(cloudflare, { tokens: [{ value: 'second' }] })
  for (let i = 0; i < 3; i++) assert.equal((await cf('GET', '/zones')).status, 200)
  const over = await cf('GET', '/zones')
  assert.deepEqual([over.status, over.headers.get('retry-after')], [429, '300'])
  await configure(cloudflare, { advance: 200 })
  assert.equal((await dns(cloudflare, 'second')('GET', '/zones')).status, 429)
  await configure(cloudflare, { advance: 101 })
  assert.equal((await cf('GET', '/zones')).status, 200)
}, { limit: 3 })

emulated('a batch whose answer is lost has been done all the same', async ({ cloudflare, cf, records }) => {
  await configure(cloudflare, { next: [{ match: 'POST *dns_records/batch', do: 'lose' }, { match: 'GET /zones', do: 'fail', status: 503 }] })

  await assert.rejects(cf('POST', `${records}/batch`, { posts: [CNAME] }))

  assert.equal(cloudflare.zones[0].records.length, 1)
  assert.equal((await cf('GET', '/zones')).status, 503)
})
