// A list as a Relay connection, with opaque cursors.
import { refused } from '../errors.mjs'

const cursorOf = row => Buffer.from(`cursor:${row.id}`).toString('base64')

export function connection (rows, { first, after, last, before }, pageSize) {
  for (const [name, value] of [['first', first], ['last', last]]) if (value !== null && value !== undefined && (value < 0 || value > 5000)) throw refused(`${name} must be between 0 and 5000`)
  const at = cursor => {
    const index = rows.findIndex(row => cursorOf(row) === cursor)
    if (index < 0) throw refused('Invalid cursor')
    return index
  }
  let [from, to] = [after ? at(after) + 1 : 0, before ? at(before) : rows.length]
  if (typeof last === 'number' && typeof first !== 'number') from = Math.max(from, to - last)
  else to = Math.min(to, from + (typeof first === 'number' ? first : pageSize))
  const part = rows.slice(from, to)
  return {
    edges: part.map(node => ({ cursor: cursorOf(node), node })),
    pageInfo: { hasNextPage: to < rows.length, hasPreviousPage: from > 0, startCursor: part.length ? cursorOf(part[0]) : null, endCursor: part.length ? cursorOf(part.at(-1)) : null }
  }
}
