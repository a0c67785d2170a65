/** The vendor's schema, as far as this account understands it: for each operation its elements in their order. */
import type { Shape } from './elements.ts'

const ADDRESS = {
  firstName: 50, lastName: 50, company: 50, address: 60, city: 40, state: 40, zip: 20, country: 60, phoneNumber: 25, faxNumber: 25,
  email: 255,
}
const CARD = { 'cardNumber!': 0, 'expirationDate!': 7, cardCode: 4 }
const PAYMENT = { creditCard: CARD, opaqueData: { 'dataDescriptor!': 0, 'dataValue!': 0, dataKey: 0 } }
const ORDER = { invoiceNumber: 20, description: 255 }
const CUSTOMER = { type: 0, id: 20, email: 255 }
const PAYMENT_PROFILE = { customerType: 0, billTo: ADDRESS, payment: PAYMENT, defaultPaymentProfile: 0 }
const PAGE = { sorting: { 'orderBy!': 0, 'orderDescending!': 0 }, paging: { 'limit!': 0, 'offset!': 0 } }
const EXTENDED = { 'amount!': 0, name: 31, description: 255 }

const TRANSACTION = {
  'transactionType!': 0, amount: 0, currencyCode: 3, payment: PAYMENT,
  profile: {
    createProfile: 0, customerProfileId: 0, paymentProfile: { 'paymentProfileId!': 0, cardCode: 4 }, shippingProfileId: 0,
  },
  solution: { id: 0, name: 0 }, callId: 0, terminalNumber: 0, authCode: 6, refTransId: 0, splitTenderId: 6, order: ORDER,
  lineItems: { lineItem: { 'itemId!': 31, 'name!': 31, description: 255, 'quantity!': 0, 'unitPrice!': 0, taxable: 0 } },
  tax: EXTENDED, duty: EXTENDED, shipping: EXTENDED, taxExempt: 0, poNumber: 25, customer: CUSTOMER, billTo: ADDRESS, shipTo: ADDRESS,
  customerIP: 15, cardholderAuthentication: { authenticationIndicator: 0, cardholderAuthenticationValue: 0 },
  retail: { marketType: 0, deviceType: 0 }, employeeId: 4,
  transactionSettings: { setting: { settingName: 0, settingValue: 0 } },
  userFields: { userField: { name: 0, value: 0 } },
  surcharge: { 'amount!': 0, description: 255 }, merchantDescriptor: 0, subMerchant: 0, tip: EXTENDED,
  processingOptions: { isFirstRecurringPayment: 0, isFirstSubsequentAuth: 0, isSubsequentAuth: 0, isStoredCredentials: 0 },
  subsequentAuthInformation: { originalNetworkTransId: 0, originalAuthAmount: 0, reason: 0 },
  otherTax: 0, shipFrom: ADDRESS, authorizationIndicatorType: { authorizationIndicator: 0 },
}

function request(elements: { readonly [element: string]: Shape }): Shape {
  return { 'merchantAuthentication!': { 'name!': 25, 'transactionKey!': 16 }, clientId: 30, refId: 20, ...elements }
}

export const SHAPES: Readonly<Record<string, Shape>> = {
  authenticateTestRequest: request({}),
  getMerchantDetailsRequest: request({}),
  createTransactionRequest: request({ 'transactionRequest!': TRANSACTION }),
  updateHeldTransactionRequest: request({ 'heldTransactionRequest!': { 'action!': 0, 'refTransId!': 0 } }),
  getTransactionDetailsRequest: request({ 'transId!': 0 }),
  getUnsettledTransactionListRequest: request({ status: 0, ...PAGE }),
  getSettledBatchListRequest: request({ includeStatistics: 0, firstSettlementDate: 0, lastSettlementDate: 0 }),
  getTransactionListRequest: request({ 'batchId!': 0, ...PAGE }),
  createCustomerProfileRequest: request({
    'profile!': {
      merchantCustomerId: 20, description: 255, email: 255, paymentProfiles: PAYMENT_PROFILE, shipToList: ADDRESS, profileType: 0,
    },
    validationMode: 0,
  }),
  createCustomerProfileFromTransactionRequest: request({
    'transId!': 0, customer: { merchantCustomerId: 20, description: 255, email: 255 }, customerProfileId: 0,
  }),
  createCustomerPaymentProfileRequest: request({ 'customerProfileId!': 0, 'paymentProfile!': PAYMENT_PROFILE, validationMode: 0 }),
  getCustomerProfileRequest: request({
    customerProfileId: 0, merchantCustomerId: 20, email: 255, unmaskExpirationDate: 0, includeIssuerInfo: 0,
  }),
  deleteCustomerPaymentProfileRequest: request({ 'customerProfileId!': 0, 'customerPaymentProfileId!': 0 }),
  deleteCustomerProfileRequest: request({ 'customerProfileId!': 0 }),
}
