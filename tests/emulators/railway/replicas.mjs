// The processes of a deployment: one for each replica, with its files, environment, ports and volume, kept alive by the
// service's restart policy. The engine decides when; this knows how.
import fs from 'node:fs'
import path from 'node:path'
import { attachVolume, detachVolume, freePort, isRedis, makeRoot, method, redisCommand, start, words, writeHosts } from './containers.mjs'
import { effective, replicasOf } from './settings.mjs'
import { DEFAULT_PORT } from './variables.mjs'

// A deployment ends with this; the message is what the platform says.
export class Failure extends Error {}

export class Replicas {
  constructor (engine) {
    this.engine = engine
    this.platform = engine.platform
  }

  get method () { return this.platform.options.method ?? method() }

  async preDeploy (deployment, live) {
    const event = this.engine.event(deployment, 'PRE_DEPLOY_COMMAND')
    const { root, how } = await this.#root(deployment, live, 'pre')
    for (const text of deployment.settings.preDeployCommand) {
      const one = start({ how, root, argv: words(text), env: this.#environment(deployment, live, {}), user: live.image.config.User, onLines: (lines, severity) => this.engine.logs.lines(deployment, null, lines, severity) })
      const { code } = await one.exited
      if (code !== 0) throw new Failure(`Pre-deploy command failed with exit code ${code}`)
    }
    this.engine.complete(deployment, event)
  }

  async startAll (deployment, live) {
    const count = replicasOf(deployment.settings)
    live.containers = Array(count).fill(null)
    live.over = new Set()
    deployment.instances = live.containers.map(() => ({ id: this.platform.id(), status: 'CREATED' }))
    if (!this.platform.options.run) {
      for (const one of deployment.instances) one.status = 'RUNNING'
      this.engine.logs.lines(deployment, deployment.instances[0].id, ['Starting Container'], 'info')
      return
    }
    for (const slot of live.containers.keys()) {
      await this.#launch(deployment, live, slot)
      this.engine.begin(deployment, () => this.#supervise(deployment, live, slot))
    }
  }

  async #root (deployment, live, slot) {
    const root = path.join(this.engine.folder, 'run', deployment.id, String(slot))
    const how = this.method
    await makeRoot(live.image, root, { hosts: this.#hosts(deployment.environmentId), owner: how })
    live.roots = [...(live.roots ?? []), root]
    return { root, how }
  }

  async #launch (deployment, live, slot) {
    const instance = this.platform.findInstance(deployment.serviceId, deployment.environmentId)
    const id = deployment.instances[slot].id
    const settings = effective(deployment.settings)
    const onLines = (lines, severity) => this.engine.logs.lines(deployment, id, lines, severity)
    const ports = new Map()
    let container
    if (isRedis(deployment.image)) {
      const folder = live.volume ? this.#volumeFolder(live.volume) : path.join(this.engine.folder, 'run', deployment.id, String(slot))
      fs.mkdirSync(folder, { recursive: true })
      const actual = await freePort()
      const { declared, argv } = redisCommand(settings.startCommand, this.#environment(deployment, live, {}), { port: actual, folder })
      ports.set(declared, actual)
      this.engine.check(live)
      container = start({ how: 'direct', argv, env: process.env, onLines })
    } else if (this.engine.standsIn(deployment)) {
      const { argv, folder } = this.engine.standIn(deployment)
      const actual = await freePort()
      ports.set(Number(deployment.variables.PORT ?? DEFAULT_PORT), actual)
      this.engine.check(live)
      const env = { ...this.#environment(deployment, live, { PORT: String(actual) }), PATH: process.env.PATH, HOME: process.env.HOME ?? '/' }
      container = start({ how: 'direct', argv: argv.map(word => word.replaceAll('${port}', String(actual))), folder, env, onLines })
    } else {
      this.release(deployment)
      const { root, how } = await this.#root(deployment, live, slot)
      this.engine.check(live)
      if (live.volume) deployment.attached = attachVolume(this.#volumeFolder(live.volume), root, live.volume.mountPath)
      const declared = Number(deployment.variables.PORT ?? DEFAULT_PORT)
      const own = { PORT: String(await freePort()) }
      ports.set(declared, Number(own.PORT))
      for (const name of this.platform.options.ownPorts) {
        const value = Number(deployment.variables[name] ?? 0)
        if (value > 0) ports.set(value, Number(own[name] = String(await freePort())))
      }
      const { Entrypoint, Cmd, User } = live.image.config
      const argv = settings.startCommand ? words(settings.startCommand) : [...(Entrypoint ?? []), ...(Cmd ?? [])]
      if (argv.length === 0) throw new Failure('The image names no program to start')
      const user = deployment.variables.RAILWAY_RUN_UID ?? (User || undefined)
      this.engine.check(live)
      container = start({ how, root, argv, user, onLines, env: this.#environment(deployment, live, { ...own, RAILWAY_REPLICA_ID: id, RAILWAY_REPLICA_REGION: settings.region ?? 'us-west2' }) })
    }
    this.engine.logs.lines(deployment, id, ['Starting Container'], 'info')
    Object.assign(container, { ports, running: true })
    live.containers[slot] = container
    await this.#openRelays(instance, ports, onLines)
    this.engine.setInstance(deployment, slot, 'RUNNING')
  }

  async #openRelays (instance, ports, onLines) {
    const address = this.platform.privateAddress(instance)
    for (const declared of ports.keys()) {
      try {
        await this.engine.relay.open(address, declared, () => this.engine.upstream(instance, declared)?.port ?? null)
      } catch (error) {
        onLines([`emulator: other services cannot reach this one at ${address}:${declared}: ${error.message}`], 'error')
      }
    }
  }

  #volumeFolder (volumeInstance) { return path.join(this.engine.folder, 'volumes', volumeInstance.id) }

  #hosts (environmentId) {
    const { platform } = this
    return platform.state.instances.filter(one => one.environmentId === environmentId && !one.deletedAt).map(one => ({ address: platform.privateAddress(one), name: platform.privateDomain(platform.row('services', one.serviceId)) }))
  }

  // Image values, then the service's. Where names cannot be given to the program, addresses stand for them.
  #environment (deployment, live, own) {
    const image = Object.fromEntries((live.image?.config.Env ?? []).map(text => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]))
    const given = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/', ...image, ...deployment.variables, ...this.platform.options.runEnv[this.platform.row('services', deployment.serviceId).name], ...own }
    const hosts = this.#hosts(deployment.environmentId)
    return Object.fromEntries(Object.entries(given).map(([name, value]) => {
      if (name === 'RAILWAY_PRIVATE_DOMAIN') return [name, value]
      for (const { address, name: host } of hosts) {
        value = value.replaceAll(new RegExp(`(?<![\\w.-])${host.replaceAll('.', '\\.')}(?::(\\d+))?(?![\\w.-])`, 'g'), (_, port) => {
          const moved = port && (this.engine.relay.moved.get(`${address}:${port}`) ?? port)
          return (this.method === 'loader' ? address : host) + (moved ? `:${moved}` : '')
        })
      }
      return [name, value]
    }))
  }

  // Lives as long as the replica: restarts it by the service's policy and says how it ended.
  async #supervise (deployment, live, slot) {
    const { restartPolicyType, restartPolicyMaxRetries } = effective(deployment.settings)
    for (let restarts = 0; ; restarts++) {
      const container = live.containers[slot]
      const { code, signal } = await container.exited
      container.running = false
      if (live.retiring || live.abort.signal.aborted) return this.engine.setInstance(deployment, slot, 'REMOVED')
      const failed = code !== 0
      live.exit = signal ? `was ended by ${signal}` : `exited with code ${code}`
      const again = restartPolicyType === 'ALWAYS' || (restartPolicyType === 'ON_FAILURE' && failed && restarts < restartPolicyMaxRetries)
      if (!again) {
        live.over.add(slot)
        this.engine.setInstance(deployment, slot, failed ? 'CRASHED' : 'EXITED')
        if (failed && deployment.status === 'SUCCESS') this.engine.set(deployment, 'CRASHED')
        return
      }
      this.engine.setInstance(deployment, slot, 'RESTARTING')
      await this.engine.pause(live, 20)
      await this.#launch(deployment, live, slot)
    }
  }

  release (deployment) {
    if (deployment.attached) detachVolume(deployment.attached)
    deployment.attached = null
  }

  // Names of services may have been added or changed since a container started.
  refreshNames (environmentId) {
    for (const deployment of this.platform.state.deployments) {
      const live = this.engine.live.get(deployment.id)
      if (deployment.environmentId !== environmentId || !live?.roots) continue
      for (const root of live.roots) if (fs.existsSync(root)) writeHosts(root, this.#hosts(environmentId))
    }
  }
}
