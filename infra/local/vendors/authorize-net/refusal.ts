/**
 * The two ways in which the vendor says no, both with HTTP status 200.
 *
 * `Refusal`: the call was not worked on; a message code outside, no transaction. `Trouble with the transaction` is
 * `Failed`: response code 3 inside, which records nothing and has no id of its own.
 */
export class Refusal extends Error {
  readonly code: string

  constructor(code: string, text: string) {
    super(text)
    this.code = code
  }
}

export class Failed extends Error {
  readonly code: string
  /** The transaction that this one would have repeated. */
  readonly original: { readonly id: string; readonly authCode: string } | undefined

  constructor(code: string, text: string, original?: { id: string; authCode: string }) {
    super(text)
    this.code = code
    this.original = original
  }
}

export function notFound(): Refusal {
  return new Refusal('E00040', 'The record cannot be found.')
}
