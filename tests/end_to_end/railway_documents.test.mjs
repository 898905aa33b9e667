// Every GraphQL document that the deploy tool can send, checked against the schema that Railway publishes.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { missing, programPath, repository } from './program.mjs'

const require = createRequire(import.meta.url)
const printer = path.join(path.dirname(path.dirname(programPath('x'))), 'tests/railway_documents')
const skip = missing(printer, 'graphql')

describe('Railway documents', { skip }, () => {
  const { buildClientSchema, parse, specifiedRules, validate } = skip ? {} : require('graphql')
  const introspection = JSON.parse(gunzipSync(readFileSync(path.join(repository, 'tests/emulators/railway/schema.json.gz'))))
  const schema = skip ? null : buildClientSchema(introspection.data ?? introspection)
  const documents = skip ? [] : JSON.parse(execFileSync(printer, { encoding: 'utf8' }))
  const argument = (text, field, name) => new RegExp(`${field}\\([^)]*\\b${name}: \\$`).test(text)

  test('there are many, and each has a name of its own', () => {
    assert.ok(documents.length > 50, `${documents.length} documents`)
    const kinds = documents.map(({ name, text }) => `${text.split(' ')[0]} ${name} ${text.length}`)
    assert.equal(new Set(kinds).size, kinds.length)
  })

  for (const { name, text } of documents) {
    test(`${text.split(' ')[0]} ${name} is valid`, () => {
      const document = parse(text)
      assert.deepEqual(validate(schema, document, specifiedRules).map(error => error.message), [])
      assert.equal(document.definitions[0].name.value, name, 'the operation is named as errors call it')
    })

    test(`${text.split(' ')[0]} ${name} selects nothing deprecated`, () => {
      const { NoDeprecatedCustomRule } = require('graphql')
      assert.deepEqual(validate(schema, parse(text), [NoDeprecatedCustomRule]).map(error => error.message), [])
    })
  }

  test('no change can be sent without an environment where its absence would mean all of them', () => {
    const sent = ['serviceInstanceUpdate', 'serviceDelete', 'serviceCreate', 'volumeCreate', 'volumeInstanceUpdate', 'variableCollectionUpsert', 'variableDelete']
    for (const name of sent) {
      const { text } = documents.find(one => one.name === name && one.text.startsWith('mutation'))
      assert.match(text, /\$environmentId: String!/, name)
      assert.ok(argument(text, name, 'environmentId') || /environmentId: \$environmentId/.test(text), name)
    }
  })

  test('no volume can be updated without the service it stays attached to', () => {
    const { text } = documents.find(one => one.name === 'volumeInstanceUpdate')
    assert.match(text, /\$serviceId: String!/)
    assert.match(text, /input: \{ serviceId: \$serviceId/)
  })

  test('variables are never set with a deploy', () => {
    for (const { text } of documents.filter(one => /variable(Collection)?Upsert\(/.test(one.text))) assert.match(text, /skipDeploys: true/)
  })

  test('what acts on several services or stages for others is not in the table', () => {
    for (const name of ['serviceConnect', 'environmentPatchCommitStaged', 'serviceInstanceRedeploy', 'projectDelete'])
      assert.ok(!documents.some(one => one.text.includes(`${name}(`)), name)
  })
})
