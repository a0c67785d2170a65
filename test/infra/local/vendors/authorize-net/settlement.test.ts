/** Voids, refunds, batches and lists at the Authorize.Net simulator: what can be given back when, and where it is listed. */
import { describe, expect, test } from 'vitest'
import { DAY_MS, openAccount, said, type Json } from './at-authorize-net.ts'

const NEWEST = { orderBy: 'submitTimeUTC', orderDescending: true }

describe('does', () => {
  test('void what is not settled, all of it, as often as it is asked', async () => {
    const account = await openAccount()
    const id = await account.charged()
    const cancel = () => account.transact({ transactionType: 'voidTransaction', refTransId: id })
    expect(said(await cancel())).toEqual(['I00001', '1', '1'])
    expect(said(await cancel())).toEqual(['I00001', '1', '310'])
    expect((await account.details(id))['transactionStatus']).toBe('voided')
    expect(said(await account.refund(id, '45.00'))).toEqual(['E00027', '3', '54'])
  })

  test('settle once a day what waits, in one batch with what was declined and voided, and leave the rest', async () => {
    const account = await openAccount()
    const [paid, voided] = [await account.charged(), await account.charged()]
    await account.transact({ transactionType: 'voidTransaction', refTransId: voided })
    await account.charge({}, 'tok_declined')
    const held = await account.charged({}, 'tok_held')
    expect(said(await account.refund(paid, '45.00'))).toEqual(['E00027', '3', '54'])
    await account.pass(DAY_MS)
    const [batch] = (await account.ask('getSettledBatchListRequest', { includeStatistics: true }))['batchList'] as Json[]
    expect(batch?.['statistics']).toMatchObject([{ accountType: 'Visa', chargeAmount: 45, chargeCount: 1, voidCount: 1, declineCount: 1, refundCount: 0 }])
    expect(await account.details(paid)).toMatchObject({ transactionStatus: 'settledSuccessfully', batch: { batchId: batch?.['batchId'] } })
    expect((await account.details(held))['transactionStatus']).toBe('FDSAuthorizedPendingReview')
    expect(said(await account.transact({ transactionType: 'voidTransaction', refTransId: paid }))).toEqual(['E00027', '3', '16'])
    await account.pass(DAY_MS)
    expect(account.vendor.objects('batches')).toHaveLength(1)
  })

  test('refund what is settled, in parts, until nothing is left; a voided refund counts for nothing', async () => {
    const account = await openAccount()
    const id = await account.charged()
    await account.act('settle')
    const first = await account.refund(id, '20.00', { order: { invoiceNumber: 'R1' } })
    expect(said(first)).toEqual(['I00001', '1', '1'])
    expect(said(await account.refund(id, '20.00', { order: { invoiceNumber: 'R2' } }))).toEqual(['I00001', '1', '1'])
    expect(said(await account.refund(id, '20.00', { order: { invoiceNumber: 'R2' } }))).toEqual(['E00027', '3', '11'])
    expect(said(await account.refund(id, '5.01', { order: { invoiceNumber: 'R3' } }))).toEqual(['E00027', '3', '55'])
    expect(said(await account.refund(id, '45.01', { order: { invoiceNumber: 'R4' } }))).toEqual(['E00027', '3', '51'])
    await account.transact({ transactionType: 'voidTransaction', refTransId: first['transactionResponse'].transId })
    expect(said(await account.refund(id, '25.00', { order: { invoiceNumber: 'R5' } }))).toEqual(['I00001', '1', '1'])
    await account.act('settle')
    const refunds = (account.vendor.objects('transactions') as Json[]).filter(({ refTransId }) => refTransId === id)
    expect(refunds.map(({ transactionStatus, settleAmount }) => [transactionStatus, settleAmount])).toEqual([
      ['voided', 20], ['refundSettledSuccessfully', 20], ['refundSettledSuccessfully', 25],
    ])
  })

  test('tell a transaction in full, numbers as numbers, with its order', async () => {
    const account = await openAccount()
    const id = await account.charged({ order: { invoiceNumber: 'INV-FULL', description: 'All of it' }, customer: { id: 'c-1', email: 'a@b.c' } })
    expect(await account.details(id)).toMatchObject({
      transId: id, transactionType: 'authCaptureTransaction', responseCode: 1, responseReasonCode: 1, authAmount: 45, settleAmount: 45,
      order: { invoiceNumber: 'INV-FULL', description: 'All of it' }, requestedAmountSpecified: false,
      payment: { creditCard: { cardNumber: 'XXXX1111', expirationDate: 'XXXX' } },
    })
  })

  test('list the open ones and a batch page by page: the offset is the number of the page', async () => {
    const account = await openAccount()
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.push(await account.charged())
    const page = async (operation: string, fields: Json, offset: number) => {
      const answer = await account.ask(operation, { ...fields, sorting: NEWEST, paging: { limit: 2, offset } })
      return [((answer['transactions'] ?? []) as Json[]).map(({ transId }) => transId), answer['totalNumInResultSet'], answer['messages'].message[0].code]
    }
    const newest = ids.toReversed()
    expect(await page('getUnsettledTransactionListRequest', {}, 1)).toEqual([newest.slice(0, 2), 5, 'I00001'])
    expect(await page('getUnsettledTransactionListRequest', {}, 3)).toEqual([newest.slice(4), 5, 'I00001'])
    expect(await page('getUnsettledTransactionListRequest', {}, 4)).toEqual([[], 5, 'I00004'])
    await account.act('settle')
    const [batch] = account.vendor.objects('batches') as Json[]
    expect(await page('getTransactionListRequest', { batchId: batch?.['batchId'] }, 2)).toEqual([newest.slice(2, 4), 5, 'I00001'])
    expect(await page('getUnsettledTransactionListRequest', {}, 1)).toEqual([[], 0, 'I00004'])
  })

  test('list what waits for an approval, and only that, when it is asked so', async () => {
    const account = await openAccount()
    await account.charge()
    const held = await account.charged({}, 'tok_held')
    const { transactions } = await account.ask('getUnsettledTransactionListRequest', { status: 'pendingApproval' })
    expect(transactions.map(({ transId }: Json) => transId)).toEqual([held])
  })

  test('let what was only authorised, and what nobody reviewed, go after thirty days', async () => {
    const account = await openAccount()
    const ids = [await account.charged({ transactionType: 'authOnlyTransaction' }), await account.charged({}, 'tok_held')]
    await account.pass(29 * DAY_MS)
    expect((await account.details(ids[0] as string))['transactionStatus']).toBe('authorizedPendingCapture')
    await account.pass(2 * DAY_MS)
    for (const id of ids) expect((await account.details(id))['transactionStatus']).toBe('expired')
  })

  test('say nothing was found without the key of the list', async () => {
    const account = await openAccount()
    const answer = await account.ask('getSettledBatchListRequest')
    expect([answer['batchList'], said(answer)]).toEqual([undefined, ['I00004']])
  })
})

describe('refuses', () => {
  test('a refund to another card, after half a year, and of what is not there', async () => {
    const account = await openAccount()
    const id = await account.charged()
    await account.act('settle')
    const other = { payment: { creditCard: { cardNumber: '0015', expirationDate: 'XXXX' } } }
    expect(said(await account.transact({ transactionType: 'refundTransaction', amount: '1.00', ...other, refTransId: id }))).toEqual(['E00027', '3', '54'])
    expect(said(await account.refund('1', '1.00'))).toEqual(['E00027', '3', '16'])
    await account.pass(181 * DAY_MS)
    expect(said(await account.refund(id, '1.00'))).toEqual(['E00027', '3', '54'])
  })

  test('a span of batches longer than 31 days, a page beyond its limits, an unknown transaction', async () => {
    const account = await openAccount()
    const dates = { firstSettlementDate: '2026-01-01T00:00:00Z', lastSettlementDate: '2026-02-02T00:00:00Z' }
    expect(said(await account.ask('getSettledBatchListRequest', { includeStatistics: false, ...dates }))).toEqual(['E00013'])
    for (const paging of [{ limit: 1001, offset: 1 }, { limit: 10, offset: 0 }]) {
      expect(said(await account.ask('getUnsettledTransactionListRequest', { sorting: NEWEST, paging }))).toEqual(['E00013'])
    }
    expect(said(await account.ask('getTransactionDetailsRequest', { transId: '1' }))).toEqual(['E00040'])
  })
})
