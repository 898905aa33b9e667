// Random documents: every kind of content that Yjs has, from a seed.
import { createRequire } from 'node:module'

const Y = createRequire(import.meta.url)('yjs')

// mulberry32: small, and the same everywhere.
export function randomOf (seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = n => Math.floor(next() * n)
  return { below, pick: list => list[below(list.length)], chance: share => next() < share }
}

const words = ['a', 'two words', 'ünïcödé', '😀', '👩‍👩‍👧 family', '漢字かな', 'x'.repeat(300), '𝄞𝄞𝄞', '\u0000', 'é'.repeat(40)]

const values = [0, -1, 1.5, 2 ** 40, -(2 ** 31), 1e300, true, false, null, 'text', '😀',
  { big: 1234567890123456789n, not: undefined }, [1, [2, ['deep']]], { a: { b: [null, { c: 1 }] } }, new Uint8Array([0, 255, 128]), {}, []]

// One edit of one of the document's parts.
export function edit (doc, random) {
  const { below, pick, chance } = random
  const text = doc.getText('text')
  const map = doc.getMap('map')
  const list = doc.getArray('list')
  const xml = doc.getXmlFragment('xml')
  const place = length => below(length + 1)
  const cut = of => { const at = below(of.length); return [at, 1 + below(Math.min(of.length - at, 20))] }
  // Never between the halves of a surrogate pair: documents of Yjs itself then differ by who cut first.
  const whole = at => {
    const low = text.toDelta().map(op => typeof op.insert === 'string' ? op.insert : ' ').join('').charCodeAt(at)
    return low >= 0xDC00 && low < 0xE000 ? at + 1 : at
  }
  const textPlace = () => whole(place(text.length))
  const textCut = () => { const [at, size] = cut(text); const from = whole(at); return [from, whole(Math.min(at + size, text.length)) - from] }
  const child = () => pick([() => new Y.Text('inner ' + pick(words)), () => new Y.Map([['k', pick(values)]]),
    () => Y.Array.from([1, 'x', new Uint8Array([1])])])()
  pick([
    () => text.insert(textPlace(), pick(words)),
    () => text.insert(textPlace(), pick(words), { bold: true, link: { href: pick(words) } }),
    () => { if (text.length > 0) text.delete(...textCut()) },
    () => { if (text.length > 0) text.format(...textCut(), { italic: pick([true, null]) }) },
    () => text.insertEmbed(textPlace(), { image: pick(words) }),
    () => map.set(pick(['k', 'l', 'm', '😀']), chance(0.1) ? undefined : pick(values)),
    () => map.set(pick(['nested', 'n2']), child()),
    () => map.delete(pick(['k', 'l', 'nested'])),
    () => list.insert(place(list.length), Array.from({ length: 1 + below(4) }, () => pick(values))),
    () => list.insert(place(list.length), [child()]),
    () => { if (list.length > 0) list.delete(...cut(list)) },
    () => list.push([new Y.Doc({ guid: 'sub-' + below(1000), meta: { n: below(9) } })]),
    () => xml.insert(place(xml.length), [chance(0.5) ? new Y.XmlElement(pick(['p', 'div'])) : new Y.XmlText(pick(words))]),
    () => { const node = xml.length > 0 && xml.get(below(xml.length)); if (node instanceof Y.XmlElement) node.setAttribute('class', pick(words)) },
    () => xml.insert(place(xml.length), [new Y.XmlHook('hook')]),
    () => { if (xml.length > 0) xml.delete(...cut(xml)) },
    () => { const inner = map.get('nested'); if (inner instanceof Y.Text) inner.insert(inner.length, pick(words)) },
    // Typing: many small items that follow one another.
    () => { let at = textPlace(); for (const c of [...pick(words)].slice(0, 30)) { text.insert(at, c); at += c.length } }
  ])()
}

// What two documents have to have in common to be the same: all that Yjs knows of them.
export function fingerprint (doc) {
  return JSON.stringify({
    update: Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64'),
    text: doc.getText('text').toDelta(),
    map: printable(doc.getMap('map').toJSON()),
    list: printable(doc.getArray('list').toJSON()),
    xml: doc.getXmlFragment('xml').toString()
  })
}

// What a person would see of it. Documents that have learnt the same by different ways may hold it in other
// pieces, so this is what has to be equal for them.
export function contents (doc) {
  const { text, map, list, xml } = JSON.parse(fingerprint(doc))
  return JSON.stringify({ text, map, list, xml, state: [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort(([a], [b]) => a - b) })
}

function printable (value) {
  return JSON.parse(JSON.stringify(value, (_, v) => v?.constructor === Object ? Object.fromEntries(Object.entries(v).sort()) : typeof v === 'bigint' ? `${v}n` : v instanceof Y.Doc ? { guid: v.guid } : v === undefined ? null : v))
}
