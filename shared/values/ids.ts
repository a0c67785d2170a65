/** Ids: a prefix that says what it is, then 130 random bits in an alphabet that survives being read aloud and typed. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 26

/** `ord_4f7k...`: unguessable, never reused. */
export function newId(prefix: string): string {
  return `${prefix}_${encode(crypto.getRandomValues(new Uint8Array(LENGTH)))}`
}

/** Writes bytes in the alphabet, five bits of each. */
export function encode(bytes: Uint8Array, length = LENGTH): string {
  let text = ''
  for (const byte of bytes.subarray(0, length)) text += ALPHABET[byte % 32]
  return text
}

/** What a caller may send as an id of ours or of a POS. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9_.:@#+-]{0,127}$/
