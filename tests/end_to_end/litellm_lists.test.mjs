// What is listed of models, and what lies beside them: endpoints of the configuration, providers' own routes, what is not there.
import assert from 'node:assert/strict'
import http from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import { startUpstream } from '../differential/upstream.mjs'
import { missing, startGateway } from './litellm/program.mjs'

const skip = missing()

// Answers with what it was asked.
async function startEcho () {
  const server = http.createServer(async (request, response) => {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    response.writeHead(201, { 'content-type': 'application/json', 'x-other': 'yes', 'access-control-allow-origin': 'nowhere' })
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(pieces).toString() }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

async function withGateway (body) {
  const [upstream, echo] = [await startUpstream(), await startEcho()]
  const gateway = await startGateway(`
model_list:
  - { model_name: big, litellm_params: { model: openai/gpt-x, api_base: "${upstream.url}", api_key: sk-up }, model_info: { access_groups: [paid] } }
  - { model_name: small, litellm_params: { model: gemini/gemini-x, api_base: "${upstream.url}", api_key: sk-up } }
  - { model_name: "any/*", litellm_params: { model: "openai/*", api_base: "${upstream.url}", api_key: sk-up } }
router_settings: { num_retries: 0, model_group_alias: { nick: big }, fallbacks: [{ big: [small] }], context_window_fallbacks: [{ "*": ["any/long"] }] }
general_settings:
  master_key: sk-master
  pass_through_endpoints:
    - { path: /echo, target: "${echo.url}/base?v=2", include_subpath: true, forward_headers: true, headers: { authorization: os.environ/ECHO_KEY, x-added: "1" } }
    - { path: /open, target: "${echo.url}/open", auth: false, methods: [GET] }
    - { path: /free, target: "${echo.url}", auth: false, forward_headers: true }
    - { path: /gone, target: "http://127.0.0.1:9" }
`, { ECHO_KEY: 'Bearer sk-echo' })
  const ask = async (path, { headers = { authorization: 'Bearer sk-master' }, ...options } = {}) => {
    const response = await fetch(gateway.url + path, { headers, ...options })
    return { status: response.status, headers: response.headers, json: await response.json() }
  }
  try {
    await body({ ask, gateway, upstream })
  } finally {
    assert.equal(await gateway.stop(), 0)
    await upstream.stop()
    await echo.stop()
  }
}

const ids = answer => answer.json.data.map(one => one.id)

test('models are listed as the query asks', { skip }, () => withGateway(async ({ ask }) => {
  assert.deepEqual(ids(await ask('/v1/models')), ['big', 'small', 'nick'])
  assert.deepEqual(ids(await ask('/v1/models?return_wildcard_routes=true&include_model_access_groups=true')), ['big', 'small', 'any/*', 'nick', 'paid'])
  assert.deepEqual(ids(await ask('/v1/models?only_model_access_groups=1')), ['paid'])

  const fallbacks = async query => (await ask(`/v1/models?include_metadata=true${query}`)).json.data.map(one => one.metadata.fallbacks)
  assert.deepEqual(await fallbacks(''), [['small'], [], ['small']], 'an alias has those of its group')
  assert.deepEqual(await fallbacks('&fallback_type=context_window'), [['any/long'], ['any/long'], ['any/long']])
  assert.deepEqual(await fallbacks('&fallback_type=content_policy'), [[], [], []])
  for (const query of ['include_metadata=true&fallback_type=x', 'include_metadata=perhaps', 'scope=mine']) {
    const refused = await ask(`/v1/models?${query}`)
    assert.equal(refused.status, 400)
    assert.equal(refused.json.error.param, query.replace(/^.*&/, '').split('=')[0])
  }
  const anthropic = { 'x-api-key': 'sk-master', 'anthropic-version': '2023-06-01' }
  const list = await ask('/v1/models', { headers: anthropic })
  assert.deepEqual(list.json.data[0], { type: 'model', id: 'big', display_name: 'big', created_at: '2023-02-28T18:56:42Z' })
  assert.deepEqual([list.json.has_more, list.json.first_id, list.json.last_id], [false, 'big', 'nick'])
  assert.equal((await ask('/v1/models/small', { headers: anthropic })).json.display_name, 'small')
  assert.equal((await ask('/health?model_id=nothing')).status, 404)
}))

test('endpoints of the configuration pass requests on, without the key of the gateway', { skip }, () => withGateway(async ({ ask, gateway }) => {
  const posted = await ask('/echo/a/b?q=1', { method: 'POST', headers: { 'x-litellm-api-key': 'sk-master', authorization: 'Bearer sk-mine', 'x-mine': '2', 'x-copy': 'sk-master' }, body: 'Hello' })
  assert.equal(posted.status, 201)
  assert.equal(posted.headers.get('x-other'), 'yes')
  assert.equal(posted.headers.get('access-control-allow-origin'), null)
  const { method, url, headers, body } = posted.json
  assert.deepEqual([method, url, body], ['POST', '/base/a/b?v=2&q=1', 'Hello'])
  assert.deepEqual([headers.authorization, headers['x-added'], headers['x-mine'], headers['x-copy'], headers['x-litellm-api-key']], ['Bearer sk-echo', '1', '2', undefined, undefined])
  assert.ok(!JSON.stringify(posted.json).includes('sk-master'))

  assert.equal((await ask('/echo', { headers: {} })).status, 401)
  assert.equal((await ask('/echoes')).status, 404)
  assert.equal((await ask('/open', { headers: {} })).json.url, '/open')
  assert.equal((await ask('/open/below', { headers: {} })).status, 404)
  assert.equal((await ask('/open', { method: 'POST' })).status, 404)
  const sent = async key => (await ask('/free', { headers: { authorization: `Bearer ${key}` } })).json.headers.authorization
  assert.equal(await sent('sk-of-the-target'), 'Bearer sk-of-the-target', 'a key that is not ours may be the target\'s')
  assert.equal(await sent('sk-master'), undefined)
  const gone = await ask('/gone')
  assert.equal(gone.status, 502)
  assert.match(gone.json.error.message, /^the target of \/gone cannot be reached/)
  assert.ok(!gateway.log.some(line => /pass_through/.test(JSON.stringify(line.warning ?? ''))))
}))

test('routes are described for people and for programs, to anybody', { skip }, () => withGateway(async ({ ask, gateway }) => {
  const { json } = await ask('/openapi.json', { headers: {} })
  assert.equal(json.openapi, '3.1.0')
  assert.deepEqual(Object.keys(json.paths['/v1/models']), ['get'])
  assert.equal(json.paths['/v1/models/{model}'].get.parameters[0].name, 'model')
  assert.ok(json.paths['/openai/{rest}'].delete)
  const docs = await fetch(`${gateway.url}/docs`)
  assert.match(docs.headers.get('content-type'), /text\/html/)
  assert.match(await docs.text(), /<code>\/v1\/chat\/completions<\/code>/)
}))

test('clients of Gemini send their key in the query, and no key is sent on or logged', { skip }, () => withGateway(async ({ ask, gateway, upstream }) => {
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] })
  const path = '/gemini/v1beta/models/gemini-x:generateContent'
  assert.equal((await ask(`${path}?key=sk-master&alt=json`, { method: 'POST', headers: {}, body })).json.candidates[0].content.parts[0].text, 'Hi there')
  const [call] = upstream.taken()
  assert.equal(call.headers['x-goog-api-key'], 'sk-up')
  assert.equal((await ask(`${path}?key=sk-wrong`, { method: 'POST', headers: {}, body })).status, 400)
  assert.equal((await ask('/v1/models?key=sk-master', { headers: {} })).status, 401, 'elsewhere a query holds no key')
  assert.ok(!JSON.stringify(gateway.log).includes('sk-master'))
}))

test('what is not offered says so, and to those with a key alone', { skip }, () => withGateway(async ({ ask }) => {
  for (const [path, method] of [['/v1/files', 'GET'], ['/v1/batches', 'POST'], ['/v1/threads/x/runs', 'POST'], ['/vector_stores', 'GET']]) {
    const answer = await ask(path, { method })
    assert.equal(answer.status, 404)
    assert.match(answer.json.error.message, /this gateway does not offer .*\/openai\/v1\//)
    assert.equal((await ask(path, { method, headers: {} })).status, 401)
  }
  for (const path of ['/v1beta/models/small:generateContent', '/models/small:streamGenerateContent']) assert.match((await ask(path, { method: 'POST' })).json.error.message, /\/v1\/chat\/completions/)
  assert.deepEqual((await ask('/v1/nothing')).json, { detail: 'Not Found' })
  assert.equal((await ask('/v1/rerank', { method: 'POST', body: JSON.stringify({ model: 'big', query: 'x' }) })).json.error.param, 'documents')
}))
