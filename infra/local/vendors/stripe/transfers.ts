/**
 * Transfers: money of our balance goes to the account of somebody else who is connected to ours, at once.
 *
 * Only what is available can be transferred, and it may be taken back, whole or in parts. Every account is taken for
 * connected, except one whose id says that it is gone.
 */
import type { Account } from './account.ts'
import { available, move } from './balance.ts'
import type { Fields } from './fields.ts'
import type { Transfer } from './kept.ts'
import { currencyOf } from './money.ts'
import { invalid, missing, noSuch, notFound, unexpectedState } from './refusal.ts'

const CONNECTED = /^acct_(?!gone)\w+$/

export function createTransfer(account: Account, fields: Fields): Transfer {
  const currency = currencyOf(fields)
  const amount = fields.positive('amount')
  const destination = fields.needText('destination')
  const group = fields.text('transfer_group') ?? null
  const description = fields.text('description') ?? null
  const metadata = fields.metadata() ?? {}
  if (amount === undefined) throw missing('amount')
  if (!CONNECTED.test(destination)) throw noSuch('destination', destination, 'destination')
  if (amount > available(account, currency)) {
    const message = 'You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance.'
    throw unexpectedState(message, { code: 'balance_insufficient' })
  }
  const id = account.ids.next('tr')
  const movement = move(account, {
    amount: -amount, currency, type: 'transfer', reportingCategory: 'transfer', source: id, description, availableAtOnce: true,
  })
  const transfer = account.transfers.add({
    id,
    object: 'transfer',
    amount,
    amount_reversed: 0,
    balance_transaction: movement.id,
    created: account.now(),
    currency,
    description,
    destination,
    destination_payment: account.ids.next('py'),
    livemode: false,
    metadata,
    reversals: { object: 'list', data: [], has_more: false, url: `/v1/transfers/${id}/reversals` },
    reversed: false,
    source_transaction: null,
    source_type: 'card',
    transfer_group: group,
  })
  account.eventLog.happened('transfer.created', transfer)
  return transfer
}

/** Money comes back: all that is left of it, or a part. */
export function reverseTransfer(account: Account, id: string, amount?: number): Transfer {
  const transfer = account.transfers.get(id)
  if (transfer === undefined) throw notFound('transfer', id)
  const left = transfer.amount - transfer.amount_reversed
  const back = amount ?? left
  if (back <= 0 || back > left) throw invalid(`At most ${left} of transfer ${id} can be reversed.`, { param: 'amount' })
  const reversalId = account.ids.next('trr')
  const movement = move(account, {
    amount: back, currency: transfer.currency, type: 'transfer_refund', reportingCategory: 'transfer_reversal', source: reversalId, availableAtOnce: true,
  })
  const reversal = {
    id: reversalId, object: 'transfer_reversal' as const, amount: back, balance_transaction: movement.id, created: account.now(), currency: transfer.currency,
    destination_payment_refund: null, metadata: {}, source_refund: null, transfer: id,
  }
  const reversed = transfer.amount_reversed + back
  const after = account.transfers.change(id, {
    amount_reversed: reversed, reversed: reversed === transfer.amount, reversals: { ...transfer.reversals, data: [reversal, ...transfer.reversals.data] },
  })
  account.eventLog.happened('transfer.reversed', after)
  return after
}
