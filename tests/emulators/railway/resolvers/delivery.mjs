// Variables, deployments, their events and logs, and the subscriptions to them.
import { notAuthorized, notFound, refused } from '../errors.mjs'
import { parseFilter } from '../logs.mjs'
import { effective } from '../settings.mjs'
import { connection } from './connection.mjs'

// Values of an emitter's event as an async iterator, until the consumer leaves. Starts listening at once.
export function stream (emitter, name, pick, first = []) {
  const queue = [...first]
  let wake = null
  let done = false
  const listener = value => {
    const picked = pick(value)
    if (picked === undefined) return
    queue.push(picked)
    wake?.()
  }
  emitter.on(name, listener)
  const finish = () => {
    done = true
    emitter.off(name, listener)
    wake?.()
    return Promise.resolve({ value: undefined, done: true })
  }
  return {
    async next () {
      while (!queue.length && !done) {
        await new Promise(resolve => { wake = resolve })
        wake = null
      }
      return done ? { value: undefined, done: true } : { value: queue.shift(), done: false }
    },
    return: finish,
    throw: finish,
    [Symbol.asyncIterator] () { return this }
  }
}

export default function ({ platform, variables, engine, logs }) {
  const { state, options } = platform
  const page = (rows, args) => connection(rows, args, options.pageSize)
  const instanceOf = row => platform.findInstance(row.serviceId, row.environmentId)

  function target (caller, { projectId, environmentId, serviceId }) {
    platform.project(caller, projectId)
    const environment = platform.environment(caller, environmentId)
    if (environment.projectId !== projectId) throw notFound('Environment')
    return { environment, instance: serviceId ? platform.instance(caller, serviceId, environmentId) : null }
  }

  const lived = instance => platform.active(instance).at(-1) ?? platform.deploymentsOf(instance).filter(one => one.wasSuccess).at(-1)

  // What a change of variables without skipDeploys sets off.
  function deployChange (instance) {
    const live = lived(instance)
    if (options.variableDeploys === 'live' && live) engine.deploy(instance, { image: live.image, digest: live.imageDigest, reason: 'deploy' })
    else if (instance.source) engine.deploy(instance)
  }

  function deployAfter (environmentId, instance, names) {
    if (instance) return deployChange(instance)
    for (const one of state.instances) if (one.environmentId === environmentId && !one.deletedAt && variables.usesShared(one, names)) deployChange(one)
  }

  function checkNames (names) {
    for (const name of names) if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw refused(`Invalid variable name ${JSON.stringify(name)}`)
  }

  function upsert (caller, input, values, replace) {
    const { instance } = target(caller, input)
    checkNames(Object.keys(values))
    variables.set(input.environmentId, input.serviceId, values, { replace })
    if (!input.skipDeploys) deployAfter(input.environmentId, instance, Object.keys(values))
    return true
  }

  const shown = (instance, unrendered) => {
    const own = variables.raw(instance.environmentId, instance.serviceId, { sealed: false })
    return unrendered ? { ...own, ...variables.given(instance) } : variables.rendered(instance, { sealed: false, own })
  }

  const noCommit = ({ commitSha }) => { if (commitSha) throw refused('Commit not found') }
  const deploymentOf = (caller, id) => platform.deployment(caller, id)
  const logSource = (kind, name, emitted) => (_, args, { caller }) => {
    const deployment = deploymentOf(caller, args.deploymentId)
    const matches = parseFilter(args.filter ?? '')
    const list = logs.list(kind, deployment.id).filter(matches)
    const backlog = args.anchorDate || args.afterDate || args.beforeDate ? logs.around(list, { ...args, filter: '' }) : list.slice(-(args.limit ?? 100))
    return stream(platform.events, emitted, ({ deployment: from, entries }) => {
      const kept = from.id === deployment.id ? entries.filter(matches) : []
      return kept.length ? { [name]: kept } : undefined
    }, backlog.length ? [{ [name]: backlog }] : [])
  }

  return {
    Query: {
      variables (_, args, { caller }) {
        const { environment, instance } = target(caller, args)
        return instance ? shown(instance, args.unrendered) : variables.raw(environment.id, null, { sealed: false })
      },
      variablesForServiceDeployment: (_, args, { caller }) => shown(target(caller, args).instance, false),
      deployments (_, args, { caller }) {
        const { projectId, environmentId, serviceId, status } = args.input
        if (projectId) platform.project(caller, projectId)
        if (environmentId) platform.environment(caller, environmentId)
        if (serviceId) platform.service(caller, serviceId)
        if (!projectId && !environmentId && !serviceId) throw notAuthorized()
        const fits = row => (!projectId || row.projectId === projectId) && (!environmentId || row.environmentId === environmentId) && (!serviceId || row.serviceId === serviceId) &&
          (caller.kind !== 'project' || row.environmentId === caller.environmentId) && (!status?.in || status.in.includes(row.status)) && (!status?.notIn || !status.notIn.includes(row.status))
        return page(state.deployments.filter(fits).reverse(), args)
      },
      deployment: (_, { id }, { caller }) => deploymentOf(caller, id),
      deploymentEvents: (_, args, { caller }) => page(deploymentOf(caller, args.id).events, args),
      deploymentSnapshot (_, { deploymentId }, { caller }) {
        const deployment = deploymentOf(caller, deploymentId)
        return { id: deployment.snapshotId, createdAt: deployment.createdAt, updatedAt: deployment.createdAt, variables: deployment.shownVariables }
      },
      buildLogs: (_, args, { caller }) => logs.last(logs.list('build', deploymentOf(caller, args.deploymentId).id), args),
      deploymentLogs: (_, args, { caller }) => logs.last(logs.list('deploy', deploymentOf(caller, args.deploymentId).id), args),
      environmentLogs: (_, args, { caller }) => logs.around(everyLog(platform.environment(caller, args.environmentId)), args),
      httpLogs (_, args, { caller }) {
        const list = logs.list('http', deploymentOf(caller, args.deploymentId).id)
        return args.anchorDate || args.beforeDate || args.afterDate ? logs.around(list, args) : logs.last(list, args)
      }
    },

    Mutation: {
      variableUpsert: (_, { input }, { caller }) => upsert(caller, input, { [input.name]: input.value }, false),
      variableCollectionUpsert: (_, { input }, { caller }) => upsert(caller, input, input.variables, input.replace ?? false),
      variableDelete (_, { input }, { caller }) {
        const { instance } = target(caller, input)
        if (!variables.remove(input.environmentId, input.serviceId, input.name)) throw notFound('Variable')
        if (options.variableDeleteDeploys) deployAfter(input.environmentId, instance, [input.name])
        return true
      },
      sharedVariableConfigure (_, { input }, { caller }) {
        target(caller, input)
        const row = variables.rows(input.environmentId).find(one => one.name === input.name)
        if (!row) throw notFound('Variable')
        for (const id of input.enabledServiceIds) variables.set(input.environmentId, platform.instance(caller, id, input.environmentId).serviceId, { [input.name]: `\${{shared.${input.name}}}` })
        for (const id of input.disabledServiceIds) variables.remove(input.environmentId, platform.instance(caller, id, input.environmentId).serviceId, input.name)
        return row
      },
      serviceInstanceDeployV2 (_, args, { caller }) {
        noCommit(args)
        const instance = platform.instance(caller, args.serviceId, args.environmentId)
        const live = platform.options.deploysOldImage && lived(instance)
        return engine.deploy(instance, live ? { image: live.image, digest: live.imageDigest } : {}).id
      },
      serviceInstanceDeploy (_, args, { caller }) {
        noCommit(args)
        const instance = platform.instance(caller, args.serviceId, args.environmentId)
        const live = lived(instance)
        if (args.latestCommit || !live) engine.deploy(instance)
        else engine.deploy(instance, { image: live.image, digest: live.imageDigest })
        return true
      },
      // Runs what is live already, whatever the source says now, and reports success.
      serviceInstanceRedeploy (_, args, { caller }) {
        const instance = platform.instance(caller, args.serviceId, args.environmentId)
        const live = lived(instance)
        if (!live) throw refused('Service has no deployment to redeploy')
        engine.deploy(instance, { image: live.image, digest: live.imageDigest, settings: live.settings, reason: 'redeploy' })
        return true
      },
      deploymentRedeploy (_, { id }, { caller }) {
        const old = deploymentOf(caller, id)
        return engine.deploy(instanceOf(old), { image: old.image, digest: old.imageDigest, settings: old.settings, own: old.rawVariables, reason: 'redeploy' })
      },
      // Brings the old variables back too, rotated secrets included.
      deploymentRollback (_, { id }, { caller }) {
        const old = deploymentOf(caller, id)
        if (!engine.canRollback(old)) throw refused('Deployment cannot be rolled back: its image is no longer retained, or it never was active')
        variables.set(old.environmentId, old.serviceId, old.rawVariables, { replace: true })
        engine.deploy(instanceOf(old), { image: old.image, digest: old.imageDigest, settings: old.settings, own: old.rawVariables, reason: 'rollback' })
        return true
      },
      deploymentRestart: (_, { id }, { caller }) => { engine.restart(deploymentOf(caller, id)); return true },
      deploymentCancel: (_, { id }, { caller }) => { engine.cancel(deploymentOf(caller, id)); return true },
      deploymentStop: (_, { id }, { caller }) => { engine.stopOne(deploymentOf(caller, id)); return true },
      deploymentRemove: (_, { id }, { caller }) => { engine.remove(deploymentOf(caller, id)); return true },
      deploymentApprove: (_, { id }, { caller }) => { engine.approve(deploymentOf(caller, id)); return true }
    },

    Subscription: {
      deployment (_, { id }, { caller }) {
        const deployment = deploymentOf(caller, id)
        return stream(platform.events, 'deployment', row => row.id === id ? { deployment: structuredClone(row) } : undefined, options.firstUpdate ? [{ deployment: structuredClone(deployment) }] : [])
      },
      deploymentEvents (_, { id }, { caller }) {
        const deployment = deploymentOf(caller, id)
        return stream(platform.events, 'event', ({ deployment: of, event }) => of.id === id ? { deploymentEvents: event } : undefined, deployment.events.map(event => ({ deploymentEvents: event })))
      },
      deploymentLogs: logSource('deploy', 'deploymentLogs', 'log'),
      buildLogs: logSource('build', 'buildLogs', 'buildLog'),
      httpLogs: logSource('http', 'httpLogs', 'http'),
      environmentLogs (_, args, { caller }) {
        const environment = platform.environment(caller, args.environmentId)
        const matches = parseFilter(args.filter ?? '')
        const backlog = logs.around(everyLog(environment), args)
        return stream(platform.events, 'log', ({ deployment, entries }) => {
          const kept = deployment.environmentId === environment.id ? entries.filter(matches) : []
          return kept.length ? { environmentLogs: kept } : undefined
        }, backlog.length ? [{ environmentLogs: backlog }] : [])
      }
    },

    Deployment: {
      canRedeploy: row => row.wasSuccess,
      canRollback: row => engine.canRollback(row),
      deploymentStopped: row => row.stopped,
      suggestAddServiceDomain: () => false,
      environment: row => state.environments.find(one => one.id === row.environmentId),
      service: row => state.services.find(one => one.id === row.serviceId),
      creator: () => ({ ...platform.user, avatar: null }),
      diagnosis: () => null,
      url: row => urlOf(row),
      staticUrl: row => urlOf(row),
      sockets: row => [...(engine.live.get(row.id)?.containers ?? [])].flatMap(one => one?.running ? [...one.ports.keys()].map(port => ({ port, processName: 'main', ipv6: false, updatedAt: Math.floor(platform.now() / 1000) })) : []),
      meta (row) {
        const settings = effective(row.settings)
        const { registryCredentials, ...deploy } = settings
        const region = settings.region ?? 'us-west2'
        return {
          image: row.image, ...(options.imageDigest === 'present' && row.imageDigest ? { imageDigest: row.imageDigest } : {}), reason: row.reason, runtime: 'V2',
          serviceManifest: { build: { builder: 'RAILPACK' }, deploy: { ...deploy, multiRegionConfig: settings.multiRegionConfig ?? { [region]: { numReplicas: settings.numReplicas } } } },
          ...(options.run && engine.standsIn(row) ? { emulator: { stoodInBy: 'redis-server' } } : {})
        }
      }
    }
  }

  function everyLog (environment) {
    const all = state.deployments.filter(row => row.environmentId === environment.id).flatMap(row => logs.list('deploy', row.id))
    return all.sort((a, b) => a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0)
  }

  function urlOf (row) {
    const here = one => one.serviceId === row.serviceId && one.environmentId === row.environmentId && !one.deletedAt
    return state.serviceDomains.find(here)?.domain ?? state.customDomains.find(here)?.domain ?? null
  }
}
