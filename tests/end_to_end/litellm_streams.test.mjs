// Streams that break, stall or are left, in every form the gateway speaks to upstreams.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAnthropic } from '../emulators/anthropic.mjs'
import { startBedrock } from '../emulators/bedrock.mjs'
import { startGemini } from '../emulators/gemini.mjs'
import { startOllama } from '../emulators/ollama.mjs'
import { startOpenAi } from '../emulators/openai.mjs'
import { program, startGateway, waitFor } from './litellm/program.mjs'
import { missing } from './program.mjs'

const skip = missing(program)
const slowness = Number(process.env.SEANCE_SLOWNESS ?? 1)
const models = ['openai', 'anthropic', 'gemini', 'ollama', 'bedrock']
const messages = [{ role: 'user', content: 'Hello' }]
const answer = 'Hi \u{1F600} there'

async function withGateway (body, settings = '') {
  const up = { openai: await startOpenAi({ key: 'sk-up' }), anthropic: await startAnthropic({ key: 'sk-up' }), gemini: await startGemini({ key: 'sk-up' }), ollama: await startOllama(), bedrock: await startBedrock({ id: 'A', secret: 'B', region: 'us-east-1' }) }
  up.claude_on_bedrock = up.bedrock
  const gateway = await startGateway(`
model_list:
  - { model_name: claude_on_bedrock, litellm_params: { model: "bedrock/anthropic.claude-sonnet-4-20250514-v1:0", api_base: "${up.bedrock.url}", aws_access_key_id: A, aws_secret_access_key: B, aws_region_name: us-east-1 } }
  - { model_name: openai, litellm_params: { model: openai/gpt-x, api_base: "${up.openai.url}", api_key: sk-up } }
  - { model_name: anthropic, litellm_params: { model: anthropic/claude-sonnet-4-0, api_base: "${up.anthropic.url}", api_key: sk-up } }
  - { model_name: gemini, litellm_params: { model: gemini/gemini-2.5-flash, api_base: "${up.gemini.url}", api_key: sk-up } }
  - { model_name: ollama, litellm_params: { model: ollama_chat/llama3.2, api_base: "${up.ollama.url}" } }
  - { model_name: bedrock, litellm_params: { model: bedrock/amazon.nova-pro-v1:0, api_base: "${up.bedrock.url}", aws_access_key_id: A, aws_secret_access_key: B, aws_region_name: us-east-1 } }
router_settings: { num_retries: 0, disable_cooldowns: true, ${settings} }
`)
  try {
    await body({ gateway, up })
  } finally {
    const code = await gateway.stop()
    for (const one of new Set(Object.values(up))) await one.stop()
    assert.equal(code, 0)
  }
}

// `whole`: the text of an answer that is no stream; `body`: what a request holds beside the model.
const routes = {
  chat: { path: '/v1/chat/completions', text: event => event.choices?.[0]?.delta?.content ?? '', ended: text => text.endsWith('data: [DONE]\n\n'), failed: /data: \{"error":\{"message":/, whole: answer => answer.choices[0].message.content },
  messages: { path: '/v1/messages', text: event => event.delta?.text ?? '', ended: text => /event: message_stop\n[^]*$/.test(text), failed: /event: error\ndata: \{"type":"error"/, whole: answer => answer.content[0].text },
  responses: { path: '/v1/responses', body: { input: 'Hello', messages: undefined, max_tokens: undefined }, text: event => event.type === 'response.output_text.delta' ? event.delta : '', ended: text => /event: response\.completed\n[^]*$/.test(text), failed: /event: (response\.failed|error)\n/, whole: answer => answer.output[0].content[0].text },
  completions: { path: '/v1/completions', body: { prompt: 'Hello', messages: undefined }, text: event => event.choices?.[0]?.text ?? '', ended: text => text.endsWith('data: [DONE]\n\n'), failed: /data: \{"error":\{"message":/, whole: answer => answer.choices[0].text }
}
const translated = ['chat', 'messages'] // what the tests of time go by; those of cuts take all

function ask (gateway, model, { route = 'chat', stream = true, signal, body = {} } = {}) {
  return fetch(gateway.url + routes[route].path, {
    method: 'POST',
    signal,
    headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, max_tokens: 50, stream, ...routes[route].body, ...body })
  })
}

const textOf = (bytes, route) => bytes.split('\n').filter(line => line.startsWith('data: {')).map(line => routes[route].text(JSON.parse(line.slice(6)))).join('')

// How a stream came out: complete with the whole text, or failed in a way that a client sees.
async function outcome (gateway, model, route) {
  const response = await ask(gateway, model, { route })
  const bytes = await response.text()
  if (response.status !== 200) return { failed: JSON.parse(bytes).error !== undefined, text: '' }
  return { failed: routes[route].failed.test(bytes), complete: routes[route].ended(bytes), text: textOf(bytes, route), bytes }
}

// The numbers of bytes after which an upstream may die, at most 50 at a time. Each one, where there is time for it.
function * cutsOf (length) {
  const cuts = Array.from({ length: length + 1 }, (_, k) => k).filter(k => slowness === 1 || k % 7 === 0)
  while (cuts.length) yield cuts.splice(0, 50)
}

// How many bytes the upstream said the last time.
async function lengthOf (up) {
  const { url, headers, bytes } = up.calls.at(-1)
  return (await (await fetch(up.origin + url, { method: 'POST', headers, body: bytes })).arrayBuffer()).byteLength
}

for (const model of [...models, 'claude_on_bedrock']) {
  test(`an upstream that dies at any byte of a stream is an error: ${model}`, { skip }, () => withGateway(async ({ gateway, up }) => {
    for (const route of model === 'claude_on_bedrock' ? ['messages'] : Object.keys(routes)) {
      const whole = await outcome(gateway, model, route)
      assert.deepEqual([whole.complete, whole.failed, whole.text.startsWith('Hi')], [true, false, true], whole.bytes)
      for (const some of cutsOf(await lengthOf(up[model]))) {
        up[model].next(...some.map(cutAfter => ({ cutAfter })))
        const outcomes = await Promise.all(some.map(() => outcome(gateway, model, route)))
        for (const one of outcomes) {
          assert.notEqual(Boolean(one.failed), Boolean(one.complete), `${route}, cut within bytes ${some[0]} to ${some.at(-1)}: ${one.bytes}`)
          if (one.complete) assert.equal(one.text, whole.text)
          else assert.ok(whole.text.startsWith(one.text))
        }
      }
    }
  }))

  test(`an upstream that dies at any byte of a whole answer is an error: ${model}`, { skip }, () => withGateway(async ({ gateway, up }) => {
    for (const [route, { whole }] of Object.entries(routes)) {
      assert.match(whole(await (await ask(gateway, model, { route, stream: false })).json()), /^Hi/)
      for (const some of cutsOf(await lengthOf(up[model]))) {
        up[model].next(...some.map(cutAfter => ({ cutAfter })))
        const answers = await Promise.all(some.map(() => ask(gateway, model, { route, stream: false })))
        assert.deepEqual([...new Set(answers.map(one => one.status))], [500], `${route}, cut within bytes ${some[0]} to ${some.at(-1)}`)
        for (const one of answers) assert.ok((await one.json()).error.message)
      }
    }
  }))
}

for (const model of models) {
  test(`a client that leaves ends the call of ${model} within 50 ms, in every phase`, { skip }, () => withGateway(async ({ gateway, up }) => {
    const slowBody = { eventDelay: 200 * slowness }
    const phases = [
      ['before the head, streamed', { hang: true }, true, false], ['before the head, whole', { hang: true }, false, false],
      ['in the stream', slowBody, true, true], ['in a whole answer', { events: Array(20).fill({ raw: ' ' }), type: 'application/json', ...slowBody }, false, false]]
    for (const route of translated) {
      for (const [phase, plan, stream, begun] of phases) {
        let best = Infinity
        for (let i = 0; i < 3 && best > 50 * slowness; i++) { // other load on the machine counts too
          up[model].next(plan)
          const seen = up[model].calls.length
          const abort = new AbortController()
          const pending = ask(gateway, model, { route, stream, signal: abort.signal })
          pending.catch(() => {})
          await waitFor(() => up[model].calls.length > seen, 'the call to arrive')
          if (begun) await (await pending).body.getReader().read()
          const call = up[model].calls.at(-1)
          const left = performance.now()
          abort.abort()
          await waitFor(() => call.closed, `the upstream to be hung up on: ${route}, ${phase}`)
          assert.equal(call.finished, false)
          best = Math.min(best, call.closedAt - left)
        }
        assert.ok(best <= 50 * slowness, `${route}, ${phase}: ${best} ms`)
      }
    }
    await waitFor(() => gateway.log.some(line => line.prompt_tokens > 0 && line.completion_tokens > 0), 'what was used to be noted')
    const backlog = await (await fetch(`${gateway.url}/health/backlog`, { headers: { authorization: 'Bearer sk-master' } })).json()
    assert.equal(backlog.in_flight_requests, 0)
  }))

  test(`a stream of ${model} that stalls is ended with a timeout`, { skip }, () => withGateway(async ({ gateway, up }) => {
    for (const route of translated) {
      up[model].next({ hang: true }, { eventDelay: 3000 * slowness })
      const before = await ask(gateway, model, { route })
      assert.equal(before.status, 408)
      assert.ok((await before.json()).error)
      const during = await ask(gateway, model, { route })
      const bytes = await during.text()
      assert.ok(during.status === 408 || routes[route].failed.test(bytes), bytes)
    }
  }, `stream_timeout: ${0.3 * slowness}`))
}

test('large events pass in both directions', { skip }, () => withGateway(async ({ gateway, up }) => {
  const big = 'x'.repeat(2 << 20)
  const chunk = (delta, finish = null) => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })
  up.openai.next({ events: [chunk({ role: 'assistant', content: big }), chunk({}, 'stop'), '[DONE]'] })
  const one = await ask(gateway, 'openai', { body: { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${big}` } }] }] } })
  assert.equal(textOf(await one.text(), 'chat'), big)
  assert.equal(up.openai.calls.at(-1).body.messages[0].content[0].image_url.url.length, big.length + 22)
  up.anthropic.next({ message: { content: [{ type: 'text', text: answer }, { type: 'tool_use', id: 't', name: 'f', input: { big } }], stop_reason: 'tool_use' } })
  const two = await ask(gateway, 'anthropic', { stream: false })
  assert.equal(JSON.parse((await two.json()).choices[0].message.tool_calls[0].function.arguments).big.length, big.length)
}))

test('choices that interleave, and fields that nobody knows, arrive as they came', { skip }, () => withGateway(async ({ gateway, up }) => {
  const chunk = (index, delta, finish = null) => `{"id":"c","x_odd":1.50e+2,"object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":${index},"delta":${delta},"x_id":12345678901234567890,"finish_reason":${finish}}]}`
  const events = [chunk(0, '{"role":"assistant","content":"a"}'), chunk(1, '{"role":"assistant","content":"b"}'), chunk(1, '{"content":"c","x":[]}'), chunk(0, '{}', '"stop"'), chunk(1, '{}', '"length"'), '[DONE]']
  up.openai.next({ events })
  const text = await (await ask(gateway, 'openai', { body: { n: 2 } })).text()
  assert.equal(text, events.map(event => `data: ${event.replace('"model":"m"', '"model":"openai"')}\n\n`).join(''))
}))
