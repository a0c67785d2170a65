/**
 * What the Google clients in a bundle take for the `Headers` and `FormData` of the platform: those of the package that sends
 * their requests. Node's own would load all of its `fetch`, which nobody calls, at the first token and the first row for the
 * warehouse.
 */
interface Sender {
  readonly Headers: unknown
  readonly FormData: unknown
}

export const sender: Sender = {
  get Headers() {
    return sent().Headers
  },
  get FormData() {
    return sent().FormData
  },
}

/** Loaded when a request is made, as the clients do. */
function sent(): Sender {
  return require('node-fetch') as Sender
}
