// The real LiteLLM proxy and ours answer alike, but for what docs/litellm-compatibility.md explains. It takes a minute and needs
// the proxy in a venv: LITELLM=/opt/litellm/bin/litellm.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { compareAll, installed, litellm } from '../differential/run.mjs'
import { sections } from '../differential/explanations.mjs'
import { missing, repository } from './litellm/program.mjs'

const skip = missing() || (!await installed() && `the LiteLLM proxy is not installed at ${litellm}`)

test('every kind of difference is explained', async () => {
  const page = await fs.readFile(path.join(repository, 'docs/litellm-compatibility.md'), 'utf8')
  for (const section of sections) assert.ok(page.includes(`**${section}** `), `docs/litellm-compatibility.md explains ${section}`)
})

test('the real proxy and ours give the same answers, or differ as explained', { skip, timeout: 600_000 }, async () => {
  const lines = []
  const { unexplained, requests } = await compareAll({ print: line => lines.push(line) })

  assert.ok(requests >= 600)
  assert.deepEqual(unexplained, [], lines.join('\n'))
})
