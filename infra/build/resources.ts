/**
 * What a function's instances get by its kind, unless its declaration says otherwise.
 *
 * Google gives a function one request at a time unless told, and refuses more to less than one vCPU; so whatever takes
 * several has a whole one. What runs on a clock has one request, and pays for a third.
 */
import type { Declaration, Resources } from '../../shared/entry/declaration.ts'

const BY_KIND: Readonly<Record<Declaration['kind'], Resources>> = {
  endpoint: { cpu: 1, memoryMib: 512, concurrency: 40, instancesMin: 0, instancesMax: 20 },
  // A vendor sends many at once after it was away; each is one small write.
  webhook: { cpu: 1, memoryMib: 512, concurrency: 40, instancesMin: 0, instancesMax: 10 },
  message: { cpu: 1, memoryMib: 512, concurrency: 10, instancesMin: 0, instancesMax: 10 },
  // The second is for staff who run it while the clock does.
  schedule: { cpu: 0.333, memoryMib: 512, concurrency: 1, instancesMin: 0, instancesMax: 2 },
}

export function resourcesOf({ kind, resources }: Declaration): Resources {
  return { ...BY_KIND[kind], ...resources }
}
