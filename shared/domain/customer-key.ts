/** What staff are told about customers' keys. */
import { HOUR_MS } from '#values/time.ts'
import type { Alert } from './alert.ts'

/** It is over by itself when the missing key is mounted: then nothing more is heard of it. */
export function unreadableKeysAlert(keys: number): Alert {
  return {
    key: 'vault/unreadable-keys', severity: 'p1', quietMs: 2 * HOUR_MS, details: { keys },
    summary: 'Keys of customers are wrapped under a master key that is not mounted: mount it as MASTER_KEY_PREVIOUS, or what they seal is lost.',
  }
}
