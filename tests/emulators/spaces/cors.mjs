// The CORS rules of a bucket: read strictly, applied to answers and to preflights.
import { Refusal } from './refusal.mjs'
import { parse, write } from './xml.mjs'

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD']
const MOST = 100
const ELEMENTS = ['ID', 'AllowedHeader', 'AllowedMethod', 'AllowedOrigin', 'ExposeHeader', 'MaxAgeSeconds']

export function readRules (text) {
  const rules = parse(text, 'CORSConfiguration').only('CORSRule').children
  if (rules.length === 0 || rules.length > MOST) throw new Refusal('MalformedXML')
  return rules.map(element => {
    element.only(...ELEMENTS)
    const rule = Object.fromEntries(ELEMENTS.map(name => [name, element.all(name).map(child => child.text.trim())]))
    if (rule.AllowedMethod.length === 0 || rule.AllowedOrigin.length === 0 || rule.ID.length > 1 || rule.MaxAgeSeconds.length > 1) throw new Refusal('MalformedXML')
    for (const method of rule.AllowedMethod) if (!METHODS.includes(method)) throw new Refusal('InvalidRequest', `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`)
    for (const name of ['AllowedOrigin', 'AllowedHeader']) for (const text of rule[name]) if (text === '' || text.split('*').length > 2) throw new Refusal('InvalidRequest', `${name} "${text}" can not have more than one wildcard.`)
    for (const text of rule.MaxAgeSeconds) if (!/^\d{1,9}$/.test(text)) throw new Refusal('MalformedXML')
    return rule
  })
}

export const writeRules = rules => write('CORSConfiguration', { CORSRule: rules })

const fits = (pattern, text) => {
  const [before, after] = pattern.split('*')
  return after === undefined ? pattern === text : text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after)
}

const answer = (rule, origin) => ({
  'access-control-allow-origin': rule.AllowedOrigin.includes('*') ? '*' : origin,
  'access-control-allow-methods': rule.AllowedMethod.join(', '),
  ...(rule.ExposeHeader.length ? { 'access-control-expose-headers': rule.ExposeHeader.join(', ') } : {}),
  ...(rule.MaxAgeSeconds.length ? { 'access-control-max-age': rule.MaxAgeSeconds[0] } : {}),
  ...(rule.AllowedOrigin.includes('*') ? {} : { 'access-control-allow-credentials': 'true' }),
  vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'
})

// What an answer to a page at request.headers.origin carries.
export function corsHeaders (rules, request, method = request.method) {
  const { origin } = request.headers
  if (origin === undefined || !rules) return {}
  const rule = rules.find(one => one.AllowedOrigin.some(pattern => fits(pattern, origin)) && one.AllowedMethod.includes(method))
  return rule ? answer(rule, origin) : {}
}

export function preflight (rules, request) {
  const { origin, 'access-control-request-method': method, 'access-control-request-headers': names = '' } = request.headers
  if (origin === undefined || method === undefined) throw new Refusal('InvalidRequest', 'Insufficient information. Origin request header needed.')
  const wanted = names.split(',').map(name => name.trim().toLowerCase()).filter(Boolean)
  const rule = rules?.find(one => one.AllowedOrigin.some(pattern => fits(pattern, origin)) && one.AllowedMethod.includes(method) &&
    wanted.every(name => one.AllowedHeader.some(pattern => fits(pattern.toLowerCase(), name))))
  if (!rule) throw new Refusal('AccessForbidden', rules ? undefined : 'CORSResponse: CORS is not enabled for this bucket.')
  return { ...answer(rule, origin), ...(wanted.length ? { 'access-control-allow-headers': wanted.join(', ') } : {}) }
}
