/**
 * Customers and their stored cards. A card is stored by a nonce or from a transaction; the same customer is not made twice.
 * In live mode a card is validated by its bank first, and one that is declined is not stored.
 */
import type { Account } from './account.ts'
import { behaviourOfPayment, element, text, type Element } from './charging.ts'
import { isElement } from './elements.ts'
import type { PaymentProfile, Profile } from './kept.ts'
import type { Outcome } from './operations.ts'
import { Failed, notFound, Refusal } from './refusal.ts'
import type { Report } from './reporting.ts'

const CARDS_MAX = 10
/** Of every test card. */
const EXPIRES = '2031-12'

export function createProfile(account: Account, asked: Element): Outcome {
  const wish = element(asked, 'profile')
  const given = wish['paymentProfiles']
  const wanted = (Array.isArray(given) ? given : [given]).filter(isElement)
  const isLive = asked['validationMode'] === 'liveMode'
  return validated(() => {
    const profile = added(account, wish, () => wanted.map((one) => stored(account, element(one, 'payment'), isLive)))
    return { fields: createdView(profile) }
  })
}

/** What a bank says against a card is told as values separated by commas. */
function validated(work: () => Report): Outcome {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    const code = DECLINES.includes(error.code) ? '2' : '3'
    return { fields: { validationDirectResponseList: [`${code},1,${error.code},${error.message}`] }, unsuccessful: true }
  }
}

const DECLINES: readonly string[] = ['2', '3', '4', '27', '44']

/** A charge that went through leaves its card behind. */
export function createProfileFromTransaction(account: Account, asked: Element): Report {
  const transaction = account.transactions.get(text(asked, 'transId') ?? '')
  if (transaction === undefined || transaction.responseCode === 2) throw notFound()
  const card = { customerPaymentProfileId: account.nextId('payment_profile'), card: transaction.card, token: 'tok_visa_test' }
  const known = text(asked, 'customerProfileId')
  if (known !== undefined) return { fields: createdView(withCard(account, profileOf(account, known), card)) }
  const wish = { merchantCustomerId: transaction.customerId, email: transaction.email, ...element(asked, 'customer') }
  return { fields: createdView(added(account, wish, () => [card])) }
}

export function createPaymentProfile(account: Account, asked: Element): Report {
  const profile = profileOf(account, text(asked, 'customerProfileId'))
  const card = stored(account, element(element(asked, 'paymentProfile'), 'payment'), false)
  withCard(account, profile, card)
  const { customerPaymentProfileId } = card
  return { fields: { customerProfileId: profile.id, customerPaymentProfileId, validationDirectResponse: '' } }
}

export function getProfile(account: Account, asked: Element): Report {
  const merchantCustomerId = text(asked, 'merchantCustomerId')
  const theirs = account.profiles.values().find((one) => one.merchantCustomerId === merchantCustomerId)
  const isUnmasked = String(asked['unmaskExpirationDate']) === 'true'
  return { fields: { profile: profileView(theirs ?? profileOf(account, text(asked, 'customerProfileId')), isUnmasked) } }
}

export function deletePaymentProfile(account: Account, asked: Element): Report {
  const profile = profileOf(account, text(asked, 'customerProfileId'))
  const id = text(asked, 'customerPaymentProfileId')
  const left = profile.paymentProfiles.filter(({ customerPaymentProfileId }) => customerPaymentProfileId !== id)
  if (left.length === profile.paymentProfiles.length) throw notFound()
  account.profiles.set(profile.id, { ...profile, paymentProfiles: left })
  account.notifications.tell('net.authorize.customer.paymentProfile.deleted', {
    customerProfileId: Number(profile.id), entityName: 'customerPaymentProfile', id,
  })
  return { fields: {} }
}

export function deleteProfile(account: Account, asked: Element): Report {
  const profile = profileOf(account, text(asked, 'customerProfileId'))
  account.profiles.delete(profile.id)
  account.notifications.tell('net.authorize.customer.deleted', { entityName: 'customerProfile', id: profile.id })
  return { fields: {} }
}

function added(account: Account, wish: Element, cards: () => PaymentProfile[]): Profile {
  const [merchantCustomerId, email] = [text(wish, 'merchantCustomerId') ?? '', text(wish, 'email') ?? '']
  const description = text(wish, 'description') ?? ''
  if (merchantCustomerId + email + description === '') throw new Refusal('E00041', 'One or more fields must contain a value.')
  const known = account.profiles.values().filter((one) => one.merchantCustomerId === merchantCustomerId)
  const twin = known.find((one) => one.email === email && one.description === description)
  if (twin !== undefined) throw new Refusal('E00039', `A duplicate record with ID ${twin.id} already exists.`)
  const id = account.nextId('profile')
  const profile = account.profiles.set(id, { id, merchantCustomerId, email, description, paymentProfiles: cards() })
  account.notifications.tell('net.authorize.customer.created', {
    paymentProfiles: profile.paymentProfiles.map((one) => ({ customerType: 'individual', id: one.customerPaymentProfileId })),
    merchantCustomerId, description, entityName: 'customerProfile', id,
  })
  return profile
}

/** @throws Failed when the bank is asked and does not like the card */
function stored(account: Account, payment: Element, isLive: boolean): PaymentProfile {
  const { behaviour, token } = behaviourOfPayment(account, payment)
  if (isLive && behaviour.code === 2 && behaviour.stores !== true) throw new Failed(behaviour.reason.code, behaviour.reason.text)
  return { customerPaymentProfileId: account.nextId('payment_profile'), card: behaviour.card, token }
}

/** The same card is not stored twice. */
function withCard(account: Account, profile: Profile, card: PaymentProfile): Profile {
  const twin = profile.paymentProfiles.find((one) => one.card.number === card.card.number)
  if (twin !== undefined) throw new Refusal('E00039', `A duplicate record with ID ${twin.customerPaymentProfileId} already exists.`)
  if (profile.paymentProfiles.length >= CARDS_MAX) {
    throw new Refusal('E00042', `You cannot add more than ${CARDS_MAX} payment profiles.`)
  }
  const changed = account.profiles.set(profile.id, { ...profile, paymentProfiles: [...profile.paymentProfiles, card] })
  account.notifications.tell('net.authorize.customer.paymentProfile.created', {
    customerProfileId: Number(profile.id), entityName: 'customerPaymentProfile', id: card.customerPaymentProfileId,
  })
  return changed
}

function profileOf(account: Account, id: string | undefined): Profile {
  const profile = account.profiles.get(id ?? '')
  if (profile === undefined) throw notFound()
  return profile
}

function createdView({ id, paymentProfiles }: Profile): Record<string, unknown> {
  return {
    customerProfileId: id,
    customerPaymentProfileIdList: paymentProfiles.map(({ customerPaymentProfileId }) => customerPaymentProfileId),
    customerShippingAddressIdList: [],
    validationDirectResponseList: [],
  }
}

export function profileView({ id, merchantCustomerId, description, email, paymentProfiles }: Profile, isUnmasked = false): Record<string, unknown> {
  return {
    paymentProfiles: paymentProfiles.map(({ customerPaymentProfileId, card }) => ({
      customerPaymentProfileId,
      payment: { creditCard: { cardNumber: `XXXX${card.number.slice(-4)}`, expirationDate: isUnmasked ? EXPIRES : 'XXXX', cardType: card.type } },
    })),
    profileType: 'regular', customerProfileId: id, merchantCustomerId, description, email,
  }
}
