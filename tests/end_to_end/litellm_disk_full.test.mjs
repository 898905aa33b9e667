// Calls go on and each is paid for once although the disk that spend would wait on is full, and Valkey away too.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { missing, patience, startGateway, waitFor } from './litellm/program.mjs'
import { noValkey, startValkey } from './valkey.mjs'

const nanos = usd => Math.round(usd * 1e9)
const callCost = nanos(0.012) // 9 prompt and 3 completion tokens

// A disk of 3 MiB; the reason why there is none as text.
async function smallDisk () {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    await fs.rmdir(folder)
    return `this user may not mount a tmpfs: ${String(error.stderr ?? error.message).trim()}`
  }
  const filler = path.join(folder, 'filler')
  return {
    folder,
    async fill () {
      const file = await fs.open(filler, 'w')
      try { for (;;) await file.write(Buffer.alloc(4096)) } catch (error) { assert.equal(error.code, 'ENOSPC') } finally { await file.close() }
    },
    empty: () => fs.rm(filler),
    async spooled () { return (await fs.readdir(folder, { recursive: true })).filter(name => name.endsWith('.spool')) },
    async remove () {
      execFileSync('umount', ['-l', folder])
      await fs.rmdir(folder)
    }
  }
}

const skip = missing() || noValkey

test('a full disk keeps nobody waiting and loses no spend, with and without Valkey', { skip, timeout: 120_000 }, async t => {
  const disk = await smallDisk()
  if (typeof disk === 'string') return t.skip(disk)
  const upstream = await startOpenAi({ key: 'sk-up' })
  const valkey = await startValkey()
  const start = () => startGateway(`
model_list:
  - { model_name: big, litellm_params: { model: openai/gpt-up, api_base: "${upstream.url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 } }
router_settings: { num_retries: 0 }
`, { REDIS_URL: valkey.url, ...patience, LITELLM_SPOOL_DIR: path.join(disk.folder, 'spool') })
  let gateway = await start()
  const ask = async (where, body, key = 'sk-master') => {
    const answer = await fetch(gateway.url + where, { method: body ? 'POST' : 'GET', headers: { authorization: `Bearer ${key}` }, body: body && JSON.stringify(body) })
    return { status: answer.status, json: await answer.json() }
  }
  const paid = {}
  const chat = async key => {
    const answer = await ask('/v1/chat/completions', { model: 'big', messages: [{ role: 'user', content: 'Hello' }] }, key.key)
    if (answer.status === 200) paid[key.key] = (paid[key.key] ?? 0) + callCost
    return answer
  }
  const spendOf = async key => nanos((await ask(`/key/info?key=${key.key}`)).json?.info?.spend)
  const exact = keys => waitFor(async () => (await Promise.all(keys.map(async key => await spendOf(key) === paid[key.key]))).every(Boolean), 'the spend of every call', 30_000)
  const logged = event => gateway.log.find(line => line.event === event)

  try {
    await disk.fill()
    const free = (await ask('/key/generate', {})).json
    const bound = (await ask('/key/generate', { max_budget: 100 })).json

    // The disk alone is full: nobody notices but the log.
    for (const key of [free, bound]) assert.equal((await chat(key)).status, 200)
    await exact([free, bound])
    const { level, problem, consequence, advice } = await waitFor(() => logged('spool_failed'), 'the log to tell')
    assert.equal(level, 'error')
    assert.ok(problem.includes(disk.folder) && problem.includes('No space left on device'), problem)
    assert.match(consequence, /waits in memory/)
    assert.match(advice, /LITELLM_SPOOL_DIR/)

    // Valkey as well: what has a budget is refused, the rest goes on, and its spend waits in memory.
    await valkey.kill()
    for (let i = 0; i < 20; i++) {
      assert.equal((await chat(free)).status, 200)
      const refused = await chat(bound)
      assert.deepEqual([refused.status, refused.json.error.type], [503, 'no_db_connection'])
    }
    assert.deepEqual(await disk.spooled(), [])
    await valkey.start()
    await exact([free, bound])
    assert.equal((await ask('/spend/logs?api_key=' + free.key)).json.filter(one => one.status === 'success').length, 21)

    // Room comes back before Valkey does: what waits moves to disk by itself, and outlives the process there.
    await valkey.kill()
    for (let i = 0; i < 20; i++) assert.equal((await chat(free)).status, 200)
    assert.equal(logged('spool_recovered'), undefined)
    await disk.empty()
    await waitFor(async () => (await disk.spooled()).length > 0 && logged('spool_recovered'), 'the entries on disk', 30_000)
    gateway.child.kill('SIGKILL')
    await gateway.stop()
    gateway = null
    await valkey.start()
    gateway = await start()
    await exact([free, bound])
    assert.deepEqual([paid[free.key], paid[bound.key]], [41 * callCost, callCost])
    const ids = (await ask('/spend/logs?api_key=' + free.key)).json.map(one => one.request_id)
    assert.equal(new Set(ids).size, ids.length)
  } finally {
    const code = await gateway?.stop()
    await upstream.stop()
    await valkey.stop()
    await disk.remove()
    assert.equal(code, 0)
  }
})
