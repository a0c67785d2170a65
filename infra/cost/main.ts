/** `npm run cost`: counts what a shop does against a local cloud of its own, and writes what it costs into infra/cost/costs.md. */
import { writeFileSync } from 'node:fs'
import { loadDeclarations } from '../build/functions-module.ts'
import { googleMap } from '../build/google.ts'
import { instancesOf, readBlocks, scopeOf } from '../google/configuration.ts'
import { measure } from './measure.ts'
import { costPage } from './page.ts'

const declarations = await loadDeclarations()
const blocks = await readBlocks()
const policies = instancesOf(blocks, await scopeOf(blocks, 'prod')).filter(({ block }) => block.type === 'google_monitoring_alert_policy').length
const page = costPage(await measure(declarations), { declarations, cloud: await googleMap(declarations), policies })
writeFileSync(new URL('costs.md', import.meta.url), page)
process.stdout.write(page)
