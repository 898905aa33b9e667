// Documents against the published schema: parsed, validated, executed with the emulator's own resolvers.
import { randomUUID } from 'node:crypto'
import { GraphQLError, execute, getOperationAST, isNonNullType, parse, subscribe, validate } from 'graphql'
import { refused } from './errors.mjs'

const ROOTS = new Set(['Query', 'Mutation', 'Subscription'])

function mergeResolvers (parts) {
  const all = {}
  for (const part of parts) {
    for (const [type, fields] of Object.entries(part)) if (typeof fields === 'object') all[type] = { ...all[type], ...fields }
  }
  return all
}

export class Graphql {
  constructor (schema, parts, { bareErrors = false } = {}) {
    this.schema = schema
    this.bareErrors = bareErrors
    this.resolvers = mergeResolvers(parts)
    for (const [type, fields] of Object.entries(this.resolvers)) {
      const known = schema.getType(type)?.getFields() ?? {}
      for (const name of Object.keys(fields)) if (!known[name]) throw new Error(`the schema has no ${type}.${name}`)
    }
  }

  // { document, operation, names } or { errors }. `names` are the root fields and the operation's own name.
  prepare ({ query, operationName }) {
    if (typeof query !== 'string') return { errors: [this.#plain('Must provide query string.', 'BAD_REQUEST')] }
    let document
    try { document = parse(query) } catch (error) { return { errors: [this.shown(error, 'GRAPHQL_PARSE_FAILED')] } }
    const errors = validate(this.schema, document)
    if (errors.length) return { errors: errors.map(error => this.shown(error, 'GRAPHQL_VALIDATION_FAILED')) }
    const operation = getOperationAST(document, operationName)
    if (!operation) return { errors: [this.#plain('Unknown operation, or operationName is needed', 'OPERATION_RESOLUTION_FAILURE')] }
    const fragments = new Map(document.definitions.filter(one => one.kind === 'FragmentDefinition').map(one => [one.name.value, one]))
    const fields = selections => selections.flatMap(one => one.kind === 'Field' ? [one.name.value] : fields((one.kind === 'InlineFragment' ? one : fragments.get(one.name.value)).selectionSet.selections))
    return { document, operation, names: [...fields(operation.selectionSet.selections), ...(operation.name ? [operation.name.value] : [])] }
  }

  #plain (message, code) { return this.shown(new GraphQLError(message), code) }

  shown (error, code = 'INTERNAL_SERVER_ERROR') {
    if (this.bareErrors) return { message: error.message }
    const { message, locations, path } = error
    return { message, ...(locations ? { locations } : {}), ...(path ? { path } : {}), extensions: { ...error.extensions, code: error.extensions?.code ?? code }, traceId: randomUUID() }
  }

  #resolve = (source, args, context, info) => {
    const type = info.parentType.name
    const resolver = this.resolvers[type]?.[info.fieldName]
    if (ROOTS.has(type) && type !== 'Subscription') {
      if (context.caller.kind === 'none') throw refused(context.caller.reason)
      if (!resolver) throw refused(`The emulator does not imitate ${type}.${info.fieldName}`)
    }
    if (resolver && type !== 'Subscription') return resolver(source, args, context)
    const value = source?.[info.fieldName]
    if (value === undefined && isNonNullType(info.returnType)) throw refused(`The emulator does not imitate ${type}.${info.fieldName}`)
    return value
  }

  #arguments (prepared, { variables, operationName }, caller) {
    return { schema: this.schema, document: prepared.document, variableValues: variables ?? {}, operationName, contextValue: { caller }, fieldResolver: this.#resolve }
  }

  async execute (prepared, payload, caller) {
    const result = await execute(this.#arguments(prepared, payload, caller))
    const errors = result.errors?.map(error => {
      // A fault of the emulator must not look like an answer of the platform.
      if (error.originalError && !(error.originalError instanceof GraphQLError)) return { ...this.shown(error), message: `The emulator failed: ${error.originalError.stack}` }
      return this.shown(error)
    })
    return { ...(errors ? { errors } : {}), ...(result.data === undefined ? {} : { data: result.data }) }
  }

  // An async iterator of results, or { errors }.
  async subscribe (prepared, payload, caller) {
    const subscribeFieldResolver = (source, args, context, info) => {
      if (caller.kind === 'none') throw refused(caller.reason)
      const resolver = this.resolvers.Subscription?.[info.fieldName]
      if (!resolver) throw refused(`The emulator does not imitate Subscription.${info.fieldName}`)
      return resolver(source, args, context)
    }
    const result = await subscribe({ ...this.#arguments(prepared, payload, caller), subscribeFieldResolver })
    return result.errors && !result[Symbol.asyncIterator] ? { errors: result.errors.map(error => this.shown(error)) } : result
  }
}
