// Railway's state and the rules of who may see what. Rows are plain objects, so that the whole can be written to a
// file; what runs (processes, sockets, timers) is kept by the engine.
import { randomBytes, randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import { writeWhole } from '../shared/program.mjs'
import { notAuthorized, notFound } from './errors.mjs'

export const PLANS = {
  FREE: { perHour: 100, perSecond: 10, retentionHours: 24, customDomains: 1, volumeMB: 500, volumes: 1 },
  HOBBY: { perHour: 1000, perSecond: 10, retentionHours: 72, customDomains: 2, volumeMB: 5000, volumes: 10 },
  PRO: { perHour: 10_000, perSecond: 50, retentionHours: 120, customDomains: 20, volumeMB: 50_000, volumes: 20 }
}

export const REGIONS = [
  { id: 'us-west2', name: 'us-west2', region: 'us-west2', country: 'US', location: 'US West (California, USA)' },
  { id: 'us-east4-eqdc4a', name: 'us-east4-eqdc4a', region: 'us-east4', country: 'US', location: 'US East (Virginia, USA)' },
  { id: 'europe-west4-drams3a', name: 'europe-west4-drams3a', region: 'europe-west4', country: 'NL', location: 'EU West (Amsterdam, Netherlands)' },
  { id: 'asia-southeast1-eqsg3a', name: 'asia-southeast1-eqsg3a', region: 'asia-southeast1', country: 'SG', location: 'Southeast Asia (Singapore)' }
]

// What the published facts leave open ([?] in the reference). The default is the variant that is harder to live with.
const OPEN_QUESTIONS = {
  bareErrors: false,                  // errors hold nothing but their message
  serviceCreateDeploys: true,         // serviceCreate and serviceConnect with a source start a deployment
  variableDeploys: 'configured',      // what an upsert without skipDeploys runs: 'configured' source or 'live' image
  variableDeleteDeploys: true,        // variableDelete starts a deployment
  imageDigest: 'present',             // meta.imageDigest: 'present' or 'absent'
  verificationHost: 'relative',       // verificationDnsHost: 'relative' to the zone or 'complete'
  tokenPrefix: 'varied',              // how often verificationToken already holds railway-verify=: 0, 1, 2 or 'varied'
  proxiedRecordStatus: 'PROPAGATED',  // dnsRecords.status of a right, proxied CNAME, or 'REQUIRES_UPDATE'
  proxiedCertificate: 'issued',       // of a proxied name: 'issued', 'stuck' while ISSUING, or 'failed'
  crashBeforeHealthy: 'FAILED',       // status of one that exits for good before its health check passed, or 'CRASHED'
  extraLogLine: true,                 // every second log query answers limit+1 entries
  deploysOldImage: false,             // a deployment runs the image that is live, whatever is configured
  pageSize: 50,                       // of a connection asked for without first or last
  firstUpdate: false                  // the subscription `deployment` begins with the present state
}

const TABLES = ['workspaces', 'users', 'tokens', 'projects', 'environments', 'services', 'instances', 'variables', 'deployments', 'customDomains', 'serviceDomains', 'tcpProxies', 'volumes', 'volumeInstances', 'patches', 'backups']

export class Platform {
  constructor (options = {}) {
    this.options = {
      ...OPEN_QUESTIONS, plan: 'HOBBY', run: true, speed: 1, stepMs: 1000, verifyMs: 2000, certificateMs: 5000,
      deployLimit: { count: 60, seconds: 60 }, registryMap: {}, requireIdentification: false, limits: {}, usage: {}, ownPorts: ['ADMIN_PORT'],
      recordsByHand: false,   // DNS is nobody's of ours: whoever it belongs to has written what domains ask for
      standIn: {},  // service → { argv, folder }: run in place of its image; ${port} is filled in
      runEnv: {},   // service → variables of its processes that stand in no API
      ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    }
    if (!PLANS[this.options.plan]) throw new Error(`the plan is "${this.options.plan}"; it is one of ${Object.keys(PLANS).join(', ')}`)
    this.plan = PLANS[this.options.plan]
    this.cloudflare = options.cloudflare ?? null
    this.events = new EventEmitter().setMaxListeners(0)
    this.offset = 0
    const file = options.state
    this.file = file
    this.state = file && fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : this.#fresh(options)
    for (const table of TABLES) this.state[table] ??= []
  }

  #fresh ({ tokens, workspace = 'Example' }) {
    const workspaceId = randomUUID()
    const userId = randomUUID()
    return {
      created: new Date().toISOString(),
      addressBlock: 16 + randomBytes(1)[0] % 200,
      workspaces: [{ id: workspaceId, name: workspace, customerId: randomUUID(), usageLimit: null, createdAt: new Date().toISOString() }],
      users: [{ id: userId, name: 'Example Person', email: 'person@example.com', createdAt: new Date().toISOString() }],
      tokens: tokens ?? [{ kind: 'account', value: `account-${randomUUID()}` }, { kind: 'workspace', value: `workspace-${randomUUID()}` }]
    }
  }

  now = () => Date.now() + this.offset
  stamp = () => new Date(this.now()).toISOString()
  id = () => randomUUID()
  // A wait of the platform, shortened by the speed.
  scaled = ms => ms / this.options.speed
  get workspace () { return this.state.workspaces[0] }
  get user () { return this.state.users[0] }

  save () {
    if (this.file) writeWhole(this.file, JSON.stringify(this.state))
  }

  tokenValue (kind) { return this.state.tokens.find(token => token.kind === kind)?.value }

  // --- finding rows, with access ---

  mayUse (caller, project) {
    if (caller.kind === 'account') return true
    if (caller.kind === 'workspace') return project.workspaceId === (caller.workspaceId ?? this.workspace.id)
    return caller.kind === 'project' && caller.projectId === project.id
  }

  row (table, id) { return this.state[table].find(row => row.id === id && !row.deletedAt) }

  project (caller, id) {
    const project = this.row('projects', id)
    if (!project) throw caller.kind === 'project' ? notAuthorized() : notFound('Project')
    if (!this.mayUse(caller, project)) throw notAuthorized()
    return project
  }

  environment (caller, id) {
    const environment = this.row('environments', id)
    if (!environment) throw notFound('Environment')
    this.project(caller, environment.projectId)
    if (caller.kind === 'project' && caller.environmentId !== id) throw notAuthorized()
    return environment
  }

  service (caller, id) {
    const service = this.row('services', id)
    if (!service) throw notFound('Service')
    this.project(caller, service.projectId)
    return service
  }

  instance (caller, serviceId, environmentId) {
    this.service(caller, serviceId)
    this.environment(caller, environmentId)
    const instance = this.findInstance(serviceId, environmentId)
    if (!instance) throw notFound('ServiceInstance')
    return instance
  }

  findInstance (serviceId, environmentId) {
    return this.state.instances.find(row => row.serviceId === serviceId && row.environmentId === environmentId && !row.deletedAt)
  }

  // The instances a mutation acts on: without an environment, all of them. That is how the platform does it.
  instances (caller, serviceId, environmentId) {
    if (environmentId) return [this.instance(caller, serviceId, environmentId)]
    this.service(caller, serviceId)
    if (caller.kind === 'project') throw notAuthorized()
    return this.state.instances.filter(row => row.serviceId === serviceId && !row.deletedAt)
  }

  deployment (caller, id) {
    const deployment = this.row('deployments', id)
    if (!deployment) throw notFound('Deployment')
    this.environment(caller, deployment.environmentId)
    return deployment
  }

  environmentsOf (projectId) { return this.state.environments.filter(row => row.projectId === projectId && !row.deletedAt) }
  servicesOf (projectId) { return this.state.services.filter(row => row.projectId === projectId && !row.deletedAt) }

  deploymentsOf (instance) {
    return this.state.deployments.filter(row => row.serviceId === instance.serviceId && row.environmentId === instance.environmentId && !row.deletedAt)
  }

  latest (instance) { return this.deploymentsOf(instance).at(-1) ?? null }
  active (instance) { return this.deploymentsOf(instance).filter(row => ['SUCCESS', 'SLEEPING'].includes(row.status) && !row.stopped) }
  volumeOf (instance) { return this.state.volumeInstances.find(row => row.serviceId === instance.serviceId && row.environmentId === instance.environmentId && !row.deletedAt && !row.isPendingDeletion) }

  // --- making rows that belong together ---

  addProject ({ name, description = '', workspaceId, defaultEnvironmentName = 'production', isPublic = false, prDeploys = false }) {
    const project = { id: this.id(), name: name || `project-${this.state.projects.length + 1}`, description, workspaceId: workspaceId ?? this.workspace.id, isPublic, prDeploys, baseEnvironmentId: null, createdAt: this.stamp(), updatedAt: this.stamp() }
    this.state.projects.push(project)
    const environment = this.addEnvironment({ projectId: project.id, name: defaultEnvironmentName })
    project.baseEnvironmentId = environment.id
    return project
  }

  addEnvironment ({ projectId, name, isEphemeral = false, sourceEnvironmentId = null }) {
    const environment = { id: this.id(), projectId, name, isEphemeral, sourceEnvironmentId, createdAt: this.stamp(), updatedAt: this.stamp() }
    this.state.environments.push(environment)
    for (const service of this.servicesOf(projectId)) {
      const original = sourceEnvironmentId && this.findInstance(service.id, sourceEnvironmentId)
      if (sourceEnvironmentId ? original : !isEphemeral) this.addInstance(service.id, environment.id, original ?? {})
    }
    if (sourceEnvironmentId) {
      for (const row of this.state.variables.filter(one => one.environmentId === sourceEnvironmentId && !one.isSealed)) this.state.variables.push({ ...row, id: this.id(), environmentId: environment.id })
    }
    return environment
  }

  addInstance (serviceId, environmentId, { source = null, settings = {}, limits = null } = {}) {
    const instance = {
      id: this.id(), serviceId, environmentId, source: source && { ...source }, settings: structuredClone(settings), limits, addressIndex: this.state.instances.length + 1,
      createdAt: this.stamp(), updatedAt: this.stamp()
    }
    this.state.instances.push(instance)
    return instance
  }

  // --- naming ---

  privateDomain (service) { return `${service.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-')}.railway.internal` }

  privateAddress (instance) {
    const n = instance.addressIndex
    return `127.${this.state.addressBlock}.${(n >> 8) & 255}.${n & 255}`
  }
}
