// Answers of /v1/responses that their provider keeps: found again, gone on from, counted, cancelled and deleted there.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { startUpstream } from '../differential/upstream.mjs'
import { missing, startGateway, waitFor } from './litellm/program.mjs'

const skip = missing('openai')
const { default: OpenAI } = skip ? {} : await import('openai')

// Two accounts of one group: what one keeps the other does not know.
async function withTwo (body) {
  const up = [await startUpstream(), await startUpstream()]
  const config = `
model_list:
  - { model_name: gpt, litellm_params: { model: openai/gpt-x, api_base: "${up[0].url}", api_key: sk-one }, model_info: { id: one } }
  - { model_name: gpt, litellm_params: { model: openai/gpt-x, api_base: "${up[1].url}", api_key: sk-two }, model_info: { id: two } }
  - { model_name: "any/*", litellm_params: { model: "openai/*", api_base: "${up[1].url}", api_key: sk-two }, model_info: { id: three } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-x, api_base: "${up[0].url}", api_key: sk-one } }
router_settings: { num_retries: 0 }
`
  const started = []
  const start = async () => {
    const gateway = await startGateway(config)
    started.push(gateway)
    return { gateway, client: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 }) }
  }
  try {
    await body({ start, up })
  } finally {
    for (const one of started) one.child.kill('SIGKILL') // where the test has failed
    for (const one of up) await one.stop()
  }
}

const keeper = answer => answer.response.headers.get('x-litellm-model-id')

test('an answer is gone on from where it is kept, and shown there, by a later process too', { skip }, () => withTwo(async ({ start, up }) => {
  const first = await start()
  const { data: hello, response } = await first.client.responses.create({ model: 'gpt', input: 'Hello' }).withResponse()
  const at = keeper({ response })
  for (let i = 0; i < 8; i++) {
    const next = await first.client.responses.create({ model: 'gpt', input: 'And?', previous_response_id: hello.id }).withResponse()
    assert.equal(keeper(next), at)
    assert.equal(next.data.previous_response_id, hello.id)
  }
  let streamed
  for await (const event of await first.client.responses.create({ model: 'gpt', input: 'And?', previous_response_id: hello.id, stream: true })) streamed = event.response ?? streamed
  assert.equal(streamed.previous_response_id, hello.id)
  const asked = up.flatMap(one => one.taken()).filter(call => call.body.previous_response_id)
  assert.equal(asked.length, 9)
  assert.ok(asked.every(call => /^resp_up[0-9a-f]{32}$/.test(call.body.previous_response_id)), 'the provider is asked by its own ids')
  assert.equal(await first.gateway.stop(), 0)

  const { gateway, client } = await start()
  const shown = await client.responses.retrieve(hello.id).withResponse()
  assert.equal(shown.data.output_text, 'Hi there')
  assert.deepEqual([shown.data.id, shown.data.model, keeper(shown)], [hello.id, 'gpt', at])
  assert.equal((await client.responses.retrieve(streamed.id)).id, streamed.id)
  assert.equal((await client.responses.inputItems.list(hello.id, { limit: 5, order: 'asc' })).data[0].id, 'msg_in')
  assert.equal((await client.responses.cancel(hello.id)).status, 'cancelled')
  assert.equal((await fetch(`${gateway.url}/v1/responses/${hello.id}`, { method: 'DELETE', headers: { authorization: 'Bearer sk-master' } }).then(answer => answer.json())).id, hello.id)
  await assert.rejects(client.responses.retrieve(hello.id), OpenAI.NotFoundError)
  const calls = up.flatMap(one => one.taken())
  assert.deepEqual(calls.map(call => [call.method, call.path.replace(/resp_up\w+/, 'ID')]), [['GET', '/responses/ID'], ['GET', '/responses/ID'], ['GET', '/responses/ID/input_items'], ['POST', '/responses/ID/cancel'], ['DELETE', '/responses/ID'], ['GET', '/responses/ID']])
  assert.ok(calls.every(call => call.headers.authorization === (at === 'one' ? 'Bearer sk-one' : 'Bearer sk-two')))
  assert.equal(await gateway.stop(), 0)
}))

test('ids of others, of nothing and of models that cannot go on from them are refused', { skip }, () => withTwo(async ({ start }) => {
  const { gateway, client } = await start()
  const hello = await client.responses.create({ model: 'any/gpt-y', input: 'Hello' })
  assert.equal((await client.responses.retrieve(hello.id)).model, 'gpt-y', 'of a pattern nobody knows the name that was asked for')

  const changed = hello.id.slice(0, -6) + 'AAAAAA'
  for (const id of ['resp_nothing', changed]) {
    await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError)
    await assert.rejects(client.responses.cancel(id), OpenAI.NotFoundError)
  }
  await assert.rejects(client.responses.create({ model: 'gpt', input: 'And?', previous_response_id: 'resp_nothing' }), error => error.status === 400 && error.param === 'previous_response_id')
  await assert.rejects(client.responses.create({ model: 'claude', input: 'And?', previous_response_id: hello.id }), error => error.status === 400 && error.param === 'previous_response_id' && /kept by the provider of another model/.test(error.message))
  const own = await client.responses.create({ model: 'claude', input: 'Hello' })
  await assert.rejects(client.responses.cancel(own.id), error => error.status === 400 && /background/.test(error.message))
  assert.equal(await gateway.stop(), 0)
}))

const all = async stream => {
  const events = []
  for await (const event of stream) events.push(event)
  return events
}

test('a kept answer is shown as its events again, from any place on', { skip }, () => withTwo(async ({ start }) => {
  const { gateway, client } = await start()
  for (const model of ['gpt', 'claude']) {
    const sent = await all(await client.responses.create({ model, input: 'two-calls think', stream: true }))
    const { id, model: name } = sent.at(-1).response
    assert.deepEqual(await all(await client.responses.retrieve(id, { stream: true })), sent, model)
    for (const after of [0, 3, sent.length - 2, sent.length - 1]) {
      const rest = await all(await client.responses.retrieve(id, { stream: true, starting_after: after }))
      assert.deepEqual(rest, sent.slice(after + 1), `${model} after ${after}`)
    }
    assert.equal(name, model)
    assert.equal((await client.responses.retrieve(id)).id, id)
    for (const query of ['stream=true&starting_after=x', 'starting_after=2']) {
      const wrong = await fetch(`${gateway.url}/v1/responses/${id}?${query}`, { headers: { authorization: 'Bearer sk-master' } })
      assert.deepEqual([wrong.status, (await wrong.json()).error.param], [400, 'starting_after'])
    }
  }
  const whole = await client.responses.create({ model: 'claude', input: 'think' })
  const shown = await all(await client.responses.retrieve(whole.id, { stream: true }))
  assert.deepEqual(shown.map(event => event.sequence_number), shown.map((_, index) => index))
  assert.deepEqual(shown.filter(event => event.type === 'response.output_text.delta').map(event => event.delta), ['Hi there'])
  assert.deepEqual(shown.at(-1).response.output, whole.output)
  assert.deepEqual([shown[0].response.status, shown[0].response.output, shown[0].response.usage], ['in_progress', [], null])
  await assert.rejects(client.responses.retrieve('resp_nothing', { stream: true }), OpenAI.NotFoundError)
  assert.equal(await gateway.stop(), 0)
}))

test('what a request spreads over lines breaks no event that repeats it', { skip }, () => withTwo(async ({ start }) => {
  const { gateway } = await start()
  const body = JSON.stringify({ model: 'claude', input: 'Hello', stream: true, instructions: 'Be', metadata: { a: 'b' }, tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: {} } }] }, null, 2)
  const text = await (await fetch(`${gateway.url}/v1/responses`, { method: 'POST', headers: { authorization: 'Bearer sk-master' }, body })).text()
  const events = text.trim().split('\n\n').map(event => JSON.parse(event.match(/^event: [a-z_.]+\ndata: (.*)$/)[1]))
  assert.deepEqual(events.at(-1).response.metadata, { a: 'b' })
  assert.equal(events[0].response.tools[0].name, 'f')
  assert.equal(await gateway.stop(), 0)
}))

test('a kept answer whose keeper dies is an error, and a client that leaves ends its call', { skip }, async () => {
  const event = (type, more = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, ...more })}\n\n`
  const answer = { id: 'resp_up1', object: 'response', status: 'in_progress', model: 'gpt-x', output: [] }
  const calls = []
  const server = http.createServer(async (request, response) => {
    for await (const _ of request) { /* read */ }
    const call = { url: request.url, closed: false }
    calls.push(call)
    response.on('close', () => { call.closed = true })
    if (request.method === 'POST') return response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event('response.output_text.delta', { delta: 'Hel' }))
    if (!request.url.includes('starting_after')) setTimeout(() => response.destroy(), 20)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gateway = await startGateway(`model_list: [{ model_name: gpt, litellm_params: { model: openai/gpt-x, api_base: "http://127.0.0.1:${server.address().port}", api_key: sk-up } }]`)
  try {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-master', maxRetries: 0 })
    const { id } = await client.responses.create({ model: 'gpt', input: 'Hello' })
    const show = (query, signal) => fetch(`${gateway.url}/v1/responses/${id}?stream=true${query}`, { signal, headers: { authorization: 'Bearer sk-master' } })
    assert.match(await (await show('')).text(), /"delta":"Hel"[^]*event: error\ndata: \{"type":"error"/)
    const leaving = new AbortController()
    await (await show('&starting_after=7', leaving.signal)).body.getReader().read()
    assert.equal(calls.at(-1).url, '/responses/resp_up1?stream=true&starting_after=7')
    leaving.abort()
    await waitFor(() => calls.at(-1).closed, 'the keeper to be hung up on')
  } finally {
    const code = await gateway.stop()
    server.closeAllConnections()
    server.close()
    assert.equal(code, 0)
  }
})
