// AWS's binary framing of streams (vnd.amazon.eventstream), written independently of the gateway's reader.
const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n
})
export const crc32 = bytes => (bytes.reduce((crc, byte) => table[(crc ^ byte) & 255] ^ (crc >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0

const number = (value, size) => { const out = Buffer.alloc(size); out.writeUIntBE(value, 0, size); return out }

export function frame (headers, payload) {
  const list = Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [number(name.length, 1), Buffer.from(name), number(7, 1), number(Buffer.byteLength(value), 2), Buffer.from(value)]))
  const body = Buffer.from(payload)
  const prelude = Buffer.concat([number(16 + list.length + body.length, 4), number(list.length, 4)])
  const message = Buffer.concat([prelude, number(crc32(prelude), 4), list, body])
  return Buffer.concat([message, number(crc32(message), 4)])
}
