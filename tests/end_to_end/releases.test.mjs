// What a release is: a point in time. Against the emulators without processes: which releases are told, where a rollback
// leads, and what is deployed again when only secrets change.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { configure } from './emulators/client.mjs'
import { missing } from './program.mjs'
import { World, seanceProgram, shopCheckout } from './deploy/world.mjs'

const skip = missing(seanceProgram, 'graphql', 'ws')
const stack = (api, store, note = 'one') => `project: shop
registry: docker.io/shop
environments:
  production:
    target: railway
    domain: shop.dev
    secrets: secrets.env
services:
  store: {image: "docker.io/shop/valkey:${store}", port: 6379, health: /health, env: {NOTE: ${note}}, secrets: [STORE_KEY]}
  api: {image: "docker.io/shop/api:${api}", port: 8000, health: /health, needs: [store], secrets: [API_KEY]}
`

class Shop {
  constructor (world, checkout) { Object.assign(this, { world, checkout }) }

  run (...words) { return this.world.run(this.checkout, words) }

  async good (...words) {
    const ran = await this.run(...words)
    assert.equal(ran.code, 0, `${words.join(' ')}\n${ran.all}`)
    return ran
  }

  async json (...words) { return JSON.parse((await this.good(...words, '--json')).out.trim().split('\n').at(-1)) }

  commit (api, store, note) {
    this.checkout.write('stack.yaml', stack(api, store, note))
    this.checkout.commitAll(`api ${api}, store ${store}`)
    return this.checkout.commit
  }

  async deploy (api, store, note) {
    const commit = this.commit(api, store, note)
    await this.good('deploy', '--yes', '--no-verify')
    return commit
  }

  async deployAgain (commit, ...words) {
    execFileSync('git', ['checkout', '-q', commit], { cwd: this.checkout.folder })
    await this.good('deploy', '--yes', '--no-verify', ...words)
  }

  // As deploy, but api fails and is left so: CRASHED after it was active, FAILED before.
  async fail (status, api, store, words = ['--no-auto-rollback']) {
    const commit = this.commit(api, store)
    await configure(this.world.railway, { outcomes: [{ service: 'api', status }] })
    assert.equal((await this.run('deploy', '--yes', '--no-verify', ...words)).code, 1)
    return commit
  }

  secrets (values) { this.world.writeSecrets({ ...this.world.secrets, ...values }) }
  deployments (name) {
    const { id } = this.world.railway.state.services.find(one => one.name === name)
    return this.world.railway.state.deployments.filter(one => one.serviceId === id)
  }

  // What each service runs, by the tags of their images.
  get runs () {
    const tag = name => /:(\w+)(@|$)/.exec(this.deployments(name).filter(one => one.status === 'SUCCESS').at(-1)?.image)?.[1]
    return `${tag('api')} ${tag('store')}`
  }

  async releases () { return (await this.json('releases')).releases }
}

const inShop = (name, use) => test(name, { skip }, async () => {
  const world = await World.start({ zone: 'shop.dev', images: 'docker.io/shop', bucket: 'shop-cdn', secrets: { API_KEY: 'a', STORE_KEY: 's' }, run: false, speed: 2000, builtInRegistry: true })
  world.environment.SEANCE_REGISTRY_MAP = null // its images are in no registry that is asked
  const checkout = shopCheckout(stack('1', '1'))
  try { await use(new Shop(world, checkout)) } finally {
    checkout.remove()
    await world.stop()
  }
})

inShop('releases are numbered, and are told and found by their numbers', async shop => {
  const first = await shop.deploy('1', '1')
  const second = await shop.deploy('2', '1')
  assert.deepEqual((await shop.releases()).map(({ number, commit }) => [number, commit]), [[2, second], [1, first]])
  assert.match((await shop.good('releases')).out, new RegExp(`● +r2 +${second}`))
  await shop.good('rollback', '--to', 'r1', '--yes', '--no-verify')
  assert.equal(shop.runs, '1 1')
  const [last] = await shop.releases()
  assert.deepEqual([last.number, last.commit, last.back_to, last.back_to_number], [3, first, first, 1])
})

inShop('a service that a failed deployment brought back is named once in its release', async shop => {
  await shop.deploy('1', '1')
  await shop.fail('FAILED', '2', '2', [])
  const [line] = (await shop.good('releases')).out.split('\n').filter(one => / r2 /.test(one))
  assert.equal((await shop.releases())[0].deployments.filter(one => one.service === 'store').length, 2, 'out and back')
  assert.equal(line.match(/store/g).length, 1, line)
})

inShop('after a rollback and a change of secrets a rollback never leads to what was undone', async shop => {
  const first = await shop.deploy('1', '1')
  await shop.deploy('2', '1', 'two') // of store the variables alone, which a rollback leaves
  await shop.good('rollback', '--to', first, '--yes', '--no-verify')
  shop.secrets({ STORE_KEY: 'new' })
  await shop.good('secrets', 'apply', '--deploy')
  assert.equal((await shop.json('status')).commit, first)
  const again = await shop.run('rollback', '--yes', '--no-verify')
  assert.equal(again.code, 3, again.all)
  assert.match(again.err, /no release before \w+ ran other images\n.*--with-variables brings those back/)
  assert.equal(shop.runs, '1 1')
  const none = await shop.run('rollback', '--to', 'r99', '--yes', '--no-verify')
  assert.equal(none.code, 3, none.all)
  assert.match(none.err, /there is no release r99 of production/)
})

inShop('a deployment of an older commit is no rollback, and a rollback leads to the state before the last change as a whole', async shop => {
  const older = shop.commit('1', '1')
  const newer = await shop.deploy('2', '2')
  await shop.deployAgain(older)
  await shop.deployAgain(newer, '--service', 'api')
  assert.equal(shop.runs, '2 1')
  assert.ok((await shop.releases()).every(one => one.back_to === ''))
  await shop.good('rollback', '--yes', '--no-verify')
  assert.equal(shop.runs, '1 1')
})

inShop('a release that crashed stays one after the next good one, and no rollback leads to it', async shop => {
  const first = await shop.deploy('1', '1')
  const bad = await shop.fail('CRASHED', '2', '1')
  const outcome = async commit => (await shop.releases()).find(one => one.commit === commit).outcome
  assert.equal(await outcome(bad), 'failed')
  await shop.deploy('3', '1')
  await configure(shop.world.railway, { advance: 3600 })
  assert.equal(await outcome(bad), 'failed')
  assert.equal(await outcome(first), 'good')
  await shop.good('rollback', '--yes', '--no-verify')
  assert.equal(shop.runs, '1 1')
})

inShop('a deployment that was healthy and crashed later is not good', async shop => {
  await shop.deploy('1', '1')
  await shop.deploy('2', '1')
  shop.deployments('api').at(-1).status = 'CRASHED'
  await shop.deploy('3', '1')
  await shop.good('rollback', '--yes', '--no-verify')
  assert.equal(shop.runs, '1 1')
})

inShop('a release of which a part failed is no way back to itself', async shop => {
  await shop.deploy('1', '1')
  const bad = await shop.fail('FAILED', '2', '2')
  assert.equal(shop.runs, '1 2')
  const refused = await shop.run('rollback', '--to', bad, '--yes', '--no-verify')
  assert.equal(refused.code, 3, refused.all)
  assert.match(refused.err, /all but api, which failed in it/)
  await shop.good('rollback', '--yes', '--no-verify')
  assert.equal(shop.runs, '1 1')
})

inShop('secrets apply --deploy leaves a service alone whose secrets are the same, and never ships what failed', async shop => {
  await shop.deploy('1', '1')
  await shop.fail('FAILED', '2', '1')
  const before = shop.deployments('api').length
  shop.secrets({ STORE_KEY: 'new' })
  const applied = await shop.json('secrets', 'apply', '--deploy')
  assert.deepEqual(applied.deployments.map(one => one.service), ['store'])
  assert.equal(shop.deployments('api').length, before)

  shop.secrets({ STORE_KEY: 'new', API_KEY: 'new' })
  await shop.good('secrets', 'apply', '--deploy')
  assert.equal(shop.deployments('api').length, before + 1)
  assert.equal(shop.runs, '1 1')
})

inShop('secrets that were written without a deployment are deployed by the next secrets apply --deploy', async shop => {
  await shop.deploy('1', '1')
  shop.secrets({ STORE_KEY: 'new' })
  await shop.good('secrets', 'apply')
  const applied = await shop.json('secrets', 'apply', '--deploy')
  assert.deepEqual(applied.deployments.map(one => one.service), ['store'])
  assert.deepEqual((await shop.json('secrets', 'apply', '--deploy')).deployments, [])
})
