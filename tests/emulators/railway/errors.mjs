// Errors as Railway words them. A live credential without access and a dead one get the same words.
import { GraphQLError } from 'graphql'

const failure = (message, extensions = {}) => new GraphQLError(message, { extensions: { code: 'INTERNAL_SERVER_ERROR', ...extensions } })

export const notAuthorized = () => failure('Not Authorized')
export const notFound = what => failure(`${what} not found`)
export const refused = message => failure(message)
