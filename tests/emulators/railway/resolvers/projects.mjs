// Who asks, and workspaces, projects, environments, services and their instances.
import { notAuthorized, notFound, refused } from '../errors.mjs'
import { REGIONS } from '../platform.mjs'
import { checkSource, effective, mergeSettings } from '../settings.mjs'
import { connection } from './connection.mjs'

export default function ({ platform, variables, engine, limiter, changes }) {
  const { state, options } = platform
  const page = (rows, args) => connection(rows, args, options.pageSize)
  const touch = row => Object.assign(row, { updatedAt: platform.stamp() })
  const person = caller => { if (caller.kind !== 'account') throw notAuthorized() }
  const notProject = caller => { if (caller.kind === 'project') throw notAuthorized() }
  const remove = row => { row.deletedAt = platform.stamp() }

  function workspace (caller, id) {
    notProject(caller)
    const found = state.workspaces.find(row => row.id === id)
    if (!found || (caller.kind === 'workspace' && (caller.workspaceId ?? platform.workspace.id) !== id)) throw notAuthorized()
    return found
  }

  function removeInstance (instance) {
    for (const deployment of platform.deploymentsOf(instance)) if (!['REMOVED', 'FAILED', 'SKIPPED'].includes(deployment.status)) engine.remove(deployment)
    const here = row => row.serviceId === instance.serviceId && row.environmentId === instance.environmentId && !row.deletedAt
    for (const table of ['customDomains', 'serviceDomains', 'tcpProxies']) state[table].filter(here).forEach(remove)
    for (const row of state.volumeInstances.filter(here)) row.serviceId = null
    remove(instance)
  }

  function removeService (service) {
    state.instances.filter(row => row.serviceId === service.id && !row.deletedAt).forEach(removeInstance)
    remove(service)
  }

  // Without an environment, or with one that is no fork: every environment that is no fork.
  function whereServiceIsMade (caller, projectId, environmentId) {
    if (environmentId) {
      const environment = platform.environment(caller, environmentId)
      if (environment.projectId !== projectId) throw notFound('Environment')
      if (environment.sourceEnvironmentId) return [environment]
    }
    return platform.environmentsOf(projectId).filter(row => !row.sourceEnvironmentId)
  }

  return {
    Query: {
      me: (_, args, { caller }) => { person(caller); return platform.user },
      apiToken (_, args, { caller }) {
        notProject(caller)
        return { workspaces: caller.kind === 'workspace' ? [workspace(caller, caller.workspaceId ?? platform.workspace.id)] : state.workspaces }
      },
      projectToken (_, args, { caller }) {
        if (caller.kind !== 'project') throw notAuthorized()
        return { ...caller, displayToken: `${caller.value.slice(0, 4)}****`, name: caller.name ?? 'token' }
      },
      workspace: (_, { workspaceId }, { caller }) => workspace(caller, workspaceId),
      projects (_, args, { caller }) {
        notProject(caller)
        if (args.workspaceId) workspace(caller, args.workspaceId)
        const rows = state.projects.filter(row => platform.mayUse(caller, row) && (args.includeDeleted || !row.deletedAt) && (!args.workspaceId || row.workspaceId === args.workspaceId))
        if (args.orderBy === 'NAME_ASC') rows.sort((a, b) => a.name < b.name ? -1 : 1)
        else rows.reverse()
        return page(rows, args)
      },
      project: (_, { id }, { caller }) => platform.project(caller, id),
      environments (_, args, { caller }) {
        platform.project(caller, args.projectId)
        notProject(caller)
        return page(platform.environmentsOf(args.projectId).filter(row => args.isEphemeral === undefined || args.isEphemeral === null || row.isEphemeral === args.isEphemeral), args)
      },
      environment (_, { id, projectId }, { caller }) {
        const environment = platform.environment(caller, id)
        if (projectId && environment.projectId !== projectId) throw notFound('Environment')
        return environment
      },
      service: (_, { id }, { caller }) => platform.service(caller, id),
      serviceInstance: (_, { serviceId, environmentId }, { caller }) => platform.instance(caller, serviceId, environmentId),
      serviceInstanceLimitOverride (_, { serviceId, environmentId }, { caller }) {
        const { limits } = platform.instance(caller, serviceId, environmentId)
        return limits && { containers: { cpu: limits.vCPUs, memoryBytes: limits.memoryGB === null ? null : limits.memoryGB * 1e9 } }
      },
      serviceInstanceLimits (_, { serviceId, environmentId }, { caller }) {
        const { limits } = platform.instance(caller, serviceId, environmentId)
        const [cpu, memory] = options.plan === 'PRO' ? [32, 32] : options.plan === 'HOBBY' ? [8, 8] : [2, 1]
        return { containers: { cpu: limits?.vCPUs ?? cpu, memoryBytes: (limits?.memoryGB ?? memory) * 1e9 } }
      },
      regions (_, { projectId }, { caller }) {
        if (projectId) platform.project(caller, projectId)
        return REGIONS.map(region => ({ ...region, workspaceId: null, deploymentConstraints: null }))
      },
      projectTokens (_, args, { caller }) {
        platform.project(caller, args.projectId)
        notProject(caller)
        return page(state.tokens.filter(token => token.kind === 'project' && token.projectId === args.projectId).map(token => ({ ...token, displayToken: `${token.value.slice(0, 4)}****` })), args)
      }
    },

    Mutation: {
      projectCreate (_, { input }, { caller }) {
        notProject(caller)
        if (!input.workspaceId && (caller.kind === 'workspace' || state.workspaces.length > 1)) throw refused('You must specify a workspaceId to create a project')
        if (input.workspaceId) workspace(caller, input.workspaceId)
        if (input.repo) throw refused('The emulator runs images only; a repository cannot be connected')
        const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null))
        return platform.addProject(given)
      },
      projectUpdate (_, { id, input }, { caller }) {
        notProject(caller)
        return touch(Object.assign(platform.project(caller, id), input))
      },
      projectDelete (_, { id }, { caller }) {
        notProject(caller)
        const project = platform.project(caller, id)
        platform.servicesOf(id).forEach(removeService)
        platform.environmentsOf(id).forEach(remove)
        remove(project)
        return true
      },
      projectScheduleDelete (_, { id }, { caller }) {
        notProject(caller)
        platform.project(caller, id).expiredAt = new Date(platform.now() + 48 * 3_600_000).toISOString()
        return true
      },
      projectScheduleDeleteCancel (_, { id }, { caller }) {
        notProject(caller)
        platform.project(caller, id).expiredAt = null
        return true
      },
      projectTokenCreate (_, { input }, { caller }) {
        notProject(caller)
        platform.project(caller, input.projectId)
        platform.environment(caller, input.environmentId)
        const token = { id: platform.id(), kind: 'project', value: platform.id(), name: input.name, projectId: input.projectId, environmentId: input.environmentId, createdAt: platform.stamp() }
        state.tokens.push(token)
        return token.value
      },
      projectTokenDelete (_, { id }, { caller }) {
        notProject(caller)
        const index = state.tokens.findIndex(token => token.kind === 'project' && token.id === id)
        if (index < 0) throw notFound('Project Token')
        state.tokens.splice(index, 1)
        return true
      },
      environmentCreate (_, { input }, { caller }) {
        notProject(caller)
        platform.project(caller, input.projectId)
        if (input.sourceEnvironmentId) platform.environment(caller, input.sourceEnvironmentId)
        if (platform.environmentsOf(input.projectId).some(row => row.name === input.name)) throw refused('Environment with this name already exists')
        const environment = platform.addEnvironment({ projectId: input.projectId, name: input.name, isEphemeral: input.ephemeral ?? false, sourceEnvironmentId: input.sourceEnvironmentId ?? null })
        if (input.sourceEnvironmentId && !input.skipInitialDeploys) for (const instance of state.instances) if (instance.environmentId === environment.id && instance.source) engine.deploy(instance)
        return environment
      },
      environmentRename (_, { id, input }, { caller }) {
        notProject(caller)
        return touch(Object.assign(platform.environment(caller, id), { name: input.name }))
      },
      environmentDelete (_, { id }, { caller }) {
        notProject(caller)
        const environment = platform.environment(caller, id)
        state.instances.filter(row => row.environmentId === id && !row.deletedAt).forEach(removeInstance)
        remove(environment)
        return true
      },
      serviceCreate (_, { input }, { caller }) {
        platform.project(caller, input.projectId)
        if (caller.kind === 'project' && input.environmentId !== caller.environmentId) throw notAuthorized()
        const environments = whereServiceIsMade(caller, input.projectId, input.environmentId)
        const source = checkSource(input.source)
        if (input.registryCredentials && options.plan !== 'PRO') throw refused('Private registry credentials are only available on the Pro plan')
        if (input.templateId) throw refused('The emulator has no templates')
        // Names are not unique: a second call makes a second service.
        const service = { id: platform.id(), name: input.name || source?.image.split('/').at(-1).split(/[:@]/)[0] || `service-${state.services.length + 1}`, icon: input.icon ?? null, projectId: input.projectId, createdAt: platform.stamp(), updatedAt: platform.stamp() }
        state.services.push(service)
        for (const environment of environments) {
          const instance = platform.addInstance(service.id, environment.id, { source, settings: input.registryCredentials ? { registryCredentials: input.registryCredentials } : {} })
          variables.set(environment.id, service.id, input.variables ?? {})
          engine.replicas.refreshNames(environment.id)
          if (source && options.serviceCreateDeploys) engine.deploy(instance)
        }
        return service
      },
      serviceUpdate (_, { id, input }, { caller }) {
        const service = platform.service(caller, id)
        notProject(caller)
        for (const name of ['name', 'icon']) if (typeof input[name] === 'string') service[name] = input[name]
        for (const environment of platform.environmentsOf(service.projectId)) engine.replicas.refreshNames(environment.id)
        return touch(service)
      },
      serviceDelete (_, { id, environmentId }, { caller }) {
        const service = platform.service(caller, id)
        notProject(caller)
        const environment = environmentId ? platform.environment(caller, environmentId) : null
        if (environment?.sourceEnvironmentId) removeInstance(platform.instance(caller, id, environmentId))
        else {
          const forks = state.instances.filter(row => row.serviceId === id && !row.deletedAt && platform.row('environments', row.environmentId)?.sourceEnvironmentId)
          state.instances.filter(row => row.serviceId === id && !row.deletedAt && !forks.includes(row)).forEach(removeInstance)
          if (!forks.length) remove(service)
        }
        return true
      },
      serviceConnect (_, { id, input }, { caller }) {
        const source = checkSource({ image: input.image, repo: input.repo })
        for (const instance of platform.instances(caller, id)) {
          Object.assign(instance, { source: { ...source }, updatedAt: platform.stamp() })
          if (options.serviceCreateDeploys) engine.deploy(instance)
        }
        return platform.service(caller, id)
      },
      serviceDisconnect (_, { id }, { caller }) {
        for (const instance of platform.instances(caller, id)) Object.assign(instance, { source: null, updatedAt: platform.stamp() })
        return platform.service(caller, id)
      },
      serviceInstanceUpdate (_, { serviceId, environmentId, input }, { caller }) {
        for (const instance of platform.instances(caller, serviceId, environmentId)) mergeSettings(platform, instance, input)
        return true
      },
      serviceInstanceLimitsUpdate (_, { input }, { caller }) {
        const instance = platform.instance(caller, input.serviceId, input.environmentId)
        const limits = { vCPUs: input.vCPUs ?? null, memoryGB: input.memoryGB ?? null }
        instance.limits = limits.vCPUs === null && limits.memoryGB === null ? null : limits
        return true
      }
    },

    User: {
      name: row => row.name,
      workspaces: () => state.workspaces,
      apiTokenRateLimit: (_, args, { caller }) => limiter.left(caller)
    },
    Workspace: {
      plan: () => options.plan,
      apiTokenRateLimit: (_, args, { caller }) => limiter.left(caller),
      projects: (row, args, { caller }) => page(state.projects.filter(one => one.workspaceId === row.id && !one.deletedAt && platform.mayUse(caller, one)), args),
      projectCount: row => state.projects.filter(one => one.workspaceId === row.id && !one.deletedAt).length
    },
    ProjectToken: {
      project: row => platform.row('projects', row.projectId),
      environment: row => platform.row('environments', row.environmentId)
    },
    Project: {
      workspace: row => state.workspaces.find(one => one.id === row.workspaceId),
      primaryEnvironmentId: row => platform.environmentsOf(row.id).find(one => !one.isEphemeral)?.id ?? null,
      environments: (row, args, { caller }) => page(platform.environmentsOf(row.id).filter(one => (caller.kind !== 'project' || one.id === caller.environmentId) && (args.isEphemeral === undefined || args.isEphemeral === null || one.isEphemeral === args.isEphemeral)), args),
      services: (row, args) => page(platform.servicesOf(row.id), args),
      volumes: (row, args) => page(state.volumes.filter(one => one.projectId === row.id && !one.deletedAt), args),
      subscriptionType: () => options.plan.toLowerCase(),
      botPrEnvironments: () => false,
      focusedPrEnvironments: () => false,
      isTempProject: () => false
    },
    Environment: {
      canAccess: () => true,
      config: (row, { decryptVariables }) => changes.config(row, { decrypt: decryptVariables ?? false }),
      configEtag: row => changes.etag(row),
      unmergedChangesCount: row => changes.unmerged(row.id),
      sourceEnvironment: row => row.sourceEnvironmentId && platform.row('environments', row.sourceEnvironmentId),
      serviceInstances: (row, args) => page(state.instances.filter(one => one.environmentId === row.id && !one.deletedAt), args),
      volumeInstances: (row, args) => page(state.volumeInstances.filter(one => one.environmentId === row.id && !one.deletedAt), args),
      deployments: (row, args) => page(state.deployments.filter(one => one.environmentId === row.id).reverse(), args),
      variables: (row, args) => page(state.variables.filter(one => one.environmentId === row.id), args)
    },
    Variable: {
      references: row => [...row.value.matchAll(/\$\{\{[^}]*\}\}/g)].map(([text]) => text),
      environment: row => platform.row('environments', row.environmentId),
      service: row => platform.row('services', row.serviceId)
    },
    Service: {
      project: row => platform.row('projects', row.projectId),
      isRestricted: () => false,
      hasHiddenRegistryCredentialsFromTemplate: () => false,
      serviceInstances: (row, args, { caller }) => page(state.instances.filter(one => one.serviceId === row.id && !one.deletedAt && (caller.kind !== 'project' || one.environmentId === caller.environmentId)), args)
    },
    ServiceInstance: {
      service: row => platform.row('services', row.serviceId),
      serviceName: row => platform.row('services', row.serviceId).name,
      source: row => row.source && { image: row.source.image ?? null, repo: null },
      ...Object.fromEntries(['healthcheckPath', 'healthcheckTimeout', 'restartPolicyType', 'restartPolicyMaxRetries', 'overlapSeconds', 'drainingSeconds', 'startCommand', 'preDeployCommand', 'sleepApplication', 'cronSchedule', 'region', 'ipv6EgressEnabled']
        .map(name => [name, row => effective(row.settings)[name]])),
      // The published figure is wrong for services in several regions.
      numReplicas: row => row.settings.multiRegionConfig ? 1 : effective(row.settings).numReplicas,
      builder: () => 'RAILPACK',
      isUpdatable: () => false,
      watchPatterns: () => [],
      latestDeployment: row => platform.latest(row),
      activeDeployments: row => platform.active(row),
      upstreamUrl: row => row.source?.image ?? null,
      domains: row => domainsOf(platform, row)
    }
  }
}

export function domainsOf (platform, instance) {
  const here = row => row.serviceId === instance.serviceId && row.environmentId === instance.environmentId && !row.deletedAt
  return { customDomains: platform.state.customDomains.filter(here), serviceDomains: platform.state.serviceDomains.filter(here) }
}
