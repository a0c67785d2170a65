/** What the process of a test is itself configured with, for a while: others that share it find it as it was. */
import { vi } from 'vitest'
import { forgetAll } from '#platform/in-memory.ts'

export function configure(settings: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  forgetAll()
}

export function unconfigure(): void {
  vi.unstubAllEnvs()
  forgetAll()
}
