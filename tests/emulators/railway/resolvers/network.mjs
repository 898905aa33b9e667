// Domains, TCP proxies, private networks and volumes.
import { addTcpProxy } from '../changes.mjs'
import { checkPort } from '../domains.mjs'
import { notAuthorized, notFound, refused } from '../errors.mjs'
import { replicasOf } from '../settings.mjs'
import { connection } from './connection.mjs'
import { domainsOf } from './projects.mjs'

export default function ({ platform, domains }) {
  const { state, options } = platform
  const remove = row => { row.deletedAt = platform.stamp() }

  function owned (caller, table, id, what) {
    const row = platform.row(table, id)
    if (!row) throw notFound(what)
    platform.environment(caller, row.environmentId)
    return row
  }

  const network = environment => ({
    publicId: environment.id, name: environment.name, dnsName: 'railway.internal', environmentId: environment.id, projectId: environment.projectId, networkId: state.environments.indexOf(environment) + 1, tags: [],
    createdAt: environment.createdAt, deletedAt: null
  })
  const endpoint = instance => ({
    publicId: instance.id, dnsName: platform.privateDomain(platform.row('services', instance.serviceId)).replace('.railway.internal', ''), privateIps: [platform.privateAddress(instance)],
    serviceInstanceId: instance.id, syncStatus: 'ACTIVE', tags: [], createdAt: instance.createdAt, deletedAt: null, newDnsName: null
  })

  function volumeInstances (caller, volumeId, environmentId) {
    const volume = platform.row('volumes', volumeId)
    if (!volume) throw notFound('Volume')
    platform.project(caller, volume.projectId)
    if (environmentId) platform.environment(caller, environmentId)
    else if (caller.kind === 'project') throw notAuthorized()
    const rows = state.volumeInstances.filter(row => row.volumeId === volumeId && !row.deletedAt && (!environmentId || row.environmentId === environmentId))
    if (!rows.length) throw notFound('VolumeInstance')
    return rows
  }

  function checkMount (instance, volumeId) {
    const other = platform.volumeOf(instance)
    if (other && other.volumeId !== volumeId) throw refused('Service already has a volume attached')
    if (replicasOf(instance.settings) > 1) throw refused('Cannot attach a volume to a service with replicas')
  }

  function checkPath (mountPath) {
    if (!/^\/[^\s]+$/.test(mountPath)) throw refused('mountPath must be an absolute path')
  }

  return {
    Query: {
      domains (_, { projectId, environmentId, serviceId }, { caller }) {
        platform.project(caller, projectId)
        return domainsOf(platform, platform.instance(caller, serviceId, environmentId))
      },
      customDomain (_, { id, projectId }, { caller }) {
        platform.project(caller, projectId)
        const row = owned(caller, 'customDomains', id, 'Custom domain')
        if (row.projectId !== projectId) throw notFound('Custom domain')
        return row
      },
      customDomainAvailable: (_, { domain }) => domains.available(domain.toLowerCase()),
      serviceDomainAvailable: (_, { domain }) => domains.available(domain.toLowerCase()),
      tcpProxies (_, { serviceId, environmentId }, { caller }) {
        const { id } = platform.instance(caller, serviceId, environmentId)
        return state.tcpProxies.filter(row => platform.findInstance(row.serviceId, row.environmentId)?.id === id).map(row => row.deletedAt ? { ...row, syncStatus: 'DELETED' } : row)
      },
      privateNetworks: (_, { environmentId }, { caller }) => [network(platform.environment(caller, environmentId))],
      privateNetworkEndpoint (_, { privateNetworkId, environmentId, serviceId }, { caller }) {
        if (privateNetworkId !== environmentId) throw notFound('Private network')
        return endpoint(platform.instance(caller, serviceId, environmentId))
      },
      privateNetworkEndpointNameAvailable (_, { environmentId, prefix }, { caller }) {
        platform.environment(caller, environmentId)
        return !state.instances.some(row => row.environmentId === environmentId && !row.deletedAt && endpoint(row).dnsName === prefix)
      },
      volumeInstance: (_, { id }, { caller }) => owned(caller, 'volumeInstances', id, 'VolumeInstance')
    },

    Mutation: {
      customDomainCreate (_, { input }, { caller }) {
        platform.project(caller, input.projectId)
        return domains.create(platform.instance(caller, input.serviceId, input.environmentId), input.domain, input.targetPort)
      },
      customDomainUpdate (_, { id, environmentId, targetPort }, { caller }) {
        const row = owned(caller, 'customDomains', id, 'Custom domain')
        if (row.environmentId !== environmentId) throw notFound('Custom domain')
        checkPort(targetPort)
        Object.assign(row, { targetPort: targetPort ?? null, updatedAt: platform.stamp() })
        return true
      },
      async customDomainIssueCertificate (_, { id }, { caller }) {
        await domains.reissue(owned(caller, 'customDomains', id, 'Custom domain'))
        return true
      },
      customDomainDelete (_, { id }, { caller }) {
        remove(owned(caller, 'customDomains', id, 'Custom domain'))
        return true
      },
      serviceDomainCreate: (_, { input }, { caller }) => domains.createServiceDomain(platform.instance(caller, input.serviceId, input.environmentId), input.targetPort),
      serviceDomainUpdate (_, { input }, { caller }) {
        const row = owned(caller, 'serviceDomains', input.serviceDomainId, 'Service domain')
        const taken = state.serviceDomains.some(one => one.domain === input.domain && one.id !== row.id && !one.deletedAt)
        if (taken || !/^[a-z0-9-]+\.up\.railway\.app$/.test(input.domain)) throw refused(`${input.domain} is not available`)
        checkPort(input.targetPort)
        Object.assign(row, { domain: input.domain, targetPort: input.targetPort ?? row.targetPort, updatedAt: platform.stamp() })
        return true
      },
      serviceDomainDelete (_, { id }, { caller }) {
        remove(owned(caller, 'serviceDomains', id, 'Service domain'))
        return true
      },
      tcpProxyCreate (_, { input }, { caller }) {
        checkPort(input.applicationPort)
        return addTcpProxy(platform, platform.instance(caller, input.serviceId, input.environmentId), input.applicationPort)
      },
      tcpProxyDelete (_, { id }, { caller }) {
        remove(owned(caller, 'tcpProxies', id, 'TCP proxy'))
        return true
      },
      privateNetworkCreateOrGet: (_, { input }, { caller }) => network(platform.environment(caller, input.environmentId)),
      privateNetworkEndpointCreateOrGet: (_, { input }, { caller }) => endpoint(platform.instance(caller, input.serviceId, input.environmentId)),
      // environmentId left out: in all environments; null: in none.
      volumeCreate (_, { input }, { caller }) {
        const project = platform.project(caller, input.projectId)
        if (caller.kind === 'project' && input.environmentId !== caller.environmentId) throw notAuthorized()
        checkPath(input.mountPath)
        if (state.volumes.filter(row => row.projectId === project.id && !row.deletedAt).length >= platform.plan.volumes) throw refused(`Volume limit reached: this plan allows ${platform.plan.volumes} per project`)
        const environments = input.environmentId === undefined ? platform.environmentsOf(project.id) : input.environmentId === null ? [] : [platform.environment(caller, input.environmentId)]
        if (input.serviceId) for (const environment of environments) checkMount(platform.instance(caller, input.serviceId, environment.id), null)
        const service = input.serviceId && platform.service(caller, input.serviceId)
        const volume = { id: platform.id(), name: service ? `${service.name}-volume` : `volume-${state.volumes.length + 1}`, projectId: project.id, createdAt: platform.stamp() }
        state.volumes.push(volume)
        for (const environment of environments) {
          state.volumeInstances.push({
            id: platform.id(), volumeId: volume.id, environmentId: environment.id, serviceId: input.serviceId ?? null, mountPath: input.mountPath, sizeMB: platform.plan.volumeMB, currentSizeMB: 0,
            region: input.region ?? 'us-west2', state: 'READY', isPendingDeletion: false, createdAt: platform.stamp()
          })
        }
        return volume
      },
      volumeUpdate (_, { volumeId, input }, { caller }) {
        const volume = platform.row('volumes', volumeId)
        if (!volume) throw notFound('Volume')
        platform.project(caller, volume.projectId)
        if (input.name) volume.name = input.name
        return volume
      },
      // Leaving serviceId out of the input detaches the volume.
      volumeInstanceUpdate (_, { volumeId, environmentId, input }, { caller }) {
        for (const row of volumeInstances(caller, volumeId, environmentId)) {
          if (input.serviceId) checkMount(platform.instance(caller, input.serviceId, row.environmentId), volumeId)
          if (input.mountPath) checkPath(input.mountPath)
          row.serviceId = input.serviceId ?? null
          if (input.mountPath) row.mountPath = input.mountPath
          if (input.state) row.state = input.state
        }
        return true
      },
      volumeDelete (_, { volumeId }, { caller }) {
        const rows = state.volumeInstances.filter(row => row.volumeId === volumeId && !row.deletedAt)
        const volume = platform.row('volumes', volumeId)
        if (!volume) throw notFound('Volume')
        platform.project(caller, volume.projectId)
        if (caller.kind === 'project') throw notAuthorized()
        // Recoverable for 48 hours, and listed as pending so long.
        for (const row of rows) Object.assign(row, { isPendingDeletion: true, state: 'DELETING', serviceId: null })
        volume.deletedAt = platform.stamp()
        return true
      }
    },

    CustomDomain: {
      status: row => domains.status(row),
      syncStatus: () => 'ACTIVE',
      isRailwayDomain: () => false
    },
    ServiceDomain: { syncStatus: () => 'ACTIVE' },
    Volume: {
      project: row => platform.row('projects', row.projectId),
      volumeInstances: (row, args) => connection(state.volumeInstances.filter(one => one.volumeId === row.id && !one.deletedAt), args, options.pageSize)
    },
    VolumeInstance: {
      volume: row => state.volumes.find(one => one.id === row.volumeId),
      environment: row => platform.row('environments', row.environmentId),
      service: row => row.serviceId && platform.row('services', row.serviceId)
    }
  }
}
