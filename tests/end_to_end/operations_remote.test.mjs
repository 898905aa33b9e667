// Looking after an environment on Railway with the real program, against the emulators: logs, domains, cost, secrets,
// doctor, and taking over what is live. No value of a secret is ever in what it prints.
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startRegistry } from '../emulators/registry.mjs'
import { startSpaces } from '../emulators/spaces.mjs'
import { program } from './command_line.mjs'
import { missing, waitFor } from './program.mjs'

const skip = missing(process.execPath, 'graphql', 'ws') || missing(program) || false
const { withEmulators } = skip ? {} : await import('./emulators/client.mjs')

const SECRETS = { TOKEN: 'sentinel-token-1', SIGNING: 'sentinel-signing-2' }
const STACK = `project: shop
environments:
  production:
    target: railway
    domain: seance.dev
    dns: cloudflare
    secrets: deploy/secrets.production.yaml
    require: {web: [TOKEN]}
    budget: 10
services:
  cache:
    image: redis:7
    port: 6379
    volume: /data
  web:
    image: shop/web:1
    port: 3000
    subdomain: "@"
    health: /health
    needs: [cache]
    env: {CACHE: "redis://\${services.cache.host}:6379", MODE: fast}
    secrets: [SIGNING]
`

const git = (folder, ...words) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words], { cwd: folder, stdio: 'pipe' })

class Product {
  constructor (folder, { railway, cloudflare }) {
    this.folder = folder
    this.secretsFile = path.join(folder, '..', `${path.basename(folder)}.env`)
    this.seen = ''
    const { SEANCE_ENV, ...own } = process.env
    this.env = { ...own, RAILWAY_API_TOKEN: railway.token('account'), CLOUDFLARE_API_TOKEN: 'cf-token', SEANCE_RAILWAY_URL: railway.url, SEANCE_CLOUDFLARE_URL: cloudflare.url, SEANCE_SECRETS_FILE: this.secretsFile }
  }

  async secrets (values) {
    await writeFile(this.secretsFile, Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join(''))
    await chmod(this.secretsFile, 0o600)
  }

  commit () {
    git(this.folder, 'add', '-A')
    git(this.folder, 'commit', '-q', '--allow-empty', '-m', 'x')
  }

  run (words, { env = {}, environment = 'production' } = {}) {
    return new Promise(resolve => {
      execFile(program, ['-e', environment, ...words], { cwd: this.folder, timeout: 60_000, env: { ...this.env, ...env } }, (error, out, err) => {
        this.seen += out + err
        resolve({ code: error ? error.code ?? error.signal : 0, out, err })
      })
    })
  }

  async json (words, options) {
    const { code, out, err } = await this.run([...words, '--json'], options)
    try { return { code, err, ...JSON.parse(out.trim().split('\n').at(-1)) } } catch { throw new Error(`no JSON (${code}): ${out}${err}`) }
  }

  async deploy () {
    const { code, out, err } = await this.run(['deploy', '--yes', '--no-verify'])
    assert.equal(code, 0, out + err)
  }

  async isEmptyPlan () {
    const { code, out, err } = await this.run(['plan', '--exit-code'])
    assert.equal(code, 0, out + err)
  }
}

async function emptyProduct (emulators) {
  const folder = await mkdtemp(path.join(tmpdir(), 'seance-remote-'))
  git(folder, 'init', '-q')
  return new Product(folder, emulators)
}

// A product that has been deployed. `run: false`: deployments walk through their states without processes.
const deployed = (name, body, options) => test(name, { skip }, () => withEmulators(async emulators => {
  const product = await emptyProduct(emulators)
  try {
    await writeFile(path.join(product.folder, 'stack.yaml'), STACK)
    await product.secrets(SECRETS)
    product.commit()
    await product.deploy()
    await body({ product, ...emulators })
    for (const value of ['sentinel', emulators.railway.token('account'), 'cf-token']) assert.ok(!product.seen.includes(value), `${value} was printed`)
  } finally {
    await rm(product.folder, { recursive: true, force: true })
    await rm(product.secretsFile, { force: true })
  }
}, options))

const ids = railway => Object.fromEntries(Object.values(railway.state.services).map(({ name, id }) => [name, id]))
const latest = (railway, name) => Object.values(railway.state.deployments).filter(one => one.serviceId === ids(railway)[name]).at(-1)
const say = (railway, name, ...lines) => railway.logs.lines(latest(railway, name), null, lines, 'info')

deployed('logs merges services, and shows our lines by their event', async ({ product, railway }) => {
  say(railway, 'web', '{"level":"info","service":"web","event":"listened","port":3000}')
  say(railway, 'cache', 'Ready to accept connections')
  say(railway, 'web', '{"level":"error","service":"web","event":"upstream_failed","why":"no answer"}')

  const all = await product.run(['logs'])
  assert.equal(all.code, 0, all.err)
  assert.match(all.out, /web +listened port=3000\n/)
  assert.match(all.out, /cache +Ready to accept connections\n.* web +error upstream_failed why="no answer"\n/s)

  assert.doesNotMatch((await product.run(['logs', 'cache'])).out, /listened/)
  assert.match((await product.run(['logs', '--grep', 'port=3000'])).out, /^[^\n]*listened[^\n]*\n$/)
  assert.match((await product.run(['logs', '--level', 'warning'])).out, /^[^\n]*upstream_failed[^\n]*\n$/)
  assert.match((await product.run(['logs', '-n', '1'])).out, /^[^\n]*upstream_failed[^\n]*\n$/)
  assert.match((await product.run(['logs', '--deployment', latest(railway, 'cache').id])).out, /Ready to accept/)
  assert.equal((await product.run(['logs', '--build'])).code, 0)
  const line = await product.json(['logs', 'web', '-n', '1'])
  assert.deepEqual([line.service, line.level, line.deployment, line.attributes.why], ['web', 'error', latest(railway, 'web').id, 'no answer'])
  assert.equal((await product.run(['logs', 'wep'])).code, 3)
  assert.equal((await product.run(['logs', '--level', 'loud'])).code, 64)
  assert.equal((await product.run(['logs', '--since', 'soon'])).code, 64)
})

deployed('a deployment that wrote nothing is said to have, and a hint names its environment', async ({ product, railway }) => {
  await fetch(railway.control, { method: 'POST', body: JSON.stringify({ outcomes: [{ service: 'web', status: 'FAILED', error: 'out of disk' }] }) })
  await writeFile(path.join(product.folder, 'stack.yaml'), STACK.replace('MODE: fast', 'MODE: slow'))
  product.commit()
  const failed = await product.run(['deploy', '--yes', '--no-verify'])
  const [, hint] = /seance (-e production logs --service web --deployment \S+)/.exec(failed.err) ?? []
  assert.ok(hint, failed.err)
  const silent = await product.run(hint.split(' ').slice(2))
  assert.equal(silent.code, 0)
  assert.match(silent.err, /has written nothing/)
})

deployed('logs -f goes on over a cut connection without gaps or repetitions, and ends with 130', async ({ product, railway }) => {
  say(railway, 'web', 'line 0')
  const child = spawn(program, ['-e', 'production', 'logs', '-f', '--since', '10m', '--grep', 'line'], { cwd: product.folder, env: product.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', data => { out += data })
  child.stderr.on('data', data => { err += data })
  try {
    await waitFor(() => out.includes('line 0'), 'the backlog')
    say(railway, 'web', 'line 1')
    await waitFor(() => out.includes('line 1'), 'a live line')
    await fetch(`${railway.control}`, { method: 'POST', body: JSON.stringify({ closeSockets: 0 }) })
    say(railway, 'web', 'line 2')
    say(railway, 'cache', 'line 3')
    await waitFor(() => out.includes('line 3'), 'lines after the cut')
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    assert.equal(code, 130)
  } finally {
    child.kill('SIGKILL')
  }
  assert.deepEqual(out.match(/line \d/g), ['line 0', 'line 1', 'line 2', 'line 3'])
  assert.match(err, /reconnecting/)
  product.seen += out + err
})

deployed('logs -f asks again and again where no WebSocket gets through', async ({ product, railway }) => {
  await fetch(railway.control, { method: 'POST', body: JSON.stringify({ refuseUpgrades: true }) })
  say(railway, 'web', 'line 0')
  const child = spawn(program, ['-e', 'production', 'logs', 'web', '-f', '--json'], { cwd: product.folder, env: product.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', data => { out += data })
  child.stderr.on('data', data => { err += data })
  try {
    await waitFor(() => out.includes('line 0'), 'the first answer')
    assert.match(err, /polling every 5s/)
    say(railway, 'web', 'line 1')
    await waitFor(() => out.includes('line 1'), 'the next answer')
  } finally {
    child.kill('SIGTERM')
  }
  assert.deepEqual(out.trim().split('\n').map(line => JSON.parse(line).message).filter(text => text.startsWith('line')), ['line 0', 'line 1'])
})

deployed('domains tells what stands in DNS and what to do', async ({ product, cf, zone }) => {
  const good = await product.json(['domains'])
  assert.equal(good.code, 0, JSON.stringify(good))
  const [domain] = good.domains
  assert.deepEqual([domain.host, domain.service, domain.port, domain.verified, domain.works], ['seance.dev', 'web', 3000, true, true])
  assert.deepEqual(domain.records.map(record => [record.type, record.ok]), [['CNAME', true], ['TXT', true]])
  assert.match((await product.run(['domains'])).out, /✔ +seance\.dev +web +3000 +right +right +yes/)

  const refused = await product.json(['domains', 'retry', 'seance.dev'])
  assert.deepEqual([refused.code, refused.error.code], [5, 'NOTHING_TO_RETRY'])
  assert.equal((await product.run(['domains', 'retry', 'seance.com'])).code, 3)

  const { body } = await cf('GET', `/zones/${zone}/dns_records?type=TXT`)
  await cf('DELETE', `/zones/${zone}/dns_records/${body.result[0].id}`)
  const broken = await product.run(['domains'])
  assert.equal(broken.code, 7)
  assert.match(broken.out, /the TXT record _railway-verify\S* is missing; it must be railway-verify=/)
})

deployed('domains retry asks again for a certificate that failed', async ({ product, railway }) => {
  await waitFor(async () => (await product.json(['domains'])).domains[0].certificate === 'failed', 'a failed certificate')
  // Visitors get Cloudflare's certificate meanwhile.
  assert.equal((await product.run(['domains'])).code, 0)
  const { code, out, err } = await product.run(['domains', 'retry', 'seance.dev'])
  assert.equal(code, 0, err)
  assert.match(out, /asked again for the certificate/)
  const calls = await fetch(`${railway.control}/calls`).then(answer => answer.json())
  assert.ok(JSON.stringify(calls).includes('customDomainIssueCertificate'))
}, { proxiedCertificate: 'failed' })

deployed('cost shares the estimate among services and warns beyond the budget', async ({ product, railway }) => {
  const young = await product.json(['cost'])
  assert.deepEqual([young.estimate, young.too_early, young.over_budget], [null, true, false])
  assert.match((await product.run(['cost'])).out, /too early[^]*not a day old/)
  railway.state.projects[0].createdAt = new Date(Date.now() - 48 * 3600_000).toISOString()
  const cost = await product.json(['cost'])
  assert.equal(cost.code, 0)
  assert.deepEqual(cost.services.map(one => one.service).sort(), ['cache', 'web'])
  const sum = cost.services.reduce((all, one) => all + one.month_to_date, 0)
  assert.ok(Math.abs(sum - cost.month_to_date) < 1e-6)
  assert.deepEqual([cost.budget, cost.over_budget], [10, true])
  const { code, out, err } = await product.run(['cost'])
  assert.equal(code, 0)
  assert.match(out, /web .* \$/)
  assert.match(err, /over the budget of 10\.00 \$/)
}, { usage: { web: { CPU_USAGE: 100_000 }, cache: { CPU_USAGE: 50_000 } } })

deployed('secrets are compared by fingerprint, written without a deployment, and deployed alone', async ({ product, railway }) => {
  const list = await product.json(['secrets', 'list'])
  assert.deepEqual(list.secrets.map(one => [one.name, one.state, one.required]), [['SIGNING', 'same', false], ['TOKEN', 'same', true]])
  assert.match(list.secrets[0].live, /^[0-9a-f]{12}$/)
  assert.equal((await product.run(['secrets', 'check'])).code, 0)

  await product.secrets({ ...SECRETS, TOKEN: 'sentinel-token-new' })
  const drifted = await product.run(['secrets', 'check'])
  assert.equal(drifted.code, 7)
  assert.match(drifted.out, /TOKEN .*drifted/)
  const before = Object.keys(railway.state.deployments).length
  await product.secrets({ SIGNING: SECRETS.SIGNING })
  const lacking = await product.run(['secrets', 'check'])
  assert.equal(lacking.code, 7, lacking.all)
  assert.match(lacking.out, /web +TOKEN +required +- +[0-9a-f]{12} +absent/)
  assert.match(lacking.out, /production requires TOKEN of web, and deploy\/secrets.production.yaml does not have it/)
  assert.deepEqual((await product.json(['secrets', 'list'])).secrets.map(one => [one.name, one.state]), [['SIGNING', 'same'], ['TOKEN', 'absent']])
  const refused = await product.run(['secrets', 'apply'])
  assert.equal(refused.code, 65, refused.all)
  assert.match(refused.err, /\n +edit \S+\.env/, 'no sops for a file that it does not keep')
  assert.match(refused.err, /TOKEN/)
  await product.secrets({ ...SECRETS, TOKEN: 'sentinel-token-new' })
  const written = await product.run(['secrets', 'apply'])
  assert.equal(written.code, 0, written.err)
  assert.match(written.out, /1 secrets? written to web\n.*what runs still has the old ones/s)
  assert.equal(Object.keys(railway.state.deployments).length, before)
  assert.equal((await product.run(['secrets', 'check'])).code, 0)

  const after = await product.json(['secrets', 'apply', '--deploy'])
  assert.deepEqual([after.ok, after.deployments.map(one => one.service)], [true, ['web']])
  assert.equal(Object.keys(railway.state.deployments).length, before + 1)
  await product.isEmptyPlan()

  await product.secrets({ TOKEN: 'sentinel-token-new' })
  const extra = await product.json(['secrets', 'check'])
  assert.deepEqual([extra.code, extra.secrets.find(one => one.name === 'SIGNING').state], [7, 'extra'])
  const unasked = await product.run(['secrets', 'apply', '--deploy'])
  assert.equal(unasked.code, 5, unasked.err)
  assert.match(unasked.err, /SIGNING of web would be removed: the secrets file does not have it/)
  assert.equal((await product.json(['secrets', 'check'])).secrets.find(one => one.name === 'SIGNING').state, 'extra')
  const gone = await product.json(['secrets', 'apply', '--deploy', '--yes'])
  assert.deepEqual(gone.changes, [{ action: 'delete', service: 'web', name: 'SIGNING' }])
  await product.isEmptyPlan()
})

deployed('a secret with a typing error in its name is told, and the one that is live stays until that is confirmed', async ({ product }) => {
  await product.secrets({ TOKEN: SECRETS.TOKEN, SINGING: SECRETS.SIGNING })
  const plan = await product.run(['plan'])
  assert.match(plan.out, /- web +variable +SIGNING +\(the secrets file does not have it\)/)
  const refused = await product.run(['secrets', 'apply'])
  assert.equal(refused.code, 5, refused.err)
  assert.match(refused.err, /SINGING .*did you mean SIGNING/)
  assert.match(refused.err, /give --yes/)
  const removed = await product.run(['secrets', 'apply', '--yes'])
  assert.match(removed.out, /1 secret removed from web/)
})

deployed('secrets of a locked file are compared by name, and not written', async ({ product }) => {
  const locked = path.join(product.folder, '..', `${path.basename(product.folder)}.yaml`)
  const value = 'ENC[AES256_GCM,data:c2VudGluZWw=,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]'
  await writeFile(locked, `web:\n    TOKEN: ${value}\nsops:\n    age:\n        - recipient: age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\n          enc: x\n    lastmodified: "2026-01-30T23:01:33Z"\n    mac: ${value}\n    version: 3.9.0\n`)
  const env = { SEANCE_SECRETS_FILE: locked, PATH: `${path.dirname(process.execPath)}:/nowhere` }
  try {
    const list = await product.json(['secrets', 'list'], { env })
    assert.deepEqual([list.locked, list.secrets.map(one => [one.name, one.state])], [true, [['SIGNING', 'extra'], ['TOKEN', 'unknown']]], JSON.stringify(list))
    assert.match(list.err, /names alone are compared/)
    assert.equal((await product.run(['secrets', 'check'], { env })).code, 7)
    assert.equal((await product.run(['secrets', 'apply'], { env })).code, 4)
  } finally {
    await rm(locked, { force: true })
  }
})

deployed('secrets apply touches nothing but secrets, whatever stack.yaml says by now', async ({ product, client, railway }) => {
  await writeFile(path.join(product.folder, 'stack.yaml'), STACK.replace('MODE: fast', 'MODE: slow, ADDED: x').replace('shop/web:1', 'shop/web:2'))
  await product.secrets({ ...SECRETS, SIGNING: 'sentinel-signing-new' })
  const applied = await product.json(['secrets', 'apply'])
  assert.deepEqual(applied.changes, [{ action: 'update', service: 'web', name: 'SIGNING' }])
  const [environment] = Object.values(railway.state.environments)
  const variables = await client.variables({ projectId: environment.projectId, environmentId: environment.id, serviceId: ids(railway).web })
  assert.deepEqual([variables.MODE, variables.ADDED, variables.SIGNING], ['fast', undefined, 'sentinel-signing-new'])
})

deployed('doctor finds all in place, and each thing that is not', async ({ product, cloudflare }) => {
  const well = await product.json(['doctor'])
  assert.equal(well.code, 0, JSON.stringify(well.checks.filter(check => check.status === 'fail')))
  const of = (answer, what) => answer.checks.find(check => check.what === what)
  assert.match(of(well, 'Railway token').finding, /account token/)
  for (const what of ['git', 'clock', 'project', 'Cloudflare token', 'zone', 'DNS records', 'domains', 'secrets file']) assert.equal(of(well, what)?.status, 'ok', what)

  const bare = await product.json(['doctor'], { env: { RAILWAY_API_TOKEN: '', CLOUDFLARE_API_TOKEN: '' } })
  assert.deepEqual([bare.code, of(bare, 'Railway token').status, of(bare, 'Cloudflare token').status], [7, 'fail', 'fail'])
  const wrong = await product.json(['doctor'], { env: { RAILWAY_API_TOKEN: 'wrong-token-3' } })
  assert.deepEqual([wrong.code, of(wrong, 'Railway token').status], [7, 'fail'])
  assert.ok(!JSON.stringify(wrong).includes('wrong-token-3'))

  assert.deepEqual([of(wrong, 'zone').status, of(wrong, 'DNS records').status], ['ok', 'warn'], 'the zone is looked at without Railway')
  const away = await product.json(['doctor'], { env: { SEANCE_RAILWAY_URL: 'http://127.0.0.1:1/graphql/v2' } })
  assert.match(of(away, 'Railway token').finding, /not looked at/)
  assert.doesNotMatch(of(away, 'Railway token').fix, /make one/)
  const status = await product.run(['status'], { env: { SEANCE_RAILWAY_URL: 'http://127.0.0.1:1/graphql/v2' } })
  assert.doesNotMatch(status.err, /goes on where/)

  await fetch(cloudflare.control, { method: 'POST', body: JSON.stringify({ zones: [{ name: 'seance.dev', ssl: 'flexible' }] }) })
  await writeFile(path.join(product.folder, 'dirty'), '')
  const ill = await product.run(['doctor'])
  assert.equal(ill.code, 7)
  assert.match(ill.out, /TLS mode of seance\.dev: Cloudflare: SSL\/TLS/)
  assert.match(ill.out, /git: commit them/)
})

deployed('doctor tries the keys of the bucket and the login of the registry', async ({ product }) => {
  const registry = await startRegistry()
  const spaces = await startSpaces({ region: 'sfo3', keys: [{ id: 'DO00SENTINEL', secret: 'sentinel-spaces' }], buckets: ['shop-cdn'] })
  const more = STACK.replace('project: shop', 'project: shop\nregistry: docker.io/shop').replace('    budget: 10', '    budget: 10\n    spaces: {bucket: shop-cdn, region: sfo3}')
    .replace('secrets: [SIGNING]', 'secrets: [SIGNING, SPACES_ACCESS_KEY_ID, SPACES_SECRET_ACCESS_KEY]') + '  api:\n    source: src\n    program: node\n    port: 80\n    subdomain: a\n'
  const env = { SEANCE_SPACES_URL: spaces.url, SEANCE_REGISTRY_MAP: `docker.io/shop=${registry.host}/shop` }
  const of = (answer, what) => answer.checks.find(check => check.what === what)
  try {
    await writeFile(path.join(product.folder, 'stack.yaml'), more.replace('domain: seance.dev', 'domain: deep.seance.dev'))
    product.commit()
    await product.secrets({ ...SECRETS, SPACES_ACCESS_KEY_ID: 'DO00SENTINEL', SPACES_SECRET_ACCESS_KEY: 'sentinel-spaces' })
    const well = await product.json(['doctor'], { env })
    assert.deepEqual([of(well, 'Spaces').status, of(well, 'registry').status], ['ok', 'ok'], JSON.stringify(well.checks))
    assert.equal(of(well, 'certificate of a.deep.seance.dev').status, 'fail')
    await product.secrets({ ...SECRETS, SPACES_ACCESS_KEY_ID: 'DO00SENTINEL', SPACES_SECRET_ACCESS_KEY: 'sentinel-wrong' })
    await registry.stop()
    const ill = await product.json(['doctor'], { env })
    assert.deepEqual([ill.code, of(ill, 'Spaces').status, of(ill, 'registry').status], [7, 'fail', 'fail'])
  } finally {
    await spaces.stop()
    await registry.stop().catch(() => {})
  }
})

deployed('init --import of what we have deployed gives a stack whose plan is empty', async ({ product }) => {
  await product.isEmptyPlan()
  await unlink(path.join(product.folder, 'stack.yaml'))
  const made = await product.json(['init', '--import', '--project', 'shop'])
  assert.equal(made.code, 0, JSON.stringify(made))
  assert.deepEqual([made.services, made.secrets, made.changes], [2, { web: ['SIGNING', 'TOKEN'] }, []])
  const text = await readFile(path.join(product.folder, 'stack.yaml'), 'utf8')
  assert.match(text, /dns: cloudflare/)
  assert.doesNotMatch(text, /sentinel/)
  product.commit()
  await product.isEmptyPlan()
  assert.equal((await product.run(['init', '--import', '--project', 'shop'])).code, 5)
})

test('init --import of an account that was never ours gives a stack whose plan is empty', { skip }, () => withEmulators(async emulators => {
  const { client, railway } = emulators
  const at = await client.ask('mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { id environments { edges { node { id name } } } } }', { input: { name: 'By Hand', workspaceId: railway.platform.workspace.id, defaultEnvironmentName: 'production' } })
  const place = { projectId: at.projectCreate.id, environmentId: at.projectCreate.environments.edges[0].node.id }
  const web = await client.service(place, 'web')
  await client.update(web, { healthcheckPath: '/up', restartPolicyType: 'ALWAYS' })
  await client.set(web, { API_URL: 'https://u:sentinel-pw@host/', GREETING: 'hello ${{RAILWAY_PROJECT_NAME}}', PORT: '8080', PASSWORD: 'sentinel-password' })
  await client.domain(web, 'shop.seance.dev', 8080)
  const cache = await client.service(place, 'cache')
  await client.set(cache, {})
  for (const [service, image] of [[web, 'shop/web:3'], [cache, 'redis:7']]) {
    await client.update(service, { source: { image } })
    await client.until(await client.deploy(service), 'SUCCESS')
  }
  const product = await emptyProduct(emulators)
  try {
    const { SEANCE_SECRETS_FILE, ...env } = product.env
    product.env = env
    const made = await product.json(['init', '--import', '--project', 'By Hand'])
    assert.equal(made.code, 0, JSON.stringify(made))
    assert.deepEqual([made.changes, made.secrets], [[], { web: ['API_URL', 'PASSWORD'] }])
    product.commit()
    await product.isEmptyPlan()
    assert.equal((await product.run(['init', '--import', '--project', 'Nothing'], {})).code, 5)
    const text = await readFile(path.join(product.folder, 'stack.yaml'), 'utf8')
    assert.doesNotMatch(text + product.seen, /sentinel/)
    await unlink(path.join(product.folder, 'stack.yaml'))
    assert.equal((await product.run(['init', '--import', '--project', 'Nothing'])).code, 3)
  } finally {
    await rm(product.folder, { recursive: true, force: true })
  }
}))

deployed('the commands say what they are not for, and what is not there', async ({ product }) => {
  for (const words of [['domains'], ['cost'], ['secrets', 'check']]) assert.equal((await product.run(words, { environment: 'nowhere' })).code, 65, words.join(' '))
  const locked = await product.json(['cost'], { env: { RAILWAY_API_TOKEN: '' } })
  assert.deepEqual([locked.code, locked.error.code], [4, 'NO_RAILWAY_TOKEN'])
  await mkdir(path.join(product.folder, 'other'))
  await writeFile(path.join(product.folder, 'other', 'stack.yaml'), STACK.replace('project: shop', 'project: elsewhere'))
  const absent = await product.json(['--stack', 'other/stack.yaml', 'cost'])
  assert.deepEqual([absent.code, absent.error.code], [3, 'NOT_DEPLOYED'])
})
