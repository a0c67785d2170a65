/** Where the functions are, and what they declare. */
import type { Declaration } from '../../shared/entry/declaration.ts'
import { declarationsOf } from './declarations.ts'

/** The functions themselves: what an instance runs. */
export const FUNCTIONS_MODULE = new URL('../../functions/index.ts', import.meta.url)

export async function loadDeclarations(module: URL = FUNCTIONS_MODULE): Promise<Declaration[]> {
  return declarationsOf((await import(module.href)) as Record<string, unknown>)
}
