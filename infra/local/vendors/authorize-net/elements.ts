/**
 * The order of elements. The vendor turns JSON into XML and holds it against a schema of sequences: an element in the
 * wrong place, or one that the schema does not know, is E00003, and nothing is done.
 */
import { Refusal } from './refusal.ts'

/**
 * What an element may hold: a text (of so many characters at most; 0 for any), or elements in exactly this order. A name
 * that ends in `!` must be there.
 */
export type Shape = number | { readonly [element: string]: Shape }

const NAMESPACE = 'AnetApi/xml/v1/schema/AnetApiSchema.xsd'

export function checkElement(name: string, value: unknown, shape: Shape): void {
  if (Array.isArray(value)) {
    for (const one of value) checkElement(name, one, shape)
    return
  }
  if (typeof shape === 'number') return checkText(name, value, shape)
  if (!isElement(value)) throw new Refusal('E00003', `The element '${name}' in namespace '${NAMESPACE}' cannot contain text.`)
  const wanted = Object.keys(shape)
  let place = 0
  for (const [child, inner] of Object.entries(value)) {
    const found = wanted.findIndex((one, index) => index >= place && plain(one) === child)
    const skipped = wanted.slice(place, found).find(isRequired)
    if (found === -1 || skipped !== undefined) throw invalidChild(name, child, expected(wanted.slice(place)))
    checkElement(child, inner, shape[wanted[found] ?? ''] ?? 0)
    place = found + 1
  }
  const missing = wanted.slice(place)
  if (missing.some(isRequired)) {
    const what = `The element '${name}' in namespace '${NAMESPACE}' has incomplete content.`
    throw new Refusal('E00003', `${what} ${listed(expected(missing))}`)
  }
}

function checkText(name: string, value: unknown, lengthMax: number): void {
  if (value !== null && typeof value === 'object') throw invalidChild(name, Object.keys(value)[0] ?? '', [])
  const text = String(value ?? '')
  if (lengthMax === 0 || text.length <= lengthMax) return
  const what = `The '${NAMESPACE}:${name}' element is invalid - The value '${text}' is invalid according to its datatype 'String'`
  throw new Refusal('E00003', `${what} - The actual length is greater than the MaxLength value.`)
}

function invalidChild(parent: string, child: string, possible: readonly string[]): Refusal {
  const where = `in namespace '${NAMESPACE}'`
  return new Refusal('E00003', `The element '${parent}' ${where} has invalid child element '${child}' ${where}. ${listed(possible)}`)
}

function listed(possible: readonly string[]): string {
  return possible.length === 0 ? '' : `List of possible elements expected: '${possible.join(', ')}' in namespace '${NAMESPACE}'.`
}

/** What could have stood here: up to the first that must. */
function expected(left: readonly string[]): string[] {
  const required = left.findIndex(isRequired)
  return (required === -1 ? left : left.slice(0, required + 1)).map(plain)
}

function isRequired(name: string): boolean {
  return name.endsWith('!')
}

function plain(name: string): string {
  return isRequired(name) ? name.slice(0, -1) : name
}

export function isElement(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
