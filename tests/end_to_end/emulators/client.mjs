// Plain clients of the emulators, as a test needs them: documents over fetch, subscriptions, requests by public name.
import http from 'node:http'
import { startCloudflare } from '../../emulators/cloudflare.mjs'
import { startRailway } from '../../emulators/railway.mjs'
import { waitFor } from '../program.mjs'

export const configure = (emulator, body) => fetch(emulator.control, { method: 'POST', body: JSON.stringify(body) }).then(async answer => {
  if (!answer.ok) throw new Error(await answer.text())
})

export class ApiError extends Error {}

export class Client {
  constructor (railway, headers = { authorization: `Bearer ${railway.token('account')}` }, { marks = true } = {}) {
    this.railway = railway
    this.headers = headers
    this.marks = marks
  }

  async raw (query, variables, more = {}) {
    const response = await fetch(this.railway.url + (this.marks ? '?source=test' : ''), {
      method: 'POST', headers: { 'content-type': 'application/json', ...(this.marks ? { 'x-source': 'test/1' } : {}), ...this.headers }, body: JSON.stringify({ query, variables, ...more })
    })
    const text = await response.text()
    let body = null
    try { body = JSON.parse(text) } catch { /* the edge does not speak JSON */ }
    return { status: response.status, headers: response.headers, text, body }
  }

  // The data; an ApiError with the first message if there are errors.
  async ask (query, variables) {
    const { body, text } = await this.raw(query, variables)
    if (!body) throw new Error(text)
    if (body.errors) throw new ApiError(body.errors[0].message)
    return body.data
  }

  // One mutation or query field with an `input`, or with flat arguments, by its type names.
  async call (kind, field, types, args, selection = '') {
    const names = Object.keys(args)
    const head = names.length ? `(${names.map(name => `$${name}: ${types[name]}`).join(', ')})` : ''
    const inner = names.length ? `(${names.map(name => `${name}: $${name}`).join(', ')})` : ''
    return (await this.ask(`${kind} ${head} { ${field}${inner} ${selection} }`, args))[field]
  }

  async project (name = 'seance') {
    const { id, environments } = (await this.ask('mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { id environments { edges { node { id } } } } }', { input: { name, workspaceId: this.railway.platform.workspace.id } })).projectCreate
    return { projectId: id, environmentId: environments.edges[0].node.id }
  }

  async service ({ projectId, environmentId }, name, more = {}) {
    const { serviceCreate } = await this.ask('mutation ($input: ServiceCreateInput!) { serviceCreate(input: $input) { id } }', { input: { projectId, environmentId, name, ...more } })
    return { projectId, environmentId, serviceId: serviceCreate.id }
  }

  update ({ serviceId, environmentId }, input) {
    return this.ask('mutation ($serviceId: String!, $environmentId: String, $input: ServiceInstanceUpdateInput!) { serviceInstanceUpdate(serviceId: $serviceId, environmentId: $environmentId, input: $input) }', { serviceId, environmentId, input })
  }

  set (target, variables, more = { skipDeploys: true }) {
    return this.ask('mutation ($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }', { input: { ...target, variables, ...more } })
  }

  async variables ({ projectId, environmentId, serviceId }, unrendered = false) {
    return (await this.ask('query ($projectId: String!, $environmentId: String!, $serviceId: String, $unrendered: Boolean) { variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: $unrendered) }', { projectId, environmentId, serviceId, unrendered })).variables
  }

  async deploy ({ serviceId, environmentId }) {
    return (await this.ask('mutation ($serviceId: String!, $environmentId: String!) { serviceInstanceDeployV2(serviceId: $serviceId, environmentId: $environmentId) }', { serviceId, environmentId })).serviceInstanceDeployV2
  }

  async deployment (id) {
    return (await this.ask('query ($id: String!) { deployment(id: $id) { id status meta canRollback canRedeploy deploymentStopped url instances { id status } } }', { id })).deployment
  }

  // Newest first.
  async deployments (target, more = '') {
    const { deployments } = await this.ask(`query ($input: DeploymentListInput!) { deployments(input: $input ${more}) { edges { cursor node { id status meta } } pageInfo { hasNextPage endCursor } } }`, { input: target })
    return Object.assign(deployments.edges.map(edge => edge.node), { pageInfo: deployments.pageInfo })
  }

  until (id, status) {
    return waitFor(async () => {
      const deployment = await this.deployment(id)
      if (deployment.status !== status && ['FAILED', 'CRASHED'].includes(deployment.status) && !['REMOVED'].includes(status)) throw new Error(`the deployment is ${deployment.status}, not ${status}: ${JSON.stringify(await this.events(id))}`)
      return deployment.status === status && deployment
    }, `${status} of a deployment`)
  }

  async events (id) {
    const { deploymentEvents } = await this.ask('query ($id: String!) { deploymentEvents(id: $id) { edges { node { step completedAt payload { attempt maxAttempts error durationMs } } } } }', { id })
    return deploymentEvents.edges.map(edge => edge.node)
  }

  async run (target, image) {
    const checked = this.railway.platform.options.run && !image.includes('valkey') ? { healthcheckPath: '/health' } : {}
    await this.update(target, { source: { image }, ...checked })
    const id = await this.deploy(target)
    await this.until(id, 'SUCCESS')
    return id
  }

  async logs (deploymentId, { limit, filter } = {}) {
    return (await this.ask('query ($deploymentId: String!, $limit: Int, $filter: String) { deploymentLogs(deploymentId: $deploymentId, limit: $limit, filter: $filter) { timestamp message severity attributes { key value } tags { serviceId deploymentInstanceId } } }', { deploymentId, limit, filter })).deploymentLogs
  }

  async domain (target, domain, targetPort = 80) {
    return (await this.ask(`mutation ($input: CustomDomainCreateInput!) { customDomainCreate(input: $input) { ${DOMAIN} } }`, { input: { ...target, domain, targetPort } })).customDomainCreate
  }

  async domainStatus ({ projectId }, id) {
    return (await this.ask(`query ($id: String!, $projectId: String!) { customDomain(id: $id, projectId: $projectId) { ${DOMAIN} } }`, { id, projectId })).customDomain.status
  }
}

const DOMAIN = `id domain targetPort status { verified verificationDnsHost verificationToken certificateStatus certificateErrorType certificateRetryable cdnProvider certificates { domainNames }
  dnsRecords { hostlabel fqdn zone recordType requiredValue currentValue status purpose } }`

// Cloudflare's answers: { status, body }.
export function dns (cloudflare, token = 'cf-token') {
  return async (method, target, body) => {
    const response = await fetch(cloudflare.url + target, { method, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && (typeof body === 'string' ? body : JSON.stringify(body)) })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
}

// Both records of a custom domain, as one batch.
export function recordsOf ({ domain, status }, { proxied = true } = {}) {
  const cname = status.dnsRecords.find(record => record.purpose === 'DNS_RECORD_PURPOSE_TRAFFIC_ROUTE')
  const token = status.verificationToken.replace(/^(railway-verify=)*/, '')
  const host = status.verificationDnsHost.endsWith(cname.zone) ? status.verificationDnsHost : `${status.verificationDnsHost}.${cname.zone}`
  return [{ type: 'CNAME', name: domain, content: cname.requiredValue, proxied, ttl: 1 }, { type: 'TXT', name: host, content: `"railway-verify=${token}"`, ttl: 1 }]
}

export function get (base, host, target = '/', headers = {}) {
  const url = new URL(base)
  return new Promise((resolve, reject) => {
    const request = http.get({ host: url.hostname, port: url.port, path: target, headers: { host, ...headers }, agent: false }, response => {
      const parts = []
      response.on('data', part => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

export async function withEmulators (body, { cloudflare: zoneOptions = {}, ...options } = {}) {
  const cloudflare = await startCloudflare({ zones: [{ name: 'seance.dev' }], tokens: [{ value: 'cf-token' }], ...zoneOptions })
  const railway = await startRailway({ cloudflare, run: false, speed: 1000, limits: { perHour: 1_000_000, perSecond: 0 }, serviceCreateDeploys: false, ...options })
  try {
    return await body({ railway, cloudflare, client: new Client(railway), cf: dns(cloudflare), zone: cloudflare.zones[0].id })
  } finally {
    await railway.stop()
    await cloudflare.stop()
  }
}
