/**
 * Reads the parameters of one request as what they should be, and refuses what they are not, in Stripe's words.
 *
 * Every refusal names the parameter the way the caller wrote it (`line_items[0][quantity]`).
 */
import type { Form, FormValue } from './form.ts'
import { invalid, missing } from './refusal.ts'

export type Metadata = Record<string, string>

export class Fields {
  readonly #form: Form
  readonly #path: string

  constructor(form: Form, path = '') {
    this.#form = form
    this.#path = path
  }

  /** Refuses parameters the endpoint does not know. */
  only(known: ReadonlySet<string>): void {
    for (const name of Object.keys(this.#form)) {
      if (known.has(name)) continue
      const param = this.param(name)
      if (name === 'payment_method_types') {
        const message =
          'The parameter `payment_method_types` is no longer supported. Use `automatic_payment_methods[enabled]`, ' +
          '`allowed_payment_method_types` or `excluded_payment_method_types` instead.'
        throw invalid(message, { code: 'payment_method_types_no_longer_supported', param })
      }
      throw invalid(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param })
    }
  }

  param(name: string): string {
    return this.#path === '' ? name : `${this.#path}[${name}]`
  }

  has(name: string): boolean {
    return this.#form[name] !== undefined
  }

  text(name: string): string | undefined {
    const value = this.#text(name)
    if (value !== '') return value
    const param = this.param(name)
    const message =
      `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; ` +
      `however '${param}' cannot be unset.`
    throw invalid(message, { code: 'parameter_invalid_empty', param })
  }

  /** Text that an empty value clears. */
  clearable(name: string): string | null | undefined {
    const value = this.#text(name)
    return value === '' ? null : value
  }

  needText(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw missing(this.param(name))
    return value
  }

  integer(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (/^-?\d{1,15}$/.test(value)) return Number(value)
    throw invalid(`Invalid integer: ${value}`, { code: 'parameter_invalid_integer', param: this.param(name) })
  }

  needInteger(name: string): number {
    const value = this.integer(name)
    if (value === undefined) throw missing(this.param(name))
    return value
  }

  positive(name: string): number | undefined {
    const value = this.integer(name)
    if (value === undefined || value > 0) return value
    throw invalid('Invalid positive integer', { code: 'parameter_invalid_integer', param: this.param(name) })
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name)
    if (value === undefined || value === 'true' || value === 'false') return value === undefined ? undefined : value === 'true'
    throw invalid(`Invalid boolean: ${value}`, { param: this.param(name) })
  }

  choice<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name)
    const known = allowed.find((option) => option === value)
    if (value === undefined || known !== undefined) return known
    const message = `Invalid ${this.param(name)}: must be one of ${allowed.join(', ')}`
    throw invalid(message, { param: this.param(name) })
  }

  list(name: string): string[] | undefined {
    const value = this.#form[name]
    if (value === undefined || value === '') return value === undefined ? undefined : []
    const items = typeof value === 'string' ? undefined : Object.values(value)
    const texts = items?.filter((item) => typeof item === 'string')
    if (texts === undefined || texts.length !== items?.length) throw invalid('Invalid array', { param: this.param(name) })
    return texts
  }

  group(name: string): Fields | undefined {
    const value = this.#form[name]
    if (value === undefined || value === '') return undefined
    return this.#inner(value, this.param(name))
  }

  groups(name: string): Fields[] {
    const value = this.#form[name]
    if (value === undefined || value === '') return []
    if (typeof value === 'string') throw invalid('Invalid array', { param: this.param(name) })
    return Object.entries(value).map(([key, item]) => this.#inner(item, `${this.param(name)}[${key}]`))
  }

  /** The metadata after this request: names are merged in, an empty value takes one away, an empty `metadata` all. */
  metadata(before: Metadata = {}, name = 'metadata'): Metadata | undefined {
    const value = this.#form[name]
    if (value === undefined) return undefined
    if (value === '') return {}
    const param = this.param(name)
    if (typeof value === 'string') throw invalid('Invalid object', { param })
    const merged: Metadata = { ...before }
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string' || key.length > 40 || text.length > 500) {
        throw invalid('Metadata keys can have up to 40 characters and values up to 500.', { param: `${param}[${key}]` })
      }
      if (text === '') delete merged[key]
      else merged[key] = text
    }
    if (Object.keys(merged).length > 50) throw invalid('Metadata can have up to 50 keys.', { param })
    return merged
  }

  /** The tree below `name` as plain data, for parts that are kept as they came: addresses, evidence. */
  plain(name: string): Record<string, unknown> | undefined {
    const value = this.#form[name]
    if (value === undefined || typeof value === 'string') return undefined
    return { ...value }
  }

  names(): string[] {
    return Object.keys(this.#form)
  }

  #text(name: string): string | undefined {
    const value = this.#form[name]
    if (value === undefined || typeof value === 'string') return value
    throw invalid('Invalid string', { param: this.param(name) })
  }

  #inner(value: FormValue, path: string): Fields {
    if (typeof value === 'string' || Array.isArray(value)) throw invalid('Invalid object', { param: path })
    return new Fields(value, path)
  }
}
