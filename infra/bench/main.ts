/** `npm run bench -- checkout [--seconds 60]`: measures the product as it runs on one machine. */
import { parseArgs } from 'node:util'
import { benchCheckout } from './checkout.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, instances: { type: 'string', default: '2' } },
})
if (positionals[0] !== 'checkout') {
  process.stderr.write('Say what to measure: npm run bench -- checkout\n')
  process.exit(1)
}
await benchCheckout({ sustainedSeconds: Number(values.seconds), instances: Number(values.instances) })
