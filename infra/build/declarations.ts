/**
 * Picks the declarations out of what a functions module exports: the one list that bundles, rewrites, alarms and the local
 * cloud's wiring are derived from.
 *
 * Two exports may never claim one name or one route: whichever came first would win in silence.
 */
import type { Declaration } from '../../shared/entry/declaration.ts'

const KINDS: readonly unknown[] = ['endpoint', 'webhook', 'schedule', 'message']

export function declarationsOf(module: Record<string, unknown>): Declaration[] {
  const declarations = Object.values(module).filter(isDeclaration)
  refuseTwice(declarations.map((declaration) => declaration.name), 'name')
  refuseTwice(declarations.flatMap((declaration) => ('path' in declaration ? [shapeOf(declaration.path)] : [])), 'route')
  return declarations
}

function isDeclaration(value: unknown): value is Declaration {
  return typeof value === 'object' && value !== null && 'kind' in value && 'handle' in value && KINDS.includes(value.kind)
}

/** `/api/orders/:orderId` and `/api/orders/:id` are one route. */
function shapeOf(path: string): string {
  return path.replaceAll(/:[^/]+/g, '*')
}

function refuseTwice(values: readonly string[], what: string): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index)
  if (twice !== undefined) throw new Error(`Two functions declare the ${what} "${twice}"; each ${what} belongs to one function.`)
}
