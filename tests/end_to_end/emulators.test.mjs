// The Railway emulator as a state machine, without processes: what the deploy tool may rely on, and each trap by name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, waitFor } from './program.mjs'

const skip = missing(process.execPath, 'graphql', 'ws')
const { Client, configure, get, recordsOf, withEmulators } = skip ? {} : await import('./emulators/client.mjs')
const emulated = (name, body, options) => test(name, { skip }, () => withEmulators(body, options))
const rejects = (promise, pattern) => assert.rejects(promise, error => pattern.test(error.message) || assert.fail(`"${error.message}" does not match ${pattern}`))

// --- documents ---

emulated('a document the published schema does not know is refused before anything happens', async ({ client, railway }) => {
  const wrong = await client.raw('mutation { deploymentRollback(id: "x") { id status } }')
  assert.equal(wrong.status, 400)
  assert.match(wrong.body.errors[0].message, /must not have a selection/)
  assert.equal(wrong.body.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED')

  const missingField = await client.raw('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { projectId: 'p' } })
  assert.equal(missingField.status, 400)
  assert.match(missingField.body.errors[0].message, /mountPath/)

  const unknown = await client.raw('query ($input: DeploymentListInput!) { deployments(input: $input) { edges { node { id } } } }', { input: { status: { successfulOnly: true } } })
  assert.match(unknown.body.errors[0].message, /successfulOnly/)
  assert.equal((await client.raw('query {')).status, 400)
  assert.equal(railway.state.projects.length, 0)
})

emulated('variables of the wrong type are refused by their scalar', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await rejects(client.set(target, { PORT: 80 }), /PORT must be a string/)
  await rejects(client.ask('query ($id: String!) { deploymentLogs(deploymentId: $id, startDate: "yesterday") { message } }', { id: 'x' }), /DateTime/)
})

emulated('what is not imitated says so', async ({ client }) => {
  await rejects(client.ask('query { publicStats { totalDeploymentsLastMonth } }'), /does not imitate Query.publicStats/)
})

emulated('errors may hold nothing but their message', async ({ client }) => {
  const { body } = await client.raw('query { project(id: "nowhere") { id } }')
  assert.deepEqual(body, { errors: [{ message: 'Project not found' }], data: null })
}, { bareErrors: true })

// --- credentials ---

emulated('a project token and an account token travel in different headers', async ({ client, railway }) => {
  const { projectId, environmentId } = await client.project()
  const token = (await client.ask('mutation ($input: ProjectTokenCreateInput!) { projectTokenCreate(input: $input) }', { input: { projectId, environmentId, name: 'ci' } })).projectTokenCreate
  const probe = 'query { projectToken { projectId environmentId project { id name } environment { id name } } }'

  const right = await new Client(railway, { 'project-access-token': token }).ask(probe)
  assert.equal(right.projectToken.environmentId, environmentId)
  await rejects(new Client(railway, { authorization: `Bearer ${token}` }).ask(probe), /^Not Authorized$/)
  await rejects(new Client(railway, { 'project-access-token': railway.token('account') }).ask('query { me { id } }'), /^Project Token not found$/)
  await rejects(new Client(railway, {}).ask('query { me { id } }'), /^Not Authorized$/)
})

emulated('each kind of token reaches what it may, and one sentence covers dead and foreign alike', async ({ client, railway }) => {
  const first = await client.project('one')
  const second = await client.project('two')
  const value = (await client.ask('mutation ($input: ProjectTokenCreateInput!) { projectTokenCreate(input: $input) }', { input: { ...first, name: 'ci' } })).projectTokenCreate
  const bound = new Client(railway, { 'project-access-token': value })
  const workspace = new Client(railway, { authorization: `Bearer ${railway.token('workspace')}` })

  await rejects(bound.ask('query ($id: String!) { project(id: $id) { id } }', { id: second.projectId }), /^Not Authorized$/)
  await rejects(bound.ask('query { projects { edges { node { id } } } }'), /^Not Authorized$/)
  await rejects(bound.project(), /^Not Authorized$/)
  await rejects(bound.ask('query { me { id } }'), /^Not Authorized$/)
  await rejects(workspace.ask('query { me { id } }'), /^Not Authorized$/)
  assert.equal((await workspace.ask('query { apiToken { workspaces { id } } }')).apiToken.workspaces.length, 1)
  await rejects(workspace.ask('mutation { projectCreate(input: { name: "x" }) { id } }'), /workspaceId/)
  await rejects(new Client(railway, { authorization: 'Bearer dead' }).ask('query { me { id } }'), /^Not Authorized$/)
})

// --- limits ---

emulated('over the hourly limit a call is answered 429 with how long to wait', async ({ client, railway }) => {
  const before = await client.raw('query { me { id } }')
  assert.equal(before.headers.get('x-ratelimit-limit'), '3')
  assert.equal(before.headers.get('x-ratelimit-remaining'), '2')
  const { apiTokenRateLimit } = (await client.ask('query { me { apiTokenRateLimit { remainingPoints resetsAt } } }')).me
  assert.equal(apiTokenRateLimit.remainingPoints, 1)
  await client.raw('query { me { id } }')

  const over = await client.raw('query { me { id } }')
  assert.equal(over.status, 429)
  assert.ok(Number(over.headers.get('retry-after')) > 3000)

  await configure(railway, { advance: 3601 })
  assert.equal((await client.raw('query { me { id } }')).status, 200)
}, { limits: { perHour: 3, perSecond: 0 } })

emulated('a caller that does not name itself meets the limit of the edge, which does not speak JSON', async ({ railway }) => {
  const nameless = new Client(railway, { authorization: `Bearer ${railway.token('account')}` }, { marks: false })
  const answers = await Promise.all(Array.from({ length: 12 }, () => nameless.raw('query { me { id } }')))

  assert.equal(answers.filter(answer => answer.status === 429 && answer.body === null).length, 2)
})

// --- creating ---

emulated('names are not unique, and creating twice makes two', async ({ client, railway }) => {
  const target = await client.project()
  await client.project()
  await client.service(target, 'valkey')
  await client.service(target, 'valkey')

  assert.equal(railway.state.projects.length, 2)
  assert.equal(railway.state.services.filter(service => service.name === 'valkey').length, 2)
})

emulated('mutations without an environment id act on every environment', async ({ client, railway }) => {
  const { projectId, environmentId } = await client.project()
  const staging = (await client.ask('mutation ($input: EnvironmentCreateInput!) { environmentCreate(input: $input) { id } }', { input: { projectId, name: 'staging' } })).environmentCreate.id
  const target = await client.service({ projectId, environmentId: undefined }, 'landing')
  const overlap = id => railway.platform.findInstance(target.serviceId, id).settings.overlapSeconds

  await client.update({ ...target, environmentId }, { overlapSeconds: 20 })
  assert.deepEqual([overlap(environmentId), overlap(staging)], [20, undefined])

  await client.update({ ...target, environmentId: undefined }, { overlapSeconds: 30 })
  assert.deepEqual([overlap(environmentId), overlap(staging)], [30, 30])

  // Naming an environment that is no fork does not keep a new service out of the others either.
  const second = await client.service({ projectId, environmentId }, 'beholder')
  assert.ok(railway.platform.findInstance(second.serviceId, staging))
})

emulated('an update leaves alone what it does not name, and deploys nothing', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { healthcheckPath: '/health', overlapSeconds: 20 })
  await client.update(target, { source: { image: 'docker.io/seance/backend:1' } })

  const { serviceInstance } = await client.ask('query ($s: String!, $e: String!) { serviceInstance(serviceId: $s, environmentId: $e) { source { image } healthcheckPath healthcheckTimeout overlapSeconds latestDeployment { id } } }', { s: target.serviceId, e: target.environmentId })
  assert.deepEqual(serviceInstance, { source: { image: 'docker.io/seance/backend:1' }, healthcheckPath: '/health', healthcheckTimeout: 300, overlapSeconds: 20, latestDeployment: null })
  assert.equal(railway.state.deployments.length, 0)
})

emulated('overlap and drain default to 0 s', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')

  const { serviceInstance } = await client.ask('query ($s: String!, $e: String!) { serviceInstance(serviceId: $s, environmentId: $e) { overlapSeconds drainingSeconds healthcheckTimeout restartPolicyType restartPolicyMaxRetries numReplicas } }', { s: target.serviceId, e: target.environmentId })

  assert.deepEqual(serviceInstance, { overlapSeconds: 0, drainingSeconds: 0, healthcheckTimeout: 300, restartPolicyType: 'ON_FAILURE', restartPolicyMaxRetries: 10, numReplicas: 1 })
})

emulated('what the plan or the combination forbids is refused', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await rejects(client.update(target, { registryCredentials: { username: 'u', password: 'p' } }), /Pro plan/)
  await rejects(client.update(target, { region: 'mars-1' }), /mars-1/)
  await rejects(client.update(target, { numReplicas: 2, cronSchedule: '* * * * *' }), /cron/)
  await client.ask('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { ...target, mountPath: '/data' } })
  await rejects(client.update(target, { numReplicas: 2 }), /volume/)
  await rejects(client.ask('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { ...target, mountPath: '/more' } }), /already has a volume/)
})

emulated('a new service with an image may start a deployment before its variables are there', async ({ client, railway }) => {
  await client.service(await client.project(), 'backend', { source: { image: 'docker.io/seance/backend:1' } })

  assert.equal(railway.state.deployments.length, 1)
}, { serviceCreateDeploys: true })

// --- deployments ---

emulated('a deployment walks through its states to SUCCESS, and its events say where it is', async ({ client, railway }) => {
  const seen = []
  railway.platform.events.on('deployment', ({ status }) => { if (seen.at(-1) !== status) seen.push(status) })
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { healthcheckPath: '/health' })

  const id = await client.run(target, 'docker.io/seance/backend@sha256:' + 'a'.repeat(64))

  assert.deepEqual(seen, ['QUEUED', 'INITIALIZING', 'DEPLOYING', 'SUCCESS'])
  assert.deepEqual((await client.events(id)).map(event => event.step), ['CREATE_CONTAINER', 'CONFIGURE_NETWORK', 'HEALTHCHECK'])
  const { meta, instances } = await client.deployment(id)
  assert.equal(meta.image, 'docker.io/seance/backend@sha256:' + 'a'.repeat(64))
  assert.equal(meta.serviceManifest.deploy.healthcheckPath, '/health')
  assert.equal(instances[0].status, 'RUNNING')
})

emulated('redeploying re-runs the old image and reports success', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, 'docker.io/seance/backend:1')
  await client.update(target, { source: { image: 'docker.io/seance/backend:2' } })

  const { serviceInstanceRedeploy } = await client.ask('mutation ($s: String!, $e: String!) { serviceInstanceRedeploy(serviceId: $s, environmentId: $e) }', { s: target.serviceId, e: target.environmentId })
  assert.equal(serviceInstanceRedeploy, true)
  const [newest] = await client.deployments(target)
  await client.until(newest.id, 'SUCCESS')
  assert.equal(newest.meta.image, 'docker.io/seance/backend:1')

  const id = await client.deploy(target)
  assert.equal((await client.deployment(id)).meta.image, 'docker.io/seance/backend:2')
})

emulated("the platform's rollback restores old variables too", async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.set(target, { STRIPE_SECRET_KEY: 'old' })
  const old = await client.run(target, 'docker.io/seance/backend:1')
  await client.set(target, { STRIPE_SECRET_KEY: 'rotated', ADDED: 'later' })
  await client.run(target, 'docker.io/seance/backend:2')
  await client.until(old, 'REMOVED')

  assert.equal((await client.deployment(old)).canRollback, true)
  await client.ask('mutation ($id: String!) { deploymentRollback(id: $id) }', { id: old })

  const [newest] = await client.deployments(target)
  assert.equal(newest.meta.image, 'docker.io/seance/backend:1')
  const { STRIPE_SECRET_KEY, ADDED } = await client.variables(target)
  assert.deepEqual([STRIPE_SECRET_KEY, ADDED], ['old', undefined])
})

emulated("the platform's rollback stops working once the image is out of retention", async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  const old = await client.run(target, 'docker.io/seance/backend:1')
  await client.run(target, 'docker.io/seance/backend:2')
  await client.until(old, 'REMOVED')

  await configure(railway, { advance: 73 * 3600 })

  assert.equal((await client.deployment(old)).canRollback, false)
  await rejects(client.ask('mutation ($id: String!) { deploymentRollback(id: $id) }', { id: old }), /cannot be rolled back/)
})

emulated('a deployment ends as it was told to', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { source: { image: 'docker.io/seance/backend:1' } })
  for (const status of ['FAILED', 'CRASHED', 'SKIPPED', 'SLEEPING']) {
    await configure(railway, { outcomes: [{ service: 'backend', status, error: 'no right to pull' }] })
    const id = await client.deploy(target)
    await waitFor(async () => (await client.deployment(id)).status === status, status)
  }
  await configure(railway, { outcomes: [{ status: 'NEEDS_APPROVAL' }] })
  const held = await client.deploy(target)
  await client.until(held, 'NEEDS_APPROVAL')
  await client.ask('mutation ($id: String!) { deploymentApprove(id: $id) }', { id: held })
  await client.until(held, 'SUCCESS')

  await configure(railway, { outcomes: [{ status: 'HANG' }] })
  const hung = await client.deploy(target)
  await client.until(hung, 'DEPLOYING')
  await client.ask('mutation ($id: String!) { deploymentCancel(id: $id) }', { id: hung })
  await client.until(hung, 'REMOVED')
  assert.equal((await client.deployment(held)).status, 'SUCCESS')
})

emulated('a newer deployment takes the place of one under way', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.update(target, { source: { image: 'docker.io/seance/backend:1' } })
  await configure(railway, { outcomes: [{ status: 'HANG' }] })
  const first = await client.deploy(target)
  await client.until(first, 'DEPLOYING')

  const second = await client.deploy(target)

  await client.until(second, 'SUCCESS')
  await client.until(first, 'REMOVED')
})

emulated('deployments are listed newest first, in pages', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  const ids = []
  for (const tag of ['1', '2', '3']) ids.push(await client.run(target, `docker.io/seance/backend:${tag}`))

  const first = await client.deployments(target, ', first: 2')
  assert.deepEqual(first.map(node => node.id), [ids[2], ids[1]])
  assert.equal(first.pageInfo.hasNextPage, true)
  const rest = await client.deployments(target, `, first: 2, after: "${first.pageInfo.endCursor}"`)
  assert.deepEqual(rest.map(node => node.id), [ids[0]])
  assert.equal(rest.pageInfo.hasNextPage, false)
})

emulated('deploying a service too often is refused', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, 'docker.io/seance/backend:1')
  await client.run(target, 'docker.io/seance/backend:2')
  await rejects(client.deploy(target), /^Service deployment rate limit exceeded$/)
}, { deployLimit: { count: 2, seconds: 60 } })

// --- variables ---

emulated('an upsert without skipDeploys deploys, one with it does not', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, 'docker.io/seance/backend:1')

  await client.set(target, { A: '1' }, { skipDeploys: true })
  assert.equal((await client.deployments(target)).length, 1)
  await client.set(target, { A: '2' }, {})
  assert.equal((await client.deployments(target)).length, 2)
})

emulated('replace deletes what is not in the collection, by hand or not, and an empty string is a value', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.set(target, { OURS: '1', BY_HAND: '2' })
  await client.set(target, { OURS: '', NEW: '3' }, { replace: true, skipDeploys: true })

  const own = Object.fromEntries(Object.entries(await client.variables(target)).filter(([name]) => !name.startsWith('RAILWAY_')))
  assert.deepEqual(own, { OURS: '', NEW: '3' })
})

emulated('the platform adds RAILWAY_ variables, and references are put in unless asked not to', async ({ client }) => {
  const project = await client.project()
  const valkey = await client.service(project, 'valkey')
  const backend = await client.service(project, 'backend')
  await client.set({ projectId: project.projectId, environmentId: project.environmentId }, { ZONE: 'seance.dev' })
  await client.set(valkey, { PASSWORD: 'pw', SELF: '${{PASSWORD}}!' })
  await client.set(backend, { REDIS_URL: 'redis://:${{valkey.PASSWORD}}@${{valkey.RAILWAY_PRIVATE_DOMAIN}}:6379', HOST: 'backend.${{shared.ZONE}}', ROUND: '${{ROUND}}', NOWHERE: '<${{ghost.X}}>' })

  const values = await client.variables(backend)
  assert.equal(values.REDIS_URL, 'redis://:pw@valkey.railway.internal:6379')
  assert.equal(values.HOST, 'backend.seance.dev')
  assert.deepEqual([values.ROUND, values.NOWHERE], ['', '<>'])
  assert.equal(values.RAILWAY_SERVICE_NAME, 'backend')
  assert.equal(values.RAILWAY_PRIVATE_DOMAIN, 'backend.railway.internal')
  assert.equal(values.PORT, undefined)
  assert.equal((await client.variables(backend, true)).HOST, 'backend.${{shared.ZONE}}')
  assert.equal((await client.variables(valkey)).SELF, 'pw!')
})

emulated('a sealed variable reaches the container and never comes back', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  const { serviceId, environmentId } = target
  await client.ask('mutation ($e: String!, $patch: EnvironmentConfig) { environmentPatchCommit(environmentId: $e, patch: $patch) }', { e: environmentId, patch: { services: { [serviceId]: { variables: { KEY: { value: 'sentinel', isSealed: true } } } } } })
  await client.set(target, { COPY: '${{KEY}}' })
  const id = await client.run(target, 'docker.io/seance/backend:1')

  assert.equal(railway.state.deployments.find(row => row.id === id).variables.KEY, 'sentinel')
  const answers = await client.ask(`query ($e: String!, $p: String!, $s: String!, $d: String!) { environment(id: $e) { config(decryptVariables: true) }
    variables(projectId: $p, environmentId: $e, serviceId: $s) deploymentSnapshot(deploymentId: $d) { variables } variablesForServiceDeployment(projectId: $p, environmentId: $e, serviceId: $s) }`, { e: environmentId, p: target.projectId, s: serviceId, d: id })
  assert.equal(JSON.stringify(answers).includes('sentinel'), false)
  assert.equal(answers.environment.config.services[serviceId].variables.KEY.isSealed, true)
})

// --- volumes ---

emulated('a volume update without a service id detaches the volume', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'valkey')
  const volumeId = (await client.ask('mutation ($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }', { input: { ...target, mountPath: '/data' } })).volumeCreate.id
  const update = input => client.ask('mutation ($v: String!, $e: String, $input: VolumeInstanceUpdateInput!) { volumeInstanceUpdate(volumeId: $v, environmentId: $e, input: $input) }', { v: volumeId, e: target.environmentId, input })
  const mounted = async () => (await client.ask('query ($e: String!) { environment(id: $e) { volumeInstances { edges { node { serviceId mountPath state sizeMB volume { id } } } } } }', { e: target.environmentId })).environment.volumeInstances.edges[0].node

  assert.deepEqual(await mounted(), { serviceId: target.serviceId, mountPath: '/data', state: 'READY', sizeMB: 5000, volume: { id: volumeId } })
  await update({ mountPath: '/new' })
  assert.equal((await mounted()).serviceId, null)
  await update({ serviceId: target.serviceId })
  assert.deepEqual([(await mounted()).serviceId, (await mounted()).mountPath], [target.serviceId, '/new'])
  assert.equal((await client.variables(target)).RAILWAY_VOLUME_MOUNT_PATH, '/new')
  assert.equal(railway.state.volumes.length, 1)
})

// --- domains ---

emulated('a custom domain also needs an ownership TXT that is not among its DNS records: without it the name answers 404', async ({ client, railway, cf, zone }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, 'docker.io/seance/backend:1')
  const domain = await client.domain(target, 'backend.seance.dev', 8080)
  const [cname, txt] = recordsOf(domain)
  assert.deepEqual(domain.status.dnsRecords.map(record => record.recordType), ['DNS_RECORD_TYPE_CNAME'])
  assert.equal(domain.status.verified, false)

  await cf('POST', `/zones/${zone}/dns_records`, cname)
  await configure(railway, { advance: 3600 })
  assert.equal((await client.domainStatus(target, domain.id)).verified, false)
  const missingTxt = await get(railway.edge, 'backend.seance.dev')
  assert.equal(missingTxt.status, 404)
  assert.equal(missingTxt.headers['x-railway-fallback'], 'true')

  await cf('POST', `/zones/${zone}/dns_records`, txt)
  await configure(railway, { advance: 10 })
  const status = await client.domainStatus(target, domain.id)
  assert.equal(status.verified, true)
  assert.equal(status.dnsRecords[0].status, 'DNS_RECORD_STATUS_PROPAGATED')
  assert.equal(status.cdnProvider, 'DETECTED_CDN_PROVIDER_CLOUDFLARE')
  const found = await get(railway.edge, 'backend.seance.dev')
  assert.equal(found.status, 200)
  assert.equal(found.headers.server, 'cloudflare')
  assert.ok(found.headers['cf-ray'])

  const { body } = await cf('GET', `/zones/${zone}/dns_records?type=TXT`)
  await cf('DELETE', `/zones/${zone}/dns_records/${body.result[0].id}`)
  assert.equal((await get(railway.edge, 'backend.seance.dev')).status, 404)
})

emulated('the token may already hold its prefix, once or more, and the host may be complete', async ({ client, railway }) => {
  const target = await client.service(await client.project(), 'backend')
  const tokens = []
  for (const [i, host] of ['seance.dev', 'a.seance.dev', 'b.seance.dev'].entries()) {
    railway.platform.options.verificationHost = i === 2 ? 'complete' : 'relative'
    tokens.push((await client.domain(target, host)).status)
  }

  assert.deepEqual(tokens.map(status => status.verificationToken.match(/railway-verify=/g)?.length ?? 0), [0, 1, 2])
  assert.deepEqual(tokens.map(status => status.verificationDnsHost), ['_railway-verify', '_railway-verify.a', '_railway-verify.b.seance.dev'])
}, { plan: 'PRO' })

emulated('a TXT with the prefix twice proves nothing', async ({ client, railway, cf, zone }) => {
  const target = await client.service(await client.project(), 'backend')
  const domain = await client.domain(target, 'backend.seance.dev')
  const [cname, txt] = recordsOf(domain)
  await cf('POST', `/zones/${zone}/dns_records/batch`, { posts: [cname, { ...txt, content: `"railway-verify=railway-verify=${txt.content.slice(16)}` }] })
  await configure(railway, { advance: 3600 })

  assert.equal((await client.domainStatus(target, domain.id)).verified, false)
})

emulated('the certificate is issued some time after the proof, or fails and may be asked for again', async ({ client, railway, cf, zone }) => {
  const target = await client.service(await client.project(), 'backend')
  const domain = await client.domain(target, 'backend.seance.dev')
  await cf('POST', `/zones/${zone}/dns_records/batch`, { posts: recordsOf(domain) })
  assert.equal((await client.domainStatus(target, domain.id)).certificateStatus, 'CERTIFICATE_STATUS_TYPE_VALIDATING_OWNERSHIP')
  await configure(railway, { advance: 3 })
  assert.equal((await client.domainStatus(target, domain.id)).certificateStatus, 'CERTIFICATE_STATUS_TYPE_ISSUING')
  await configure(railway, { options: { proxiedCertificate: 'failed' }, advance: 10 })
  const failed = await client.domainStatus(target, domain.id)
  assert.deepEqual([failed.certificateStatus, failed.certificateRetryable, failed.verified], ['CERTIFICATE_STATUS_TYPE_ISSUE_FAILED', true, true])
  await client.ask('mutation ($id: String!) { customDomainIssueCertificate(id: $id) }', { id: domain.id })
  await configure(railway, { options: { proxiedCertificate: 'issued' }, advance: 10 })
  const issued = await client.domainStatus(target, domain.id)
  assert.equal(issued.certificateStatus, 'CERTIFICATE_STATUS_TYPE_VALID')
  assert.deepEqual(issued.certificates[0].domainNames, ['backend.seance.dev'])
  await rejects(client.ask('mutation ($id: String!) { customDomainIssueCertificate(id: $id) }', { id: domain.id }), /again/)
}, { speed: 1 })

emulated('Cloudflare in flexible mode loops, in strict mode it needs the certificate first', async ({ client, railway, cf, zone }) => {
  const target = await client.service(await client.project(), 'backend')
  await client.run(target, 'docker.io/seance/backend:1')
  await cf('POST', `/zones/${zone}/dns_records/batch`, { posts: recordsOf(await client.domain(target, 'backend.seance.dev', 8080)) })
  await configure(railway, { advance: 100, options: { proxiedCertificate: 'stuck' } })

  for (const [mode, status] of [['flexible', 301], ['strict', 526], ['full', 200]]) {
    await cf('PATCH', `/zones/${zone}/settings/ssl`, { value: mode })
    assert.equal((await get(railway.edge, 'backend.seance.dev')).status, status, mode)
  }
})

emulated('a domain is taken once, and a plan allows only so many', async ({ client }) => {
  const project = await client.project()
  const target = await client.service(project, 'backend')
  const other = await client.service(project, 'landing')
  await client.domain(target, 'one.seance.dev')
  await rejects(client.domain(other, 'one.seance.dev'), /already in use/)
  await client.domain(target, 'two.seance.dev')
  await rejects(client.domain(target, 'three.seance.dev'), /limit/)
  const { customDomainAvailable } = await client.ask('query { customDomainAvailable(domain: "two.seance.dev") { available message } }')
  assert.equal(customDomainAvailable.available, false)
})

// --- change sets ---

emulated('one change set deploys only what changed, referenced services first', async ({ client, railway }) => {
  const project = await client.project()
  const backend = await client.service(project, 'backend')
  const valkey = await client.service(project, 'valkey')
  const landing = await client.service(project, 'landing')
  const { environmentId } = project
  for (const target of [backend, valkey, landing]) await client.run(target, 'docker.io/seance/x:1')
  await client.set(backend, { REDIS: '${{valkey.RAILWAY_PRIVATE_DOMAIN}}' })
  const etag = async () => (await client.ask('query ($id: String!) { environment(id: $id) { configEtag } }', { id: environmentId })).environment.configEtag
  const before = await etag()

  const change = image => ({ source: { image }, deploy: { overlapSeconds: 20 } })
  const { environmentPatchCommit } = await client.ask('mutation ($e: String!, $patch: EnvironmentConfig) { environmentPatchCommit(environmentId: $e, patch: $patch, commitMessage: "two") }',
    { e: environmentId, patch: { services: { [backend.serviceId]: change('docker.io/seance/x:2'), [valkey.serviceId]: change('docker.io/seance/x:2'), [landing.serviceId]: { deploy: {} } } } })

  assert.match(environmentPatchCommit, /^environmentPatchCommit\//)
  assert.notEqual(await etag(), before)
  const newest = async target => (await client.deployments(target))[0]
  await waitFor(async () => (await newest(backend)).meta.image.endsWith(':2'), 'a deployment of the backend')
  await client.until((await newest(backend)).id, 'SUCCESS')
  const steps = (await client.events((await newest(backend)).id)).map(event => event.step)
  assert.equal(steps[0], 'WAIT_FOR_DEPENDENCIES')
  assert.equal((await newest(valkey)).status, 'SUCCESS')
  assert.equal((await client.deployments(landing)).length, 1)
  assert.equal(railway.platform.findInstance(backend.serviceId, environmentId).settings.overlapSeconds, 20)
})

emulated('committing staged changes commits what someone else left there', async ({ client }) => {
  const target = await client.service(await client.project(), 'backend')
  const { environmentId, serviceId } = target
  const stage = (input, merge) => client.ask('mutation ($e: String!, $input: EnvironmentConfig!, $merge: Boolean) { environmentStageChanges(environmentId: $e, input: $input, merge: $merge) { id status } }', { e: environmentId, input, merge })
  const variable = (name, value) => ({ services: { [serviceId]: { variables: { [name]: { value } } } } })
  const count = async () => (await client.ask('query ($id: String!) { environment(id: $id) { unmergedChangesCount } }', { id: environmentId })).environment.unmergedChangesCount

  assert.equal(await count(), 0)
  await stage(variable('THEIRS', 'x'))
  assert.equal(await count(), 1)
  await stage(variable('OURS', 'y'), true)
  assert.equal(await count(), 2)
  assert.equal((await client.variables(target)).OURS, undefined)
  await client.ask('mutation ($e: String!) { environmentPatchCommitStaged(environmentId: $e, commitMessage: "m", skipDeploys: true) }', { e: environmentId })
  const { THEIRS, OURS } = await client.variables(target)
  assert.deepEqual([THEIRS, OURS], ['x', 'y'])
  assert.equal(await count(), 0)
  await client.ask('mutation ($e: String!, $patch: EnvironmentConfig) { environmentPatchCommit(environmentId: $e, patch: $patch) }', { e: environmentId, patch: { services: { [serviceId]: { variables: { THEIRS: null } } } } })
  assert.equal((await client.variables(target)).THEIRS, undefined)
})

// --- usage, regions, networks ---

emulated('usage is grouped by the tags asked for', async ({ client, railway }) => {
  const project = await client.project()
  const backend = await client.service(project, 'backend')
  await client.service(project, 'landing')
  const usage = (await client.ask('query ($p: String!) { usage(projectId: $p, measurements: [CPU_USAGE, NETWORK_TX_GB], groupBy: [SERVICE_ID]) { measurement value tags { serviceId projectId } } }', { p: project.projectId })).usage
  const cpu = usage.find(row => row.measurement === 'CPU_USAGE' && row.tags.serviceId === backend.serviceId)
  assert.deepEqual(cpu, { measurement: 'CPU_USAGE', value: 43_200, tags: { serviceId: backend.serviceId, projectId: null } })
  const { customer } = (await client.ask('query ($w: String!) { workspace(workspaceId: $w) { customer { currentUsage billingPeriod { start end } } } }', { w: railway.platform.workspace.id })).workspace
  assert.ok(customer.currentUsage >= 20)
}, { usage: { backend: { CPU_USAGE: 43_200 } } })

emulated('private names are folded to lower case, one endpoint for each service', async ({ client }) => {
  const target = await client.service(await client.project(), 'My Valkey')
  const { privateNetworks } = await client.ask('query ($e: String!) { privateNetworks(environmentId: $e) { publicId dnsName } regions { name } }', { e: target.environmentId })
  const { privateNetworkEndpoint } = await client.ask('query ($n: String!, $e: String!, $s: String!) { privateNetworkEndpoint(privateNetworkId: $n, environmentId: $e, serviceId: $s) { dnsName syncStatus privateIps } }', { n: privateNetworks[0].publicId, e: target.environmentId, s: target.serviceId })
  assert.equal(privateNetworkEndpoint.dnsName, 'my-valkey')
})
