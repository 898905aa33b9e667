// A service's variables: what was set, what the platform adds, and references in text: ${{Service.VAR}}, ${{shared.VAR}}, ${{VAR}}.
const REFERENCE = /\$\{\{\s*(?:([^}.]+?)\s*\.\s*)?([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g

// The platform's own choice of PORT where the service sets none.
export const DEFAULT_PORT = 8080

export class Variables {
  constructor (platform) { this.platform = platform }

  rows (environmentId, serviceId = null) {
    return this.platform.state.variables.filter(row => row.environmentId === environmentId && row.serviceId === (serviceId ?? null))
  }

  raw (environmentId, serviceId = null, { sealed = true } = {}) {
    return Object.fromEntries(this.rows(environmentId, serviceId).filter(row => sealed || !row.isSealed).map(row => [row.name, row.value]))
  }

  // Changes the rows; says whether anything is different afterwards.
  set (environmentId, serviceId, values, { replace = false, sealed } = {}) {
    const { platform } = this
    serviceId ??= null
    let changed = false
    if (replace) {
      const before = platform.state.variables.length
      platform.state.variables = platform.state.variables.filter(row => row.environmentId !== environmentId || row.serviceId !== serviceId || row.name in values)
      changed = platform.state.variables.length !== before
    }
    for (const [name, value] of Object.entries(values)) {
      const row = this.rows(environmentId, serviceId).find(one => one.name === name)
      if (row) {
        changed ||= row.value !== value
        Object.assign(row, { value, updatedAt: platform.stamp(), ...(sealed === undefined ? {} : { isSealed: row.isSealed || sealed }) })
      } else {
        platform.state.variables.push({ id: platform.id(), environmentId, serviceId, name, value, isSealed: sealed ?? false, createdAt: platform.stamp(), updatedAt: platform.stamp() })
        changed = true
      }
    }
    return changed
  }

  remove (environmentId, serviceId, name) {
    const { state } = this.platform
    const before = state.variables.length
    state.variables = state.variables.filter(row => row.environmentId !== environmentId || row.serviceId !== (serviceId ?? null) || row.name !== name)
    return state.variables.length !== before
  }

  // What the platform adds to every deployment; `deployment` also gives what only a running one has.
  given (instance, deployment = null) {
    const { platform } = this
    const service = platform.row('services', instance.serviceId)
    const environment = platform.row('environments', instance.environmentId)
    const project = platform.row('projects', service.projectId)
    const here = row => row.serviceId === instance.serviceId && row.environmentId === instance.environmentId && !row.deletedAt
    const domain = platform.state.customDomains.find(here)?.domain ?? platform.state.serviceDomains.find(here)?.domain
    const proxy = platform.state.tcpProxies.find(here)
    const volume = platform.volumeOf(instance)
    return {
      ...(domain ? { RAILWAY_PUBLIC_DOMAIN: domain } : {}),
      RAILWAY_PRIVATE_DOMAIN: platform.privateDomain(service),
      ...(proxy ? { RAILWAY_TCP_PROXY_DOMAIN: proxy.domain, RAILWAY_TCP_PROXY_PORT: String(proxy.proxyPort), RAILWAY_TCP_APPLICATION_PORT: String(proxy.applicationPort) } : {}),
      RAILWAY_PROJECT_NAME: project.name,
      RAILWAY_PROJECT_ID: project.id,
      RAILWAY_ENVIRONMENT_NAME: environment.name,
      RAILWAY_ENVIRONMENT: environment.name,
      RAILWAY_ENVIRONMENT_ID: environment.id,
      RAILWAY_SERVICE_NAME: service.name,
      RAILWAY_SERVICE_ID: service.id,
      ...(volume ? { RAILWAY_VOLUME_NAME: platform.row('volumes', volume.volumeId).name, RAILWAY_VOLUME_MOUNT_PATH: volume.mountPath } : {}),
      ...(deployment ? { RAILWAY_DEPLOYMENT_ID: deployment.id, RAILWAY_SNAPSHOT_ID: deployment.snapshotId } : {})
    }
  }

  // A service's values with references put in. A reference that leads nowhere, or round in a circle, is empty.
  rendered (instance, { sealed = true, deployment = null, own } = {}) {
    const { platform } = this
    const seen = new Set()
    const projectId = platform.row('services', instance.serviceId).projectId
    const lookup = (scope, name, from) => {
      const key = `${scope ?? from.serviceId}.${name}`
      if (seen.has(key)) return ''
      seen.add(key)
      try {
        if (scope === 'shared') return render(this.raw(from.environmentId, null, { sealed })[name] ?? '', from)
        const service = scope === undefined ? platform.row('services', from.serviceId) : platform.servicesOf(projectId).find(one => one.name === scope)
        const target = service && platform.findInstance(service.id, from.environmentId)
        if (!target) return ''
        const values = { ...this.given(target), ...(own && target.id === instance.id ? own : this.raw(from.environmentId, service.id, { sealed })) }
        return render(values[name] ?? '', target)
      } finally { seen.delete(key) }
    }
    const render = (text, from) => text.replace(REFERENCE, (_, scope, name) => lookup(scope, name, from))
    const raw = own ?? this.raw(instance.environmentId, instance.serviceId, { sealed })
    return { ...Object.fromEntries(Object.entries(raw).map(([name, text]) => [name, render(text, instance)])), ...this.given(instance, deployment) }
  }

  // Ids of the services this one's variables refer to.
  dependencies (instance) {
    const names = new Set()
    for (const text of Object.values(this.raw(instance.environmentId, instance.serviceId))) {
      for (const [, scope] of text.matchAll(REFERENCE)) if (scope && scope !== 'shared') names.add(scope)
    }
    const { projectId } = this.platform.row('services', instance.serviceId)
    return this.platform.servicesOf(projectId).filter(service => names.has(service.name)).map(service => service.id)
  }

  usesShared (instance, names) {
    return Object.values(this.raw(instance.environmentId, instance.serviceId)).some(text => [...text.matchAll(REFERENCE)].some(([, scope, name]) => scope === 'shared' && names.includes(name)))
  }
}
