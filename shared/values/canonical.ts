/** One text for equal values: JSON with the fields of every object in one order (as RFC 8785 writes strings, whole numbers, booleans and null). */
export function canonical(value: unknown): string {
  return JSON.stringify(inOneOrder(value))
}

function inOneOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOneOrder)
  if (value === null || typeof value !== 'object') return value
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, inner]) => [name, inOneOrder(inner)]))
}
