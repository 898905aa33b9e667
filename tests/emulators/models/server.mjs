// What the emulated model providers share: a server that keeps its calls, judges them as strictly as the real
// one, and answers as the test has told it to.
//
// A plan (upstream.next(plan, …), one per call, then normal again) may hold: status, headers, body (text or
// object), delay (ms before the head), events (of the provider's stream, or raw bytes as { raw }), eventDelay (ms
// between), pieces (bytes per write), cut: 'head' | 'body' (hang up at once, or after what was sent), cutAfter
// (hang up after so many bytes of the body), type (Content-Type), hang (never answer).
import { once } from 'node:events'
import http from 'node:http'

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))

async function send (response, bytes, plan, sent) {
  if (plan.cutAfter !== undefined && sent.bytes + bytes.length >= plan.cutAfter) {
    const rest = bytes.subarray(0, plan.cutAfter - sent.bytes)
    sent.cut = true
    await new Promise(resolve => rest.length ? response.write(rest, resolve) : resolve())
    return
  }
  sent.bytes += bytes.length
  const size = plan.pieces ?? bytes.length
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size))
    if (plan.pieces) await new Promise(resolve => setImmediate(resolve))
  }
}

async function answer (plan, call, response, provider) {
  if (plan.hang) return
  if (plan.delay) await wait(plan.delay)
  if (plan.cut === 'head') return void response.destroy()
  const streamed = plan.events || (provider.isStreamed(call) && plan.body === undefined && !plan.status)
  const type = plan.type ?? (streamed ? provider.streamType : (plan.body === undefined && !plan.status && provider.type?.(call)) || 'application/json')
  response.writeHead(plan.status ?? 200, { 'content-type': type, ...plan.headers })
  response.flushHeaders()
  const sent = { bytes: 0, cut: false }
  if (streamed) {
    for (const event of plan.events ?? provider.events(call, plan)) {
      await send(response, Buffer.from(event.raw ?? provider.frame(event)), plan, sent)
      if (sent.cut) break
      if (plan.eventDelay) await wait(plan.eventDelay)
    }
  } else {
    const body = plan.body ?? (plan.status >= 400 ? provider.failure(plan.status) : provider.whole(call, plan))
    await send(response, Buffer.isBuffer(body) || typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body)), plan, sent)
  }
  if (sent.cut || plan.cut === 'body') return void setTimeout(() => response.destroy(), 20)
  response.end()
}

// `provider`: judge(call) gives a refusal as a plan, or null; isStreamed(call), whole(call), events(call), frame(event),
// failure(status), streamType; type(call) for answers that are no JSON. whole() and events() also see the plan, for keys of the provider's own.
export async function startModelServer (provider, port = 0) {
  const calls = []
  const plans = []
  const server = http.createServer(async (request, response) => {
    const parts = []
    for await (const part of request) parts.push(part)
    const bytes = Buffer.concat(parts)
    const text = bytes.toString()
    let body
    try { body = JSON.parse(text) } catch { /* judged below */ }
    const call = { method: request.method, url: request.url, path: request.url.split('?')[0], headers: request.headers, bytes, text, body, closed: false, finished: false }
    calls.push(call)
    response.on('finish', () => { call.finished = true })
    response.on('close', () => { call.closed = true; call.closedAt = performance.now() })
    await answer(provider.judge(call) ?? plans.shift() ?? {}, call, response, provider)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    calls,
    next: (...more) => plans.push(...more),
    async stop () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
