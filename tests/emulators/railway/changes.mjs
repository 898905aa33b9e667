// Environment configuration as one JSON document, and change sets: staged, merged, committed, deployed together in
// reference order.
import { createHash } from 'node:crypto'
import { refused } from './errors.mjs'
import { knownInChangeSet, mergeSettings } from './settings.mjs'

const HIDDEN = '*****'
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value)

// A null removes a key.
export function merge (base, patch) {
  if (!isObject(patch)) return patch
  const result = isObject(base) ? { ...base } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result[key] = null
    else result[key] = merge(result[key], value)
  }
  return result
}

const leaves = value => isObject(value) ? Object.values(value).reduce((sum, part) => sum + leaves(part), 0) || 1 : 1

export class Changes {
  constructor (platform, variables, domains, engine) {
    Object.assign(this, { platform, variables, domains, engine })
    this.ignored = []
  }

  config (environment, { decrypt = false } = {}) {
    const { platform } = this
    const shown = row => row.isSealed ? { isSealed: true, value: null } : { value: decrypt ? row.value : HIDDEN }
    const values = serviceId => Object.fromEntries(this.variables.rows(environment.id, serviceId).map(row => [row.name, shown(row)]))
    const services = {}
    for (const instance of platform.state.instances.filter(one => one.environmentId === environment.id && !one.deletedAt)) {
      const here = row => row.serviceId === instance.serviceId && row.environmentId === environment.id && !row.deletedAt
      const ports = rows => Object.fromEntries(rows.filter(here).map(row => [row.domain, { port: row.targetPort }]))
      const volume = platform.volumeOf(instance)
      const { registryCredentials, ...settings } = instance.settings
      services[instance.serviceId] = {
        ...(instance.source ? { source: { image: instance.source.image } } : {}),
        variables: values(instance.serviceId),
        deploy: { ...settings, ...(registryCredentials ? { registryCredentials: HIDDEN } : {}), ...(instance.limits ? { limitOverride: { containers: { cpu: instance.limits.vCPUs, memoryBytes: instance.limits.memoryGB * 1e9 } } } : {}) },
        networking: {
          serviceDomains: ports(platform.state.serviceDomains),
          customDomains: ports(platform.state.customDomains),
          tcpProxies: Object.fromEntries(platform.state.tcpProxies.filter(here).map(row => [row.applicationPort, {}])),
          privateNetworkEndpoint: platform.privateDomain(platform.row('services', instance.serviceId)).replace('.railway.internal', '')
        },
        ...(volume ? { volumeMounts: { [volume.volumeId]: { mountPath: volume.mountPath } } } : {})
      }
    }
    const volumes = Object.fromEntries(platform.state.volumeInstances.filter(row => row.environmentId === environment.id && !row.deletedAt).map(row => [row.volumeId, { sizeMB: row.sizeMB, region: row.region }]))
    return { services, sharedVariables: values(null), volumes }
  }

  etag (environment) {
    return createHash('sha256').update(JSON.stringify(this.config(environment, { decrypt: true }))).digest('hex').slice(0, 32)
  }

  staged (environmentId) { return this.platform.state.patches.find(row => row.environmentId === environmentId && row.status === 'STAGED') }
  unmerged (environmentId) {
    const staged = this.staged(environmentId)
    return staged ? leaves(staged.patch) : 0
  }

  stage (environment, patch, mergeWithStaged) {
    this.#check(environment, patch)
    const staged = this.staged(environment.id)
    if (staged) return Object.assign(staged, { patch: mergeWithStaged === false ? patch : merge(staged.patch, patch), updatedAt: this.platform.stamp() })
    return this.#row(environment, patch)
  }

  #row (environment, patch) {
    const { platform } = this
    const row = { id: platform.id(), environmentId: environment.id, status: 'STAGED', message: null, patch, createdAt: platform.stamp(), updatedAt: platform.stamp(), appliedAt: null, lastAppliedError: null }
    platform.state.patches.push(row)
    return row
  }

  #check (environment, patch) {
    for (const [serviceId, part] of Object.entries(patch.services ?? {})) {
      if (part?.isCreated || part?.isDeleted) throw refused('The emulator does not create or delete services by a change set; use serviceCreate and serviceDelete')
      if (!this.platform.findInstance(serviceId, environment.id)) throw refused(`Service ${serviceId} not found in the environment`)
      for (const name of Object.keys(part?.deploy ?? {})) if (!knownInChangeSet(name)) this.ignored.push(`services.${serviceId}.deploy.${name}`)
      for (const name of Object.keys(part ?? {})) if (!['source', 'variables', 'deploy', 'networking'].includes(name)) this.ignored.push(`services.${serviceId}.${name}`)
    }
    for (const name of Object.keys(patch)) if (!['services', 'sharedVariables'].includes(name)) this.ignored.push(name)
  }

  commit (environment, patch, message, { skipDeploys = false, row = null } = {}) {
    this.#check(environment, patch)
    row ??= this.#row(environment, patch)
    const changed = this.#apply(environment, patch)
    Object.assign(row, { status: 'COMMITTED', message: message ?? null, appliedAt: this.platform.stamp(), updatedAt: this.platform.stamp() })
    // The answer is a workflow, not deployments: they appear a moment later.
    if (!skipDeploys && changed.length) setImmediate(() => this.#deploy(changed))
    return `environmentPatchCommit/${row.id}`
  }

  commitStaged (environment, message, skipDeploys) {
    const staged = this.staged(environment.id)
    if (!staged) throw refused('No staged changes to commit')
    return this.commit(environment, staged.patch, message, { skipDeploys, row: staged })
  }

  #apply (environment, patch) {
    const changed = new Set()
    const shared = this.#variables(environment.id, null, patch.sharedVariables)
    for (const [serviceId, part] of Object.entries(patch.services ?? {})) {
      const instance = this.platform.findInstance(serviceId, environment.id)
      const before = JSON.stringify([instance.source, instance.settings])
      const { limitOverride, requiredMountPath, ...deploy } = part.deploy ?? {}
      if (limitOverride !== undefined) instance.limits = limitOverride && { vCPUs: limitOverride.containers?.cpu ?? null, memoryGB: limitOverride.containers?.memoryBytes ? limitOverride.containers.memoryBytes / 1e9 : null }
      mergeSettings(this.platform, instance, { ...deploy, ...(part.source?.image ? { source: { image: part.source.image } } : {}) })
      if (JSON.stringify([instance.source, instance.settings]) !== before) changed.add(instance)
      if (this.#variables(environment.id, serviceId, part.variables).length) changed.add(instance)
      this.#networking(instance, part.networking ?? {})
    }
    for (const instance of this.platform.state.instances) if (instance.environmentId === environment.id && !instance.deletedAt && shared.length && this.variables.usesShared(instance, shared)) changed.add(instance)
    return [...changed]
  }

  // Names of the variables that are different afterwards.
  #variables (environmentId, serviceId, given = {}) {
    const changed = []
    for (const [name, one] of Object.entries(given ?? {})) {
      if (one === null) {
        if (this.variables.remove(environmentId, serviceId, name)) changed.push(name)
      } else if (typeof one.value === 'string') {
        if (this.variables.set(environmentId, serviceId, { [name]: one.value }, { sealed: one.isSealed ?? undefined })) changed.push(name)
      } else if (one.isSealed) {
        const row = this.variables.rows(environmentId, serviceId).find(found => found.name === name)
        if (!row) throw refused(`Variable ${name} has no value to seal`)
        row.isSealed = true
      }
    }
    return changed
  }

  // Domain changes take effect at once, not with the deployment.
  #networking (instance, { customDomains = {}, serviceDomains = {}, tcpProxies = {} }) {
    const { platform } = this
    const here = row => row.serviceId === instance.serviceId && row.environmentId === instance.environmentId && !row.deletedAt
    for (const [table, given, create] of [['customDomains', customDomains, (host, port) => this.domains.create(instance, host, port)], ['serviceDomains', serviceDomains, (host, port) => this.domains.createServiceDomain(instance, port)]]) {
      for (const [host, one] of Object.entries(given)) {
        const row = platform.state[table].find(found => here(found) && found.domain === host)
        if (one === null) { if (row) row.deletedAt = platform.stamp() } else if (row) row.targetPort = one.port ?? row.targetPort
        else create(host, one.port)
      }
    }
    for (const [port, one] of Object.entries(tcpProxies)) {
      const row = platform.state.tcpProxies.find(found => here(found) && found.applicationPort === Number(port))
      if (one === null) { if (row) row.deletedAt = platform.stamp() } else if (!row) addTcpProxy(platform, instance, Number(port))
    }
  }

  // Services that others refer to come first; the others wait for them. A circle is broken.
  #deploy (instances) {
    const started = new Map()
    const visit = (instance, trail) => {
      if (started.has(instance.serviceId) || trail.has(instance.serviceId)) return
      const needed = this.variables.dependencies(instance)
      for (const id of needed) {
        const other = instances.find(one => one.serviceId === id)
        if (other) visit(other, new Set([...trail, instance.serviceId]))
      }
      if (instance.source) started.set(instance.serviceId, this.engine.deploy(instance, { reason: 'deploy', waitFor: needed.map(id => started.get(id)).filter(Boolean) }))
    }
    for (const instance of instances) visit(instance, new Set())
  }
}

export function addTcpProxy (platform, instance, applicationPort) {
  const here = row => row.serviceId === instance.serviceId && row.environmentId === instance.environmentId && !row.deletedAt
  if (platform.state.tcpProxies.some(here)) throw refused('Service already has a TCP proxy')
  const row = {
    id: platform.id(), domain: 'shuttle.proxy.rlwy.net', proxyPort: 15_000 + platform.state.tcpProxies.length, applicationPort, serviceId: instance.serviceId, environmentId: instance.environmentId,
    syncStatus: 'ACTIVE', createdAt: platform.stamp(), updatedAt: platform.stamp()
  }
  platform.state.tcpProxies.push(row)
  return row
}
