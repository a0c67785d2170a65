/** `npm run drill`: runs the disaster drill against a local cloud of its own, and exits 1 when anything did not come back as it should. */
import { drill } from './drill.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const { documents, collections, faults, downSeconds, restoreSeconds } = await drill(say)
say('')
say(`RTO here: ${downSeconds.toFixed(1)} s from the loss to open doors, ${restoreSeconds.toFixed(1)} s of them to restore ${documents} documents of ${collections} collections.`)
say('RTO at Google: the same steps by hand or script, some minutes, and the restore itself, which grows with the database (about an hour for tens of GiB).')
say('RPO here: what was written after the export. Of that, money is found at the gateways, forgotten customers in the warehouse, stock at the till.')
say('RPO at Google: a minute by point-in-time recovery (7 days back), a day by the daily backup or export. infra/runbook/restore.md says which to take.')
if (faults.length > 0) process.exitCode = 1
