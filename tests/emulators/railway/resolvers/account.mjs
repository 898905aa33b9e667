// Change sets, usage and the bill.
import { notAuthorized, notFound, refused } from '../errors.mjs'
import { connection } from './connection.mjs'

// What a small service uses by itself: per minute for the time-based, in all for traffic.
const TYPICAL = { CPU_USAGE: 0.02, MEMORY_USAGE_GB: 0.1, DISK_USAGE_GB: 0.05, BACKUP_USAGE_GB: 0, NETWORK_TX_GB: 0.25 }
const MONTH_MINUTES = 43_200
const PRICES = { CPU_USAGE: 20 / MONTH_MINUTES, MEMORY_USAGE_GB: 10 / MONTH_MINUTES, DISK_USAGE_GB: 0.15 / MONTH_MINUTES, BACKUP_USAGE_GB: 0.15 / MONTH_MINUTES, NETWORK_TX_GB: 0.05 }
const TAGS = { PROJECT_ID: 'projectId', SERVICE_ID: 'serviceId', ENVIRONMENT_ID: 'environmentId', REGION: 'region' }

export default function ({ platform, changes }) {
  const { state, options } = platform

  function period () {
    const now = new Date(platform.now())
    return { start: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)), end: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)) }
  }

  function projectsFor (caller, { projectId, workspaceId }) {
    if (projectId) return [platform.project(caller, projectId)]
    if (!workspaceId || caller.kind === 'project') throw notAuthorized()
    return state.projects.filter(row => row.workspaceId === workspaceId && platform.mayUse(caller, row))
  }

  // One figure per service instance; a figure given as an option (by service name) counts as it is.
  function figures (projects, measurement, from, to) {
    return projects.flatMap(project => state.services.filter(row => row.projectId === project.id).flatMap(service => state.instances.filter(row => row.serviceId === service.id).map(instance => {
      const given = options.usage[service.name]?.[measurement]
      const minutes = Math.max(0, (Math.min(to, platform.now()) - Math.max(from, Date.parse(instance.createdAt))) / 60_000)
      const value = given ?? (measurement === 'NETWORK_TX_GB' ? TYPICAL[measurement] : (TYPICAL[measurement] ?? 0) * minutes)
      return { value, tags: { projectId: project.id, serviceId: service.id, environmentId: instance.environmentId, region: instance.settings.region ?? 'us-west2' } }
    })))
  }

  const sum = rows => rows.reduce((total, row) => total + row.value, 0)

  function stage (caller, environmentId) { return platform.environment(caller, environmentId) }

  return {
    Query: {
      environmentStagedChanges (_, { environmentId }, { caller }) {
        platform.environment(caller, environmentId)
        return changes.staged(environmentId) ?? { id: environmentId, environmentId, status: 'STAGED', message: null, patch: {}, createdAt: platform.stamp(), updatedAt: platform.stamp(), appliedAt: null, lastAppliedError: null }
      },
      environmentPatches (_, args, { caller }) {
        platform.environment(caller, args.environmentId)
        return connection(state.patches.filter(row => row.environmentId === args.environmentId && row.status === 'COMMITTED').reverse(), args, options.pageSize)
      },
      environmentPatch (_, { id }, { caller }) {
        const row = state.patches.find(one => one.id === id)
        if (!row) throw notFound('EnvironmentPatch')
        platform.environment(caller, row.environmentId)
        return row
      },
      usage (_, args, { caller }) {
        const projects = projectsFor(caller, args)
        const [from, to] = [args.startDate ? Date.parse(args.startDate) : period().start.getTime(), args.endDate ? Date.parse(args.endDate) : platform.now()]
        const keys = (args.groupBy ?? []).map(name => TAGS[name]).filter(Boolean)
        return args.measurements.flatMap(measurement => {
          const groups = new Map()
          for (const row of figures(projects, measurement, from, to)) {
            const tags = Object.fromEntries(keys.map(key => [key, row.tags[key]]))
            const name = JSON.stringify(tags)
            groups.set(name, { measurement, tags, value: (groups.get(name)?.value ?? 0) + row.value })
          }
          return [...groups.values()]
        })
      },
      estimatedUsage (_, args, { caller }) {
        const { start, end } = period()
        return projectsFor(caller, args).flatMap(project => args.measurements.map(measurement => {
          const now = sum(figures([project], measurement, start.getTime(), platform.now()))
          return { projectId: project.id, measurement, estimatedValue: now * (end - start) / Math.max(60_000, platform.now() - Math.max(start.getTime(), Date.parse(project.createdAt))) }
        }))
      }
    },

    Mutation: {
      environmentStageChanges: (_, { environmentId, input, merge }, { caller }) => changes.stage(stage(caller, environmentId), input, merge),
      environmentPatchCommitStaged: (_, { environmentId, commitMessage, skipDeploys }, { caller }) => changes.commitStaged(stage(caller, environmentId), commitMessage, skipDeploys ?? false),
      environmentPatchCommit (_, { environmentId, patch, commitMessage }, { caller }) {
        if (!patch) throw refused('A patch is required')
        return changes.commit(stage(caller, environmentId), patch, commitMessage)
      },
      usageLimitSet (_, { input }, { caller }) {
        if (caller.kind === 'project') throw notAuthorized()
        const workspace = state.workspaces.find(row => row.customerId === input.customerId)
        if (!workspace) throw notFound('Customer')
        if (input.hardLimitDollars && input.hardLimitDollars < input.softLimitDollars) throw refused('The hard limit must not be below the soft limit')
        workspace.usageLimit = { id: platform.id(), customerId: input.customerId, softLimit: input.softLimitDollars, hardLimit: input.hardLimitDollars ?? null }
        return true
      }
    },

    EnvironmentPatch: {
      environment: row => platform.row('environments', row.environmentId),
      appliedBy: () => null
    },
    Workspace: {
      customer (row) {
        const { start, end } = period()
        const projects = state.projects.filter(one => one.workspaceId === row.id)
        const currentUsage = Object.entries(PRICES).reduce((total, [measurement, price]) => total + price * sum(figures(projects, measurement, start.getTime(), platform.now())), 0)
        return { id: row.customerId, currentUsage, billingPeriod: { start: start.toISOString(), end: end.toISOString() }, usageLimit: row.usageLimit && { ...row.usageLimit, isOverLimit: currentUsage > row.usageLimit.softLimit }, workspace: row, state: 'ACTIVE', isTrialing: false, isPrepaying: false, isUsageSubscriber: true, creditBalance: 0, appliedCredits: 0, remainingUsageCreditBalance: 0, trialDaysRemaining: 0, hasExhaustedFreePlan: false }
      }
    }
  }
}
