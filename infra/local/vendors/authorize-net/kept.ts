/** What the account keeps. Money is in minor units inside; it leaves as the vendor writes it, in major ones. */

export type Status =
  | 'authorizedPendingCapture' | 'capturedPendingSettlement' | 'settledSuccessfully' | 'declined' | 'voided' | 'expired'
  | 'FDSPendingReview' | 'FDSAuthorizedPendingReview' | 'refundPendingSettlement' | 'refundSettledSuccessfully' | 'chargeback'
  | 'chargebackReversal'

export type Type = 'authCaptureTransaction' | 'authOnlyTransaction' | 'refundTransaction'

export interface Card {
  readonly number: string
  readonly type: string
}

export interface Reason {
  readonly code: string
  readonly text: string
}

/** What the merchant said about whom he charges, and for what. */
export interface Particulars {
  readonly invoiceNumber: string | null
  readonly description: string | null
  readonly customerId: string | null
  readonly email: string | null
  readonly billTo: Readonly<Record<string, string>>
}

export interface ProfileReference {
  readonly customerProfileId: string
  readonly customerPaymentProfileId: string
}

export interface Transaction extends Particulars {
  readonly id: string
  readonly type: Type
  readonly status: Status
  readonly responseCode: 1 | 2 | 4
  readonly reason: Reason
  readonly authCode: string
  readonly authAmount: number
  readonly settleAmount: number
  readonly card: Card
  readonly refTransId: string | null
  readonly submittedMs: number
  /** What a later one must not repeat, and for how long; null for what is never compared. */
  readonly duplicate: { readonly key: string; readonly untilMs: number } | null
  /** The fraud filter has held it, now or before. */
  readonly filtered: boolean
  /** What the processor says when somebody lets a held one through. */
  readonly failsOnApproval: boolean
  readonly batchId: string | null
  readonly profile: ProfileReference | null
}

export interface Batch {
  readonly id: string
  readonly settledMs: number
}

export interface PaymentProfile {
  readonly customerPaymentProfileId: string
  readonly card: Card
  /** How the card behaves: the test token it was made from. */
  readonly token: string
}

export interface Profile {
  readonly id: string
  readonly merchantCustomerId: string
  readonly description: string
  readonly email: string
  readonly paymentProfiles: readonly PaymentProfile[]
}
