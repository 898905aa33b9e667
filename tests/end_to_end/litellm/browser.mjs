// A page in headless Chromium, driven over the DevTools protocol.
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { existsSync } from 'node:fs'
import { stop, waitFor } from '../program.mjs'

export const chromium = (process.env.PATH ?? '').split(':').flatMap(folder => ['chromium', 'google-chrome'].map(name => path.join(folder, name))).find(existsSync)

export async function openPage (url, { dark = false, width = 1280, height = 900 } = {}) {
  const { default: WebSocket } = await import('ws')
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'litellm-browser-'))
  const child = spawn(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank'], { stdio: 'ignore' })
  const portFile = path.join(folder, 'DevToolsActivePort')
  const port = (await waitFor(() => fs.readFile(portFile, 'utf8').then(text => text.includes('\n') && text, () => false), 'Chromium', 60_000)).split('\n')[0]
  const target = await waitFor(async () => (await (await fetch(`http://127.0.0.1:${port}/json`)).json()).find(one => one.type === 'page'), 'a page')
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve, reject) => { socket.on('open', resolve); socket.on('error', reject) })
  const waiting = new Map()
  const problems = []
  let next = 1
  socket.on('message', data => {
    const message = JSON.parse(data)
    if (message.id) waiting.get(message.id)?.(message)
    if (message.method === 'Runtime.exceptionThrown') problems.push(message.params.exceptionDetails.exception?.description ?? message.params.exceptionDetails.text)
    if (message.method === 'Log.entryAdded' && message.params.entry.level === 'error') problems.push(`${message.params.entry.text} ${message.params.entry.url ?? ''}`)
  })
  const send = (method, params = {}) => new Promise((resolve, reject) => {
    const id = next++
    waiting.set(id, message => { waiting.delete(id); message.error ? reject(new Error(`${method}: ${message.error.message}`)) : resolve(message.result) })
    socket.send(JSON.stringify({ id, method, params }))
  })
  await send('Runtime.enable')
  await send('Log.enable')
  await send('Page.enable')
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] })
  await send('Page.navigate', { url })
  const page = {
    problems, // uncaught exceptions, refused resources and failed requests
    async evaluate (script) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression: `(async () => { ${script} })()`, awaitPromise: true, returnByValue: true })
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value
    },
    until: (script, what = script) => waitFor(() => page.evaluate(`return ${script}`).catch(() => false), what),
    text: selector => page.evaluate(`return document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`),
    fill: (selector, text) => page.evaluate(`const node = document.querySelector(${JSON.stringify(selector)}); node.value = ${JSON.stringify(text)}; node.dispatchEvent(new Event('input', { bubbles: true }))`),
    click: selector => page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`),
    // To be looked at: only where a folder for them is named.
    async picture (name) {
      if (!process.env.SEANCE_SCREENSHOTS) return
      const { data } = await send('Page.captureScreenshot', { format: 'png' })
      await fs.writeFile(path.join(process.env.SEANCE_SCREENSHOTS, `${name}.png`), Buffer.from(data, 'base64'))
    },
    async close () {
      socket.close()
      await stop(child, 'SIGKILL')
      await fs.rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    }
  }
  return page
}
