// What may be set on a service instance, the platform's defaults, and the rules that refuse a combination.
import { REGIONS } from './platform.mjs'
import { refused } from './errors.mjs'

export const DEFAULTS = {
  healthcheckPath: null, healthcheckTimeout: 300, numReplicas: 1, restartPolicyType: 'ON_FAILURE', restartPolicyMaxRetries: 10, overlapSeconds: 0, drainingSeconds: 0,
  startCommand: null, preDeployCommand: null, sleepApplication: false, cronSchedule: null, multiRegionConfig: null, region: null, ipv6EgressEnabled: false
}

// A change set names its own few; see 1.12 of the reference.
const IN_CHANGE_SETS = new Set([...Object.keys(DEFAULTS), 'registryCredentials', 'limitOverride', 'requiredMountPath'])

export const effective = settings => ({ ...DEFAULTS, ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== undefined)) })

export function replicasOf (settings) {
  const { multiRegionConfig, numReplicas } = effective(settings)
  if (!multiRegionConfig) return numReplicas
  return Object.values(multiRegionConfig).reduce((sum, region) => sum + (region?.numReplicas ?? 0), 0)
}

function whole (name, value, least = 0) {
  if (value !== null && value !== undefined && (!Number.isInteger(value) || value < least)) throw refused(`${name} must be a whole number of at least ${least}`)
}

function check (platform, instance, settings) {
  const { plan } = platform.options
  const all = effective(settings)
  whole('numReplicas', all.numReplicas, 1)
  for (const name of ['healthcheckTimeout', 'restartPolicyMaxRetries', 'overlapSeconds', 'drainingSeconds']) whole(name, all[name])
  if (all.healthcheckPath !== null && !/^\/\S*$/.test(all.healthcheckPath)) throw refused('healthcheckPath must begin with /')
  const regions = [...(all.region ? [all.region] : []), ...Object.keys(all.multiRegionConfig ?? {})]
  for (const name of regions) if (!REGIONS.some(region => region.id === name)) throw refused(`Region ${name} not found`)
  if (!['ON_FAILURE', 'ALWAYS', 'NEVER'].includes(all.restartPolicyType)) throw refused(`restartPolicyType cannot be ${all.restartPolicyType}`)
  if (all.restartPolicyType === 'ALWAYS' && plan === 'FREE') throw refused('Restart policy ALWAYS is not available on the Free plan')
  if (settings.registryCredentials && plan !== 'PRO') throw refused('Private registry credentials are only available on the Pro plan')
  const many = replicasOf(settings) > 1
  if (many && platform.volumeOf(instance)) throw refused('Cannot use replicas with a volume attached to the service')
  if (many && all.cronSchedule) throw refused('Cannot use replicas with a cron schedule')
}

export function checkSource (source) {
  if (source === null || source === undefined) return null
  const { image, repo } = source
  if (repo) throw refused('The emulator runs images only; a repository cannot be connected')
  if (typeof image !== 'string' || !/^\S+$/.test(image)) throw refused('source needs an image')
  return { image }
}

// Merges the given fields; one left out is left alone, null goes back to the default. Deploys nothing.
export function mergeSettings (platform, instance, { source, ...fields }) {
  const settings = { ...instance.settings }
  for (const [name, value] of Object.entries(fields)) {
    if (!(name in DEFAULTS) && name !== 'registryCredentials') continue
    if (value === null) delete settings[name]
    else if (value !== undefined) settings[name] = value
  }
  check(platform, instance, settings)
  if (source !== undefined) instance.source = checkSource(source)
  instance.settings = settings
  instance.updatedAt = platform.stamp()
}

export const knownInChangeSet = name => IN_CHANGE_SETS.has(name)
