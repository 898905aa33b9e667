// Without `dns` the records are a person's to write: what `deploy`, `domains` and `verify` say until they stand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { missing, waitFor } from './program.mjs'
import { SHOP, World, seanceProgram, shopCheckout } from './deploy/world.mjs'

const skip = missing(seanceProgram, 'graphql', 'ws')
let world, shop

before(async () => {
  if (skip) return
  shop = shopCheckout(SHOP.replace('    dns: cloudflare\n', ''))
  // The account has no zone of the shop's: its records stand elsewhere, if at all.
  world = await World.start({ zone: 'elsewhere.dev', images: 'docker.io/shop', bucket: 'shop-cdn', secrets: {}, run: false, speed: 2000, builtInRegistry: true })
  world.environment.CLOUDFLARE_API_TOKEN = ''
})
after(async () => {
  await world?.stop()
  shop?.remove()
})

// As a person copies them.
const records = () => {
  const row = world.railway.state.customDomains.find(one => one.domain === 'api.shop.dev')
  return [['CNAME', 'api.shop.dev', row.target], ['TXT', '_railway-verify.api.shop.dev', `railway-verify=${row.token.replaceAll('railway-verify=', '')}`]]
}
const assertTold = text => {
  for (const record of records()) assert.ok(text.split('\n').some(line => line.trim().split(/ +/).join(' ') === record.join(' ')), `${record}\n${text}`)
}

test('deploy prints both records to be written, and its 404 leads to them', { skip }, async () => {
  const deployed = await world.run(shop, ['deploy', '--yes'])
  assert.equal(deployed.code, 7, deployed.all)
  assertTold(deployed.err)
  assert.ok(deployed.err.indexOf('CNAME') < deployed.err.indexOf('deploy api'), 'before the deployments, which take a while')
  assert.match(deployed.out, /404 Not Found; Railway has not verified api\.shop\.dev: seance -e production domains shows/)
  assert.match(deployed.err, /seance -e production domains {4}then: seance -e production verify/)
  assert.doesNotMatch(deployed.err, /rollback|logs/)
})

test('domains prints them too, and so does its JSON', { skip }, async () => {
  const told = await world.run(shop, ['domains'])
  assert.equal(told.code, 7, told.all)
  assertTold(told.out)
  assert.match(told.out, /api\.shop\.dev +api +8000 +not seen +not seen +no/)
  const [domain] = JSON.parse((await world.run(shop, ['domains', '--json'])).out).domains
  assert.deepEqual(domain.records.map(one => [one.type, one.name, one.wanted, one.ok]), records().map(record => [...record, false]))
})

test('verify names the command that shows them', { skip }, async () => {
  const verified = await world.run(shop, ['verify'])
  assert.equal(verified.code, 7, verified.all)
  assert.match(verified.out, /has not verified that api\.shop\.dev is yours.*; see seance -e production domains/)
})

test('once they stand nothing more is asked for', { skip }, async () => {
  const { domains } = world.railway
  const stands = records()
  const written = new Date().toISOString()
  const lookup = domains.lookup
  domains.lookup = async name => ({ zone: null, records: stands.filter(([, at]) => at === name).map(([type, , content]) => ({ type, content, proxied: false, modified_on: written })) })
  try {
    await waitFor(async () => (await world.run(shop, ['domains'])).code === 0, 'domains that are well', 20_000)
    const { out } = await world.run(shop, ['domains'])
    assert.match(out, /seen +seen +yes/)
    assert.doesNotMatch(out, /These records/)
    const again = await world.run(shop, ['deploy', '--yes', '--no-verify'])
    assert.equal(again.code, 0, again.all)
    assert.doesNotMatch(again.all, /CNAME/)
  } finally { domains.lookup = lookup }
})
