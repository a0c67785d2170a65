/** Where the next page of a list begins: the moment and the id of the last one shown, in a text that callers only hand back. */
import { invalid } from './failure.ts'
import { ID } from './ids.ts'

export function cursorOf(atMs: number, id: string): string {
  return Buffer.from(`${atMs} ${id}`).toString('base64url')
}

/** @throws Failure INVALID_INPUT when it is not one of ours */
export function cursorParts(cursor: string): [atMs: number, id: string] {
  const [at = '', id = '', ...more] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ')
  if (!/^\d{1,15}$/.test(at) || !ID.test(id) || more.length > 0) throw invalid('cursor', 'is not one of ours')
  return [Number(at), id]
}
