/**
 * How an instance of one function begins (and tells `compile.ts` which one it is): wrong configuration ends it before the platform sends it a request, so that a
 * deployment with a wrong value fails instead of its customers.
 */
import type { Declaration } from '../../../shared/entry/declaration.ts'
import { openFront } from '../../../shared/entry/front.ts'
import { checkAtStart } from '../../../shared/platform/config.ts'
import { register } from '../register.ts'

export function start(declaration: Declaration): Declaration {
  // What is not called by people needs less, and finds out at its first run, which is tried again.
  if (declaration.kind === 'endpoint') checkAtStart()
  if (declaration.kind === 'endpoint' || declaration.kind === 'webhook') openFront()
  register(declaration)
  return declaration
}
