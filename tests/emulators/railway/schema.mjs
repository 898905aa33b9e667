// The published schema, ready to validate and execute documents, with scalars that check what they are given.
import fs from 'node:fs'
import zlib from 'node:zlib'
import { GraphQLError, buildClientSchema, valueFromASTUntyped } from 'graphql'

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value)

const INPUT_CHECKS = {
  DateTime (value) {
    if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) || Number.isNaN(Date.parse(value))) throw new GraphQLError(`DateTime cannot represent an invalid date-time-string ${value}.`)
    return value
  },
  EnvironmentVariables (value) {
    if (!isObject(value)) throw new GraphQLError('EnvironmentVariables must be an object')
    for (const [name, text] of Object.entries(value)) if (typeof text !== 'string') throw new GraphQLError(`EnvironmentVariables: the value of ${name} must be a string`)
    return value
  },
  EnvironmentConfig (value) {
    if (!isObject(value)) throw new GraphQLError('EnvironmentConfig must be an object')
    return value
  }
}

const cache = new Map()

export function loadSchema (file = new URL('schema.json.gz', import.meta.url)) {
  const key = String(file)
  if (!cache.has(key)) {
    const bytes = fs.readFileSync(file)
    const parsed = JSON.parse(bytes[0] === 0x1f ? zlib.gunzipSync(bytes) : bytes)
    const schema = buildClientSchema(parsed.data ?? parsed)
    for (const [name, check] of Object.entries(INPUT_CHECKS)) {
      Object.assign(schema.getType(name), { parseValue: check, parseLiteral: (node, variables) => check(valueFromASTUntyped(node, variables)) })
    }
    cache.set(key, schema)
  }
  return cache.get(key)
}
