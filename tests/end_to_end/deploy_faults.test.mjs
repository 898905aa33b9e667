// A deployment that is cut off at each of its calls, killed, kept out, lied to: what stands afterwards, and what the next
// run makes of it. Against the emulators without processes, with a product that has one of everything.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configure } from './emulators/client.mjs'
import { missing, waitFor } from './program.mjs'
import { SHOP, World, seanceProgram, shopCheckout } from './deploy/world.mjs'

const skip = missing(seanceProgram, 'graphql', 'ws')
const startWorld = options => World.start({ zone: 'shop.dev', images: 'docker.io/shop', bucket: 'shop-cdn', secrets: {}, run: false, speed: 2000, builtInRegistry: true, ...options })
const deploy = ['deploy', '--yes', '--no-verify']
let shop

before(() => { if (!skip) shop = shopCheckout() })
after(() => shop?.remove())

async function withWorld (use, options) {
  const world = await startWorld(options)
  try { await use(world) } finally { await world.stop() }
}
const inWorld = (name, use, options) => test(name, { skip }, () => withWorld(use, options))

// Runs mostly wait: several at once.
async function eachOf (count, use, atOnce = 5) {
  let next = 1
  await Promise.all(Array.from({ length: atOnce }, async () => { while (next <= count) await use(next++) }))
}

// Nothing was made twice, nothing was taken away, and there is nothing left to do.
async function assertConverged (world, expected, what) {
  world.clearFaults()
  world.ageLock()
  const again = await world.run(shop, deploy)
  assert.equal(again.code, 0, `${what}: the next run\n${again.all}`)
  assert.deepEqual(world.picture(), expected, what)
  assert.deepEqual(world.changingCalls().filter(name => /delete/i.test(name)), [], what)
  const plan = await world.run(shop, ['plan', '--exit-code'])
  assert.equal(plan.code, 0, `${what}: the plan afterwards\n${plan.out}`)
}

// What an undisturbed first deployment comes to, and how many calls of each emulator it takes.
async function reference () {
  let picture, calls
  await withWorld(async world => {
    const first = await world.run(shop, deploy)
    assert.equal(first.code, 0, first.all)
    picture = world.picture()
    calls = world.emulators.map(emulator => emulator.faults.calls.length)
  })
  return { picture, calls }
}

for (const [index, name] of ['railway', 'cloudflare', 'spaces'].entries()) {
  for (const act of [true, false]) {
    test(`a first deployment cut off at each call of ${name}, ${act ? 'after' : 'before'} it acted, is completed by the next`, { skip }, async t => {
      const { picture, calls } = await reference()
      // Watching makes a few calls more or less; the last of them change nothing.
      await eachOf(calls[index], n => withWorld(async world => {
        await configure(world[name], { killAt: n, act })
        const cut = await world.run(shop, deploy)
        assert.ok([0, 1, 6].includes(cut.code), `call ${n}: ${cut.code}\n${cut.all}`)
        await assertConverged(world, picture, `cut at call ${n} of ${name}`)
      }))
      t.diagnostic(`${calls[index]} calls`)
    })
  }
}

for (const [index, name] of ['railway', 'cloudflare', 'spaces'].entries()) {
  test(`the answer of each call of ${name} lost once makes nothing twice`, { skip }, async () => {
    const { picture, calls } = await reference()
    await eachOf(calls[index], n => withWorld(async world => {
      await configure(world[name], { next: [{ match: '*', do: 'lose', skip: n - 1 }] })
      const ran = await world.run(shop, deploy)
      assert.ok([0, 1, 6].includes(ran.code), `call ${n}: ${ran.code}\n${ran.all}`)
      if (ran.code === 0) assert.deepEqual(world.picture(), picture, `answer ${n} of ${name} lost`)
      await assertConverged(world, picture, `answer ${n} of ${name} lost`)
    }))
  })
}

test('a tool that is killed in the middle leaves what the next run completes once its lock is stale', { skip }, async () => {
  const { picture } = await reference()
  for (const when of ['serviceCreate', 'variableCollectionUpsert', 'serviceInstanceDeployV2']) {
    await withWorld(async world => {
      await configure(world.railway, { next: [{ match: when, do: 'hang' }] })
      const child = world.spawn(shop, deploy)
      await waitFor(() => world.railway.faults.calls.some(call => call.fault === 'hang'), when)
      child.kill('SIGKILL')
      await child.ended
      await configure(world.railway, { clear: true })
      if (world.railway.state.variables.some(row => row.name === 'SEANCE_LOCK' && row.value)) {
        const kept = await world.run(shop, deploy)
        assert.equal(kept.code, 5, kept.all)
        assert.match(kept.err, /is deploying/)
      }
      await assertConverged(world, picture, `killed in ${when}`)
    })
  }
})

inWorld('Ctrl-C gives the lock back, and the next run completes', async world => {
  await configure(world.railway, { options: { speed: 1 } })
  const child = world.spawn(shop, deploy)
  await waitFor(() => world.railway.faults.calls.some(call => call.names.includes('serviceInstanceDeployV2')), 'a deployment')
  child.kill('SIGINT')
  const { code, err } = await child.ended
  assert.equal(code, 130)
  assert.match(err, /interrupted/)
  assert.ok(world.railway.state.variables.filter(row => row.name === 'SEANCE_LOCK').every(row => !row.value))
  await configure(world.railway, { options: { speed: 2000 } })
  const again = await world.run(shop, deploy)
  assert.equal(again.code, 0, again.all)
})

// --- kept out ---

inWorld('a lock that somebody holds ends with exit code 5 and their name, and nothing is changed', async world => {
  assert.equal((await world.run(shop, deploy)).code, 0)
  const row = world.railway.state.variables.find(one => one.name === 'SEANCE_LOCK')
  const now = Math.floor(Date.now() / 1000)
  row.value = JSON.stringify({ nonce: 'theirs', owner: 'ada@lovelace, process 7', commit: 'abc1234', since: now - 30, heartbeat: now })
  const before = world.picture()
  world.forgetCalls()
  const refused = await world.run(shop, deploy)
  assert.equal(refused.code, 5, refused.all)
  assert.match(refused.err, /ada@lovelace, process 7 is deploying abc1234/)
  assert.deepEqual(world.changingCalls(), [])
  assert.deepEqual(world.picture(), before)

  const waiting = world.spawn(shop, [...deploy, '--wait', '1m'])
  await waitFor(() => /waiting: ada@lovelace/.test(waiting.err), 'the wait')
  row.value = ''
  assert.equal((await waiting.ended).code, 0, waiting.err)

  row.value = JSON.stringify({ nonce: 'theirs', owner: 'ada@lovelace', commit: '', since: now - 300, heartbeat: now - 120 })
  assert.equal((await world.run(shop, deploy)).code, 0, 'a lock without a sign of life is taken over')
})

inWorld('an address record of somebody else is a conflict: exit code 5, nothing changed', async world => {
  const zone = world.cloudflare.zones[0]
  await fetch(`${world.cloudflare.url}/zones/${zone.id}/dns_records`, { method: 'POST', headers: { authorization: `Bearer ${world.environment.CLOUDFLARE_API_TOKEN}`, 'content-type': 'application/json' }, body: JSON.stringify({ type: 'A', name: 'api.shop.dev', content: '203.0.113.7', ttl: 1, proxied: false }) })
  world.forgetCalls()
  for (const words of [['plan'], deploy]) {
    const refused = await world.run(shop, words)
    assert.equal(refused.code, 5, refused.all)
    assert.match(refused.all, /api\.shop\.dev already has a record A 203\.0\.113\.7 that is not seance's/)
  }
  assert.deepEqual(world.changingCalls(), [])
})

inWorld('a zone with TLS mode Flexible is refused before anything is made', async world => {
  await configure(world.cloudflare, { zones: [{ name: 'shop.dev', ssl: 'flexible' }] })
  const refused = await world.run(shop, deploy)
  assert.equal(refused.code, 5, refused.all)
  assert.match(refused.all, /flexible.*set it to Full/)
  assert.deepEqual(world.changingCalls(), [])
})

// --- credentials and remotes ---

inWorld('tokens that are missing, dead or of the wrong kind end with exit code 4 and say which is needed', async world => {
  const cases = [
    [{ RAILWAY_API_TOKEN: null }, /RAILWAY_API_TOKEN[^]*no token is needed: seance -e production rehearse/],
    [{ CLOUDFLARE_API_TOKEN: null }, /CLOUDFLARE_API_TOKEN/],
    [{ RAILWAY_API_TOKEN: 'dead-token' }, /token/],
    [{ CLOUDFLARE_API_TOKEN: 'dead-token-0123456789' }, /[Tt]oken/]
  ]
  for (const [environment, sentence] of cases) {
    const refused = await world.run(shop, ['plan'], environment)
    assert.equal(refused.code, 4, `${JSON.stringify(Object.keys(environment))}\n${refused.all}`)
    assert.match(refused.err, sentence)
    for (const value of Object.values(environment)) if (value) assert.ok(!refused.all.includes(value), 'the token is not repeated')
  }
})

inWorld('a project token reads its project, and in the variable of an account is told from one (exit code 4)', async world => {
  assert.equal((await world.run(shop, deploy)).code, 0)
  const { environments } = world.railway.state
  const { id, projectId } = environments.find(one => one.name === 'production')
  world.railway.state.tokens.push({ kind: 'project', value: 'project-token-of-the-shop', projectId, environmentId: id })
  const right = await world.run(shop, ['plan', '--exit-code'], { RAILWAY_API_TOKEN: null, RAILWAY_TOKEN: 'project-token-of-the-shop' })
  assert.equal(right.code, 0, right.all)
  const wrong = await world.run(shop, ['plan'], { RAILWAY_API_TOKEN: 'project-token-of-the-shop' })
  assert.equal(wrong.code, 4, wrong.all)
  assert.match(wrong.err, /is a project token \(RAILWAY_TOKEN\)/)
})

inWorld('a Railway that cannot be reached ends with exit code 6', async world => {
  const away = await world.run(shop, ['plan'], { SEANCE_RAILWAY_URL: 'http://127.0.0.1:1/graphql/v2' })
  assert.equal(away.code, 6, away.all)
  assert.match(away.err, /did not answer/)
})

inWorld('"too many requests" is waited out for as long as it says', async world => {
  await configure(world.railway, { next: [{ match: '*', do: 'rate-limit', after: 1 }] })
  const begun = Date.now()
  const ran = await world.run(shop, ['plan'])
  assert.equal(ran.code, 0, ran.all)
  assert.ok(Date.now() - begun >= 1000, `${Date.now() - begun} ms`)
})

// --- deployments that fail ---

const second = SHOP.replace('docker.io/shop/api:1', 'docker.io/shop/api:2').replace('GREETING: hello', 'GREETING: goodbye')
const apiOf = world => {
  const service = world.railway.state.services.find(one => one.name === 'api')
  return {
    service, image: world.railway.state.instances.find(one => one.serviceId === service.id).source.image,
    greeting: world.railway.state.variables.find(row => row.serviceId === service.id && row.name === 'GREETING').value,
    deployments: world.railway.state.deployments.filter(one => one.serviceId === service.id)
  }
}
const atSecond = async use => {
  const checkout = shopCheckout(second)
  try { await use(checkout) } finally { checkout.remove() }
}

inWorld('a deployment that fails is told with its log, and image and variables go back', async world => {
  assert.equal((await world.run(shop, deploy)).code, 0)
  const old = apiOf(world).deployments.at(-1)
  await atSecond(async checkout => {
    await configure(world.railway, { outcomes: [{ service: 'api', status: 'FAILED', error: 'out of disk' }] })
    const failed = await world.run(checkout, deploy)
    assert.equal(failed.code, 1, failed.all)
    assert.match(failed.err, /brought back to what ran before: api/)
    const now = apiOf(world)
    assert.match(now.image, /api:1$/)
    assert.equal(now.greeting, 'hello')
    assert.equal(now.deployments.find(one => one.id === old.id).status, 'SUCCESS', 'the old one never stopped')
    const plan = await world.run(shop, ['plan'])
    assert.doesNotMatch(plan.out, /GREETING|api:2/)
  })
})

inWorld('--no-auto-rollback leaves a deployment that failed as it is', async world => {
  assert.equal((await world.run(shop, deploy)).code, 0)
  await atSecond(async checkout => {
    await configure(world.railway, { outcomes: [{ service: 'api', status: 'CRASHED' }] })
    const failed = await world.run(checkout, [...deploy, '--no-auto-rollback'])
    assert.notEqual(failed.code, 0, failed.all)
    assert.match(apiOf(world).image, /api:2$/)
    assert.equal(apiOf(world).greeting, 'goodbye')
  })
})

inWorld('a deployment that runs the old image and reports success is found out', async world => {
  assert.equal((await world.run(shop, deploy)).code, 0)
  await configure(world.railway, { options: { deploysOldImage: true } })
  await atSecond(async checkout => {
    const fooled = await world.run(checkout, deploy)
    assert.equal(fooled.code, 1, fooled.all)
    assert.match(fooled.err, /says it runs .*api:1.*, not .*api:2/)
  })
})
