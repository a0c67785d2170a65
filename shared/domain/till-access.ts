/** What staff are told when the point of sale lets us in no more, and when it does again. */
import type { AlertChange } from './alert.ts'

export const ACCESS_KEY = 'square/access'

export function accessWithdrawn(): AlertChange {
  return {
    raise: {
      key: ACCESS_KEY, severity: 'p0', details: { vendor: 'square' },
      summary: 'Square has withdrawn our access: prices and counts come no more, and the till is not told what is sold online.',
    },
  }
}
