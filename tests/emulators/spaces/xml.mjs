// Just enough XML for S3: elements and text, no attributes kept, no document types.
import { Refusal } from './refusal.mjs'

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const malformed = () => new Refusal('MalformedXML')

const decode = text => text.replace(/&([^;]*);?/g, (whole, name) => {
  if (!whole.endsWith(';')) throw malformed()
  if (ENTITIES[name]) return ENTITIES[name]
  const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name) ?? []
  const point = hex ? parseInt(hex, 16) : Number(decimal)
  if (!Number.isInteger(point) || point === 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw malformed()
  return String.fromCodePoint(point)
})

export class Element {
  constructor (name) { Object.assign(this, { name, text: '', children: [] }) }
  all (name) { return this.children.filter(child => child.name === name) }
  // The text of the one child of this name; undefined if there is none.
  value (name) {
    const found = this.all(name)
    if (found.length > 1) throw malformed()
    return found[0]?.text.trim()
  }

  // Refuses children that S3's schema does not know here.
  only (...names) {
    if (this.children.some(child => !names.includes(child.name)) || this.text.trim() !== '') throw malformed()
    return this
  }
}

export function parse (text, rootName) {
  const rest = text.replace(/^\ufeff/, '').replace(/^\s*<\?xml[^>]*\?>/, '')
  const token = /<!--[^]*?-->|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y
  const top = new Element('')
  const open = [top]
  while (token.lastIndex < rest.length) {
    const found = token.exec(rest)
    if (!found) throw malformed()
    const [whole, closing, name, , empty, plain] = found
    if (whole.startsWith('<!--')) continue
    if (plain !== undefined) {
      open.at(-1).text += decode(plain)
    } else if (closing) {
      if (open.length < 2 || open.pop().name !== name) throw malformed()
    } else {
      const element = new Element(name)
      open.at(-1).children.push(element)
      if (!empty) open.push(element)
      if (open.length > 32) throw malformed()
    }
  }
  if (open.length !== 1 || top.children.length !== 1 || top.text.trim() !== '' || top.children[0].name !== rootName) throw malformed()
  return top.children[0]
}

export const escape = text => String(text).replace(/[&<>"\r]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' })[c])

// write('A', { B: 1, C: ['x', 'y'], D: { E: true } }): arrays repeat their element, undefined is left out.
export function write (name, content) {
  const inner = value => typeof value === 'object'
    ? Object.entries(value).flatMap(([key, one]) => [one].flat().filter(item => item !== undefined).map(item => `<${key}>${inner(item)}</${key}>`)).join('')
    : escape(value)
  const space = name === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${space}>${inner(content)}</${name}>`
}
