// The page at /ui in Chromium.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOpenAi } from '../emulators/openai.mjs'
import { chromium, openPage } from './litellm/browser.mjs'
import { missing, startGateway, waitFor } from './litellm/program.mjs'
import { startValkey } from './valkey.mjs'

const skip = missing('ws') || (!chromium && 'chromium is not installed')
const messages = [{ role: 'user', content: 'Hello' }]

const configFor = url => `
model_list:
  - model_name: big
    litellm_params: { model: openai/gpt-up, api_base: "${url}", api_key: sk-up, input_cost_per_token: 0.001, output_cost_per_token: 0.001 }
  - model_name: small
    litellm_params: { model: openai/gpt-small, api_base: "${url}", api_key: sk-up, input_cost_per_token: 0.0002, output_cost_per_token: 0.0001 }
  - model_name: away
    litellm_params: { model: openai/gpt-away, api_base: "http://127.0.0.1:1", api_key: sk-up }
router_settings: { num_retries: 0 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

async function withPage (body, options = {}) {
  const upstream = await startOpenAi({ key: 'sk-up' })
  const valkey = await startValkey()
  const gateway = await startGateway(configFor(upstream.url), { REDIS_URL: valkey.url, SERVER_ROOT_PATH: '/llm' })
  const ask = (path, sent, key = 'sk-master') => fetch(gateway.url + path, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(sent) }).then(response => response.json())
  const page = await openPage(`${gateway.url}${options.path ?? '/ui'}`, options)
  try {
    await body({ page, ask, upstream, valkey, gateway })
  } finally {
    await page.close()
    await gateway.stop()
    await upstream.stop()
    await valkey.stop()
  }
}

async function signIn (page) {
  await page.until("!document.querySelector('#sign-in').hidden", 'the form')
  await page.fill('#secret', 'sk-master')
  await page.click('#sign-in-form button')
  await page.until("!document.querySelector('#nav').hidden", 'the page behind the key')
}

test('the page asks for a key, refuses a wrong one and keeps the right one in the tab', { skip }, () => withPage(async ({ page, gateway }) => {
  await page.until("!document.querySelector('#sign-in').hidden", 'the form')
  await page.picture('sign-in')
  await page.fill('#secret', 'sk-wrong-key-00000')
  await page.click('#sign-in-form button')
  await page.until("document.querySelector('#sign-in-problem').innerText.includes('Invalid proxy server token')", 'the refusal')
  page.problems.length = 0 // the refused request

  await signIn(page)

  assert.equal(await page.evaluate('return localStorage.length'), 0)
  const head = await fetch(`${gateway.url}/ui/`)
  const policy = head.headers.get('content-security-policy')
  assert.match(policy, /default-src 'none'/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.equal((await fetch(`${gateway.url}/ui/app.js`, { headers: { 'if-none-match': (await fetch(`${gateway.url}/ui/app.js`)).headers.get('etag') } })).status, 304)
  assert.equal((await fetch(`${gateway.url}/ui/nothing.js`)).status, 404)
  assert.equal((await fetch(`${gateway.url}/key/list`)).status, 401)
  assert.deepEqual(page.problems, [])
}))

for (const dark of [false, true]) {
  test(`spend is shown by day and model, ${dark ? 'dark' : 'light'}`, { skip }, () => withPage(async ({ page, ask, valkey }) => {
    const key = await ask('/key/generate', { key_alias: 'website' })
    for (let i = 0; i < 3; i++) await ask('/v1/chat/completions', { model: 'big', messages }, key.key)
    await ask('/v1/chat/completions', { model: 'small', messages })
    // Days before today, as if calls had been made then.
    for (let ago = 1; ago < 28; ago++) {
      const day = new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)
      const spend = Math.round(3e7 * (1.4 + Math.sin(ago * 1.7)))
      await valkey.command('HSET', `litellm:day:${day}`, 'all||s', spend, 'all||r', 40, 'all||i', 9000, 'all||t', 3000, 'all||f', ago % 3, 'model|big|s', Math.round(spend * 0.6), 'model|big|r', 20, 'model|small|s', Math.round(spend * 0.4), 'model|small|r', 20, `key|${key.token}|s`, spend, `key|${key.token}|r`, 40)
      await valkey.command('ZADD', 'litellm:days', 0, day)
    }
    await signIn(page)

    await page.until("document.querySelectorAll('#chart .day').length === 30", 'the chart')
    assert.match(await page.text('#figures'), /Spend\s+\$1\.\d\d/)
    assert.match(await page.text('#legend'), /big\s+small/)
    assert.match(await page.text('#top-keys'), /website/)
    assert.ok(await page.evaluate("return document.querySelectorAll('#chart rect.s0').length") >= 27)
    await page.picture(`overview-${dark ? 'dark' : 'light'}`)
    await page.click('[data-days="7"]')
    await page.until("document.querySelectorAll('#chart .day').length === 7", 'seven days')
    assert.deepEqual(page.problems, [])
  }, { dark }))
}

test('a key is made, shown once, blocked and deleted; what it is called is text, not markup', { skip }, () => withPage(async ({ page, ask }) => {
  await signIn(page)
  await page.click('nav a[href="#keys"]')
  await page.until("document.querySelector('#key-table').innerText.includes('No keys yet')", 'the empty list')
  await page.click('#new-key')
  await page.fill('#key-alias', '<img src=x onerror=alert(1)>')
  await page.fill('#key-budget', '2.50')
  await page.fill('#key-rpm', '60')
  await page.picture('key-form')
  await page.click('#key-form button[type=submit]')
  await page.until("document.querySelector('#made-key').innerText.startsWith('sk-')", 'the key')
  const secret = await page.text('#made-key')
  assert.equal((await ask('/v1/chat/completions', { model: 'big', messages }, secret)).model, 'big')

  await page.until("document.querySelector('#key-table').innerText.includes('$2.50')", 'the row')
  assert.match(await page.text('#key-table'), /<img src=x/)
  assert.equal(await page.evaluate("return document.querySelectorAll('#key-table img').length"), 0)
  await page.picture('keys')
  await page.evaluate("[...document.querySelectorAll('#key-table button')].find(button => button.innerText === 'Block').click()")
  await page.until("document.querySelector('#key-table').innerText.includes('blocked')", 'the block')
  assert.match((await ask('/v1/chat/completions', { model: 'big', messages }, secret)).error.message, /blocked/)
  await page.evaluate("window.confirm = () => true; [...document.querySelectorAll('#key-table button')].find(button => button.innerText === 'Delete').click()")
  await page.until("document.querySelector('#key-table').innerText.includes('No keys yet')", 'the deletion')
  assert.deepEqual(page.problems, [])
}))

test('keys say why their calls are refused: over budget, expired or blocked', { skip }, () => withPage(async ({ page, ask }) => {
  const make = fields => ask('/key/generate', fields)
  const spent = await make({ key_alias: 'spent', max_budget: 0.012, budget_duration: '30d' })
  await ask('/v1/chat/completions', { model: 'big', messages }, spent.key)
  await make({ key_alias: 'fresh', max_budget: 0.012 })
  await make({ key_alias: 'nothing', max_budget: 0 })
  await make({ key_alias: 'raised', max_budget: 0, temp_budget_increase: 1, temp_budget_expiry: new Date(Date.now() + 86_400_000).toISOString() })
  const barred = await make({ key_alias: 'barred', max_budget: 0 })
  await ask('/key/block', { key: barred.key })
  await make({ key_alias: 'late', expires: new Date(Date.now() - 1000).toISOString() })
  await signIn(page)
  await page.click('nav a[href="#keys"]')
  await page.until("document.querySelectorAll('#key-table tbody tr').length === 6", 'the keys')

  const states = await page.evaluate("return Object.fromEntries([...document.querySelectorAll('#key-table tbody tr')].map(row => [row.cells[0].innerText, [row.querySelector('.tag').innerText, row.querySelector('.tag').className, row.querySelector('.tag').title]]))")
  assert.deepEqual(Object.fromEntries(Object.entries(states).map(([name, [word, kind]]) => [name, [word, kind]])), {
    spent: ['over budget', 'tag bad'], fresh: ['active', 'tag good'], nothing: ['over budget', 'tag bad'], raised: ['active', 'tag good'], barred: ['blocked', 'tag bad'], late: ['expired', 'tag bad']
  })
  assert.match(states.spent[2], /begins anew on \d+ \w+ \d{4}/)
  await page.picture('key-states')
  assert.deepEqual(page.problems, [])
}))

test('keys whose team or user is over its budget say so', { skip }, () => withPage(async ({ page, ask, gateway }) => {
  const { team_id: poor } = await ask('/team/new', { team_alias: 'poor', max_budget: 0.012, budget_duration: '30d' })
  const { team_id: shut } = await ask('/team/new', { team_alias: 'shut' })
  await ask('/team/block', { team_id: shut })
  await ask('/user/new', { user_id: 'ann', max_budget: 0 })
  await ask('/user/new', { user_id: 'bob' })
  const first = await ask('/key/generate', { key_alias: 'first of the team', team_id: poor })
  await ask('/v1/chat/completions', { model: 'big', messages }, first.key)
  await ask('/key/generate', { key_alias: 'second of the team', team_id: poor, user_id: 'bob', max_budget: 0 })
  await ask('/key/generate', { key_alias: 'of a team that is shut', team_id: shut })
  await ask('/key/generate', { key_alias: 'of ann', user_id: 'ann' })
  await ask('/key/generate', { key_alias: 'of bob', user_id: 'bob' })
  const { team_id: rich } = await ask('/team/new', { team_alias: 'rich', max_budget: 5 })
  await ask('/key/generate', { key_alias: 'of ann in a team', user_id: 'ann', team_id: rich })
  const teamOf = async id => (await fetch(`${gateway.url}/team/info?team_id=${id}`, { headers: { authorization: 'Bearer sk-master' } })).json()
  await waitFor(async () => (await teamOf(poor)).team_info.spend > 0, 'the spend of the team')
  await signIn(page)
  await page.click('nav a[href="#keys"]')
  await page.until("document.querySelectorAll('#key-table tbody tr').length === 6", 'the keys')

  const states = await page.evaluate("return Object.fromEntries([...document.querySelectorAll('#key-table tbody tr')].map(row => [row.cells[0].innerText, [row.querySelector('.tag').innerText, row.querySelector('.tag').title]]))")
  assert.match(states['first of the team'][1], /^Its calls are refused until the budget of its team poor begins anew on \d+ \w+ \d{4}\.$/)
  assert.deepEqual(states['of ann'], ['user over budget', 'Its calls are refused until the budget of its user ann is raised.'])
  assert.equal(states['of a team that is shut'][1], 'Calls of its team shut are refused until it is unblocked.')
  assert.deepEqual(Object.fromEntries(Object.entries(states).map(([name, [word]]) => [name, word])), {
    'first of the team': 'team over budget', 'second of the team': 'team over budget', 'of a team that is shut': 'team blocked', 'of ann': 'user over budget', 'of bob': 'active', 'of ann in a team': 'active'
  })
  await page.picture('key-states-of-teams')
  assert.deepEqual(page.problems, [])
}))

test('models show their prices, and a check shows which are down and why', { skip }, () => withPage(async ({ page }) => {
  await signIn(page)
  await page.click('nav a[href="#models"]')
  await page.until("document.querySelector('#model-table').innerText.includes('not checked')", 'the list')
  assert.match(await page.text('#model-table'), /\$1000/)
  await page.click('#check')
  await page.until("document.querySelectorAll('#model-table .tag.good').length === 2 && document.querySelectorAll('#model-table .tag.bad').length === 1", 'the check')
  await page.picture('models')
  assert.deepEqual(page.problems, [])
}))

test('the playground streams an answer, below a root path as well', { skip }, () => withPage(async ({ page, upstream }) => {
  await signIn(page)
  await page.click('nav a[href="#playground"]')
  await page.until("document.querySelectorAll('#talk-model option').length === 3", 'the models')
  const chunk = (delta, finish = null) => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })
  upstream.next({ eventDelay: 150, events: [chunk({ role: 'assistant', content: 'Once ' }), chunk({ content: 'upon ' }), chunk({ content: 'a time' }), chunk({}, 'stop'), '[DONE]'] })
  await page.fill('#talk-text', 'Tell me a story')
  await page.click('#send')
  await page.until("document.querySelector('.say.assistant').innerText.trim() === 'Once upon'", 'a part of the answer')
  await page.until("document.querySelector('.say.assistant').innerText === 'Once upon a time'", 'all of it')
  await page.until("document.querySelector('#talk-note').innerText.includes('First words')", 'how long it took')
  await page.picture('playground')

  upstream.next({ status: 400 })
  await page.fill('#talk-text', 'And then?')
  await page.click('#send')
  await page.until("document.querySelectorAll('.say.failed').length === 1", 'the failure')
  assert.deepEqual(upstream.calls.at(-1).body.messages.map(message => message.role), ['user', 'assistant', 'user'])
}, { path: '/llm/ui' }))
