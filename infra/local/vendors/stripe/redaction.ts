/** A request as it may be shown: card numbers, security codes and client secrets are blotted out. */
import type { Form, FormValue } from './form.ts'

const SECRET = new Set(['number', 'cvc', 'client_secret'])

export function withoutSecrets(form: Form): Form {
  if (form['payment_method_data'] === undefined && form['card'] === undefined && form['client_secret'] === undefined) return form
  return blotted(form) as Form
}

function blotted(value: FormValue): FormValue {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(blotted)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, SECRET.has(name) ? '***' : blotted(inner)]))
}
