// The real LiteLLM proxy and ours with the same config.yaml in front of the same emulated upstreams: the same requests to
// both, and what differs. Every difference that remains is explained in docs/litellm-compatibility.md.
//   node tests/differential/run.mjs [--all] [NAME …]    LITELLM=/opt/litellm/bin/litellm
// --all also prints what is explained. Exit 0: nothing is unexplained.
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { startGateway } from '../end_to_end/litellm/program.mjs'
import { asked, differences, read } from './compare.mjs'
import { corpus } from './corpus.mjs'
import { explain } from './explanations.mjs'
import { startUpstream } from './upstream.mjs'

export const litellm = process.env.LITELLM ?? '/opt/litellm/bin/litellm'
export const installed = () => fs.access(litellm).then(() => true, () => false)

const configFor = url => `
model_list:
  - { model_name: gpt, litellm_params: { model: openai/gpt-4o-mini, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: gpt-id } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-3-5-sonnet-20241022, api_base: "${url}/anthropic", api_key: sk-up }, model_info: { id: claude-id } }
  - { model_name: gemini, litellm_params: { model: gemini/gemini-1.5-pro, api_base: "${url}/gemini/v1beta", api_key: sk-up }, model_info: { id: gemini-id } }
  - { model_name: router, litellm_params: { model: openrouter/minimax/minimax-m2, api_base: "${url}/openrouter", api_key: sk-up }, model_info: { id: router-id } }
  - { model_name: embed, litellm_params: { model: openai/text-embedding-3-small, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: embed-id, mode: embedding } }
  - { model_name: gemini-embed, litellm_params: { model: gemini/text-embedding-004, api_base: "${url}/gemini/v1beta", api_key: sk-up }, model_info: { id: gemini-embed-id, mode: embedding } }
  - { model_name: image, litellm_params: { model: openai/dall-e-3, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: image-id, mode: image_generation, access_groups: [media] } }
  - { model_name: voice, litellm_params: { model: openai/tts-1, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: voice-id, mode: audio_speech, access_groups: [media] } }
  - { model_name: ear, litellm_params: { model: openai/whisper-1, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: ear-id, mode: audio_transcription } }
  - { model_name: judge, litellm_params: { model: openai/omni-moderation-latest, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: judge-id } }
  - { model_name: rank, litellm_params: { model: hosted_vllm/reranker, api_base: "${url}/vllm", api_key: sk-up }, model_info: { id: rank-id, mode: rerank } }
  - { model_name: deep-gpt, litellm_params: { model: openai/gpt-5-mini, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: deep-gpt-id } }
  - { model_name: deep-claude, litellm_params: { model: anthropic/claude-sonnet-4-5-20250929, api_base: "${url}/anthropic", api_key: sk-up }, model_info: { id: deep-claude-id } }
  - { model_name: deep-gemini, litellm_params: { model: gemini/gemini-2.5-pro, api_base: "${url}/gemini/v1beta", api_key: sk-up }, model_info: { id: deep-gemini-id } }
  - { model_name: "team/*", litellm_params: { model: "openai/*", api_base: "${url}/openai", api_key: sk-up }, model_info: { id: team-id } }
  - { model_name: mock, litellm_params: { model: openai/gpt-4o-mini, mock_response: "Hello from the mock" }, model_info: { id: mock-id } }
  - { model_name: shaky, litellm_params: { model: openai/gpt-4o-mini, api_base: "${url}/openai", api_key: sk-up }, model_info: { id: shaky-id } }
  - { model_name: pool, litellm_params: { model: openai/gpt-4o-mini, api_base: "${url}/openai", api_key: sk-up, weight: 1 }, model_info: { id: pool-one } }
  - { model_name: pool, litellm_params: { model: openai/gpt-4o-mini, api_base: "${url}/openai", api_key: sk-up, weight: 0 }, model_info: { id: pool-two } }
router_settings:
  num_retries: 0
  disable_cooldowns: true
  model_group_alias: { nick: gpt, quiet: { model: gpt, hidden: true } }
  fallbacks: [{ shaky: [mock] }]
  context_window_fallbacks: [{ shaky: [claude] }]
litellm_settings: { num_retries: 0 }
general_settings:
  master_key: sk-master
  pass_through_endpoints: [{ path: /ours, target: "${url}/openai", include_subpath: true, headers: { authorization: Bearer sk-up }, forward_headers: true }]
`

// The keys and addresses of provider's own routes.
const environmentFor = url => ({
  OPENAI_API_BASE: `${url}/openai`,
  OPENAI_API_KEY: 'sk-up',
  ANTHROPIC_API_BASE: `${url}/anthropic`,
  ANTHROPIC_API_KEY: 'sk-up',
  GEMINI_API_BASE: `${url}/gemini`,
  GEMINI_API_KEY: 'sk-up'
})

async function startPeer (config, environment) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-peer-'))
  await fs.writeFile(path.join(folder, 'config.yaml'), config)
  const port = 20000 + process.pid % 20000
  const child = spawn(litellm, ['--config', 'config.yaml', '--port', String(port), '--host', '127.0.0.1', '--num_workers', '1'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False', LITELLM_LOG: 'ERROR', ...environment },
    stdio: 'ignore'
  })
  const url = `http://127.0.0.1:${port}`
  for (let left = 600; ; left--) {
    if (await fetch(`${url}/health/liveliness`).then(answer => answer.ok, () => false)) break
    if (left === 0 || child.exitCode !== null) throw new Error('the LiteLLM proxy did not start')
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  return {
    url,
    async stop () {
      child.kill('SIGTERM')
      if (child.exitCode === null) await new Promise(resolve => { child.on('exit', resolve); setTimeout(() => child.kill('SIGKILL'), 5000).unref() })
      await fs.rm(folder, { recursive: true, force: true })
    }
  }
}

function formOf (parts) {
  const form = new FormData()
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === 'string') form.set(name, value)
    else form.set(name, new Blob([value[2]], { type: value[1] }), value[0])
  }
  return form
}

// One of the two proxies; it remembers the ids of its answers, for the requests that name them.
class Side {
  constructor (url, upstream) {
    Object.assign(this, { url, upstream, ids: {} })
  }

  filled (text) {
    return text.replaceAll('‹upstream›', this.upstream).replace(/‹id of ([^›]+)›/g, (_, name) => this.ids[name] ?? 'resp_missing')
  }

  async ask (name, { path, method, body, parts, headers }) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(this.url + this.filled(path), {
      method,
      headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: parts ? formOf(parts) : text === undefined ? undefined : this.filled(text),
      signal: AbortSignal.timeout(20_000)
    })
    const { id, ...answer } = await read(response)
    this.ids[name] = id
    return answer
  }
}

const shown = value => value === undefined ? '(absent)' : JSON.stringify(value).slice(0, 160)

export async function compareAll ({ names = [], all = false, print = console.log } = {}) {
  const upstream = await startUpstream()
  const config = configFor(upstream.url)
  const environment = environmentFor(upstream.url)
  const peer = await startPeer(config, environment)
  const ours = await startGateway(config, { LITELLM_MASTER_KEY: '', ...environment })
  const counts = new Map()
  let same = 0
  const unexplained = []
  const wanted = Object.entries(corpus).filter(([name]) => names.length === 0 || names.some(one => name.includes(one)))
  const sides = [peer, ours].map(({ url }) => new Side(url, upstream.url))
  const answerOf = async (side, name, request) => {
    upstream.taken()
    const answer = await side.ask(name, request).catch(error => ({ failed: String(error) }))
    return { ...answer, upstream: asked(upstream.taken()) }
  }
  try {
    for (const [name, request] of wanted) {
      const theirs = await answerOf(sides[0], name, request)
      const mine = await answerOf(sides[1], name, request)
      const found = differences(theirs, mine)
      if (!found.some(({ path }) => /^(status|json|text|stream|failed)/.test(path))) same++
      for (const one of found) {
        const id = explain(name, one)
        if (!id) unexplained.push({ name, ...one })
        else counts.set(id, (counts.get(id) ?? 0) + 1)
        if (!id || all) print(`${id ?? 'UNEXPLAINED'} | ${name} | ${one.path} | LiteLLM ${shown(one.theirs)} | ours ${shown(one.ours)}`)
      }
    }
  } finally {
    await ours.stop()
    await peer.stop()
    await upstream.stop()
  }
  print(`${wanted.length} requests to both: ${same} answers have the same status and body, ${unexplained.length} differences without an explanation`)
  for (const [id, count] of [...counts].sort()) print(`  ${id}: ${count}`)
  return { unexplained, ids: [...counts.keys()], requests: wanted.length }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  if (!await installed()) {
    console.log(`differential: skipped, the LiteLLM proxy is not installed at ${litellm} (python3 -m venv, pip install 'litellm[proxy]')`)
    process.exit(0)
  }
  const names = process.argv.slice(2)
  const { unexplained } = await compareAll({ names: names.filter(name => name !== '--all'), all: names.includes('--all') })
  process.exit(unexplained.length ? 1 : 0)
}
