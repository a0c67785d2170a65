/**
 * Stripe's request encoding: `a=1&metadata[order_id]=o-1&expand[0]=x&types[]=y` becomes a tree of text.
 *
 * Must never let a name reach an object's prototype, so every node is without one. Everything stays text here;
 * `fields.ts` knows what a number or a yes is. Both the SDK's indexed arrays and the documents' `[]` are read.
 */
export type FormValue = string | Form | FormValue[]
export interface Form {
  [name: string]: FormValue
}

const INDEX_MAX = 1000
const DEPTH_MAX = 8

export function parseForm(text: string): Form {
  const form: Form = node()
  if (text === '') return form
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decoded(pair.slice(equals + 1))
    put(form, keysOf(name), value)
  }
  return form
}

function node(): Form {
  return Object.create(null) as Form
}

function decoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** `a[b][0]` is `['a', 'b', '0']`. */
function keysOf(name: string): string[] {
  const bracket = name.indexOf('[')
  if (bracket <= 0) return [name]
  const rest = name.slice(bracket + 1)
  return [name.slice(0, bracket), ...(rest.endsWith(']') ? rest.slice(0, -1) : rest).split('][')].slice(0, DEPTH_MAX)
}

function put(form: Form, keys: readonly string[], value: string): void {
  let place: Form | FormValue[] = form
  for (const [depth, key] of keys.entries()) {
    const next = keys[depth + 1]
    if (next === undefined) return void assign(place, key, value)
    const known: FormValue | undefined = read(place, key, next)
    if (known !== undefined && typeof known !== 'string') {
      place = known
      continue
    }
    const made: Form | FormValue[] = isIndex(next) && key !== 'metadata' ? [] : node()
    assign(place, key, made)
    place = made
  }
}

function isIndex(key: string): boolean {
  return key === '' || (/^\d+$/.test(key) && Number(key) <= INDEX_MAX)
}

/** `list[][name]` goes on with the last element until that has the name already. */
function read(place: Form | FormValue[], key: string, next: string): FormValue | undefined {
  if (!Array.isArray(place)) return place[key]
  if (key !== '') return place[Number(key)]
  const last = place.at(-1)
  return last === undefined || typeof last === 'string' || Array.isArray(last) || next in last ? undefined : last
}

function assign(place: Form | FormValue[], key: string, value: FormValue): void {
  if (!Array.isArray(place)) place[key] = value
  else if (key === '' || !isIndex(key)) place.push(value)
  else place[Number(key)] = value
}
