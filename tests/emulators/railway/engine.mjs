// Walks deployments through their states, with real processes (`run`) or without. One walk per deployment; a newer
// deployment of the same service instance cancels one that is still under way.
import http from 'node:http'
import path from 'node:path'
import fs from 'node:fs'
import { wait } from '../shared/program.mjs'
import { isRedis } from './containers.mjs'
import { refused } from './errors.mjs'
import { Images, PullFailure } from './images.mjs'
import { Relay } from './relay.mjs'
import { Failure, Replicas } from './replicas.mjs'
import { effective } from './settings.mjs'
import { DEFAULT_PORT } from './variables.mjs'

const TERMINAL = new Set(['SUCCESS', 'SLEEPING', 'FAILED', 'CRASHED', 'SKIPPED', 'REMOVING', 'REMOVED'])
// Even at a high speed a program gets this long to answer its health check: processes do not run faster.
const HEALTH_FLOOR_MS = 5000
const PROBE_LIMIT_MS = 2000

class Aborted extends Error {}

export class Engine {
  constructor (platform, variables, logs, folder) {
    Object.assign(this, { platform, variables, logs, folder })
    this.images = new Images(path.join(folder, 'images'), platform.options.registryMap)
    this.relay = new Relay()
    this.replicas = new Replicas(this)
    this.live = new Map()
    this.outcomes = []
    this.walks = new Set()
    this.ending = new AbortController()
  }

  // --- what the API asks for ---

  // A new deployment row, at once; its walk goes on by itself.
  deploy (instance, { image = instance.source?.image, own, settings = instance.settings, reason = 'deploy', waitFor = [], digest = null } = {}) {
    const { platform } = this
    if (!image) throw refused('Service has no source to deploy')
    const recent = platform.now() - platform.options.deployLimit.seconds * 1000
    if (platform.deploymentsOf(instance).filter(one => Date.parse(one.createdAt) > recent).length >= platform.options.deployLimit.count) throw refused('Service deployment rate limit exceeded')
    for (const other of platform.deploymentsOf(instance)) if (!TERMINAL.has(other.status)) this.cancel(other)
    const { projectId } = platform.row('services', instance.serviceId)
    const raw = own ?? this.variables.raw(instance.environmentId, instance.serviceId)
    const sealed = this.variables.rows(instance.environmentId, instance.serviceId).filter(row => row.isSealed).map(row => row.name)
    const deployment = {
      id: platform.id(), projectId, environmentId: instance.environmentId, serviceId: instance.serviceId, status: 'QUEUED', statusUpdatedAt: platform.stamp(),
      createdAt: platform.stamp(), updatedAt: platform.stamp(), image, imageDigest: digest, settings: structuredClone(settings), snapshotId: platform.id(), rawVariables: raw,
      stopped: false, removedAt: null, wasSuccess: false, instances: [], events: [], reason, healthy: false
    }
    deployment.variables = this.variables.rendered(instance, { deployment, own: raw })
    // What the API may show of it: nothing sealed, nor what a sealed value was put into.
    deployment.shownVariables = this.variables.rendered(instance, { deployment, sealed: false, own: Object.fromEntries(Object.entries(raw).filter(([name]) => !sealed.includes(name))) })
    platform.state.deployments.push(deployment)
    this.announce(deployment)
    this.begin(deployment, () => this.#walk(deployment, waitFor))
    return deployment
  }

  cancel (deployment) {
    if (TERMINAL.has(deployment.status)) throw refused('Deployment is not in progress')
    this.#liveOf(deployment).abort.abort()
    this.begin(deployment, () => this.#remove(deployment, { overlap: false, drain: false }))
  }

  // Stops the processes; the status stays, `deploymentStopped` tells.
  stopOne (deployment) {
    if (deployment.stopped) throw refused('Deployment is already stopped')
    deployment.stopped = true
    this.begin(deployment, () => this.#drain(deployment))
    this.announce(deployment)
  }

  remove (deployment) { this.begin(deployment, () => this.#remove(deployment, { overlap: false })) }

  restart (deployment) {
    if (!['SUCCESS', 'CRASHED', 'SLEEPING'].includes(deployment.status)) throw refused('Deployment cannot be restarted')
    this.begin(deployment, async () => {
      await this.#drain(deployment)
      this.live.delete(deployment.id)
      deployment.stopped = false
      await this.replicas.startAll(deployment, this.#liveOf(deployment))
      this.set(deployment, 'SUCCESS')
    })
  }

  approve (deployment) {
    if (deployment.status !== 'NEEDS_APPROVAL') throw refused('Deployment does not need approval')
    this.#liveOf(deployment).approve?.()
  }

  canRollback (deployment) {
    if (!deployment.wasSuccess || deployment.status !== 'REMOVED' || !deployment.removedAt) return false
    return this.platform.now() - Date.parse(deployment.removedAt) < this.platform.plan.retentionHours * 3_600_000
  }

  // The local port behind a declared one, of the newest deployment that serves; null if there is none.
  upstream (instance, declared) {
    for (const deployment of this.platform.active(instance).reverse()) {
      const ready = (this.live.get(deployment.id)?.containers ?? []).filter(one => one?.running)
      if (!ready.length) continue
      const container = ready[Math.floor(Math.random() * ready.length)]
      const port = declared === null ? container.ports.values().next().value : container.ports.get(declared)
      return port ? { port, deployment, container } : null
    }
    return null
  }

  // What runs in place of an image of a third party, which no registry here has; null: the image itself.
  standIn (deployment) {
    return isRedis(deployment.image) ? { argv: ['redis-server'] } : this.platform.options.standIn[this.platform.row('services', deployment.serviceId).name] ?? null
  }

  standsIn (deployment) { return this.standIn(deployment) !== null }

  // Next deployment of a service by name: { service, status, ms?, error?, code? }.
  expect (outcome) {
    const known = ['SUCCESS', 'FAILED', 'CRASHED', 'SKIPPED', 'NEEDS_APPROVAL', 'HANG', 'SLEEPING']
    if (!known.includes(outcome.status)) throw new Error(`an outcome's status is one of ${known.join(', ')}`)
    this.outcomes.push(outcome)
  }

  // --- the walk ---

  begin (deployment, work) {
    const walk = work().catch(error => {
      if (error instanceof Aborted) return
      this.#fail(deployment, error)
    }).finally(() => this.walks.delete(walk))
    this.walks.add(walk)
  }

  async #walk (deployment, waitFor) {
    const live = this.#liveOf(deployment)
    const service = this.platform.row('services', deployment.serviceId)
    const index = this.outcomes.findIndex(one => !one.service || one.service === service.name)
    const told = index >= 0 ? this.outcomes.splice(index, 1)[0] : { status: 'SUCCESS' }
    await this.pause(live)
    this.set(deployment, 'INITIALIZING')
    await this.pause(live)
    await this.#dependencies(deployment, live, waitFor)
    if (told.status === 'SKIPPED') return this.set(deployment, 'SKIPPED')
    if (told.status === 'NEEDS_APPROVAL') await this.#approval(deployment, live)
    this.set(deployment, 'DEPLOYING')
    if (told.status === 'HANG') await this.#forever(live)
    if (told.status === 'FAILED') throw new Failure(told.error ?? 'told to fail')
    await this.#prepare(deployment, live)
    await this.replicas.startAll(deployment, live)
    await this.#health(deployment, live)
    await this.#activate(deployment)
    if (told.status === 'SLEEPING') this.set(deployment, 'SLEEPING')
    if (told.status === 'CRASHED') await this.#crash(deployment, live, told)
  }

  async #dependencies (deployment, live, waitFor) {
    const open = () => waitFor.filter(other => !TERMINAL.has(other.status))
    if (!open().length) return
    this.set(deployment, 'WAITING')
    const event = this.event(deployment, 'WAIT_FOR_DEPENDENCIES')
    while (open().length) await this.pause(live, 10)
    this.complete(deployment, event)
  }

  async #approval (deployment, live) {
    this.set(deployment, 'NEEDS_APPROVAL')
    await new Promise((resolve, reject) => {
      live.approve = resolve
      live.abort.signal.addEventListener('abort', () => reject(new Aborted()), { once: true })
    })
  }

  #forever (live) {
    return new Promise((_, reject) => live.abort.signal.addEventListener('abort', () => reject(new Aborted()), { once: true }))
  }

  // Pulls, and with a volume stops the old one first: the platform interrupts then, health check or not.
  async #prepare (deployment, live) {
    const { platform } = this
    const instance = platform.findInstance(deployment.serviceId, deployment.environmentId)
    const event = this.event(deployment, 'CREATE_CONTAINER')
    live.event = event
    if (platform.options.run && !this.standsIn(deployment)) {
      const kept = deployment.imageDigest && this.images.kept(deployment.imageDigest)
      try {
        live.image = kept ?? await this.images.pull(deployment.image, deployment.settings.registryCredentials)
      } catch (error) {
        if (!(error instanceof PullFailure)) throw error
        throw new Failure(`Failed to pull image: ${error.message}`)
      }
      deployment.imageDigest = live.image.digest
    } else await this.pause(live)
    this.check(live)
    live.volume = platform.volumeOf(instance) ?? null
    if (live.volume) for (const old of this.#others(deployment)) await this.#remove(old, { overlap: false })
    this.check(live)
    if (deployment.settings.preDeployCommand?.length && live.image) await this.replicas.preDeploy(deployment, live)
    this.complete(deployment, event)
    this.complete(deployment, this.event(deployment, 'CONFIGURE_NETWORK'))
  }

  async #health (deployment, live) {
    const settings = effective(deployment.settings)
    if (!settings.healthcheckPath) return this.check(live)
    const seconds = Number(deployment.variables.RAILWAY_HEALTHCHECK_TIMEOUT_SEC ?? settings.healthcheckTimeout)
    const limit = Math.max(this.platform.scaled(seconds * 1000), Math.min(seconds * 1000, this.platform.options.run ? HEALTH_FLOOR_MS : 0))
    const pause = Math.max(20, this.platform.scaled(1000))
    const event = this.event(deployment, 'HEALTHCHECK', { attempt: 0, maxAttempts: Math.max(1, Math.ceil(limit / pause)) })
    const declared = Number(deployment.variables.PORT ?? DEFAULT_PORT)
    const end = Date.now() + limit
    const pending = new Set(live.containers.keys())
    let finding = 'service unavailable'
    while (pending.size) {
      this.check(live)
      event.payload.attempt++
      for (const slot of [...pending]) {
        finding = this.platform.options.run ? await this.#probe(live.containers[slot]?.ports.get(declared), settings.healthcheckPath) : 200
        if (finding === 200) pending.delete(slot)
      }
      this.#changed(deployment, event)
      if (!pending.size) break
      const gone = [...pending].every(slot => live.over.has(slot))
      if (gone || Date.now() > end) {
        event.payload.error = gone ? `the process ${live.exit}` : typeof finding === 'number' ? `the health check answered ${finding}, not 200` : finding
        this.complete(deployment, event)
        const failure = new Failure(`1/1 replicas never became healthy: ${event.payload.error}`)
        failure.status = gone ? this.platform.options.crashBeforeHealthy : 'FAILED'
        throw failure
      }
      await this.pause(live, 20)
    }
    this.complete(deployment, event)
  }

  // The status of one health check, or why there is none. Only 200 counts; redirects are not followed.
  #probe (port, target) {
    if (!port) return Promise.resolve('nothing listens on the port in PORT')
    return new Promise(resolve => {
      const request = http.get({ host: '127.0.0.1', port, path: target, headers: { host: 'healthcheck.railway.app', 'user-agent': 'RailwayHealthCheck/1.0' }, timeout: PROBE_LIMIT_MS, agent: false }, response => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('timeout', () => request.destroy(new Error('the health check timed out')))
      request.on('error', error => resolve(error.code === 'ECONNREFUSED' ? 'connection refused' : error.message))
    })
  }

  // The new one serves; the old ones go on for the overlap, are told to end, and are ended after the drain time.
  async #activate (deployment) {
    const others = this.#others(deployment)
    deployment.wasSuccess = true
    this.set(deployment, 'SUCCESS')
    const live = this.#liveOf(deployment)
    if (live.over?.size && [...live.over].some(slot => deployment.instances[slot].status === 'CRASHED')) this.set(deployment, 'CRASHED')
    for (const old of others) this.begin(old, () => this.#remove(old))
  }

  async #crash (deployment, live, { ms = 0 }) {
    await this.pause(live, ms)
    await this.#drain(deployment)
    for (const one of deployment.instances) one.status = 'CRASHED'
    this.set(deployment, 'CRASHED')
  }

  #others (deployment) {
    const instance = this.platform.findInstance(deployment.serviceId, deployment.environmentId)
    return this.platform.deploymentsOf(instance).filter(one => one.id !== deployment.id && ['SUCCESS', 'SLEEPING', 'CRASHED'].includes(one.status))
  }

  async #remove (deployment, { overlap = true, drain = true } = {}) {
    const live = this.#liveOf(deployment)
    if (live.removing) return live.removing
    live.removing = (async () => {
      const { overlapSeconds } = effective(deployment.settings)
      if (overlap) await wait(this.platform.scaled(Number(deployment.variables.RAILWAY_DEPLOYMENT_OVERLAP_SECONDS ?? overlapSeconds) * 1000), this.ending.signal)
      if (this.ending.signal.aborted) throw new Aborted()
      this.set(deployment, 'REMOVING')
      await this.#drain(deployment, drain)
      live.abort.abort()
      deployment.stopped = true
      deployment.removedAt = this.platform.stamp()
      for (const one of deployment.instances) one.status = 'REMOVED'
      this.set(deployment, 'REMOVED')
    })()
    return live.removing
  }

  // SIGTERM, the drain time, SIGKILL; then the volume is free again.
  async #drain (deployment, gently = true) {
    const live = this.#liveOf(deployment)
    live.retiring = true
    const running = (live.containers ?? []).filter(one => one?.running)
    if (running.length) {
      const event = this.event(deployment, 'DRAIN_INSTANCES')
      const { drainingSeconds } = effective(deployment.settings)
      const seconds = Number(deployment.variables.RAILWAY_DEPLOYMENT_DRAINING_SECONDS ?? drainingSeconds)
      const ended = Promise.all(running.map(one => one.exited))
      for (const one of running) one.stop('SIGTERM')
      const ms = gently ? this.platform.scaled(seconds * 1000) : 0
      await Promise.race([ended, wait(ms)])
      for (const one of running) one.stop('SIGKILL')
      await ended
      for (const one of running) one.running = false
      this.complete(deployment, event)
    }
    this.replicas.release(deployment)
    fs.rmSync(path.join(this.folder, 'run', deployment.id), { recursive: true, force: true })
  }

  #fail (deployment, error) {
    const live = this.#liveOf(deployment)
    const event = deployment.events.findLast(one => !one.completedAt)
    if (event) {
      event.payload = { ...event.payload, error: error.message }
      this.complete(deployment, event)
    }
    if (!(error instanceof Failure)) deployment.fault = error.stack
    this.set(deployment, error.status ?? 'FAILED')
    live.abort.abort()
    this.#drain(deployment, false).catch(() => {})
  }

  // --- small parts ---

  #liveOf (deployment) {
    if (!this.live.has(deployment.id)) this.live.set(deployment.id, { abort: new AbortController(), containers: [] })
    return this.live.get(deployment.id)
  }

  check (live) { if (live.abort.signal.aborted) throw new Aborted() }

  async pause (live, floor = 0) {
    await wait(Math.max(floor, this.platform.scaled(this.platform.options.stepMs)), live.abort.signal)
    this.check(live)
  }

  set (deployment, status) {
    deployment.status = status
    deployment.statusUpdatedAt = this.platform.stamp()
    this.announce(deployment)
  }

  announce (deployment) {
    deployment.updatedAt = this.platform.stamp()
    this.platform.save()
    this.platform.events.emit('deployment', deployment)
  }

  setInstance (deployment, slot, status) {
    deployment.instances[slot].status = status
    this.announce(deployment)
  }

  event (deployment, step, payload = null) {
    const event = { id: this.platform.id(), step, createdAt: this.platform.stamp(), completedAt: null, payload }
    deployment.events.push(event)
    this.#changed(deployment, event)
    return event
  }

  complete (deployment, event) {
    event.completedAt = this.platform.stamp()
    event.payload = { ...event.payload, durationMs: Date.parse(event.completedAt) - Date.parse(event.createdAt) }
    this.#changed(deployment, event)
  }

  #changed (deployment, event) { this.platform.events.emit('event', { deployment, event: { ...event, payload: event.payload && { ...event.payload } } }) }

  // After a start from a state file: what was active runs again, what was under way starts over.
  resume () {
    for (const deployment of this.platform.state.deployments) {
      this.replicas.release(deployment)
      if (['SUCCESS', 'SLEEPING'].includes(deployment.status) && !deployment.stopped) {
        this.begin(deployment, async () => {
          const live = this.#liveOf(deployment)
          // The platform itself never stopped: what we do once more was no step of the deployment.
          const { length } = deployment.events
          try {
            await this.#prepare(deployment, live)
            await this.replicas.startAll(deployment, live)
          } finally { deployment.events.length = length }
        })
      } else if (deployment.status === 'REMOVING') this.remove(deployment)
      else if (!TERMINAL.has(deployment.status)) this.begin(deployment, () => this.#walk(deployment, []))
    }
  }

  async stop () {
    const running = []
    this.ending.abort()
    for (const live of this.live.values()) {
      live.retiring = true
      live.abort.abort()
      for (const container of live.containers ?? []) {
        if (!container?.running) continue
        container.stop('SIGKILL')
        running.push(container.exited)
      }
    }
    await Promise.all(running)
    await Promise.allSettled(this.walks)
    for (const deployment of this.platform.state.deployments) this.replicas.release(deployment)
    this.platform.save()
    await this.relay.stop()
  }
}
