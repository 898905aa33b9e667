// A service's private address: listens on 127.x.y.z:PORT and passes each connection to the live deployment.
import { once } from 'node:events'
import net from 'node:net'

export class Relay {
  constructor () {
    this.servers = new Map()
    this.moved = new Map()
  }

  // The port that is really reachable at the address: `port`, or a higher one where `port` needs rights we lack.
  async open (address, port, pick) {
    const key = `${address}:${port}`
    if (this.servers.has(key)) return this.moved.get(key) ?? port
    const sockets = new Set()
    const server = net.createServer(socket => {
      const target = pick()
      if (!target) return socket.destroy()
      const upstream = net.connect(target, '127.0.0.1')
      for (const [one, other] of [[socket, upstream], [upstream, socket]]) {
        sockets.add(one)
        one.pipe(other)
        one.on('error', () => other.destroy())
        one.on('close', () => { sockets.delete(one); other.destroy() })
      }
    })
    server.sockets = sockets
    this.servers.set(key, server)
    try {
      server.listen(port, address)
      await once(server, 'listening')
    } catch (error) {
      if (error.code !== 'EACCES') {
        this.servers.delete(key)
        throw error
      }
      server.listen(0, address)
      await once(server, 'listening')
      this.moved.set(key, server.address().port)
    }
    return server.address().port
  }

  async stop () {
    for (const server of this.servers.values()) {
      for (const socket of server.sockets) socket.destroy()
      if (server.listening) await new Promise(resolve => server.close(resolve))
    }
  }
}
