/** Charges at the Authorize.Net simulator: how they are asked for, what comes of them, and what keeps them from being made twice. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { DAY_MS, openAccount, opaque, said, type Json } from './at-authorize-net.ts'

const NAMED_WINDOW = { setting: [{ settingName: 'duplicateWindow', settingValue: '300' }] }

describe('does', () => {
  test('answer behind a byte order mark, with the flat and the nested messages that the vendor has', async () => {
    const account = await openAccount()
    const { bytes } = await account.raw({
      createTransactionRequest: {
        merchantAuthentication: { name: 'login123', transactionKey: 'transaction-key1' },
        refId: 'ord-1001',
        transactionRequest: { transactionType: 'authCaptureTransaction', amount: '45.00', payment: opaque('tok_test'), order: { invoiceNumber: 'INV-1' } },
      },
    })
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    expect(() => JSON.parse(bytes.toString('utf8')) as unknown).toThrow()
    const answer = JSON.parse(bytes.subarray(3).toString('utf8')) as Json
    expect(answer).toMatchObject({
      refId: 'ord-1001',
      messages: { resultCode: 'Ok', message: [{ code: 'I00001', text: 'Successful.' }] },
      transactionResponse: { responseCode: '1', accountNumber: 'XXXX1111', accountType: 'Visa', refTransID: '', messages: [{ code: '1' }] },
    })
  })

  test.each<[string, string, string, string, string | undefined]>([
    ['tok_visa_test', '1', '1', 'I00001', 'capturedPendingSettlement'],
    ['tok_declined', '2', '2', 'I00001', 'declined'],
    ['tok_avs_mismatch', '2', '27', 'E00027', 'declined'],
    ['tok_card_expired', '3', '8', 'E00027', undefined],
    ['tok_processing_error', '3', '19', 'E00027', undefined],
    ['tok_held', '4', '253', 'I00001', 'FDSAuthorizedPendingReview'],
    ['tok_held_unauthorised', '4', '252', 'I00001', 'FDSPendingReview'],
  ])('tell by the card what comes of a charge: %s is %s, reason %s', async (card, code, reason, outer, status) => {
    const account = await openAccount()
    const answer = await account.charge({}, card)
    expect(said(answer)).toEqual([outer, code, reason])
    const [kept] = account.vendor.objects('transactions') as Json[]
    expect(kept?.['transactionStatus']).toBe(status)
    expect(answer['transactionResponse'].transId).toBe(kept?.['transId'] ?? '0')
  })

  test('decline by the zip code that the sandbox has for it', async () => {
    const account = await openAccount()
    expect(said(await account.charge({ billTo: { firstName: 'E', zip: '46282' } }))).toEqual(['I00001', '2', '2'])
  })

  test('authorise first and capture later, less or all of it, once', async () => {
    const account = await openAccount()
    const id = await account.charged({ transactionType: 'authOnlyTransaction' })
    expect((await account.details(id))['transactionStatus']).toBe('authorizedPendingCapture')
    const capture = (amount?: string) => account.transact({ transactionType: 'priorAuthCaptureTransaction', ...(amount === undefined ? {} : { amount }), refTransId: id })
    expect(said(await capture('45.01'))).toEqual(['E00027', '3', '47'])
    expect(said(await capture('40.00'))).toEqual(['I00001', '1', '1'])
    expect(said(await capture())).toEqual(['I00001', '1', '311'])
    expect(await account.details(id)).toMatchObject({ transactionStatus: 'capturedPendingSettlement', authAmount: 45, settleAmount: 40 })
  })

  test('refuse the same transaction within its window, and name the original where the window was named', async () => {
    const account = await openAccount()
    const order = { invoiceNumber: 'INV-TWICE' }
    const first = await account.charge({ order, transactionSettings: NAMED_WINDOW })
    const again = await account.charge({ order, transactionSettings: NAMED_WINDOW })
    expect(said(again)).toEqual(['E00027', '3', '11'])
    expect(again['transactionResponse']).toMatchObject({ transId: first['transactionResponse'].transId, authCode: first['transactionResponse'].authCode })
    const unnamed = { invoiceNumber: 'INV-UNNAMED' }
    await account.charge({ order: unnamed })
    expect((await account.charge({ order: unnamed }))['transactionResponse']).toMatchObject({ responseCode: '3', transId: '0', authCode: '' })
    await account.pass(121_000)
    expect(said(await account.charge({ order: unnamed }))).toEqual(['I00001', '1', '1'])
  })

  test('take as two what differs in amount, invoice, card, name or the window itself, and what had been declined or voided', async () => {
    const account = await openAccount()
    const order = { invoiceNumber: 'INV-1' }
    const asked: Array<[Json, string?]> = [
      [{ order }], [{ order, amount: '45.01' }], [{ order: { invoiceNumber: 'INV-2' } }], [{ order }, 'tok_mastercard_test'],
      [{ order, billTo: { firstName: 'E' } }], [{ order, transactionSettings: NAMED_WINDOW }],
    ]
    for (const [more, card] of asked) expect(said(await account.charge(more, card))[1]).toBe('1')
    const id = await account.charged({ amount: '7.00', order })
    await account.transact({ transactionType: 'voidTransaction', refTransId: id })
    expect(said(await account.charge({ amount: '7.00', order }))[1]).toBe('1')
    await account.charge({ amount: '8.00', order }, 'tok_declined')
    expect(said(await account.charge({ amount: '8.00', order }))[1]).toBe('1')
  })

  test('let a held charge through or not, by the API and in its own interface, and tell what became of it', async () => {
    const account = await openAccount()
    const decide = (action: string, refTransId: string) => account.ask('updateHeldTransactionRequest', { heldTransactionRequest: { action, refTransId } })
    const [approved, declined, unauthorised, failing, byHand] = await Promise.all(
      ['tok_held', 'tok_held', 'tok_held_unauthorised', 'tok_held_fails', 'tok_held'].map((card) => account.charged({}, card)),
    ) as [string, string, string, string, string]
    expect(said(await decide('approve', approved))).toEqual(['I00001', '1', '1'])
    await decide('decline', declined)
    await decide('decline', unauthorised)
    expect(said(await decide('approve', failing))).toEqual(['I00001', '2', '2'])
    await account.act(`transactions/${byHand}/approve`)
    const statuses = await Promise.all([approved, declined, unauthorised, failing, byHand].map(async (id) => (await account.details(id))['transactionStatus']))
    expect(statuses).toEqual(['capturedPendingSettlement', 'voided', 'declined', 'declined', 'capturedPendingSettlement'])
    expect(said(await decide('approve', approved))).toEqual(['E00027', '3', '16'])
    await account.quiet()
    expect(account.types().toSorted()).toEqual([...Array(2).fill('fraud.approved'), ...Array(2).fill('fraud.declined'), ...Array(5).fill('fraud.held')])
  })

  test('store a card from a nonce or from a charge, charge it, and name the record that was there already', async () => {
    const account = await openAccount()
    const profile = { merchantCustomerId: 'c-7', email: 'a@b.c', paymentProfiles: [{ customerType: 'individual', payment: opaque('tok_test:stored') }] }
    const made = await account.ask('createCustomerProfileRequest', { profile, validationMode: 'none' })
    const { customerProfileId, customerPaymentProfileIdList } = made
    const [paymentProfileId] = customerPaymentProfileIdList as [string]
    const twice = await account.ask('createCustomerProfileRequest', { profile: { merchantCustomerId: 'c-7', email: 'a@b.c' } })
    expect(twice['messages'].message[0]).toEqual({ code: 'E00039', text: `A duplicate record with ID ${customerProfileId} already exists.` })
    const paid = await account.charge({ payment: undefined, profile: { customerProfileId, paymentProfile: { paymentProfileId } } })
    expect(paid['transactionResponse']).toMatchObject({ responseCode: '1', profile: { customerProfileId, customerPaymentProfileId: paymentProfileId } })
    const known = (await account.ask('getCustomerProfileRequest', { customerProfileId }))['profile']
    expect(known.paymentProfiles).toEqual([{ customerPaymentProfileId: paymentProfileId, payment: { creditCard: { cardNumber: 'XXXX1111', expirationDate: 'XXXX', cardType: 'Visa' } } }])
    const transId = await account.charged({ customer: { id: 'c-8' } }, 'tok_mastercard_test')
    const second = await account.ask('createCustomerProfileFromTransactionRequest', { transId, customerProfileId })
    expect(second['customerPaymentProfileIdList']).toHaveLength(2)
    await account.ask('deleteCustomerPaymentProfileRequest', { customerProfileId, customerPaymentProfileId: paymentProfileId })
    await account.ask('deleteCustomerProfileRequest', { customerProfileId })
    expect(said(await account.ask('getCustomerProfileRequest', { customerProfileId }))).toEqual(['E00040'])
  })

  test('ask the bank about a card that is to be stored, where that is wanted, and tell its expiry only when asked', async () => {
    const account = await openAccount()
    const store = (token: string, validationMode: string) => {
      const profile = { merchantCustomerId: token.slice(0, 20), paymentProfiles: [{ customerType: 'individual', payment: opaque(token) }] }
      return account.ask('createCustomerProfileRequest', { profile, validationMode })
    }
    const declined = await store('tok_declined:live', 'liveMode')
    expect([said(declined)[0], declined['validationDirectResponseList'][0].split(',').slice(0, 3)]).toEqual(['E00027', ['2', '1', '2']])
    expect(said(await account.ask('getCustomerProfileRequest', { merchantCustomerId: 'tok_declined:live' }))).toEqual(['E00040'])
    for (const [token, mode] of [['tok_declined:none', 'none'], ['tok_charge_declined:live', 'liveMode']] as const) expect(said(await store(token, mode))[0]).toBe('I00001')
    const known = await account.ask('getCustomerProfileRequest', { merchantCustomerId: 'tok_declined:none', unmaskExpirationDate: true })
    expect(known['profile'].paymentProfiles[0].payment.creditCard.expirationDate).toMatch(/^\d{4}-\d{2}$/)
    const [customerProfileId, paymentProfileId] = [known['profile'].customerProfileId, known['profile'].paymentProfiles[0].customerPaymentProfileId]
    expect(said(await account.charge({ payment: undefined, profile: { customerProfileId, paymentProfile: { paymentProfileId } } }))[1]).toBe('2')
  })
})

describe('refuses', () => {
  test.each<[string, Json, string]>([
    ['in the wrong order', { transactionType: 'authCaptureTransaction', order: { invoiceNumber: '1' }, amount: '1.00' }, 'has invalid child element \'amount\''],
    ['that the schema does not know', { transactionType: 'authCaptureTransaction', total: '1.00' }, 'has invalid child element \'total\''],
    ['that is too long', { transactionType: 'authCaptureTransaction', amount: '1.00', order: { invoiceNumber: 'x'.repeat(21) } }, 'greater than the MaxLength'],
    ['that is no element', { transactionType: 'authCaptureTransaction', payment: 'card' }, 'cannot contain text'],
    ['without what must be in it', { transactionType: 'authCaptureTransaction', payment: { opaqueData: { dataDescriptor: 'x' } } }, 'incomplete content'],
    ['of a kind that there is not', { transactionType: 'borrowTransaction', amount: '1.00' }, 'borrowTransaction'],
  ])('an element %s: E00003, and nothing is done', async (_what, transactionRequest, sentence) => {
    const account = await openAccount()
    const { messages } = await account.transact(transactionRequest)
    expect([messages.resultCode, messages.message[0].code]).toEqual(['Error', 'E00003'])
    expect(messages.message[0].text).toContain(sentence)
    expect(account.vendor.objects('transactions')).toEqual([])
  })

  test('whoever cannot say who he is, and keeps no secret in its log', async () => {
    const account = await openAccount()
    expect(said(await account.ask('authenticateTestRequest', {}, { transactionKey: 'wrong' }))).toEqual(['E00007'])
    expect(said(await account.ask('authenticateTestRequest'))).toEqual(['I00001'])
    expect((await account.ask('getMerchantDetailsRequest'))['currencies']).toEqual(['USD'])
    await account.charge()
    const log = JSON.stringify(account.vendor.requests())
    expect(log).toContain('INV-')
    for (const secret of ['transaction-key1', 'wrong', 'tok_visa_test']) expect(log).not.toContain(secret)
  })

  test('a nonce a second time, one that was never made, and one that is too old; the bare test names stay good', async () => {
    const account = await openAccount()
    const codes = []
    for (const payment of ['tok_test:once', 'tok_test:once', 'invented', 'tok_expired', 'tok_test', 'tok_test']) {
      codes.push(said(await account.charge({ payment: opaque(payment) }))[0])
    }
    expect(codes).toEqual(['I00001', 'E00114', 'E00114', 'E00115', 'I00001', 'I00001'])
    expect(said(await account.charge({ payment: { opaqueData: { dataDescriptor: 'OTHER', dataValue: 'tok_test' } } }))).toEqual(['E00116'])
  })

  test('an amount that is none, and another currency than the account\'s', async () => {
    const account = await openAccount()
    for (const amount of ['0.00', '-1.00', '1.001', 'ten']) expect(said(await account.charge({ amount }))).toEqual(['E00027', '3', '5'])
    expect(said(await account.charge({ currencyCode: 'EUR' }))).toEqual(['E00027', '3', '39'])
  })
})

describe('survives', () => {
  test('two requests with one nonce at the same moment: one charge', async () => {
    const account = await openAccount()
    const answers = await Promise.all([1, 2, 3].map(() => account.charge({ payment: opaque('tok_test:race') })))
    expect(answers.map((answer) => said(answer)[0]).toSorted()).toEqual(['E00114', 'E00114', 'I00001'])
  })

  test('a restart: charges, used nonces, profiles and the day\'s cut-off are still there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'authorize-net-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const disk = new Disk(directory)
    const before = await openAccount({}, disk)
    const id = await before.charged({ payment: opaque('tok_test:kept') })
    await before.quiet()
    before.timeline.stop()
    disk.close()
    const after = await openAccount({}, new Disk(directory), before.timeline.now() + 2 * DAY_MS)
    expect(said(await after.charge({ payment: opaque('tok_test:kept') }))).toEqual(['E00114'])
    await after.pass(1)
    expect((await after.details(id))['transactionStatus']).toBe('settledSuccessfully')
    expect(await after.charged()).not.toBe(id)
  })

  test('server errors that somebody ordered, with the work done and not done: the answer says nothing of it', async () => {
    const account = await openAccount()
    for (const tookEffect of [false, true]) {
      await account.act('server_errors', { times: 1, tookEffect })
      const { status, bytes } = await account.raw({})
      expect([status, bytes.toString('utf8')]).toEqual([500, expect.stringContaining('<html>')])
    }
  })
})
