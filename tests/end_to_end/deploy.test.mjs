// From an empty account to a verified stack, with this repository's own services really running: the whole of it in one
// pass, what a second and a third deployment do, one that fails, and where secrets do not show up.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import fs from 'node:fs'
import https from 'node:https'
import path from 'node:path'
import zlib from 'node:zlib'
import { after, before, test } from 'node:test'
import { missing, programPath } from './program.mjs'
import { Clone, SENTINELS, World, programs } from './deploy/world.mjs'

const onPath = program => (process.env.PATH ?? '').split(':').some(folder => existsSync(path.join(folder, program)))
const skip = programs.map(name => missing(programPath(name), 'graphql', 'ws')).find(Boolean) || (!onPath('redis-server') && 'redis-server is not installed') || (!onPath('openssl') && 'openssl is not installed') || false
let world, clone

before(async () => {
  if (skip) return
  clone = new Clone()
  world = await World.start({ speed: 50 })
})
after(async () => {
  await world?.stop()
  clone?.remove()
})

// What any process on this machine shows to others, while something runs.
async function watchProcesses (running, secrets, allowed) {
  const shown = new Set()
  let over = false
  running.ended.then(() => { over = true })
  while (!over) {
    for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      for (const kind of ['cmdline', 'environ']) {
        let text
        try {
          if (kind === 'environ' && allowed(fs.readlinkSync(`/proc/${pid}/exe`), fs.readlinkSync(`/proc/${pid}/root`), fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1'))) continue
          text = fs.readFileSync(`/proc/${pid}/${kind}`, 'latin1')
        } catch { continue }
        for (const secret of secrets) if (text.includes(secret)) shown.add(`${kind} of ${fs.existsSync(`/proc/${pid}/comm`) ? fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : pid}`)
      }
    }
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  return [...shown]
}

const page = () => new Promise((resolve, reject) => {
  const { hostname, port } = new URL(world.rehearsal.line.railway.edgeTls)
  https.get({ host: hostname, port, path: '/health', servername: 'seance.dev', headers: { host: 'seance.dev' }, ca: fs.readFileSync(world.rehearsal.line.railway.ca), agent: false }, response => {
    response.resume()
    response.on('end', () => resolve({ status: response.statusCode, commit: response.headers['x-seance-commit'] }))
  }).on('error', reject)
})

const deploymentsBy = () => {
  const { services, deployments } = world.railway.state
  return Object.fromEntries(services.map(service => [service.name, deployments.filter(one => one.serviceId === service.id).length]))
}

// Bytes that came to the registry: what each deployment says that it has sent.
const pushes = result => result.out.split('\n').filter(Boolean).map(line => JSON.parse(line)).filter(event => event.type === 'step.end' && /\/push$/.test(event.id)).map(event => event.text)
const resultOf = result => JSON.parse(result.out.trim().split('\n').at(-1))

test('an empty account becomes a verified stack in one pass, a second deployment does nothing, a change touches one service', { skip }, async t => {
  const begun = performance.now()
  const first = await world.run(clone, ['deploy', '--yes'])
  assert.equal(first.code, 0, first.all)
  t.diagnostic(`first deployment: ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  assert.match(first.all, /9 of 9 passed/)
  assert.deepEqual(world.picture().services, ['backend', 'beholder', 'landing', 'litellm', 'signaling', 'valkey'])
  assert.equal((await page()).commit, clone.commit)
  const plan = await world.run(clone, ['plan', '--exit-code'])
  assert.equal(plan.code, 0, `the plan after an apply is empty\n${plan.out}`)

  const before = world.picture()
  const ran = deploymentsBy()
  const second = await world.run(clone, ['deploy', '--yes', '--json'])
  assert.equal(second.code, 0, second.all)
  assert.deepEqual([resultOf(second).changes, resultOf(second).deployments], [[], []])
  assert.deepEqual(pushes(second), Array(5).fill('there already'), 'no byte is uploaded')
  assert.deepEqual(world.picture(), before)
  assert.deepEqual(deploymentsBy(), ran)

  // A commit that no service is made of: new images by their commit, the same by their content.
  clone.write('docs/a-page.md', 'Words.\n')
  clone.commitAll('Write a page')
  const words = await world.run(clone, ['plan', '--exit-code'])
  assert.equal(words.code, 0, `a commit that touches no service changes nothing\n${words.out}`)

  // One file of the website.
  clone.write('web/landing/robots.txt', 'User-agent: *\nDisallow: /private\n')
  clone.commitAll('Keep robots out of a corner')
  world.forgetCalls()
  const third = await world.run(clone, ['deploy', '--yes', '--json'])
  assert.equal(third.code, 0, third.all)
  assert.deepEqual(resultOf(third).deployments.map(one => one.service), ['landing'])
  assert.deepEqual(deploymentsBy(), { ...ran, landing: ran.landing + 1 })
  const landing = world.railway.state.services.find(one => one.name === 'landing').id
  const touched = world.railway.faults.calls.filter(call => /^\s*mutation/.test(call.query)).map(call => JSON.stringify(call.variables)).flatMap(text => world.railway.state.services.filter(one => text.includes(one.id)).map(one => one.id))
  assert.deepEqual([...new Set(touched)], [landing], 'no call is about another service')
  assert.equal((await page()).commit, clone.commit)

  // An older commit's images by their names alone, of which nobody knows what they are made of: the next deployment of
  // today's replaces them.
  const today = clone.commit
  const older = await world.run(clone, ['deploy', '--commit', 'HEAD~2', '--yes'])
  assert.equal(older.code, 0, older.all)
  assert.notEqual((await page()).commit, today)
  const forward = await world.run(clone, ['deploy', '--yes'])
  assert.equal(forward.code, 0, forward.all)
  assert.equal((await page()).commit, today)
})

test('a deployment that never becomes healthy shows its log and goes back, and the old one serves all the while', { skip }, async () => {
  const good = world.picture()
  const commit = clone.commit
  clone.write('web/landing/robots.txt', 'User-agent: *\nDisallow: /\n')
  clone.commitAll('Keep robots out')
  world.railway.platform.options.runEnv.landing = { LANDING_ROOT: '/nowhere' }
  const answers = []
  let over = false
  const visits = (async () => { while (!over) { answers.push(await page().catch(error => ({ error }))); await new Promise(resolve => setTimeout(resolve, 20)) } })()
  const failed = await world.run(clone, ['deploy', '--yes'])
  over = true
  await visits
  delete world.railway.platform.options.runEnv.landing
  assert.equal(failed.code, 1, failed.all)
  assert.equal(failed.err.match(/landing \| .*\/nowhere/g)?.length, 1, `the log says why, once\n${failed.err}`)
  assert.match(failed.err, /brought back to what ran before: landing/)
  assert.ok(answers.length > 10)
  assert.deepEqual(answers.filter(one => one.status !== 200 || one.commit !== commit), [], 'the old one never stopped')
  const now = world.picture()
  assert.deepEqual([now.instances, now.variables], [good.instances, good.variables])
  const next = await world.run(clone, ['deploy', '--yes'])
  assert.equal(next.code, 0, next.all)
})

test('no secret shows up in output, files, processes, images or anything but the variables of its service', { skip }, async () => {
  const secrets = [...new Set(Object.values(world.secrets))]
  const none = (text, where) => { for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in ${where}`) }
  clone.write('web/landing/robots.txt', 'User-agent: *\n')
  clone.commitAll('Let robots in')
  world.writeSecrets(world.secrets = { ...world.secrets, OPENAI_API_KEY: `${SENTINELS.OPENAI_API_KEY}-rotated` })
  const file = name => path.join(world.folder, name)
  world.forgetCalls()
  const planned = await world.run(clone, ['plan', '-v', '-o', file('plan.json'), '--snapshot', file('live.json')])
  none(planned.all, 'the output of plan')
  for (const name of ['plan.json', 'live.json']) none(fs.readFileSync(file(name), 'latin1'), name)
  assert.match(planned.out, /OPENAI_API_KEY/)

  const running = world.spawn(clone, ['deploy', '--yes', '-v'])
  // Services have their own secrets, also while the emulated platform is about to start them in their roots.
  const starts = command => /^(\/\S*\/)?(chroot|unshare|sh|mount)\0/.test(command) && command.includes(world.railway.folder)
  const shown = await watchProcesses(running, secrets, (exe, root, command) => exe.startsWith(world.railway.folder) || root !== '/' || starts(command))
  const deployed = await running.ended
  assert.equal(deployed.code, 0, deployed.all)
  none(deployed.all, 'the output of deploy')
  assert.deepEqual(shown, [])
  for (const call of world.railway.faults.calls) {
    none(call.query, 'a document')
    none(JSON.stringify(call.headers), 'a header')
    if (!/variableCollectionUpsert/.test(call.query)) none(JSON.stringify(call.variables ?? {}), `the variables of ${call.names}`)
  }
  for (const call of [...world.cloudflare.faults.calls, ...world.spaces.faults.calls]) none(JSON.stringify(call).replaceAll(world.secrets.SPACES_ACCESS_KEY_ID, ''), 'a call')
  for (const image of await images()) none(image, 'an image')
})

// All layers and manifests of the registry, unpacked.
async function images () {
  const { url } = world.rehearsal.line.registry
  const contents = []
  for (const name of programs.slice(1)) {
    const at = `${url}/v2/seance/${name}`
    const { tags } = await (await fetch(`${at}/tags/list`)).json()
    const manifest = await (await fetch(`${at}/manifests/${tags[0]}`, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } })).json()
    for (const { digest } of [manifest.config, ...manifest.layers]) {
      const bytes = Buffer.from(await (await fetch(`${at}/blobs/${digest}`)).arrayBuffer())
      contents.push((bytes[0] === 0x1f ? zlib.gunzipSync(bytes) : bytes).toString('latin1'))
    }
  }
  return contents
}
