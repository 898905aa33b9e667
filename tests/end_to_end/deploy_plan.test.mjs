// What `seance plan` says and writes, and what `deploy` makes of a plan that was reviewed.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { configure } from './emulators/client.mjs'
import { missing, programPath } from './program.mjs'
import { Clone, World, programs, seanceProgram, shopCheckout } from './deploy/world.mjs'

const skip = missing(seanceProgram, 'graphql', 'ws') || programs.map(name => missing(programPath(name))).find(Boolean) || false
const slowness = Number(process.env.SEANCE_SLOWNESS ?? 1)   // of a sanitizer build
const deploy = ['deploy', '--yes', '--no-verify']
let world, shop

before(async () => {
  if (skip) return
  shop = shopCheckout()
  world = await World.start({ zone: 'shop.dev', images: 'docker.io/shop', bucket: 'shop-cdn', secrets: {}, run: false, speed: 2000, builtInRegistry: true })
})
after(async () => {
  await world?.stop()
  shop?.remove()
})

const file = name => path.join(world.folder, name)

test('a plan tells by its exit code whether there is anything to do', { skip }, async () => {
  const before = await world.run(shop, ['plan', '--exit-code'])
  assert.equal(before.code, 2, before.all)
  assert.equal((await world.run(shop, ['plan'])).code, 0)
  assert.deepEqual(world.changingCalls(), [], 'planning changes nothing')
  assert.equal((await world.run(shop, deploy)).code, 0)
  const then = await world.run(shop, ['plan', '--exit-code'])
  assert.equal(then.code, 0, then.all)
  assert.match(then.out, /Nothing to do/)
})

test('a plan as JSON has the fields of seance.plan/1, and is all of standard output', { skip }, async () => {
  shop.write('stack.yaml', fs.readFileSync(path.join(shop.folder, 'stack.yaml'), 'utf8').replace('GREETING: hello', 'GREETING: good day'))
  shop.commitAll('Greet more politely')
  const plan = JSON.parse((await world.run(shop, ['plan', '--json'])).out)
  assert.deepEqual(Object.keys(plan).sort(), ['changes', 'commit', 'conflicts', 'environment', 'etag', 'images', 'notes', 'project', 'schema', 'secrets_sha256', 'unchanged', 'unmanaged'])
  assert.equal(plan.schema, 'seance.plan/1')
  assert.deepEqual([plan.project, plan.environment, plan.commit], ['shop', 'production', shop.commit])
  assert.deepEqual(plan.changes, [
    { id: 'api/variable/GREETING', action: 'update', kind: 'variable', service: 'api', item: 'GREETING', before: 'hello', after: 'good day', interrupts: false, destroys: false, reason: '' },
    { id: 'api/deployment', action: 'update', kind: 'deployment', service: 'api', item: '', before: 'docker.io/shop/api:1', after: 'docker.io/shop/api:1', interrupts: false, destroys: false, reason: 'configuration' }
  ])
  assert.deepEqual(plan.unchanged, ['store'])
})

test('a plan of changes that are in no commit says so, and is not one to carry out', { skip }, async () => {
  shop.write('note.txt', 'later')
  const plan = await world.run(shop, ['plan'])
  assert.equal(plan.code, 0, plan.all)
  assert.match(plan.out, /changes that are in no commit, which this plan is of: note\.txt/)
  const kept = await world.run(shop, ['plan', '-o', file('dirty.json')])
  assert.equal(kept.code, 5, kept.all)
  assert.doesNotMatch(kept.err, /--allow-dirty/)
  fs.rmSync(path.join(shop.folder, 'note.txt'))
})

test('a plan of one service speaks of that one only', { skip }, async () => {
  const store = await world.run(shop, ['plan', '--exit-code', '--service', 'store'])
  assert.equal(store.code, 0, store.all)
  const api = await world.run(shop, ['plan', '--exit-code', '--service', 'api'])
  assert.equal(api.code, 2, api.all)
  const nobody = await world.run(shop, ['plan', '--service', 'stor'])
  assert.equal(nobody.code, 3)
  assert.match(nobody.err, /did you mean store\?/)
})

test('a snapshot gives the same plan without any credentials, and holds no secret', { skip }, async () => {
  const live = await world.run(shop, ['plan', '--snapshot', file('live.json')])
  assert.equal(live.code, 0, live.all)
  const calls = world.emulators.map(emulator => emulator.faults.calls.length)
  const offline = await world.run(shop, ['plan', '--offline', file('live.json')], { RAILWAY_API_TOKEN: null, CLOUDFLARE_API_TOKEN: null })
  assert.equal(offline.code, 0, offline.all)
  // A snapshot cannot know which values are no secrets: it keeps none.
  assert.equal(offline.out, live.out.replace('hello → good day', '«hidden» → good day'))
  assert.deepEqual(world.emulators.map(emulator => emulator.faults.calls.length), calls, 'nobody was asked')
  const text = fs.readFileSync(file('live.json'), 'utf8')
  for (const value of Object.values(world.secrets)) assert.ok(!text.includes(value))
})

test('a reviewed plan is stale once somebody has changed a variable, and is carried out when nobody has', { skip }, async () => {
  assert.equal((await world.run(shop, ['plan', '-o', file('plan.json')])).code, 0)
  const row = world.railway.state.variables.find(one => one.name === 'GREETING')
  const before = row.value
  row.value = 'who changed this?'
  world.forgetCalls()
  const stale = await world.run(shop, ['deploy', '--no-verify', file('plan.json')])
  assert.equal(stale.code, 5, stale.all)
  assert.match(stale.err, /is stale.*: api\/variable\/GREETING is another/)
  assert.deepEqual(world.changingCalls(), [])
  row.value = before

  const changed = JSON.parse(fs.readFileSync(file('plan.json'), 'utf8'))
  fs.writeFileSync(file('forged.json'), JSON.stringify({ ...changed, commit: 'fffffff' }))
  const forged = await world.run(shop, ['deploy', '--no-verify', file('forged.json')])
  assert.equal(forged.code, 65, forged.all)
  assert.equal((await world.run(shop, ['deploy', file('none.json')])).code, 3)

  const carriedOut = await world.run(shop, ['deploy', '--no-verify', file('plan.json')])
  assert.equal(carriedOut.code, 0, carriedOut.all)
  assert.equal(row.value, 'good day')
  assert.equal((await world.run(shop, ['plan', '--exit-code'])).code, 0)
})

test('a service where a plan belongs is answered with the option for it', { skip }, async () => {
  const service = await world.run(shop, ['deploy', 'api'])
  assert.equal(service.code, 3, service.all)
  assert.match(service.err, /no plan api[^]*seance -e production deploy --service api/)
  assert.match((await world.run(shop, ['deploy', 'apj'])).err, /plan -o FILE/)
})

test('a secrets file that is not there is told once, with how it is made', { skip }, async () => {
  for (const [name, how] of [['nowhere.env', /a line NAME=value/], ['nowhere.yaml', /sops edit \S*nowhere\.yaml/]]) {
    const { code, err } = await world.run(shop, ['plan'], { SEANCE_SECRETS_FILE: file(name) })
    assert.equal(code, 65, err)
    assert.match(err, how)
    assert.equal(err.match(/does not exist/g).length, 1, err)
    assert.doesNotMatch(err, /docs\//, 'a page that the reader may not have')
    assert.match(err, /no secrets file is needed: seance -e production rehearse/)
  }
})

test('nothing is deployed while nobody confirms', { skip }, async () => {
  const row = world.railway.state.variables.find(one => one.name === 'GREETING')
  row.value = 'changed by hand'
  world.forgetCalls()
  const refused = await world.run(shop, ['deploy', '--no-verify'])
  assert.equal(refused.code, 5, refused.all)
  assert.match(refused.err, /--yes/)
  assert.deepEqual(world.changingCalls(), [])
})

test('what is not declared is told and left alone; --prune takes it away, with a word more where it destroys', { skip }, async () => {
  assert.equal((await world.run(shop, deploy)).code, 0)
  const api = world.railway.state.services.find(one => one.name === 'api')
  const { environmentId } = world.railway.state.variables.find(row => row.serviceId === api.id)
  world.railway.variables.set(environmentId, api.id, { BY_HAND: 'x' })
  const told = await world.run(shop, ['plan', '--exit-code'])
  assert.equal(told.code, 0, told.all)
  assert.match(told.out, /BY_HAND/)
  assert.equal((await world.run(shop, [...deploy, '--prune'])).code, 0)
  assert.equal(world.railway.state.variables.some(row => row.name === 'BY_HAND'), false)

  const project = world.railway.state.projects[0]
  const extra = world.railway.platform.id()
  world.railway.state.services.push({ ...api, id: extra, name: 'forgotten' })
  world.railway.platform.addInstance(extra, environmentId)
  assert.ok(project)
  world.forgetCalls()
  const refused = await world.run(shop, [...deploy, '--prune'])
  assert.equal(refused.code, 5, refused.all)
  assert.match(refused.err, /--confirm-destructive/)
  assert.deepEqual(world.changingCalls(), [])
  const removed = await world.run(shop, [...deploy, '--prune', '--confirm-destructive'])
  assert.equal(removed.code, 0, removed.all)
  assert.deepEqual(world.picture().services, ['api', 'store'])
})

test('a plan of six live services needs few calls one after the other (with 50 ms a call, see its time)', { skip }, async t => {
  const clone = new Clone()
  const six = await World.start({ run: false, speed: 2000, builtInRegistry: true })
  try {
    const look = await six.run(clone, ['plan'])
    assert.match(look.err, /build 5 images/, 'what takes long is shown')
    assert.match(look.out, /Plan: \d+ to add, 0 to change, 0 to destroy/)
    const first = await six.run(clone, deploy)
    assert.equal(first.code, 0, first.all)
    for (const emulator of six.emulators) await configure(emulator, { everyCall: { delay: 50 } })
    const runs = []
    for (let i = 0; i < 3; i++) {
      six.forgetCalls()
      const begun = performance.now()
      const plan = await six.run(clone, ['plan', '--exit-code'])
      const whole = Math.round(performance.now() - begun)
      assert.equal(plan.code, 0, plan.all)
      const calls = six.emulators.flatMap(emulator => emulator.faults.calls).map(call => Date.parse(call.at))
      runs.push({ whole, asking: Math.max(...calls) - Math.min(...calls) + 50 })
    }
    t.diagnostic(`whole, images made included, and asking alone, in ms: ${runs.map(one => `${one.whole} ${one.asking}`).join(' · ')}`)
    assert.ok(Math.min(...runs.map(one => one.asking)) < 1000 * slowness)
  } finally {
    await six.stop()
    clone.remove()
  }
})
