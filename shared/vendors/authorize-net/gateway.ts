/**
 * Authorize.Net behind the gateway port; in the shop it is called KAJA.
 *
 * It knows no keys of ours. So whatever moves money carries an invoice number of its own, and is looked for by it before
 * anybody sends it again; and whatever follows a transaction is decided by what the transaction is now.
 */
import type { Gateway } from '#domain/payment.ts'
import { config } from '#platform/config.ts'
import { patience } from './api.ts'
import { removeCard, storeCard, storePaying } from './cards.ts'
import { charge, chargeStored, find } from './charging.ts'
import { disputeAtAuthorizeNet } from './disputes.ts'
import { movements } from './movements.ts'
import { refund } from './refunding.ts'
import { cancel, capture } from './reviewing.ts'

/** A search reads some lists before it looks at what it has found. */
const FIND_CALLS_MAX = 4

export const authorizeNetGateway: Gateway = {
  name: 'kaja',
  charge,
  storeCard,
  storePaying,
  chargeStored,
  removeCard,
  find: (request, transactionId) => {
    const { VENDOR_DEADLINE_MS } = config('deadlines')
    return find(request, transactionId, patience(VENDOR_DEADLINE_MS, FIND_CALLS_MAX))
  },
  capture,
  cancel,
  refund,
  movements,
  dispute: disputeAtAuthorizeNet,
}
