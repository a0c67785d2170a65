/**
 * `npm run test:fuzz`: asks every operation at random, longer than the tests do. `-- --requests N` for each operation,
 * `-- --seed S` repeats what a fault names, `-- --only NAME,NAME` asks these operations.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { OpenApi } from '../../infra/build/openapi.ts'
import { fuzz } from './fuzz.ts'
import { openFurnished } from './ground.ts'

const { values } = parseArgs({ options: { requests: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } } })
const document = JSON.parse(readFileSync(new URL('../../infra/hosting/openapi.json', import.meta.url), 'utf8')) as OpenApi
const furnished = await openFurnished()
const { asked, statuses, good, faults } = await fuzz(furnished, {
  document, requests: Number(values.requests), seed: Number(values.seed), ...(values.only === undefined ? {} : { only: values.only.split(',') }),
})
await furnished.shop.cloud.stop()
const never = Object.values(document.paths).flatMap((methods) => Object.values(methods)).map(({ operationId }) => operationId).filter((id) => !good.includes(id))
if (never.length > 0) process.stdout.write(`never answered well: ${never.join(', ')}\n`)
for (const fault of faults) process.stdout.write(`${fault}\n`)
process.stdout.write(`${asked} requests with seed ${values.seed}: ${JSON.stringify(statuses)}, ${good.length} operations answered well, ${faults.length} faults\n`)
process.exit(faults.length === 0 ? 0 : 1)
