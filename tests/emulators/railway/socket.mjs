// Subscriptions over WebSocket, protocol graphql-transport-ws.
import { WebSocketServer } from 'ws'

const PROTOCOL = 'graphql-transport-ws'

class Connection {
  constructor (socket, caller, { graphql, faults, limiter, initMs, pingMs, record }) {
    Object.assign(this, { socket, caller, graphql, faults, limiter, record })
    this.running = new Map()
    this.state = 'new'
    this.initTimer = setTimeout(() => { if (this.state === 'new') socket.close(4408, 'Connection initialisation timeout') }, initMs)
    this.pongDue = false
    this.pings = setInterval(() => {
      // Whoever leaves a ping unanswered until the next is gone.
      if (this.pongDue) return socket.terminate()
      if (this.state !== 'acknowledged') return
      this.pongDue = true
      this.send({ type: 'ping' })
    }, pingMs)
    socket.on('message', (data, binary) => this.receive(binary ? null : data.toString()).catch(error => socket.close(4500, error.message.slice(0, 100))))
    socket.on('close', () => this.end())
    socket.on('error', () => {})
  }

  send (message) { if (this.socket.readyState === 1) this.socket.send(JSON.stringify(message)) }

  end () {
    clearTimeout(this.initTimer)
    clearInterval(this.pings)
    for (const iterator of this.running.values()) iterator?.return?.()
    this.running.clear()
  }

  async receive (text) {
    let message
    try { message = JSON.parse(text) } catch { /* closed below */ }
    if (typeof message !== 'object' || message === null) return this.socket.close(4400, 'Invalid message received')
    switch (message.type) {
      case 'connection_init':
        if (this.state !== 'new') return this.socket.close(4429, 'Too many initialisation requests')
        this.state = 'acknowledged'
        return this.send({ type: 'connection_ack' })
      case 'ping': return this.send({ type: 'pong' })
      case 'pong': this.pongDue = false; return
      case 'subscribe': return this.subscribe(message)
      case 'complete':
        this.running.get(message.id)?.return?.()
        this.running.delete(message.id)
        return
      default: return this.socket.close(4400, 'Invalid message received')
    }
  }

  async subscribe ({ id, payload }) {
    if (this.state !== 'acknowledged') return this.socket.close(4401, 'Unauthorized')
    if (typeof id !== 'string' || id === '' || typeof payload?.query !== 'string') return this.socket.close(4400, 'Invalid message received')
    if (this.running.has(id)) return this.socket.close(4409, `Subscriber for ${id} already exists`)
    this.running.set(id, null)
    const refuse = errors => {
      this.running.delete(id)
      this.send({ id, type: 'error', payload: errors })
    }
    const prepared = this.graphql.prepare(payload)
    const directive = this.faults.begin(prepared.names ?? ['(invalid)'], this.record({ socket: true, ...payload, errors: prepared.errors }))
    if (directive.do === 'drop') return this.socket.terminate()
    if (directive.do === 'hang') return
    if (directive.do === 'delay') await new Promise(resolve => setTimeout(resolve, directive.ms ?? 1000))
    if (directive.do === 'fail') return refuse([{ message: directive.message ?? 'Problem processing request' }])
    if (directive.do === 'rate-limit' || this.limiter.take(this.caller)) return refuse([{ message: 'Too Many Requests' }])
    if (prepared.errors) return refuse(prepared.errors)
    if (prepared.operation.operation !== 'subscription') return this.once(id, prepared, payload)
    const results = await this.graphql.subscribe(prepared, payload, this.caller)
    if (results.errors) return refuse(results.errors)
    if (!this.running.has(id)) return results.return()
    this.running.set(id, results)
    for await (const result of results) {
      if (this.running.get(id) !== results) break
      this.send({ id, type: 'next', payload: result })
      if (directive.do === 'lose') return this.socket.terminate()
    }
    if (this.running.delete(id)) this.send({ id, type: 'complete' })
  }

  async once (id, prepared, payload) {
    this.send({ id, type: 'next', payload: await this.graphql.execute(prepared, payload, this.caller) })
    this.running.delete(id)
    this.send({ id, type: 'complete' })
  }
}

export class Sockets {
  constructor (parts) {
    this.parts = parts
    this.open = new Set()
    this.refuse = false
    this.server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20, handleProtocols: protocols => protocols.has(PROTOCOL) ? PROTOCOL : false })
  }

  upgrade (request, socket, head, caller) {
    if (this.refuse) return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    this.server.handleUpgrade(request, socket, head, websocket => {
      if (websocket.protocol !== PROTOCOL) return websocket.close(4406, 'Subprotocol not acceptable')
      const connection = new Connection(websocket, caller, this.parts)
      this.open.add(connection)
      websocket.on('close', () => this.open.delete(connection))
    })
  }

  // Cuts all, as a lost network would; with a code they are closed politely.
  closeAll (code) {
    for (const { socket } of this.open) code ? socket.close(code) : socket.terminate()
  }

  stop () {
    this.closeAll()
    this.server.close()
  }
}
