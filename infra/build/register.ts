/** How a function becomes one of the framework's: the same in the local cloud and in a bundle. */
import { cloudEvent, http } from '@google-cloud/functions-framework'
import type { Declaration } from '../../shared/entry/declaration.ts'

export function register(declaration: Declaration): void {
  if (declaration.kind === 'message') cloudEvent(declaration.name, declaration.handle)
  else http(declaration.name, declaration.handle)
}
