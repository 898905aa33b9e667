// The gateway's page. Everything it shows comes from the gateway's own routes, with the key that was entered;
// text is set as text, never as markup.

const base = location.pathname.replace(/\/ui\/?.*$/, '')
const store = sessionStorage
const $ = id => document.getElementById(id)
const views = ['overview', 'keys', 'models', 'playground']

function make (name, fields = {}, ...children) {
  const node = name.startsWith('svg:') ? document.createElementNS('http://www.w3.org/2000/svg', name.slice(4)) : document.createElement(name)
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value)
    else if (value !== null && value !== undefined) node.setAttribute(key, value)
  }
  node.append(...children.filter(child => child !== null))
  return node
}

// The gateway's answer as JSON; what went wrong is thrown as a sentence.
async function ask (path, body) {
  let response
  try {
    response = await fetch(base + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${store.getItem('key')}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body)
    })
  } catch {
    throw new Error('The gateway does not answer. Is it running?')
  }
  const text = await response.text()
  let json = null
  try { json = JSON.parse(text) } catch { /* said below */ }
  if (!response.ok) {
    const error = new Error(json?.error?.message ?? json?.detail ?? `The gateway answered ${response.status}.`)
    error.status = response.status
    throw error
  }
  return json
}

const usd = amount => {
  if (amount > 0 && amount < 0.0000005) return '< $0.000001'
  const digits = amount === 0 || amount >= 100 ? 2 : amount >= 1 ? 2 : amount >= 0.01 ? 4 : 6
  return `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: digits })}`
}
const count = number => number >= 1e6 ? `${(number / 1e6).toFixed(1)} M` : number >= 1e4 ? `${(number / 1e3).toFixed(1)} k` : number.toLocaleString('en-US')
const date = text => text ? new Date(text).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }) : '–'

async function showing (problemId, work) {
  $(problemId).textContent = ''
  try {
    await work()
  } catch (error) {
    if (error.status === 401) return leave('That key is not accepted any more.')
    $(problemId).textContent = error.message
  }
}

// ── signing in ───────────────────────────────────────────────────────────────

function leave (reason = '') {
  store.removeItem('key')
  for (const view of views) $(view).hidden = true
  $('nav').hidden = $('leave').hidden = true
  $('sign-in').hidden = false
  $('sign-in-problem').textContent = reason
  $('secret').focus()
}

async function enter () {
  $('sign-in').hidden = true
  $('nav').hidden = $('leave').hidden = false
  route()
}

$('sign-in-form').addEventListener('submit', async event => {
  event.preventDefault()
  store.setItem('key', $('secret').value.trim())
  $('sign-in-problem').textContent = ''
  try {
    await ask('/key/aliases').catch(error => {
      // Without Valkey there are no keys to list, but the key itself was right.
      if (error.status !== 500) throw error
    })
    $('secret').value = ''
    enter()
  } catch (error) {
    store.removeItem('key')
    $('sign-in-problem').textContent = error.message
  }
})
$('leave').addEventListener('click', () => leave())

function route () {
  if (!store.getItem('key')) return leave()
  const name = views.includes(location.hash.slice(1)) ? location.hash.slice(1) : 'overview'
  for (const view of views) $(view).hidden = view !== name
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  document.title = `${$(`${name}-title`).textContent} · Séance Gateway`
  window.scrollTo(0, 0)
  ;({ overview: showOverview, keys: showKeys, models: showModels, playground: showPlayground })[name]()
}
window.addEventListener('hashchange', route)

// ── overview ─────────────────────────────────────────────────────────────────

let days = 30
for (const button of document.querySelectorAll('[data-days]')) {
  button.addEventListener('click', () => {
    days = Number(button.dataset.days)
    for (const other of document.querySelectorAll('[data-days]')) other.setAttribute('aria-pressed', other === button)
    showOverview()
  })
}

const showOverview = () => showing('overview-problem', async () => {
  const [byDay, models, keys] = await Promise.all([
    ask(`/global/spend/by_day?days=${days}`), ask(`/global/spend/models?days=${days}`), ask(`/global/spend/keys?days=${days}`)
  ])
  const sum = field => byDay.reduce((total, day) => total + day[field], 0)
  const figures = [['Spend', usd(sum('spend'))], ['Requests', count(sum('requests'))], ['Tokens', count(sum('prompt_tokens') + sum('completion_tokens'))],
    ['Failures', sum('requests') ? `${(100 * sum('failures') / sum('requests')).toFixed(1)} %` : '–'], ['From cache', count(sum('cache_hits'))]]
  $('figures').replaceChildren(...figures.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))))
  drawChart(byDay, models)
  rank('top-models', models.map(row => [row.model, row.spend, row.requests]))
  rank('top-keys', keys.map(row => [row.api_key === 'litellm_proxy_master_key' ? 'master key' : row.key_alias || row.api_key.slice(0, 12), row.spend, row.requests]))
})

function rank (id, rows) {
  const most = Math.max(...rows.map(row => row[1]), 1e-12)
  $(id).replaceChildren(rows.length
    ? make('ul', { class: 'rank' }, ...rows.slice(0, 8).map(([name, spend, requests]) => make('li', {},
      make('b', {}, name), make('span', { title: `${requests} requests` }, usd(spend)), make('meter', { min: 0, max: 1, value: spend / most, 'aria-hidden': 'true' }))))
    : make('p', { class: 'empty' }, 'Nothing yet in this period.'))
}

// A round number at or above the largest bar.
function ceiling (value) {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10].map(step => step * power).find(step => step >= value * 0.999999)
}

function drawChart (byDay, models) {
  const shown = models.slice(0, 5).map(row => row.model)
  const names = models.length > 5 ? [...shown, 'others'] : shown
  const known = new Map(byDay.map(day => [day.date, day]))
  const dates = Array.from({ length: days }, (_, i) => new Date(Date.now() - (days - 1 - i) * 86_400_000).toISOString().slice(0, 10))
  const parts = dates.map(date => {
    const groups = known.get(date)?.groups ?? {}
    const others = Object.entries(groups).reduce((sum, [name, group]) => shown.includes(name) ? sum : sum + group.spend, 0)
    return names.map((name, i) => i < shown.length ? groups[name]?.spend ?? 0 : others)
  })
  const top = ceiling(Math.max(...parts.map(list => list.reduce((a, b) => a + b, 0))))
  const [width, height, left, bottom, above] = [960, 280, 64, 26, 10]
  const y = value => above + (height - above - bottom) * (1 - value / top)
  const svg = make('svg:svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Spend by day over ${days} days; the table below holds the numbers` })
  const digits = Math.max(2, Math.ceil(-Math.log10(top / 4)) + 1)
  for (let i = 0; i <= 4; i++) {
    const value = top * i / 4
    svg.append(make('svg:line', { class: 'grid', x1: left, x2: width, y1: y(value), y2: y(value) }), make('svg:text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, `$${value.toFixed(digits)}`))
  }
  const step = (width - left) / days
  const every = Math.ceil(days / 10)
  parts.forEach((list, i) => {
    const day = make('svg:g', { class: 'day' })
    let sum = 0
    list.forEach((value, j) => {
      if (value <= 0) return
      day.append(make('svg:rect', { class: `s${j}`, x: left + i * step + step * 0.15, width: step * 0.7, y: y(sum + value), height: Math.max(y(sum) - y(sum + value), 0.5) }))
      sum += value
    })
    const lines = [dates[i], `${usd(sum)} in all`, ...names.map((name, j) => list[j] > 0 ? `${name}: ${usd(list[j])}` : null).filter(Boolean)]
    day.append(make('svg:rect', { x: left + i * step, width: step, y: above, height: height - above - bottom, fill: 'transparent' }), make('svg:title', {}, lines.join('\n')))
    svg.append(day)
    if (i % every === 0) svg.append(make('svg:text', { x: left + (i + 0.5) * step, y: height - 6, 'text-anchor': 'middle' }, dates[i].slice(5).replace('-', '/')))
  })
  $('chart').replaceChildren(svg)
  $('legend').replaceChildren(...names.map((name, i) => make('li', {}, make('i', { class: `s${i}` }), name)))
  const rows = byDay.slice().reverse().map(day => [day.date, usd(day.spend), count(day.requests), count(day.prompt_tokens + day.completion_tokens), count(day.failures)])
  $('chart-table').replaceChildren(table(['Day', 'Spend', 'Requests', 'Tokens', 'Failures'], rows, [1, 2, 3, 4]))
}

function table (heads, rows, numbers = []) {
  if (rows.length === 0) return make('p', { class: 'empty' }, 'Nothing yet.')
  const cells = (list, kind) => list.map((cell, i) => make(kind, { class: numbers.includes(i) ? 'number' : cell?.wide ? 'wide' : null }, cell?.wide ?? cell))
  return make('table', {}, make('thead', {}, make('tr', {}, ...cells(heads, 'th'))), make('tbody', {}, ...rows.map(row => make('tr', {}, ...cells(row, 'td')))))
}

// ── keys ─────────────────────────────────────────────────────────────────────

const extraOf = (key, now = new Date()) => key.temp_budget_increase && key.temp_budget_expiry && new Date(key.temp_budget_expiry) > now ? key.temp_budget_increase : 0
const budgetOf = key => key.max_budget === null ? '–'
  : usd(key.max_budget) + (extraOf(key) ? ` + ${usd(extraOf(key))}` : '') + (key.budget_duration ? ` / ${key.budget_duration}` : '')

// Of a key, and of its team or user.
const isOver = (one, now) => typeof one?.max_budget === 'number' && one.spend >= one.max_budget + extraOf(one, now)

// What a call of the key would be told first, with the reason; no reason: it is served. A key of a team spends the
// team's money and not its user's.
function stateOf (key, now = new Date()) {
  if (key.blocked) return ['blocked', 'Its calls are refused until it is unblocked.']
  if (key.expires && new Date(key.expires) <= now) return ['expired', `Its time was over on ${date(key.expires)}.`]
  if (key.team?.blocked) return ['team blocked', `Calls of its team ${key.team.team_alias ?? key.team_id} are refused until it is unblocked.`]
  const [whose, payer] = key.team ? ['team', key.team] : ['user', key.user]
  const named = `the budget of its ${whose} ${payer?.team_alias ?? payer?.user_alias ?? key[`${whose}_id`]}`
  for (const [word, budget, one] of [[`${whose} over budget`, named, payer], ['over budget', 'its budget', key]])
    if (isOver(one, now)) return [word, `Its calls are refused until ${budget} ${one.budget_reset_at ? `begins anew on ${date(one.budget_reset_at)}` : 'is raised'}.`]
  return ['active', null]
}

let page = 1
const showKeys = () => showing('keys-problem', async () => {
  const list = await ask(`/key/list?return_full_object=true&expand=user,team&size=25&page=${page}`)
  const rows = list.keys.map(key => {
    const [word, why] = stateOf(key)
    const state = make('span', { class: `tag ${why ? 'bad' : 'good'}`, title: why }, word)
    const limits = [key.rpm_limit && `${count(key.rpm_limit)} rpm`, key.tpm_limit && `${count(key.tpm_limit)} tpm`, key.max_parallel_requests && `${key.max_parallel_requests} at once`].filter(Boolean).join(', ')
    return [key.key_alias ?? '–', make('code', {}, key.key_name), state, usd(key.spend), budgetOf(key),
      limits || '–', key.models.length ? { wide: key.models.join(', ') } : 'all', date(key.expires),
      make('span', { class: 'actions' },
        make('button', { type: 'button', class: 'quiet small', onclick: () => change(key.blocked ? '/key/unblock' : '/key/block', { key: key.token }) }, key.blocked ? 'Unblock' : 'Block'),
        make('button', { type: 'button', class: 'quiet small', onclick: () => confirm(`Delete the key ${key.key_alias ?? key.key_name}? Whoever uses it is refused at once.`) && change('/key/delete', { keys: [key.token] }) }, 'Delete'))]
  })
  $('key-table').replaceChildren(list.total_count ? table(['Name', 'Key', 'State', 'Spend', 'Budget', 'Limits', 'Models', 'Expires', ''], rows, [3, 4]) : make('p', { class: 'empty' }, 'No keys yet. The first one is made with “New key”.'))
  $('pages').replaceChildren(...(list.total_pages > 1
    ? [make('button', { type: 'button', class: 'quiet small', onclick: () => { page = Math.max(1, page - 1); showKeys() } }, 'Previous'), `Page ${list.current_page} of ${list.total_pages}`,
        make('button', { type: 'button', class: 'quiet small', onclick: () => { page = Math.min(list.total_pages, page + 1); showKeys() } }, 'Next')]
    : []))
})

const change = (path, body) => showing('keys-problem', async () => {
  await ask(path, body)
  await showKeys()
})

$('new-key').addEventListener('click', () => { $('key-form').hidden = false; $('made').hidden = true; $('key-alias').focus() })
$('key-cancel').addEventListener('click', () => { $('key-form').hidden = true })
$('key-form').addEventListener('submit', event => {
  event.preventDefault()
  showing('key-form-problem', async () => {
    const number = id => {
      const text = $(id).value.trim().replace(',', '.')
      if (!text) return undefined
      if (!Number.isFinite(Number(text)) || Number(text) < 0) throw new Error(`“${text}” is not a number.`)
      return Number(text)
    }
    const made = await ask('/key/generate', {
      key_alias: $('key-alias').value.trim() || undefined,
      max_budget: number('key-budget'),
      budget_duration: $('key-period').value || undefined,
      rpm_limit: number('key-rpm'),
      duration: $('key-life').value || undefined,
      models: $('key-models').value.split(',').map(name => name.trim()).filter(Boolean)
    })
    $('made-key').textContent = made.key
    $('made').hidden = false
    $('key-form').hidden = true
    $('key-form').reset()
    await showKeys()
  })
})
$('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText($('made-key').textContent)
  $('copy').textContent = 'Copied'
  setTimeout(() => { $('copy').textContent = 'Copy' }, 1500)
})

// ── models ───────────────────────────────────────────────────────────────────

let health = new Map()
const showModels = () => showing('models-problem', async () => {
  const { data } = await ask('/model/info')
  const price = value => value === undefined || value === null ? '–' : `$${Number((value * 1e6).toPrecision(6))}`
  const rows = data.map(model => {
    const info = model.model_info
    const seen = health.get(info.id)
    const state = !seen ? make('span', { class: 'tag' }, 'not checked') : seen.error ? make('span', { class: 'tag bad' }, 'down') : make('span', { class: 'tag good' }, 'healthy')
    return [model.model_name, make('code', {}, model.litellm_params.model ?? '–'), state, price(info.input_cost_per_token), price(info.output_cost_per_token), { wide: seen?.error ?? '' }]
  })
  $('model-table').replaceChildren(table(['Name', 'Calls', 'Health', 'Million in', 'Million out', 'Problem'], rows, [3, 4]))
})
$('check').addEventListener('click', () => showing('models-problem', async () => {
  $('check').disabled = true
  try {
    const report = await ask('/health')
    health = new Map([...report.healthy_endpoints.map(end => [end.model_id, {}]), ...report.unhealthy_endpoints.map(end => [end.model_id, { error: end.error ?? 'unhealthy' }])])
    await showModels()
  } finally {
    $('check').disabled = false
  }
}))

// ── playground ───────────────────────────────────────────────────────────────

let talk = []
let running = null

const showPlayground = () => {
  $('talk-note').textContent = ''
  return showing('talk-note', async () => {
    const { data } = await ask('/v1/models')
    const chosen = $('talk-model').value
    $('talk-model').replaceChildren(...data.map(model => make('option', { value: model.id }, model.id)))
    if (data.some(model => model.id === chosen)) $('talk-model').value = chosen
  })
}

function say (role, text) {
  if (talk.length === 0) $('talk').replaceChildren()
  const bubble = make('p', { class: `say ${role}` }, text)
  $('talk').append(bubble)
  bubble.scrollIntoView({ block: 'end' })
  return bubble
}

async function send () {
  const text = $('talk-text').value.trim()
  if (!text || running) return
  say('user', text)
  talk.push({ role: 'user', content: text })
  $('talk-text').value = ''
  const bubble = say('assistant', '')
  running = new AbortController()
  $('send').disabled = true
  $('stop').hidden = false
  const began = performance.now()
  let first = 0
  let answer = ''
  try {
    const response = await fetch(`${base}/v1/chat/completions`, {
      method: 'POST',
      signal: running.signal,
      headers: { authorization: `Bearer ${store.getItem('key')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: $('talk-model').value, messages: talk, stream: true, stream_options: { include_usage: true } })
    })
    if (!response.ok) throw new Error((await response.json().catch(() => null))?.error?.message ?? `The gateway answered ${response.status}.`)
    let usage = null
    let rest = ''
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const events = (rest + piece.value).split('\n\n')
      rest = events.pop()
      for (const event of events) {
        const data = event.replace(/^data: ?/, '')
        if (data === '[DONE]') continue
        const chunk = JSON.parse(data)
        if (chunk.error) throw new Error(chunk.error.message)
        usage = chunk.usage ?? usage
        answer += chunk.choices?.[0]?.delta?.content ?? ''
        if (!first && answer) first = performance.now()
        bubble.textContent = answer
      }
    }
    const time = ((performance.now() - began) / 1000).toFixed(2)
    $('talk-note').textContent = `First words after ${((first || performance.now()) - began).toFixed(0)} ms, all after ${time} s` + (usage ? `; ${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out.` : '.')
  } catch (error) {
    if (error.name !== 'AbortError') {
      bubble.className = 'say failed'
      bubble.textContent = error.message
    }
  }
  if (answer) talk.push({ role: 'assistant', content: answer })
  else talk.pop()
  running = null
  $('send').disabled = false
  $('stop').hidden = true
}

$('talk-form').addEventListener('submit', event => { event.preventDefault(); send() })
$('talk-text').addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); send() }
})
$('stop').addEventListener('click', () => running?.abort())
$('clear').addEventListener('click', () => {
  running?.abort()
  talk = []
  $('talk').replaceChildren(make('p', { class: 'empty' }, 'Ask something: the answer streams in as the model writes it.'))
  $('talk-note').textContent = ''
})

route()
