/**
 * Everything that the shop can be asked, with types: generated from its functions (`npm run generate`), never edited.
 *
 *     const shop = new Countinghouse({ url: "https://shop.example", token: () => session.token })
 *     const { cart } = await shop.openCart({})
 */
export type FailureCode = 'INVALID_INPUT' | 'UNAUTHORIZED' | 'PAYMENT_DECLINED' | 'FORBIDDEN' | 'AGE_VERIFICATION_REQUIRED' | 'NOT_FOUND' | 'CONFLICT' | 'OUT_OF_STOCK' | 'PRICE_CHANGED' | 'PAYLOAD_TOO_LARGE' | 'IDEMPOTENCY_MISMATCH' | 'RATE_LIMITED' | 'DATABASE_ERROR' | 'INTERNAL_ERROR' | 'SERVICE_UNAVAILABLE' | 'GATEWAY_TIMEOUT'

export type AcquisitionMonth = { readonly month: string; readonly newCustomers: number; readonly spend: Amount | null; readonly cac: Amount | null; readonly lifetimeValue: Amount | null; readonly ltvToCac: number | null }

export type AcquisitionSpend = { readonly month: string; readonly spend: Amount; readonly currency: Currency }

export type Address = { readonly name: string; readonly line1: string; readonly line2: string | null; readonly city: string; readonly state: string; readonly postalCode: string; readonly country: string }

export type AgeRefused = { readonly verified: false; readonly reason: string }

export type AgeStatus = { readonly verified: boolean; readonly ageVerified: boolean; readonly verifiedAt: Moment | null; readonly expiresAt: Moment | null; readonly renewalDue: boolean }

export type AgeVerified = { readonly verified: true; readonly verificationId: string; readonly method: 'full_verification' | 'cache'; readonly age: number; readonly state: string; readonly verifiedAt: Moment; readonly expiresAt: Moment }

export type Alert = { readonly key: string; readonly severity: 'p0' | 'p1' | 'p2'; readonly summary: string; readonly details: Readonly<Record<string, string | number | boolean | null>>; readonly orderId: string | null; readonly status: 'open' | 'resolved'; readonly count: number; readonly version: number; readonly firstAt: Moment; readonly lastAt: Moment; readonly resolvedAt: Moment | null; readonly toldAt: Moment | null; readonly toTell: ReadonlyArray<'trigger' | 'resolve'>; readonly lastError: string | null }

/** Money in major units, exact for its currency. */
export type Amount = number

export type AuditEvent = { readonly id: string; readonly who: string | null; readonly via: string | null; readonly what: string; readonly subject: string | null; readonly before: unknown; readonly after: unknown; readonly why: string | null; readonly requestId: string | null; readonly ip: string | null; readonly at: Moment }

export type AuditSeal = { readonly day: Day; readonly events: number; readonly late: number; readonly root: string; readonly previous: string | null; readonly hash: string; readonly keyId: string; readonly signature: string; readonly sealedAt: Moment }

export type AuditSealKey = { readonly id: string; readonly publicKey: string; readonly since: Moment }

export type Benefit = { readonly id: string; readonly membershipId: string; readonly customerId: string; readonly tier: TierName; readonly month: string; readonly kind: 'gift' | 'gift_box' | 'raffle_entry'; readonly status: 'due' | 'given'; readonly givenBy: string | null; readonly givenAt: Moment | null; readonly createdAt: Moment }

export type Breaker = { readonly vendor: string; readonly state: 'closed' | 'open' | 'half_open' | 'resting'; readonly failures: number; readonly lastFailure: string | null; readonly openedAt: Moment | null; readonly retryAt: Moment | null; readonly restUntil: Moment | null }

export type CampaignReport = { readonly campaign: string; readonly creative: string; readonly queued: number; readonly sent: number; readonly delivered: number; readonly bounced: number; readonly complained: number; readonly failed: number; readonly suppressed: number; readonly deliveryRate: number | null; readonly opened: number; readonly clicked: number; readonly orders: number | null; readonly revenue: Amount | null }

export type Cancellation = { readonly by: 'staff' | 'customer'; readonly reason: string | null; readonly at: Moment }

export type Card = { readonly id: string; readonly gateway: Gateway; readonly state: 'storing' | 'requires_action' | 'stored' | 'removing' | 'removed' | 'failed'; readonly brand: string | null; readonly last4: string | null; readonly expiryMonth: number | null; readonly expiryYear: number | null; readonly declineCode?: string | undefined; readonly createdAt: Moment }

export type Cart = { readonly id: string; readonly customerId: string | null; readonly state: 'open' | 'checked_out'; readonly orderId: string | null; readonly version: number; readonly currency: Currency; readonly lines: ReadonlyArray<CartLine>; readonly subtotal: Amount; readonly discount: Amount; readonly promo: { readonly code: string; readonly amount: Amount; readonly rule?: string | undefined } | null; readonly shipping: Amount; readonly tax: Amount; readonly total: Amount; readonly createdAt: Moment; readonly updatedAt: Moment }

export type CartLine = { readonly productId: string; readonly name: string; readonly quantity: number; readonly unitPrice: Amount; readonly lockedUntil: Moment; readonly lineTotal: Amount }

export type ChannelReport = { readonly channel: 'online' | 'store'; readonly revenue: Amount; readonly transactions: number; readonly averageOrderValue: Amount | null; readonly customers: number; readonly share: number | null }

export type CohortReport = { readonly cohort: string; readonly customers: number; readonly months: ReadonlyArray<{ readonly monthsLater: number; readonly customers: number; readonly retention: number | null; readonly revenue: Amount; readonly lifetimeValue: Amount | null }> }

/** A currency by ISO 4217. */
export type Currency = string

/** A civil day. */
export type Day = string

export type DeadLetter = { readonly id: string; readonly vendor: string; readonly eventId: string; readonly type: string; readonly attempts: number; readonly lastError: string | null; readonly firstSeenAt: Moment; readonly nextRetryAt: Moment | null; readonly status: 'pending' | 'applied' | 'ignored' | 'dead' }

export type Decision = { readonly decision: 'approve' | 'refuse'; readonly reason: string; readonly decidedBy: string; readonly at: Moment }

export type Delivery = { readonly how: 'pick_up' } | { readonly how: 'ship'; readonly address: Address }

export type Difference = { readonly id: string; readonly kind: string; readonly state: 'open' | 'repaired' | 'resolved' | 'vanished'; readonly gateway: string; readonly amount: Amount; readonly currency: Currency; readonly excess: Amount; readonly cause: string; readonly orderId: string | null; readonly transactionId: string | null; readonly refundId: string | null; readonly movements: ReadonlyArray<{ readonly id: string; readonly kind: string; readonly amount: Amount; readonly currency: Currency; readonly at: Moment }>; readonly foundAt: Moment; readonly closedAt: Moment | null; readonly resolution: { readonly how: 'attached_charge' | 'attached_refund' | 'booked_unexplained'; readonly orderId: string | null; readonly reason: string; readonly by: string; readonly at: Moment } | null }

export type Dispute = { readonly id: string; readonly status: 'inquiry' | 'closed' | 'needs_response' | 'under_review' | 'won' | 'lost'; readonly amount: Amount; readonly currency: Currency; readonly reason: string; readonly evidenceDueAt: Moment | null; readonly answered: boolean; readonly openedAt: Moment; readonly closedAt: Moment | null }

export type Erasure = { readonly customerId: string; readonly state: 'running' | 'done'; readonly requestedBy: string; readonly reason: string; readonly requestedAt: Moment; readonly waitsFor: ReadonlyArray<{ readonly store: string; readonly records: number }> }

export type ErasureCertificate = { readonly id: string; readonly version: number; readonly shop: string; readonly customerId: string; readonly requestedAt: Moment; readonly erasedAt: Moment; readonly stores: ReadonlyArray<{ readonly store: string; readonly done: 'destroyed' | 'deleted' | 'anonymised' | 'expires' | 'kept'; readonly about: string; readonly records: number | null }> }

export type Forecast = { readonly productId: string; readonly name: string; readonly sku: string | null; readonly nextDays: ReadonlyArray<{ readonly day: Day; readonly units: number }>; readonly error: { readonly wape: number | null; readonly naiveWape: number | null; readonly days: number }; readonly sellable: number | null; readonly onOrder: number; readonly daysLeft: number | null; readonly reorderPoint: number; readonly suggestedQuantity: number; readonly orderNumber: number; readonly because: string }

export type Fulfilment = { readonly how: 'picked_up' | 'shipped'; readonly tracking: string | null; readonly toAdult: boolean; readonly at: Moment }

/** By which it is paid; `none` where nothing was to be paid. */
export type Gateway = 'stripe' | 'kaja' | 'none'

export type Granted = { readonly membership: Membership; readonly orderId: string }

export type JournalEntry = { readonly id: string; readonly kind: string; readonly orderId: string | null; readonly currency: Currency; readonly reference: string; readonly at: Moment; readonly postings: ReadonlyArray<{ readonly account: string; readonly amount: Amount }> }

export type LedgerAccount = { readonly account: string; readonly about: string; readonly currency: Currency; readonly balance: Amount }

export type ListedDispute = { readonly id: string; readonly status: 'inquiry' | 'closed' | 'needs_response' | 'under_review' | 'won' | 'lost'; readonly amount: Amount; readonly currency: Currency; readonly reason: string; readonly evidenceDueAt: Moment | null; readonly answered: boolean; readonly openedAt: Moment; readonly closedAt: Moment | null; readonly orderId: string; readonly orderNumber: string; readonly gateway: Gateway }

export type Mail = { readonly id: string; readonly status: 'queued' | 'deferred' | 'sent' | 'delivered' | 'delayed' | 'bounced' | 'complained' | 'failed' | 'suppressed' | 'dead_letter'; readonly template: string; readonly category: 'transactional' | 'campaign'; readonly subject: string; readonly to: ReadonlyArray<string>; readonly cc: ReadonlyArray<string>; readonly bcc: ReadonlyArray<string>; readonly replyTo: string | null; readonly orderId: string | null; readonly attempts: number; readonly lastError: string | null; readonly deferredUntil: Moment | null; readonly deferredBecause: 'overall_limit' | 'recipient_limit' | 'provider_away' | 'provider_quota' | null; readonly sendAt: Moment | null; readonly nextTryAt: Moment | null; readonly createdAt: Moment; readonly sentAt: Moment | null }

export type Membership = { readonly id: string; readonly customerId: string; readonly email: string; readonly tier: TierName; readonly price: Amount; readonly currency: Currency; readonly discountPercent: number; readonly status: 'active' | 'payment_failed' | 'suspended' | 'cancelled'; readonly startDate: Moment; readonly nextBillingDate: Moment | null; readonly periodEndsAt: Moment; readonly nextTier?: TierName | undefined; readonly cancelDate?: Moment | undefined; readonly cancelReason?: string | undefined; readonly newsletter: boolean; readonly benefits: ReadonlyArray<string> }

/** A moment in UTC: ISO 8601 with milliseconds and Z. */
export type Moment = string

/** Hand it back as `cursor` for the next page; null: this was the last one. */
export type NextCursor = string | null

export type OpenPayment = { readonly gateway: Gateway; readonly transactionId: string | null; readonly status: 'pending' | 'succeeded' | 'authorised' | 'declined' | 'requires_action' | 'processing' | 'unknown' | 'cancelled' | 'not_charged' | 'in_review'; readonly declineCode?: string | undefined; readonly cardId?: string | undefined; readonly savedAs?: string | undefined; readonly session?: { readonly url: string; readonly expiresAt: Moment } | undefined; readonly clientSecret?: string | null | undefined; readonly nextAction?: unknown | undefined }

export type Order = { readonly id: string; readonly number: string; readonly state: OrderState; readonly purpose?: string | undefined; readonly customerId: string | null; readonly email: string; readonly lines: ReadonlyArray<OrderLine>; readonly subtotal: Amount; readonly discount: Amount; readonly discountPercent: number; readonly promo: { readonly code: string; readonly amount: Amount } | null; readonly tax: Amount; readonly taxExempt: boolean; readonly shipping: Amount; readonly total: Amount; readonly refunded: Amount; readonly currency: Currency; readonly payment: Payment; readonly refunds: ReadonlyArray<Refund>; readonly disputes: ReadonlyArray<Dispute>; readonly stockUnconfirmed: boolean; readonly delivery: Delivery | null; readonly fulfilment: Fulfilment | null; readonly cancellation: Cancellation | null; readonly history: ReadonlyArray<{ readonly state: OrderState; readonly at: Moment; readonly cause: string }>; readonly createdAt: Moment; readonly updatedAt: Moment }

export type OrderEvent = { readonly type: 'order.paid' | 'order.fulfilled' | 'order.cancelled' | 'order.expired' | 'order.payment_failed' | 'order.in_review' | 'order.refunded' | 'order.refund_failed' | 'order.disputed' | 'order.dispute_closed'; readonly timestamp: Moment; readonly data: { readonly orderId: string; readonly number: string; readonly state: string; readonly total: Amount; readonly currency: Currency } }

export type OrderLine = { readonly productId: string; readonly name: string; readonly sku: string | null; readonly quantity: number; readonly unitPrice: Amount; readonly discount: Amount; readonly promo: Amount; readonly tax: Amount; readonly total: Amount; readonly refundedQuantity: number }

export type OrderNote = { readonly id: string; readonly text: string; readonly by: string; readonly at: Moment }

export type OrderState = 'pending_payment' | 'requires_action' | 'payment_unknown' | 'in_review' | 'paid' | 'fulfilled' | 'payment_failed' | 'expired' | 'cancelled' | 'partially_refunded' | 'refunded' | 'disputed'

export type Payee = { readonly id: string; readonly name: string; readonly destination: string; readonly active: boolean; readonly createdAt: Moment; readonly updatedAt: Moment }

export type Payment = { readonly gateway: Gateway; readonly transactionId: string | null; readonly status: 'pending' | 'succeeded' | 'authorised' | 'declined' | 'requires_action' | 'processing' | 'unknown' | 'cancelled' | 'not_charged' | 'in_review'; readonly declineCode?: string | undefined; readonly cardId?: string | undefined; readonly savedAs?: string | undefined; readonly session?: { readonly url: string; readonly expiresAt: Moment } | undefined }

export type PaymentPage = { readonly orderId: string; readonly url: string; readonly expiresAt: Moment }

export type Payout = { readonly id: string; readonly recipientId: string; readonly destination: string; readonly amount: Amount; readonly currency: Currency; readonly reason: string; readonly state: 'pending' | 'unknown' | 'paid' | 'failed' | 'returned'; readonly gateway: 'stripe'; readonly transferId: string | null; readonly returned: Amount; readonly failure: string | null; readonly requestedBy: string; readonly history: ReadonlyArray<{ readonly state: string; readonly at: Moment; readonly cause: string }>; readonly createdAt: Moment; readonly updatedAt: Moment }

/** The customer's bank, the payment page or staff have to act first. */
export type Placed = { readonly orderId: string; readonly order: Order; readonly payment: OpenPayment; readonly total: Amount; readonly message?: string | undefined }

export type Product = { readonly id: string; readonly itemId: string; readonly variationName: string; readonly name: string; readonly description: string; readonly category: string; readonly price: Amount | null; readonly currency: Currency; readonly sku: string | null; readonly available: boolean; readonly inventory: number | null; readonly ageRestricted: boolean; readonly minTier?: string | undefined; readonly earlyAccessUntil?: Moment | undefined; readonly attributes: ReadonlyArray<string>; readonly source: 'square' | 'lightspeed'; readonly updated_at: Moment }

export type PromoCode = { readonly code: string; readonly state: 'scheduled' | 'active' | 'used_up' | 'expired' | 'ended'; readonly amount?: Amount | undefined; readonly percent?: number | undefined; readonly currency: Currency; readonly validFrom: Moment | null; readonly validUntil: Moment | null; readonly usesMax: number | null; readonly oncePerCustomer: boolean; readonly minimumSubtotal: Amount; readonly uses: number; readonly endedAt: Moment | null; readonly createdBy: string; readonly createdAt: Moment }

export type PurchaseOrder = { readonly id: string; readonly productId: string; readonly name: string; readonly sku: string | null; readonly quantity: number; readonly orderNumber: number; readonly supplierEmail: string; readonly mailId: string; readonly approvedBy: string; readonly reason: string; readonly approvedAt: Moment; readonly expectedAt: Moment }

export type Refund = { readonly id: string; readonly amount: Amount; readonly reason: string; readonly lines: ReadonlyArray<{ readonly productId: string; readonly quantity: number }>; readonly shipping: Amount; readonly restock: boolean; readonly status: 'pending' | 'succeeded' | 'failed'; readonly transactionId: string | null; readonly createdAt: Moment }

/** Named, and not replayed: `unknown`, or what it is instead of dead. */
export type RefusedReplay = { readonly id: string; readonly reason: string }

export type RefusedRow = { readonly table: string; readonly insertId: string; readonly reason: string; readonly row: unknown; readonly at: Moment }

export type Replay = { readonly id: string; readonly state: 'running' | 'done'; readonly accepted: number; readonly replayed: number; readonly refused: number; readonly requestedBy: string; readonly reason: string; readonly filter: { readonly vendor?: string | undefined; readonly type?: string | undefined; readonly from?: Moment | undefined; readonly to?: Moment | undefined } | null; readonly createdAt: Moment; readonly finishedAt: Moment | null }

export type ResolutionPreview = { readonly resolved: false; readonly difference: Difference; readonly how: 'attached_charge' | 'attached_refund' | 'booked_unexplained'; readonly effects: ReadonlyArray<string>; readonly confirm: string; readonly expiresAt: Moment }

export type Review = { readonly orderId: string; readonly number: string; readonly reasons: ReadonlyArray<{ readonly code: string; readonly about: string }>; readonly amount: Amount; readonly currency: Currency; readonly received: { readonly amount: Amount; readonly currency: Currency } | null; readonly taken: boolean; readonly payment: Payment; readonly customerId: string | null; readonly email: string; readonly ipCountry: string | null; readonly units: number; readonly decision: Decision | null; readonly createdAt: Moment; readonly deadline: Moment | null }

export type SalesDay = { readonly day: Day; readonly revenue: Amount; readonly transactions: number; readonly averageOrderValue: Amount | null; readonly refunds: Amount; readonly netRevenue: Amount; readonly customers: number }

export type SalesMonth = { readonly month: string; readonly days: number; readonly revenue: Amount; readonly transactions: number; readonly averageOrderValue: Amount | null; readonly refunds: Amount; readonly netRevenue: Amount }

export type SalesSums = { readonly revenue: Amount; readonly transactions: number; readonly averageOrderValue: Amount | null; readonly refunds: Amount; readonly netRevenue: Amount }

export type SegmentReport = { readonly segment: string; readonly customers: number; readonly share: number | null; readonly revenue: Amount; readonly transactions: number; readonly averageValue: Amount | null }

export type SkuConflict = { readonly sku: string; readonly counts: string; readonly leftOut: string; readonly offeredByBoth: boolean; readonly foundAt: Moment }

export type Sold = { readonly orderId: string; readonly order: Order; readonly payment: Payment; readonly total: Amount }

export type StockDifference = { readonly productId: string; readonly name: string; readonly variationName: string; readonly sku: string | null; readonly source: 'square' | 'lightspeed'; readonly kind: 'oversold'; readonly units: number; readonly onHand: number; readonly promised: number; readonly since: Moment | null; readonly orders: ReadonlyArray<{ readonly orderId: string; readonly number: string; readonly state: 'pending_payment' | 'requires_action' | 'payment_unknown' | 'in_review' | 'paid' | 'fulfilled' | 'payment_failed' | 'expired' | 'cancelled' | 'partially_refunded' | 'refunded' | 'disputed'; readonly quantity: number; readonly stockUnconfirmed: boolean; readonly createdAt: Moment }> }

/** Amount null: too many to be added up. */
export type Sum = { readonly count: number; readonly amount: Amount | null }

export type Suppression = { readonly id: string; readonly address: string | null; readonly scope: 'all' | 'campaigns'; readonly reason: 'manual' | 'link' | 'bounce' | 'complaint' | null; readonly emailId: string | null; readonly since: Moment | null; readonly liftedAt: Moment | null }

export type Sync = { readonly job: string; readonly mode: 'live' | 'mock'; readonly running: boolean; readonly history: 'under way' | 'complete'; readonly watermark: Moment | null; readonly lagSeconds: number | null; readonly runs: ReadonlyArray<SyncRun> }

export type SyncRun = { readonly id: string; readonly job: string; readonly mode: 'live' | 'mock'; readonly state: 'running' | 'done' | 'more' | 'failed' | 'died'; readonly read: number; readonly saved: number; readonly unchanged: number; readonly refused: number; readonly startedAt: Moment; readonly endedAt: Moment | null; readonly durationMs: number | null; readonly watermark: Moment | null; readonly error: string | null }

export type TaxExemption = { readonly customerId: string; readonly states: ReadonlyArray<string>; readonly validThrough: Day; readonly revokedAt: Moment | null; readonly updatedAt: Moment; readonly certificate?: string | undefined }

export type Tier = { readonly tier: TierName; readonly name: string; readonly price: Amount; readonly currency: Currency; readonly discountPercent: number; readonly benefits: ReadonlyArray<string> }

export type TierName = 'BRONZE' | 'SILVER' | 'GOLD'

export type TierReport = { readonly tier: string; readonly revenue: Amount; readonly transactions: number; readonly averageOrderValue: Amount | null; readonly customers: number }

export type Today = { readonly todayRevenue: Amount; readonly todayTransactions: number; readonly averageOrderValue: Amount | null; readonly customers: number; readonly refunds: Amount; readonly refundCount: number; readonly netRevenue: Amount; readonly online: { readonly revenue: Amount; readonly transactions: number }; readonly store: { readonly revenue: Amount; readonly transactions: number }; readonly conversionRate: number | null; readonly nps: number | null; readonly currency: Currency }

export type TopSeller = { readonly rank: number; readonly productId: string; readonly name: string | null; readonly unitsSold: number; readonly revenue: Amount; readonly orders: number }

export type WebhookDelivery = { readonly id: string; readonly endpointId: string; readonly eventId: string; readonly type: 'order.paid' | 'order.fulfilled' | 'order.cancelled' | 'order.expired' | 'order.payment_failed' | 'order.in_review' | 'order.refunded' | 'order.refund_failed' | 'order.disputed' | 'order.dispute_closed'; readonly orderId: string; readonly status: 'pending' | 'delivered' | 'dead'; readonly attempts: number; readonly replays: number; readonly lastStatus: number | null; readonly lastError: string | null; readonly lastResponse: string | null; readonly createdAt: Moment; readonly nextAttemptAt: Moment | null; readonly deliveredAt: Moment | null }

export type WebhookEndpoint = { readonly id: string; readonly url: string; readonly eventTypes: ReadonlyArray<'order.paid' | 'order.fulfilled' | 'order.cancelled' | 'order.expired' | 'order.payment_failed' | 'order.in_review' | 'order.refunded' | 'order.refund_failed' | 'order.disputed' | 'order.dispute_closed'>; readonly active: boolean; readonly disabledReason: string | null; readonly failingSince: Moment | null; readonly oldSecretValidUntil: Moment | null; readonly createdAt: Moment; readonly updatedAt: Moment }

export type WeekdayReport = { readonly weekday: string; readonly hours: ReadonlyArray<{ readonly hour: number; readonly revenue: Amount; readonly transactions: number }> }

export type WholeMail = { readonly id: string; readonly status: 'queued' | 'deferred' | 'sent' | 'delivered' | 'delayed' | 'bounced' | 'complained' | 'failed' | 'suppressed' | 'dead_letter'; readonly template: string; readonly category: 'transactional' | 'campaign'; readonly subject: string; readonly to: ReadonlyArray<string>; readonly cc: ReadonlyArray<string>; readonly bcc: ReadonlyArray<string>; readonly replyTo: string | null; readonly orderId: string | null; readonly attempts: number; readonly lastError: string | null; readonly deferredUntil: Moment | null; readonly deferredBecause: 'overall_limit' | 'recipient_limit' | 'provider_away' | 'provider_quota' | null; readonly sendAt: Moment | null; readonly nextTryAt: Moment | null; readonly createdAt: Moment; readonly sentAt: Moment | null; readonly requestedBy: string | null; readonly campaign: string | null; readonly creative: string | null; readonly openedAt: Moment | null; readonly clickedAt: Moment | null; readonly providerId: string | null; readonly events: ReadonlyArray<{ readonly type: 'sent' | 'delayed' | 'delivered' | 'failed' | 'suppressed' | 'bounced' | 'complained'; readonly at: Moment; readonly reason: string | null }>; readonly replays: number; readonly html: string | null; readonly text: string | null }

export type ListAlertsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListAlertsAnswer = { readonly success: true; readonly alerts: ReadonlyArray<Alert>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListAuditEventsWish = { readonly day?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListAuditEventsAnswer = { readonly success: true; readonly day: Day; readonly events: ReadonlyArray<AuditEvent>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListAuditSealsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListAuditSealsAnswer = { readonly success: true; readonly seals: ReadonlyArray<AuditSeal>; readonly keys: ReadonlyArray<AuditSealKey>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ShowEraseCustomerWish = { readonly customerId: string }

export type ShowEraseCustomerAnswer = { readonly success: true; readonly erasure: Erasure; readonly certificate: ErasureCertificate | null; readonly algorithm?: 'Ed25519' | undefined; readonly publicKey?: string | undefined; readonly signature?: string | undefined; readonly timestamp: Moment }

export type EraseCustomerBody = { readonly reason: string }

export type EraseCustomerWish = { readonly customerId: string; readonly body: EraseCustomerBody }

export type EraseCustomerAnswer = { readonly success: true; readonly erasure: Erasure; readonly certificate: ErasureCertificate | null; readonly algorithm?: 'Ed25519' | undefined; readonly publicKey?: string | undefined; readonly signature?: string | undefined; readonly timestamp: Moment }

export type ShowTaxExemptionWish = { readonly customerId: string }

export type ShowTaxExemptionAnswer = { readonly success: true; readonly exemption: TaxExemption; readonly timestamp: Moment }

export type GrantTaxExemptionBody = { readonly certificate: string; readonly states?: ReadonlyArray<string> | undefined; readonly validThrough: string; readonly reason: string }

export type GrantTaxExemptionWish = { readonly customerId: string; readonly body: GrantTaxExemptionBody }

export type GrantTaxExemptionAnswer = { readonly success: true; readonly exemption: TaxExemption; readonly timestamp: Moment }

export type RevokeTaxExemptionBody = { readonly reason: string }

export type RevokeTaxExemptionWish = { readonly customerId: string; readonly body: RevokeTaxExemptionBody }

export type RevokeTaxExemptionAnswer = { readonly success: true; readonly exemption: TaxExemption; readonly timestamp: Moment }

export type ListDeadLettersWish = { readonly vendor?: string | undefined; readonly status?: 'pending' | 'applied' | 'ignored' | 'dead' | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListDeadLettersAnswer = { readonly success: true; readonly deadLetters: ReadonlyArray<DeadLetter>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ReplayDeadLettersBody = { readonly ids?: ReadonlyArray<string> | undefined; readonly filter?: { readonly vendor?: string | undefined; readonly type?: string | undefined; readonly status?: 'dead' | undefined; readonly from?: string | undefined; readonly to?: string | undefined } | undefined; readonly reason: string; readonly dryRun?: boolean | undefined }

export type ReplayDeadLettersAnswer = { readonly success: true; readonly dryRun: { readonly wouldReplay: number; readonly wouldRefuse: number; readonly ids: ReadonlyArray<string>; readonly refused: ReadonlyArray<RefusedReplay> }; readonly timestamp: Moment } | { readonly success: true; readonly replay: Replay; readonly refused: ReadonlyArray<RefusedReplay>; readonly watch: string; readonly timestamp: Moment }

export type GetReplayWish = { readonly replayId: string; readonly cursor?: string | undefined }

export type GetReplayAnswer = { readonly success: true; readonly replay: Replay; readonly refused: ReadonlyArray<RefusedReplay>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListDisputesWish = { readonly state?: 'unanswered' | 'all' | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListDisputesAnswer = { readonly success: true; readonly disputes: ReadonlyArray<ListedDispute>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListLedgerAccountsAnswer = { readonly success: true; readonly accounts: ReadonlyArray<LedgerAccount>; readonly trialBalance: Readonly<Record<string, Amount>>; readonly timestamp: Moment }

export type ListLedgerEntriesWish = { readonly orderId?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListLedgerEntriesAnswer = { readonly success: true; readonly entries: ReadonlyArray<JournalEntry>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListMemberBenefitsWish = { readonly status?: 'due' | 'given' | undefined; readonly customerId?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListMemberBenefitsAnswer = { readonly success: true; readonly benefits: ReadonlyArray<Benefit>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type HandOverGiftWish = { readonly benefitId: string }

export type HandOverGiftAnswer = { readonly success: true; readonly benefit: Benefit; readonly timestamp: Moment }

export type SearchOrdersWish = { readonly number?: string | undefined; readonly email?: string | undefined; readonly amount?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly state?: 'pending_payment' | 'requires_action' | 'payment_unknown' | 'in_review' | 'paid' | 'fulfilled' | 'payment_failed' | 'expired' | 'cancelled' | 'partially_refunded' | 'refunded' | 'disputed' | undefined; readonly gateway?: 'stripe' | 'kaja' | 'none' | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type SearchOrdersAnswer = { readonly success: true; readonly orders: ReadonlyArray<Order>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListPromoCodesWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListPromoCodesAnswer = { readonly success: true; readonly promoCodes: ReadonlyArray<PromoCode>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type CreatePromoCodeBody = { readonly code: string; readonly percent?: number | undefined; readonly amount?: number | undefined; readonly currency?: string | undefined; readonly validFrom?: string | undefined; readonly validUntil?: string | undefined; readonly usesMax?: number | undefined; readonly oncePerCustomer?: boolean | undefined; readonly minimumSubtotal?: number | undefined; readonly reason: string }

export type CreatePromoCodeAnswer = { readonly success: true; readonly promoCode: PromoCode; readonly timestamp: Moment }

export type EndPromoCodeBody = { readonly reason: string }

export type EndPromoCodeWish = { readonly code: string; readonly body: EndPromoCodeBody }

export type EndPromoCodeAnswer = { readonly success: true; readonly promoCode: PromoCode; readonly timestamp: Moment }

export type ListDifferencesWish = { readonly state?: 'open' | 'repaired' | 'resolved' | 'vanished' | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListDifferencesAnswer = { readonly success: true; readonly differences: ReadonlyArray<Difference>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ResolveDifferenceBody = { readonly orderId?: string | undefined; readonly reason: string; readonly confirm?: string | undefined }

export type ResolveDifferenceWish = { readonly differenceId: string; readonly body: ResolveDifferenceBody }

export type ResolveDifferenceAnswer = ({ readonly success: true; readonly timestamp: Moment } & ResolutionPreview) | { readonly success: true; readonly resolved: true; readonly difference: Difference; readonly order?: Order | undefined; readonly timestamp: Moment }

export type ListReviewsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListReviewsAnswer = { readonly success: true; readonly reviews: ReadonlyArray<Review>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListSkuConflictsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListSkuConflictsAnswer = { readonly success: true; readonly conflicts: ReadonlyArray<SkuConflict>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ShowStatsAnswer = { readonly success: true; readonly day: Day; readonly timeZone: string; readonly currency: Currency; readonly orders: Readonly<Record<string, Sum>>; readonly memberships: Readonly<Record<string, Sum>>; readonly refunds: Sum; readonly queues: Readonly<Record<string, Readonly<Record<string, number>>>>; readonly breakers: ReadonlyArray<Breaker>; readonly timestamp: Moment }

export type ListStockDifferencesWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListStockDifferencesAnswer = { readonly success: true; readonly differences: ReadonlyArray<StockDifference>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListSuppressionsWish = { readonly scope?: 'all' | 'campaigns' | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListSuppressionsAnswer = { readonly success: true; readonly suppressions: ReadonlyArray<Suppression>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type AddSuppressionBody = { readonly address: string; readonly scope?: 'all' | 'campaigns' | undefined }

export type AddSuppressionAnswer = { readonly success: true; readonly suppression: Suppression; readonly timestamp: Moment }

export type LiftSuppressionBody = { readonly scope?: 'all' | 'campaigns' | undefined; readonly reason: string }

export type LiftSuppressionWish = { readonly suppressionId: string; readonly body: LiftSuppressionBody }

export type LiftSuppressionAnswer = { readonly success: true; readonly suppression: Suppression; readonly timestamp: Moment }

export type ListSyncsWish = { readonly limit?: number | undefined }

export type ListSyncsAnswer = { readonly success: true; readonly syncs: ReadonlyArray<Sync>; readonly timestamp: Moment }

export type ListRefusedRowsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListRefusedRowsAnswer = { readonly success: true; readonly rows: ReadonlyArray<RefusedRow>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ListWebhookDeliveriesWish = { readonly endpointId?: string | undefined; readonly status?: 'pending' | 'delivered' | 'dead' | undefined; readonly type?: 'order.paid' | 'order.fulfilled' | 'order.cancelled' | 'order.expired' | 'order.payment_failed' | 'order.in_review' | 'order.refunded' | 'order.refund_failed' | 'order.disputed' | 'order.dispute_closed' | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListWebhookDeliveriesAnswer = { readonly success: true; readonly deliveries: ReadonlyArray<WebhookDelivery>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ReplayWebhookDeliveriesBody = { readonly ids?: ReadonlyArray<string> | undefined; readonly filter?: { readonly endpointId?: string | undefined; readonly type?: 'order.paid' | 'order.fulfilled' | 'order.cancelled' | 'order.expired' | 'order.payment_failed' | 'order.in_review' | 'order.refunded' | 'order.refund_failed' | 'order.disputed' | 'order.dispute_closed' | undefined; readonly status?: 'dead' | 'delivered' | undefined; readonly from?: string | undefined; readonly to?: string | undefined } | undefined; readonly reason: string; readonly dryRun?: boolean | undefined }

export type ReplayWebhookDeliveriesAnswer = { readonly success: true; readonly dryRun: { readonly ids: ReadonlyArray<string>; readonly refused: ReadonlyArray<RefusedReplay>; readonly more: boolean }; readonly timestamp: Moment } | { readonly success: true; readonly replay: { readonly ids: ReadonlyArray<string>; readonly refused: ReadonlyArray<RefusedReplay>; readonly more: boolean; readonly id: string }; readonly timestamp: Moment }

export type ListWebhookEndpointsAnswer = { readonly success: true; readonly endpoints: ReadonlyArray<WebhookEndpoint>; readonly timestamp: Moment }

export type RegisterWebhookEndpointBody = { readonly url: string; readonly eventTypes?: ReadonlyArray<'order.paid' | 'order.fulfilled' | 'order.cancelled' | 'order.expired' | 'order.payment_failed' | 'order.in_review' | 'order.refunded' | 'order.refund_failed' | 'order.disputed' | 'order.dispute_closed'> | undefined }

export type RegisterWebhookEndpointAnswer = { readonly success: true; readonly endpoint: WebhookEndpoint; readonly secret: string; readonly timestamp: Moment }

export type ChangeWebhookEndpointBody = { readonly eventTypes?: ReadonlyArray<'order.paid' | 'order.fulfilled' | 'order.cancelled' | 'order.expired' | 'order.payment_failed' | 'order.in_review' | 'order.refunded' | 'order.refund_failed' | 'order.disputed' | 'order.dispute_closed'> | undefined; readonly active?: boolean | undefined }

export type ChangeWebhookEndpointWish = { readonly endpointId: string; readonly body?: ChangeWebhookEndpointBody }

export type ChangeWebhookEndpointAnswer = { readonly success: true; readonly endpoint: WebhookEndpoint; readonly timestamp: Moment }

export type RemoveWebhookEndpointWish = { readonly endpointId: string }

export type RemoveWebhookEndpointAnswer = { readonly success: true; readonly timestamp: Moment }

export type RotateWebhookSecretWish = { readonly endpointId: string }

export type RotateWebhookSecretAnswer = { readonly success: true; readonly endpoint: WebhookEndpoint; readonly secret: string; readonly timestamp: Moment }

export type RevokeAgeVerificationWish = { readonly customerId: string }

export type RevokeAgeVerificationAnswer = { readonly success: true; readonly message: string; readonly timestamp: Moment }

export type GetAgeStatusWish = { readonly customerId: string }

export type GetAgeStatusAnswer = { readonly success: true; readonly timestamp: Moment } & AgeStatus

export type VerifyAgeBody = { readonly customerId: string; readonly fullName: string; readonly dateOfBirth: string; readonly state: 'AL' | 'AK' | 'AZ' | 'AR' | 'CA' | 'CO' | 'CT' | 'DE' | 'FL' | 'GA' | 'HI' | 'ID' | 'IL' | 'IN' | 'IA' | 'KS' | 'KY' | 'LA' | 'ME' | 'MD' | 'MA' | 'MI' | 'MN' | 'MS' | 'MO' | 'MT' | 'NE' | 'NV' | 'NH' | 'NJ' | 'NM' | 'NY' | 'NC' | 'ND' | 'OH' | 'OK' | 'OR' | 'PA' | 'RI' | 'SC' | 'SD' | 'TN' | 'TX' | 'UT' | 'VT' | 'VA' | 'WA' | 'WV' | 'WI' | 'WY' | 'DC'; readonly idNumberLast4: string; readonly paymentMethod?: { readonly gateway?: 'stripe' | 'kaja' | undefined; readonly type?: string | undefined; readonly token: string } | undefined }

export type VerifyAgeAnswer = ({ readonly success: true; readonly timestamp: Moment } & AgeVerified) | ({ readonly success: true; readonly timestamp: Moment } & AgeRefused)

export type ShowReportWish = { readonly report: string; readonly days?: number | undefined }

export type ShowReportAnswer = { readonly success: true; readonly mode: 'live' | 'degraded' | 'mock'; readonly lastUpdated: Moment | null; readonly ageSeconds: number | null; readonly reason?: string | undefined; readonly report: string; readonly days: number; readonly currency: Currency; readonly rows: ReadonlyArray<ChannelReport | WeekdayReport | TierReport | CohortReport | SegmentReport>; readonly emptyBecause?: string | undefined; readonly timestamp: Moment }

export type ShowAcquisitionWish = { readonly days?: number | undefined }

export type ShowAcquisitionAnswer = { readonly success: true; readonly mode: 'live' | 'degraded' | 'mock'; readonly lastUpdated: Moment | null; readonly ageSeconds: number | null; readonly reason?: string | undefined; readonly days: number; readonly currency: Currency; readonly months: ReadonlyArray<AcquisitionMonth>; readonly emptyBecause?: string | undefined; readonly timestamp: Moment }

export type SayAcquisitionBody = { readonly month: string; readonly spend: number; readonly reason: string }

export type SayAcquisitionAnswer = { readonly success: true; readonly acquisition: AcquisitionSpend; readonly timestamp: Moment }

export type ListCampaignsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined; readonly days?: number | undefined }

export type ListCampaignsAnswer = { readonly success: true; readonly mode: 'live' | 'degraded' | 'mock'; readonly lastUpdated: Moment | null; readonly ageSeconds: number | null; readonly reason?: string | undefined; readonly days: number; readonly currency: Currency; readonly campaigns: ReadonlyArray<CampaignReport>; readonly nextCursor: NextCursor; readonly emptyBecause?: string | undefined; readonly timestamp: Moment }

export type ShowDashboardAnswer = { readonly success: true; readonly mode: 'live' | 'degraded' | 'mock'; readonly lastUpdated: Moment | null; readonly ageSeconds: number | null; readonly reason?: string | undefined; readonly completeUntil: Moment | null; readonly metrics: Today; readonly timestamp: Moment }

export type ListForecastsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListForecastsAnswer = { readonly success: true; readonly mode: 'live' | 'degraded' | 'mock'; readonly lastUpdated: Moment | null; readonly ageSeconds: number | null; readonly reason?: string | undefined; readonly method: Readonly<Record<string, string | number>>; readonly error: { readonly wape: number | null; readonly naiveWape: number | null; readonly days: number }; readonly rules: Readonly<Record<string, number>>; readonly products: ReadonlyArray<Forecast>; readonly nextCursor: NextCursor; readonly emptyBecause?: string | undefined; readonly timestamp: Moment }

export type ShowHistoryWish = { readonly from?: unknown & unknown | undefined; readonly to?: unknown & unknown | undefined }

export type ShowHistoryAnswer = { readonly success: true; readonly mode: 'live' | 'degraded' | 'mock'; readonly lastUpdated: Moment | null; readonly ageSeconds: number | null; readonly reason?: string | undefined; readonly from: Day; readonly to: Day; readonly currency: Currency; readonly daily: ReadonlyArray<SalesDay>; readonly monthly: ReadonlyArray<SalesMonth>; readonly totals: SalesSums; readonly emptyBecause?: string | undefined; readonly timestamp: Moment }

export type ListProductSalesWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined; readonly days?: number | undefined }

export type ListProductSalesAnswer = { readonly success: true; readonly mode: 'live' | 'degraded' | 'mock'; readonly lastUpdated: Moment | null; readonly ageSeconds: number | null; readonly reason?: string | undefined; readonly days: number; readonly currency: Currency; readonly products: ReadonlyArray<Product & { readonly unitsSold: number; readonly revenue: Amount; readonly orders: number }>; readonly topSellers: ReadonlyArray<TopSeller>; readonly nextCursor: NextCursor; readonly emptyBecause?: string | undefined; readonly timestamp: Moment }

export type OpenCartBody = { readonly customerId?: string | undefined }

export type OpenCartAnswer = { readonly success: true; readonly cart: Cart; readonly timestamp: Moment }

export type ShowCartWish = { readonly cartId: string; readonly shipTo?: string | undefined }

export type ShowCartAnswer = { readonly success: true; readonly cart: Cart; readonly timestamp: Moment }

export type DropCartWish = { readonly cartId: string }

export type DropCartAnswer = { readonly success: true; readonly cartId: string; readonly timestamp: Moment }

export type SetCartItemBody = { readonly productId: string; readonly quantity: number }

export type SetCartItemWish = { readonly cartId: string; readonly body: SetCartItemBody }

export type SetCartItemAnswer = { readonly success: true; readonly cart: Cart; readonly timestamp: Moment }

export type SetCartPromoCodeBody = { readonly promoCode: string | null }

export type SetCartPromoCodeWish = { readonly cartId: string; readonly body: SetCartPromoCodeBody }

export type SetCartPromoCodeAnswer = { readonly success: true; readonly cart: Cart; readonly timestamp: Moment }

export type CheckOutBody = { readonly customerId?: string | undefined; readonly email: string; readonly cartId?: string | undefined; readonly cart?: ReadonlyArray<{ readonly productId: string; readonly quantity: number; readonly price?: number | undefined }> | undefined; readonly expectedTotal?: number | undefined; readonly promoCode?: string | undefined; readonly fulfilment?: { readonly how: 'pick_up' } | { readonly how: 'ship'; readonly address: { readonly name: string; readonly line1: string; readonly line2?: string | undefined; readonly city: string; readonly state: string; readonly postalCode: string; readonly country: string } } | undefined; readonly deviceId?: string | undefined; readonly paymentMethod: { readonly gateway?: 'stripe' | 'kaja' | undefined; readonly type?: string | undefined; readonly token?: string | undefined; readonly cardId?: string | undefined; readonly save?: boolean | undefined } }

export type CheckOutAnswer = ({ readonly success: true; readonly timestamp: Moment } & Sold) | ({ readonly success: true; readonly timestamp: Moment } & Placed)

export type OpenCheckoutSessionBody = { readonly customerId?: string | undefined; readonly email: string; readonly cartId?: string | undefined; readonly cart?: ReadonlyArray<{ readonly productId: string; readonly quantity: number; readonly price?: number | undefined }> | undefined; readonly expectedTotal?: number | undefined; readonly promoCode?: string | undefined; readonly fulfilment?: { readonly how: 'pick_up' } | { readonly how: 'ship'; readonly address: { readonly name: string; readonly line1: string; readonly line2?: string | undefined; readonly city: string; readonly state: string; readonly postalCode: string; readonly country: string } } | undefined; readonly deviceId?: string | undefined }

export type OpenCheckoutSessionAnswer = (({ readonly success: true; readonly timestamp: Moment } & PaymentPage) | ({ readonly success: true; readonly timestamp: Moment } & Sold)) | ({ readonly success: true; readonly timestamp: Moment } & Placed)

export type ListCardsWish = { readonly customerId: string }

export type ListCardsAnswer = { readonly success: true; readonly cards: ReadonlyArray<Card>; readonly timestamp: Moment }

export type StoreCardBody = { readonly gateway?: 'stripe' | 'kaja' | undefined; readonly token: string; readonly email?: string | undefined }

export type StoreCardWish = { readonly customerId: string; readonly body: StoreCardBody }

export type StoreCardAnswer = { readonly success: true; readonly card: Card; readonly timestamp: Moment } | { readonly success: true; readonly card: Card; readonly clientSecret?: string | undefined; readonly nextAction?: unknown | undefined; readonly timestamp: Moment }

export type ShowCardWish = { readonly customerId: string; readonly cardId: string }

export type ShowCardAnswer = { readonly success: true; readonly card: Card; readonly timestamp: Moment }

export type RemoveCardWish = { readonly customerId: string; readonly cardId: string }

export type RemoveCardAnswer = { readonly success: true; readonly card: Card; readonly removed: true; readonly timestamp: Moment } | { readonly success: true; readonly card: Card; readonly removed: false; readonly message: string; readonly timestamp: Moment }

export type ListEmailsWish = { readonly status?: 'queued' | 'deferred' | 'sent' | 'delivered' | 'delayed' | 'bounced' | 'complained' | 'failed' | 'suppressed' | 'dead_letter' | undefined; readonly template?: string | undefined; readonly recipient?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListEmailsAnswer = { readonly success: true; readonly emails: ReadonlyArray<Mail>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type QueueEmailBody = { readonly template: 'receipt'; readonly variables: { readonly orderNumber: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly sums: ReadonlyArray<ReadonlyArray<unknown>> }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'refund'; readonly variables: { readonly orderNumber: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly sums: ReadonlyArray<ReadonlyArray<unknown>>; readonly amount: string }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'refund-returned'; readonly variables: { readonly orderNumber: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly sums: ReadonlyArray<ReadonlyArray<unknown>>; readonly amount: string }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'under_review'; readonly variables: { readonly orderNumber: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly sums: ReadonlyArray<ReadonlyArray<unknown>>; readonly goodsSetAside: boolean }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'review_ended'; readonly variables: { readonly orderNumber: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly sums: ReadonlyArray<ReadonlyArray<unknown>>; readonly charged: boolean }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'cancelled'; readonly variables: { readonly orderNumber: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly sums: ReadonlyArray<ReadonlyArray<unknown>>; readonly byStaff: boolean; readonly setAside: boolean }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'shipped'; readonly variables: { readonly orderNumber: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly tracking: string }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'purchase_order'; readonly variables: { readonly orderId: string; readonly lines: ReadonlyArray<ReadonlyArray<unknown>>; readonly expectedOn: string }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'notice'; readonly variables: { readonly subject: string; readonly title: string; readonly paragraphs: ReadonlyArray<string>; readonly rows?: ReadonlyArray<ReadonlyArray<ReadonlyArray<unknown>>> | undefined; readonly action?: { readonly label: string; readonly url: string } | undefined; readonly notes?: ReadonlyArray<string> | undefined }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined } | { readonly template: 'newsletter'; readonly variables: { readonly subject: string; readonly title: string; readonly paragraphs: ReadonlyArray<string>; readonly action?: { readonly label: string; readonly url: string } | undefined; readonly notes?: ReadonlyArray<string> | undefined }; readonly to: string | ReadonlyArray<string>; readonly cc?: ReadonlyArray<string> | undefined; readonly bcc?: ReadonlyArray<string> | undefined; readonly replyTo?: string | undefined; readonly category?: 'transactional' | 'campaign' | undefined; readonly customerId?: string | undefined; readonly campaign?: string | undefined; readonly creative?: string | undefined; readonly sendAt?: string | undefined }

export type QueueEmailAnswer = { readonly success: true; readonly emailId: string; readonly status: 'queued'; readonly timestamp: Moment }

export type GetEmailWish = { readonly emailId: string }

export type GetEmailAnswer = { readonly success: true; readonly email: WholeMail; readonly timestamp: Moment }

export type ShowEmailStatsWish = { readonly hours?: number | undefined }

export type ShowEmailStatsAnswer = { readonly success: true; readonly from: Moment; readonly statuses: Readonly<Record<'queued' | 'deferred' | 'sent' | 'delivered' | 'delayed' | 'bounced' | 'complained' | 'failed' | 'suppressed' | 'dead_letter', number>>; readonly templates: ReadonlyArray<{ readonly template: string; readonly count: number }>; readonly slo: { readonly attempted: number; readonly taken: number; readonly percent: number | null; readonly inTimePercent: number | null; readonly promisedPercent: number }; readonly waiting: { readonly queued: number; readonly deferred: number; readonly deadLetters: number; readonly oldestSeconds: number | null }; readonly suppressed: Readonly<Record<'all' | 'campaigns', number>>; readonly limits: { readonly perMinute: number; readonly perRecipientMinute: number }; readonly timestamp: Moment }

export type GetMembershipWish = { readonly customerId: string }

export type GetMembershipAnswer = { readonly success: true; readonly membership: Membership; readonly timestamp: Moment }

export type CancelMembershipBody = { readonly reason: string }

export type CancelMembershipWish = { readonly customerId: string; readonly body: CancelMembershipBody }

export type CancelMembershipAnswer = { readonly success: true; readonly membership: Membership; readonly timestamp: Moment }

export type DowngradeMembershipBody = { readonly tier: 'BRONZE' | 'SILVER' | 'GOLD' }

export type DowngradeMembershipWish = { readonly customerId: string; readonly body: DowngradeMembershipBody }

export type DowngradeMembershipAnswer = { readonly success: true; readonly membership: Membership; readonly timestamp: Moment }

export type ChooseNewsletterBody = { readonly agreed: boolean }

export type ChooseNewsletterWish = { readonly customerId: string; readonly body: ChooseNewsletterBody }

export type ChooseNewsletterAnswer = { readonly success: true; readonly membership: Membership; readonly timestamp: Moment }

export type ChangePaymentMethodBody = { readonly paymentMethod: { readonly gateway?: 'stripe' | 'kaja' | undefined; readonly type?: string | undefined; readonly token?: string | undefined; readonly cardId?: string | undefined } }

export type ChangePaymentMethodWish = { readonly customerId: string; readonly body: ChangePaymentMethodBody }

export type ChangePaymentMethodAnswer = { readonly success: true; readonly membership: Membership; readonly orderId?: string | undefined; readonly timestamp: Moment } | ({ readonly success: true; readonly card: Card; readonly clientSecret?: string | undefined; readonly nextAction?: unknown | undefined; readonly timestamp: Moment } | ({ readonly success: true; readonly timestamp: Moment } & Placed))

export type UpgradeMembershipBody = { readonly tier: 'BRONZE' | 'SILVER' | 'GOLD' }

export type UpgradeMembershipWish = { readonly customerId: string; readonly body: UpgradeMembershipBody }

export type UpgradeMembershipAnswer = ({ readonly success: true; readonly timestamp: Moment } & Granted) | ({ readonly success: true; readonly timestamp: Moment } & Placed)

export type GetMemberDiscountWish = { readonly customerId: string; readonly subtotal: string }

export type GetMemberDiscountAnswer = { readonly success: true; readonly hasDiscount: boolean; readonly discountAmount: Amount; readonly discountPercent: number; readonly finalTotal: Amount; readonly tier: TierName | null; readonly timestamp: Moment }

export type ShowMembershipMetricsAnswer = { readonly success: true; readonly mrr: Amount; readonly currency: Currency; readonly activeMembers: number; readonly churnRate: number | null; readonly tierDistribution: Readonly<Record<TierName, number>>; readonly averagePrice: Amount | null; readonly lifetimeValue: Readonly<Record<TierName, Amount>>; readonly lifetimeValueByRetention: Readonly<Record<TierName, Amount | null>>; readonly cohorts: ReadonlyArray<{ readonly month: string; readonly members: number; readonly kept: ReadonlyArray<number> }> | null; readonly timestamp: Moment }

export type SubscribeCustomerBody = { readonly customerId: string; readonly email: string; readonly tier: 'BRONZE' | 'SILVER' | 'GOLD'; readonly paymentMethod: { readonly gateway?: 'stripe' | 'kaja' | undefined; readonly type?: string | undefined; readonly token?: string | undefined; readonly cardId?: string | undefined }; readonly newsletter?: boolean | undefined; readonly deviceId?: string | undefined }

export type SubscribeCustomerAnswer = ({ readonly success: true; readonly timestamp: Moment } & Granted) | ({ readonly success: true; readonly timestamp: Moment } & Placed)

export type ListMembershipTiersAnswer = { readonly success: true; readonly tiers: ReadonlyArray<Tier>; readonly timestamp: Moment }

export type ListOrdersWish = { readonly customerId?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListOrdersAnswer = { readonly success: true; readonly orders: ReadonlyArray<Order>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type GetOrderWish = { readonly orderId: string }

export type GetOrderAnswer = { readonly success: true; readonly order: Order; readonly timestamp: Moment }

export type CancelOrderBody = { readonly reason?: string | undefined }

export type CancelOrderWish = { readonly orderId: string; readonly body?: CancelOrderBody }

export type CancelOrderAnswer = { readonly success: true; readonly orderId: string; readonly cancelled: boolean; readonly order: Order; readonly timestamp: Moment } | { readonly success: true; readonly orderId: string; readonly cancelled: boolean; readonly order: Order; readonly message: string; readonly timestamp: Moment }

export type ConfirmOrderWish = { readonly orderId: string }

export type ConfirmOrderAnswer = ({ readonly success: true; readonly timestamp: Moment } & Granted) | (({ readonly success: true; readonly timestamp: Moment } & Sold) | ({ readonly success: true; readonly timestamp: Moment } & Granted)) | ({ readonly success: true; readonly timestamp: Moment } & Placed)

export type FulfilOrderBody = { readonly how: 'picked_up' | 'shipped'; readonly tracking?: string | undefined; readonly toAdult?: boolean | undefined }

export type FulfilOrderWish = { readonly orderId: string; readonly body: FulfilOrderBody }

export type FulfilOrderAnswer = { readonly success: true; readonly order: Order; readonly timestamp: Moment }

export type ListOrderNotesWish = { readonly orderId: string; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListOrderNotesAnswer = { readonly success: true; readonly notes: ReadonlyArray<OrderNote>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type AddOrderNoteBody = { readonly text: string }

export type AddOrderNoteWish = { readonly orderId: string; readonly body: AddOrderNoteBody }

export type AddOrderNoteAnswer = { readonly success: true; readonly note: OrderNote; readonly timestamp: Moment }

export type RefundOrderBody = { readonly amount?: number | undefined; readonly lines?: ReadonlyArray<{ readonly productId: string; readonly quantity: number }> | undefined; readonly shipping?: true | undefined; readonly restock?: boolean | undefined; readonly reason: string }

export type RefundOrderWish = { readonly orderId: string; readonly body: RefundOrderBody }

export type RefundOrderAnswer = { readonly success: true; readonly refund: Refund; readonly order: Order; readonly timestamp: Moment }

export type ReviewOrderBody = { readonly decision: 'approve' | 'refuse'; readonly reason: string }

export type ReviewOrderWish = { readonly orderId: string; readonly body: ReviewOrderBody }

export type ReviewOrderAnswer = { readonly success: true; readonly orderId: string; readonly review: Decision; readonly order: Order; readonly timestamp: Moment }

export type ListPayeesWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListPayeesAnswer = { readonly success: true; readonly payees: ReadonlyArray<Payee>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ShowPayeeWish = { readonly payeeId: string }

export type ShowPayeeAnswer = { readonly success: true; readonly payee: Payee; readonly timestamp: Moment }

export type RegisterPayeeBody = { readonly name: string; readonly destination: string; readonly active?: boolean | undefined }

export type RegisterPayeeWish = { readonly payeeId: string; readonly body: RegisterPayeeBody }

export type RegisterPayeeAnswer = { readonly success: true; readonly payee: Payee; readonly timestamp: Moment }

export type ListPayoutsWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListPayoutsAnswer = { readonly success: true; readonly payouts: ReadonlyArray<Payout>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type MakePayoutBody = { readonly payoutId?: string | undefined; readonly recipientId: string; readonly amount: number; readonly currency: string; readonly reason: string }

export type MakePayoutAnswer = { readonly success: true; readonly payout: Payout; readonly timestamp: Moment }

export type GetPayoutWish = { readonly payoutId: string }

export type GetPayoutAnswer = { readonly success: true; readonly payout: Payout; readonly timestamp: Moment }

export type ListProductsWish = { readonly category?: string | undefined; readonly q?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListProductsAnswer = { readonly success: true; readonly products: ReadonlyArray<Product>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type GetProductWish = { readonly productId: string }

export type GetProductAnswer = { readonly success: true; readonly product: Product; readonly timestamp: Moment }

export type ListPurchaseOrdersWish = { readonly cursor?: string | undefined; readonly limit?: number | undefined }

export type ListPurchaseOrdersAnswer = { readonly success: true; readonly purchaseOrders: ReadonlyArray<PurchaseOrder>; readonly nextCursor: NextCursor; readonly timestamp: Moment }

export type ApprovePurchaseOrderBody = { readonly productId: string; readonly quantity: number; readonly orderNumber: number; readonly supplierEmail?: string | undefined; readonly reason: string }

export type ApprovePurchaseOrderAnswer = { readonly success: true; readonly purchaseOrder: PurchaseOrder; readonly timestamp: Moment }

export type ShowUnsubscribeWish = { readonly token: string }

export type ShowUnsubscribeAnswer = string

export type UnsubscribeWish = { readonly token: string }

export type UnsubscribeAnswer = string

export type HealthAnswer = { readonly success: true; readonly state: 'ok'; readonly timestamp: Moment }

export type CheckDependenciesAnswer = { readonly success: true; readonly state: 'ok'; readonly dependencies: Readonly<Record<string, string>>; readonly timestamp: Moment }

/** Where the shop is, and who asks. */
export interface ShopOptions {
  /** `https://shop.example` */
  readonly url: string
  /** A token for each call; without one everything is asked as a guest. */
  readonly token?: () => string | undefined | Promise<string | undefined>
  /** Tries of one call in all, 3 without it. */
  readonly triesMax?: number
  /** A try is given up after so long, 65 seconds without it: longer than the shop takes to say that it does not know. */
  readonly deadlineMs?: number
  /** Told of each answer, for logs and figures. */
  readonly onAnswer?: (facts: AnswerFacts) => void
  /** Instead of the runtime's own. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Instead of real time, between tries. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export interface CallOptions {
  /** Ends the call, and its waits. What the shop has begun it finishes. */
  readonly signal?: AbortSignal
  /** Instead of one that is made for this call: hand the same one in again to go on with a call of before. */
  readonly idempotencyKey?: string
  /** By which the call is found in the shop's logs. */
  readonly requestId?: string
}

export interface AnswerFacts {
  readonly operation: string
  readonly status: number
  readonly requestId: string | undefined
  /** The answer was given before; nothing was done now. */
  readonly replayed: boolean
  /** Which try it came to. */
  readonly tries: number
}

/** Whatever is no success. `NETWORK`: no answer came, `UNREADABLE`: one that is not the shop's. */
export class ShopError extends Error {
  readonly code: FailureCode | 'NETWORK' | 'UNREADABLE'
  /** Undefined when no answer came. */
  readonly status: number | undefined
  /** The same call may have a better end later. */
  readonly retryable: boolean
  readonly retryAfterSeconds: number | undefined
  readonly requestId: string | undefined
  /** Hand it in with the same call again, and nothing is done twice. */
  readonly idempotencyKey: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, facts: ShopErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'ShopError'
    this.code = facts.code
    this.status = facts.status
    this.retryable = facts.retryable
    this.retryAfterSeconds = facts.retryAfterSeconds
    this.requestId = facts.requestId
    this.idempotencyKey = facts.idempotencyKey
    this.details = facts.details ?? {}
  }
}

interface ShopErrorFacts {
  readonly code: ShopError['code']
  readonly retryable: boolean
  readonly status?: number | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly requestId?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

interface Call {
  readonly operation: string
  readonly method: string
  readonly path: string
  /** Sent twice it is done once. */
  readonly keyed: boolean
  /** It is answered by a page, not JSON. */
  readonly page?: boolean
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly query?: readonly string[]
  readonly body?: unknown
}

const TRIES_MAX = 3
const DEADLINE_MS = 65_000
const FIRST_WAIT_MS = 500
/** Whoever is to wait longer is told so, and decides himself. */
const WAIT_MS_MAX = 15_000

/** How calls go out and answers come in. A call is sent again only where that is safe: it reads, says how things are to be, or has a key. */
export class Transport {
  readonly #options: ShopOptions

  constructor(options: ShopOptions) {
    this.#options = options
  }

  protected async send<Answer>(call: Call, options: CallOptions = {}): Promise<Answer> {
    const { triesMax = TRIES_MAX, wait = waited } = this.#options
    const key = call.keyed ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined
    const isSafe = call.method !== 'POST' || key !== undefined
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#tried<Answer>(call, { ...options, key, tries })
      if (!(outcome instanceof ShopError)) return outcome.answer
      const waitMs = waitAfter(outcome, tries)
      if (!isSafe || tries >= triesMax || waitMs === undefined) throw outcome
      await wait(waitMs, options.signal)
    }
  }

  async #tried<Answer>(call: Call, { signal, requestId, key, tries }: CallOptions & { readonly key: string | undefined; readonly tries: number }): Promise<{ answer: Answer } | ShopError> {
    const { url, token, onAnswer, deadlineMs = DEADLINE_MS, fetch: sent = fetch } = this.#options
    const bearer = await token?.()
    const headers: Record<string, string> = {
      ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
      ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      ...(requestId === undefined ? {} : { 'X-Request-Id': requestId }),
    }
    const deadline = AbortSignal.timeout(deadlineMs)
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) }
    try {
      const response = await sent(`${url.replace(/\/$/, '')}${addressOf(call)}`, { method: call.method, headers, signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]), ...body })
      const facts = { requestId: response.headers.get('x-request-id') ?? undefined, status: response.status }
      const text = await response.text()
      onAnswer?.({ ...facts, operation: call.operation, replayed: response.headers.get('idempotent-replayed') === 'true', tries })
      if (!response.ok) return failureIn(text, { ...facts, idempotencyKey: key, retryAfterSeconds: secondsIn(response.headers.get('retry-after')) })
      if (call.page === true) return { answer: text as Answer }
      if ((response.headers.get('content-type') ?? '').includes('json')) return { answer: JSON.parse(text) as Answer }
      return new ShopError('The answer is not the shop\'s.', { ...facts, code: 'UNREADABLE', retryable: false, idempotencyKey: key })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      return new ShopError('The shop could not be reached.', { code: 'NETWORK', retryable: true, idempotencyKey: key, cause: error })
    }
  }
}

/** How long to wait before the next try; undefined when another would not help, or nobody should wait so long. */
function waitAfter({ code, retryAfterSeconds }: ShopError, tries: number): number | undefined {
  if (code !== 'NETWORK' && code !== 'SERVICE_UNAVAILABLE' && code !== 'GATEWAY_TIMEOUT') return undefined
  if (code === 'SERVICE_UNAVAILABLE' && retryAfterSeconds === undefined) return undefined
  const waitMs = retryAfterSeconds === undefined ? FIRST_WAIT_MS * 2 ** (tries - 1) * (1 + Math.random() / 4) : retryAfterSeconds * 1000
  return waitMs > WAIT_MS_MAX ? undefined : waitMs
}

function failureIn(text: string, facts: Omit<ShopErrorFacts, 'code' | 'retryable' | 'details'> & { readonly status: number }): ShopError {
  try {
    const { error, code, retryable, details } = JSON.parse(text) as { error: string; code: FailureCode; retryable: boolean; details?: Record<string, unknown> }
    if (typeof error === 'string' && typeof code === 'string') return new ShopError(error, { ...facts, code, retryable, details })
  } catch {
    // Something between us and the shop has answered.
  }
  const code = facts.status === 503 ? 'SERVICE_UNAVAILABLE' : facts.status === 502 || facts.status === 504 ? 'GATEWAY_TIMEOUT' : 'UNREADABLE'
  return new ShopError(`The answer ${facts.status} is not the shop's.`, { ...facts, code, retryable: code !== 'UNREADABLE' })
}

function addressOf({ path, parameters = {}, query = [] }: Call): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name])))
  const asked = new URLSearchParams()
  for (const name of query) if (parameters[name] !== undefined) asked.set(name, String(parameters[name]))
  return asked.size === 0 ? filled : `${filled}?${asked.toString()}`
}

function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) ? Number(header) : undefined
}

function waited(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted === true) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}

export class Countinghouse extends Transport {
  /** Alerts, open ones first. For viewer, support, admin. */
  listAlerts(wish: ListAlertsWish = {}, options?: CallOptions): Promise<ListAlertsAnswer> {
    return this.send({ operation: 'listAlerts', method: 'GET', path: '/api/admin/alerts', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Audit events of a day, in UTC. For viewer, support, admin. */
  listAuditEvents(wish: ListAuditEventsWish = {}, options?: CallOptions): Promise<ListAuditEventsAnswer> {
    return this.send({ operation: 'listAuditEvents', method: 'GET', path: '/api/admin/audit', keyed: false, parameters: wish, query: ['day', 'cursor', 'limit'] }, options)
  }

  /** Daily seals of the audit trail. For viewer, support, admin. */
  listAuditSeals(wish: ListAuditSealsWish = {}, options?: CallOptions): Promise<ListAuditSealsAnswer> {
    return this.send({ operation: 'listAuditSeals', method: 'GET', path: '/api/admin/audit/seals', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Show how far a customer is forgotten. For viewer, support, admin. */
  showEraseCustomer(wish: ShowEraseCustomerWish, options?: CallOptions): Promise<ShowEraseCustomerAnswer> {
    return this.send({ operation: 'showEraseCustomer', method: 'GET', path: '/api/admin/customers/{customerId}/erase', keyed: false, parameters: wish }, options)
  }

  /** Forget a customer, with a signed certificate. For admin. */
  eraseCustomer(wish: EraseCustomerWish, options?: CallOptions): Promise<EraseCustomerAnswer> {
    return this.send({ operation: 'eraseCustomer', method: 'POST', path: '/api/admin/customers/{customerId}/erase', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** A customer's exemption from sales tax. For viewer, support, admin. */
  showTaxExemption(wish: ShowTaxExemptionWish, options?: CallOptions): Promise<ShowTaxExemptionAnswer> {
    return this.send({ operation: 'showTaxExemption', method: 'GET', path: '/api/admin/customers/{customerId}/tax-exemption', keyed: false, parameters: wish }, options)
  }

  /** Exempt a customer from sales tax. For admin. */
  grantTaxExemption(wish: GrantTaxExemptionWish, options?: CallOptions): Promise<GrantTaxExemptionAnswer> {
    return this.send({ operation: 'grantTaxExemption', method: 'PUT', path: '/api/admin/customers/{customerId}/tax-exemption', keyed: false, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Revoke a customer's exemption from sales tax. For admin. */
  revokeTaxExemption(wish: RevokeTaxExemptionWish, options?: CallOptions): Promise<RevokeTaxExemptionAnswer> {
    return this.send({ operation: 'revokeTaxExemption', method: 'POST', path: '/api/admin/customers/{customerId}/tax-exemption/revoke', keyed: false, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Vendor events and mails that were given up. For viewer, support, admin. */
  listDeadLetters(wish: ListDeadLettersWish = {}, options?: CallOptions): Promise<ListDeadLettersAnswer> {
    return this.send({ operation: 'listDeadLetters', method: 'GET', path: '/api/admin/dead-letters', keyed: false, parameters: wish, query: ['vendor', 'status', 'cursor', 'limit'] }, options)
  }

  /** Replay dead letters, named or by filter. For support, admin. */
  replayDeadLetters(body: ReplayDeadLettersBody, options?: CallOptions): Promise<ReplayDeadLettersAnswer> {
    return this.send({ operation: 'replayDeadLetters', method: 'POST', path: '/api/admin/dead-letters/replay', keyed: true, body }, options)
  }

  /** How far a replay has come. For viewer, support, admin. */
  getReplay(wish: GetReplayWish, options?: CallOptions): Promise<GetReplayAnswer> {
    return this.send({ operation: 'getReplay', method: 'GET', path: '/api/admin/dead-letters/replays/{replayId}', keyed: false, parameters: wish, query: ['cursor'] }, options)
  }

  /** List disputes with their deadlines. For viewer, support, admin. */
  listDisputes(wish: ListDisputesWish = {}, options?: CallOptions): Promise<ListDisputesAnswer> {
    return this.send({ operation: 'listDisputes', method: 'GET', path: '/api/admin/disputes', keyed: false, parameters: wish, query: ['state', 'cursor', 'limit'] }, options)
  }

  /** Balances of all accounts. For viewer, support, admin. */
  listLedgerAccounts(options?: CallOptions): Promise<ListLedgerAccountsAnswer> {
    return this.send({ operation: 'listLedgerAccounts', method: 'GET', path: '/api/admin/ledger/accounts', keyed: false }, options)
  }

  /** Journal entries. For viewer, support, admin. */
  listLedgerEntries(wish: ListLedgerEntriesWish = {}, options?: CallOptions): Promise<ListLedgerEntriesAnswer> {
    return this.send({ operation: 'listLedgerEntries', method: 'GET', path: '/api/admin/ledger/entries', keyed: false, parameters: wish, query: ['orderId', 'cursor', 'limit'] }, options)
  }

  /** List what members are to get. For viewer, support, admin. */
  listMemberBenefits(wish: ListMemberBenefitsWish = {}, options?: CallOptions): Promise<ListMemberBenefitsAnswer> {
    return this.send({ operation: 'listMemberBenefits', method: 'GET', path: '/api/admin/member-benefits', keyed: false, parameters: wish, query: ['status', 'customerId', 'cursor', 'limit'] }, options)
  }

  /** Write that a member got his gift. For support, admin. */
  handOverGift(wish: HandOverGiftWish, options?: CallOptions): Promise<HandOverGiftAnswer> {
    return this.send({ operation: 'handOverGift', method: 'POST', path: '/api/admin/member-benefits/{benefitId}/hand-over', keyed: false, parameters: wish }, options)
  }

  /** Find orders. For viewer, support, admin. */
  searchOrders(wish: SearchOrdersWish = {}, options?: CallOptions): Promise<SearchOrdersAnswer> {
    return this.send({ operation: 'searchOrders', method: 'GET', path: '/api/admin/orders', keyed: false, parameters: wish, query: ['number', 'email', 'amount', 'from', 'to', 'state', 'gateway', 'cursor', 'limit'] }, options)
  }

  /** Promo codes, the newest first. For viewer, support, admin. */
  listPromoCodes(wish: ListPromoCodesWish = {}, options?: CallOptions): Promise<ListPromoCodesAnswer> {
    return this.send({ operation: 'listPromoCodes', method: 'GET', path: '/api/admin/promo-codes', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Create a promo code. For admin. */
  createPromoCode(body: CreatePromoCodeBody, options?: CallOptions): Promise<CreatePromoCodeAnswer> {
    return this.send({ operation: 'createPromoCode', method: 'POST', path: '/api/admin/promo-codes', keyed: true, body }, options)
  }

  /** End a promo code. For admin. */
  endPromoCode(wish: EndPromoCodeWish, options?: CallOptions): Promise<EndPromoCodeAnswer> {
    return this.send({ operation: 'endPromoCode', method: 'POST', path: '/api/admin/promo-codes/{code}/end', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Differences between gateways and our books. For viewer, support, admin. */
  listDifferences(wish: ListDifferencesWish = {}, options?: CallOptions): Promise<ListDifferencesAnswer> {
    return this.send({ operation: 'listDifferences', method: 'GET', path: '/api/admin/reconciliation', keyed: false, parameters: wish, query: ['state', 'cursor', 'limit'] }, options)
  }

  /** Attach a charge or refund to its order, or book it as unexplained. For admin. */
  resolveDifference(wish: ResolveDifferenceWish, options?: CallOptions): Promise<ResolveDifferenceAnswer> {
    return this.send({ operation: 'resolveDifference', method: 'POST', path: '/api/admin/reconciliation/{differenceId}/resolve', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Orders in review. For viewer, support, admin. */
  listReviews(wish: ListReviewsWish = {}, options?: CallOptions): Promise<ListReviewsAnswer> {
    return this.send({ operation: 'listReviews', method: 'GET', path: '/api/admin/reviews', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** SKUs that both tills have. For viewer, support, admin. */
  listSkuConflicts(wish: ListSkuConflictsWish = {}, options?: CallOptions): Promise<ListSkuConflictsAnswer> {
    return this.send({ operation: 'listSkuConflicts', method: 'GET', path: '/api/admin/sku-conflicts', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Orders, money and queues of today. For viewer, support, admin. */
  showStats(options?: CallOptions): Promise<ShowStatsAnswer> {
    return this.send({ operation: 'showStats', method: 'GET', path: '/api/admin/stats', keyed: false }, options)
  }

  /** Products that are sold beyond what the till counts. For viewer, support, admin. */
  listStockDifferences(wish: ListStockDifferencesWish = {}, options?: CallOptions): Promise<ListStockDifferencesAnswer> {
    return this.send({ operation: 'listStockDifferences', method: 'GET', path: '/api/admin/stock-differences', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Addresses that get no mail, or no campaigns. For viewer, support, admin. */
  listSuppressions(wish: ListSuppressionsWish = {}, options?: CallOptions): Promise<ListSuppressionsAnswer> {
    return this.send({ operation: 'listSuppressions', method: 'GET', path: '/api/admin/suppressions', keyed: false, parameters: wish, query: ['scope', 'cursor', 'limit'] }, options)
  }

  /** Send an address no mail, or no campaigns, any more. For support, admin. */
  addSuppression(body: AddSuppressionBody, options?: CallOptions): Promise<AddSuppressionAnswer> {
    return this.send({ operation: 'addSuppression', method: 'POST', path: '/api/admin/suppressions', keyed: true, body }, options)
  }

  /** Send mail, or campaigns, to an address again. For admin. */
  liftSuppression(wish: LiftSuppressionWish, options?: CallOptions): Promise<LiftSuppressionAnswer> {
    return this.send({ operation: 'liftSuppression', method: 'POST', path: '/api/admin/suppressions/{suppressionId}/lift', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Syncs of the points of sale with their last runs. For viewer, support, admin. */
  listSyncs(wish: ListSyncsWish = {}, options?: CallOptions): Promise<ListSyncsAnswer> {
    return this.send({ operation: 'listSyncs', method: 'GET', path: '/api/admin/syncs', keyed: false, parameters: wish, query: ['limit'] }, options)
  }

  /** Rows that the warehouse refused, the newest first. For viewer, support, admin. */
  listRefusedRows(wish: ListRefusedRowsWish = {}, options?: CallOptions): Promise<ListRefusedRowsAnswer> {
    return this.send({ operation: 'listRefusedRows', method: 'GET', path: '/api/admin/warehouse/refused-rows', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Outgoing webhooks, the newest first. For viewer, support, admin. */
  listWebhookDeliveries(wish: ListWebhookDeliveriesWish = {}, options?: CallOptions): Promise<ListWebhookDeliveriesAnswer> {
    return this.send({ operation: 'listWebhookDeliveries', method: 'GET', path: '/api/admin/webhook-deliveries', keyed: false, parameters: wish, query: ['endpointId', 'status', 'type', 'cursor', 'limit'] }, options)
  }

  /** Tell endpoints again, by id or filter. For support, admin. */
  replayWebhookDeliveries(body: ReplayWebhookDeliveriesBody, options?: CallOptions): Promise<ReplayWebhookDeliveriesAnswer> {
    return this.send({ operation: 'replayWebhookDeliveries', method: 'POST', path: '/api/admin/webhook-deliveries/replay', keyed: true, body }, options)
  }

  /** Addresses that are told of orders. For admin. */
  listWebhookEndpoints(options?: CallOptions): Promise<ListWebhookEndpointsAnswer> {
    return this.send({ operation: 'listWebhookEndpoints', method: 'GET', path: '/api/admin/webhook-endpoints', keyed: false }, options)
  }

  /** Register an address that is told of orders; shows its secret once. For admin. */
  registerWebhookEndpoint(body: RegisterWebhookEndpointBody, options?: CallOptions): Promise<RegisterWebhookEndpointAnswer> {
    return this.send({ operation: 'registerWebhookEndpoint', method: 'POST', path: '/api/admin/webhook-endpoints', keyed: true, body }, options)
  }

  /** Change what an endpoint is told of, or switch it off or on. For admin. */
  changeWebhookEndpoint(wish: ChangeWebhookEndpointWish, options?: CallOptions): Promise<ChangeWebhookEndpointAnswer> {
    return this.send({ operation: 'changeWebhookEndpoint', method: 'PUT', path: '/api/admin/webhook-endpoints/{endpointId}', keyed: false, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Remove an endpoint. For admin. */
  removeWebhookEndpoint(wish: RemoveWebhookEndpointWish, options?: CallOptions): Promise<RemoveWebhookEndpointAnswer> {
    return this.send({ operation: 'removeWebhookEndpoint', method: 'DELETE', path: '/api/admin/webhook-endpoints/{endpointId}', keyed: false, parameters: wish }, options)
  }

  /** Give an endpoint a new secret; the old one is valid for another day. For admin. */
  rotateWebhookSecret(wish: RotateWebhookSecretWish, options?: CallOptions): Promise<RotateWebhookSecretAnswer> {
    return this.send({ operation: 'rotateWebhookSecret', method: 'POST', path: '/api/admin/webhook-endpoints/{endpointId}/rotate', keyed: true, parameters: wish }, options)
  }

  /** Take an age verification back. For admin. */
  revokeAgeVerification(wish: RevokeAgeVerificationWish, options?: CallOptions): Promise<RevokeAgeVerificationAnswer> {
    return this.send({ operation: 'revokeAgeVerification', method: 'DELETE', path: '/api/age-verification/{customerId}', keyed: false, parameters: wish }, options)
  }

  /** Show whether a customer is verified. For customer, viewer, support, admin. */
  getAgeStatus(wish: GetAgeStatusWish, options?: CallOptions): Promise<GetAgeStatusAnswer> {
    return this.send({ operation: 'getAgeStatus', method: 'GET', path: '/api/age-verification/status/{customerId}', keyed: false, parameters: wish }, options)
  }

  /** Check that a customer is old enough. For customer, admin. */
  verifyAge(body: VerifyAgeBody, options?: CallOptions): Promise<VerifyAgeAnswer> {
    return this.send({ operation: 'verifyAge', method: 'POST', path: '/api/age-verification/verify', keyed: true, body }, options)
  }

  /** A report: channels, hours, tiers, cohorts or segments. For viewer, support, admin. */
  showReport(wish: ShowReportWish, options?: CallOptions): Promise<ShowReportAnswer> {
    return this.send({ operation: 'showReport', method: 'GET', path: '/api/bigquery/{report}', keyed: false, parameters: wish, query: ['days'] }, options)
  }

  /** What winning customers costs and brings, by month. For viewer, support, admin. */
  showAcquisition(wish: ShowAcquisitionWish = {}, options?: CallOptions): Promise<ShowAcquisitionAnswer> {
    return this.send({ operation: 'showAcquisition', method: 'GET', path: '/api/bigquery/acquisition', keyed: false, parameters: wish, query: ['days'] }, options)
  }

  /** Say what a month's advertising has cost. For admin. */
  sayAcquisition(body: SayAcquisitionBody, options?: CallOptions): Promise<SayAcquisitionAnswer> {
    return this.send({ operation: 'sayAcquisition', method: 'POST', path: '/api/bigquery/acquisition', keyed: true, body }, options)
  }

  /** Campaigns: what became of their mails, and the orders that came of them. For viewer, support, admin. */
  listCampaigns(wish: ListCampaignsWish = {}, options?: CallOptions): Promise<ListCampaignsAnswer> {
    return this.send({ operation: 'listCampaigns', method: 'GET', path: '/api/bigquery/campaigns', keyed: false, parameters: wish, query: ['cursor', 'limit', 'days'] }, options)
  }

  /** The store's day in figures. For viewer, support, admin. */
  showDashboard(options?: CallOptions): Promise<ShowDashboardAnswer> {
    return this.send({ operation: 'showDashboard', method: 'GET', path: '/api/bigquery/dashboard', keyed: false }, options)
  }

  /** What will be sold, and what to order. For viewer, support, admin. */
  listForecasts(wish: ListForecastsWish = {}, options?: CallOptions): Promise<ListForecastsAnswer> {
    return this.send({ operation: 'listForecasts', method: 'GET', path: '/api/bigquery/forecast', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Sales by day and month. For viewer, support, admin. */
  showHistory(wish: ShowHistoryWish = {}, options?: CallOptions): Promise<ShowHistoryAnswer> {
    return this.send({ operation: 'showHistory', method: 'GET', path: '/api/bigquery/historical', keyed: false, parameters: wish, query: ['from', 'to'] }, options)
  }

  /** Products with their sales, and the best sellers. For viewer, support, admin. */
  listProductSales(wish: ListProductSalesWish = {}, options?: CallOptions): Promise<ListProductSalesAnswer> {
    return this.send({ operation: 'listProductSales', method: 'GET', path: '/api/bigquery/products', keyed: false, parameters: wish, query: ['cursor', 'limit', 'days'] }, options)
  }

  /** Open a cart. For everybody. */
  openCart(body: OpenCartBody = {}, options?: CallOptions): Promise<OpenCartAnswer> {
    return this.send({ operation: 'openCart', method: 'POST', path: '/api/carts', keyed: true, body }, options)
  }

  /** Show a cart. For everybody. */
  showCart(wish: ShowCartWish, options?: CallOptions): Promise<ShowCartAnswer> {
    return this.send({ operation: 'showCart', method: 'GET', path: '/api/carts/{cartId}', keyed: false, parameters: wish, query: ['shipTo'] }, options)
  }

  /** Drop a cart. For everybody. */
  dropCart(wish: DropCartWish, options?: CallOptions): Promise<DropCartAnswer> {
    return this.send({ operation: 'dropCart', method: 'DELETE', path: '/api/carts/{cartId}', keyed: false, parameters: wish }, options)
  }

  /** Set the quantity of a product in a cart. For everybody. */
  setCartItem(wish: SetCartItemWish, options?: CallOptions): Promise<SetCartItemAnswer> {
    return this.send({ operation: 'setCartItem', method: 'PUT', path: '/api/carts/{cartId}/items', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Set or take off the promo code of a cart. For everybody. */
  setCartPromoCode(wish: SetCartPromoCodeWish, options?: CallOptions): Promise<SetCartPromoCodeAnswer> {
    return this.send({ operation: 'setCartPromoCode', method: 'PUT', path: '/api/carts/{cartId}/promo-code', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Pay a cart. For everybody. */
  checkOut(body: CheckOutBody, options?: CallOptions): Promise<CheckOutAnswer> {
    return this.send({ operation: 'checkOut', method: 'POST', path: '/api/checkout', keyed: true, body }, options)
  }

  /** Pay a cart on the page of the payment service. For everybody. */
  openCheckoutSession(body: OpenCheckoutSessionBody, options?: CallOptions): Promise<OpenCheckoutSessionAnswer> {
    return this.send({ operation: 'openCheckoutSession', method: 'POST', path: '/api/checkout/sessions', keyed: true, body }, options)
  }

  /** List the cards that a customer can pay with. For customer, viewer, support, admin. */
  listCards(wish: ListCardsWish, options?: CallOptions): Promise<ListCardsAnswer> {
    return this.send({ operation: 'listCards', method: 'GET', path: '/api/customers/{customerId}/cards', keyed: false, parameters: wish }, options)
  }

  /** Save a card for later payments. For customer, admin. */
  storeCard(wish: StoreCardWish, options?: CallOptions): Promise<StoreCardAnswer> {
    return this.send({ operation: 'storeCard', method: 'POST', path: '/api/customers/{customerId}/cards', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Show a saved card, or what has become of it. For customer, viewer, support, admin. */
  showCard(wish: ShowCardWish, options?: CallOptions): Promise<ShowCardAnswer> {
    return this.send({ operation: 'showCard', method: 'GET', path: '/api/customers/{customerId}/cards/{cardId}', keyed: false, parameters: wish }, options)
  }

  /** Remove a saved card. For customer, admin. */
  removeCard(wish: RemoveCardWish, options?: CallOptions): Promise<RemoveCardAnswer> {
    return this.send({ operation: 'removeCard', method: 'DELETE', path: '/api/customers/{customerId}/cards/{cardId}', keyed: false, parameters: wish }, options)
  }

  /** Mails, the newest first. For viewer, support, admin. */
  listEmails(wish: ListEmailsWish = {}, options?: CallOptions): Promise<ListEmailsAnswer> {
    return this.send({ operation: 'listEmails', method: 'GET', path: '/api/emails', keyed: false, parameters: wish, query: ['status', 'template', 'recipient', 'cursor', 'limit'] }, options)
  }

  /** Queue a mail by one of the templates. For support, admin. */
  queueEmail(body: QueueEmailBody, options?: CallOptions): Promise<QueueEmailAnswer> {
    return this.send({ operation: 'queueEmail', method: 'POST', path: '/api/emails', keyed: true, body }, options)
  }

  /** What became of a mail. For viewer, support, admin. */
  getEmail(wish: GetEmailWish, options?: CallOptions): Promise<GetEmailAnswer> {
    return this.send({ operation: 'getEmail', method: 'GET', path: '/api/emails/{emailId}', keyed: false, parameters: wish }, options)
  }

  /** Mail in figures. For viewer, support, admin. */
  showEmailStats(wish: ShowEmailStatsWish = {}, options?: CallOptions): Promise<ShowEmailStatsAnswer> {
    return this.send({ operation: 'showEmailStats', method: 'GET', path: '/api/emails/stats', keyed: false, parameters: wish, query: ['hours'] }, options)
  }

  /** Show a membership. For customer, viewer, support, admin. */
  getMembership(wish: GetMembershipWish, options?: CallOptions): Promise<GetMembershipAnswer> {
    return this.send({ operation: 'getMembership', method: 'GET', path: '/api/memberships/{customerId}', keyed: false, parameters: wish }, options)
  }

  /** Cancel a membership at the end of its month. For customer, admin. */
  cancelMembership(wish: CancelMembershipWish, options?: CallOptions): Promise<CancelMembershipAnswer> {
    return this.send({ operation: 'cancelMembership', method: 'PUT', path: '/api/memberships/{customerId}/cancel', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Take a lower tier with the next month. For customer, admin. */
  downgradeMembership(wish: DowngradeMembershipWish, options?: CallOptions): Promise<DowngradeMembershipAnswer> {
    return this.send({ operation: 'downgradeMembership', method: 'PUT', path: '/api/memberships/{customerId}/downgrade', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Agree to the newsletter, or take that back. For customer, admin. */
  chooseNewsletter(wish: ChooseNewsletterWish, options?: CallOptions): Promise<ChooseNewsletterAnswer> {
    return this.send({ operation: 'chooseNewsletter', method: 'PUT', path: '/api/memberships/{customerId}/newsletter', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Pay a membership with another card. For customer, admin. */
  changePaymentMethod(wish: ChangePaymentMethodWish, options?: CallOptions): Promise<ChangePaymentMethodAnswer> {
    return this.send({ operation: 'changePaymentMethod', method: 'PUT', path: '/api/memberships/{customerId}/payment-method', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Take a higher tier at once. For customer, admin. */
  upgradeMembership(wish: UpgradeMembershipWish, options?: CallOptions): Promise<UpgradeMembershipAnswer> {
    return this.send({ operation: 'upgradeMembership', method: 'PUT', path: '/api/memberships/{customerId}/upgrade', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Tell what a membership takes off an amount. For customer, viewer, support, admin. */
  getMemberDiscount(wish: GetMemberDiscountWish, options?: CallOptions): Promise<GetMemberDiscountAnswer> {
    return this.send({ operation: 'getMemberDiscount', method: 'GET', path: '/api/memberships/discount/{customerId}', keyed: false, parameters: wish, query: ['subtotal'] }, options)
  }

  /** Revenue, churn and lifetime value of memberships. For viewer, support, admin. */
  showMembershipMetrics(options?: CallOptions): Promise<ShowMembershipMetricsAnswer> {
    return this.send({ operation: 'showMembershipMetrics', method: 'GET', path: '/api/memberships/metrics', keyed: false }, options)
  }

  /** Become a member. For customer, admin. */
  subscribeCustomer(body: SubscribeCustomerBody, options?: CallOptions): Promise<SubscribeCustomerAnswer> {
    return this.send({ operation: 'subscribeCustomer', method: 'POST', path: '/api/memberships/subscribe', keyed: true, body }, options)
  }

  /** List the tiers of the membership. For everybody. */
  listMembershipTiers(options?: CallOptions): Promise<ListMembershipTiersAnswer> {
    return this.send({ operation: 'listMembershipTiers', method: 'GET', path: '/api/memberships/tiers', keyed: false }, options)
  }

  /** List orders. For customer, viewer, support, admin. */
  listOrders(wish: ListOrdersWish = {}, options?: CallOptions): Promise<ListOrdersAnswer> {
    return this.send({ operation: 'listOrders', method: 'GET', path: '/api/orders', keyed: false, parameters: wish, query: ['customerId', 'cursor', 'limit'] }, options)
  }

  /** Show an order. For everybody. */
  getOrder(wish: GetOrderWish, options?: CallOptions): Promise<GetOrderAnswer> {
    return this.send({ operation: 'getOrder', method: 'GET', path: '/api/orders/{orderId}', keyed: false, parameters: wish }, options)
  }

  /** Cancel an order that is not handed over. For everybody. */
  cancelOrder(wish: CancelOrderWish, options?: CallOptions): Promise<CancelOrderAnswer> {
    return this.send({ operation: 'cancelOrder', method: 'POST', path: '/api/orders/{orderId}/cancel', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Ask what became of a payment that the customer has finished elsewhere. For everybody. */
  confirmOrder(wish: ConfirmOrderWish, options?: CallOptions): Promise<ConfirmOrderAnswer> {
    return this.send({ operation: 'confirmOrder', method: 'POST', path: '/api/orders/{orderId}/confirm', keyed: false, parameters: wish }, options)
  }

  /** Mark a paid order picked up or shipped. For support, admin. */
  fulfilOrder(wish: FulfilOrderWish, options?: CallOptions): Promise<FulfilOrderAnswer> {
    return this.send({ operation: 'fulfilOrder', method: 'POST', path: '/api/orders/{orderId}/fulfil', keyed: false, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Notes on an order, the newest first. For viewer, support, admin. */
  listOrderNotes(wish: ListOrderNotesWish, options?: CallOptions): Promise<ListOrderNotesAnswer> {
    return this.send({ operation: 'listOrderNotes', method: 'GET', path: '/api/orders/{orderId}/notes', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Add a note to an order. For support, admin. */
  addOrderNote(wish: AddOrderNoteWish, options?: CallOptions): Promise<AddOrderNoteAnswer> {
    return this.send({ operation: 'addOrderNote', method: 'POST', path: '/api/orders/{orderId}/notes', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Refund an order, in full, by amount or by line. For admin. */
  refundOrder(wish: RefundOrderWish, options?: CallOptions): Promise<RefundOrderAnswer> {
    return this.send({ operation: 'refundOrder', method: 'POST', path: '/api/orders/{orderId}/refunds', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** Approve or refuse an order in review. For admin. */
  reviewOrder(wish: ReviewOrderWish, options?: CallOptions): Promise<ReviewOrderAnswer> {
    return this.send({ operation: 'reviewOrder', method: 'POST', path: '/api/orders/{orderId}/review', keyed: true, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** List payees. For viewer, support, admin. */
  listPayees(wish: ListPayeesWish = {}, options?: CallOptions): Promise<ListPayeesAnswer> {
    return this.send({ operation: 'listPayees', method: 'GET', path: '/api/payees', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Show a payee. For viewer, support, admin. */
  showPayee(wish: ShowPayeeWish, options?: CallOptions): Promise<ShowPayeeAnswer> {
    return this.send({ operation: 'showPayee', method: 'GET', path: '/api/payees/{payeeId}', keyed: false, parameters: wish }, options)
  }

  /** Register a payee, or change where his money goes. For admin. */
  registerPayee(wish: RegisterPayeeWish, options?: CallOptions): Promise<RegisterPayeeAnswer> {
    return this.send({ operation: 'registerPayee', method: 'PUT', path: '/api/payees/{payeeId}', keyed: false, parameters: wish, body: wish.body ?? {} }, options)
  }

  /** List payouts, the newest first. For viewer, support, admin. */
  listPayouts(wish: ListPayoutsWish = {}, options?: CallOptions): Promise<ListPayoutsAnswer> {
    return this.send({ operation: 'listPayouts', method: 'GET', path: '/api/payouts', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Pay a registered payee out, once for each payout id. For admin. */
  makePayout(body: MakePayoutBody, options?: CallOptions): Promise<MakePayoutAnswer> {
    return this.send({ operation: 'makePayout', method: 'POST', path: '/api/payouts', keyed: true, body }, options)
  }

  /** Show a payout. For viewer, support, admin. */
  getPayout(wish: GetPayoutWish, options?: CallOptions): Promise<GetPayoutAnswer> {
    return this.send({ operation: 'getPayout', method: 'GET', path: '/api/payouts/{payoutId}', keyed: false, parameters: wish }, options)
  }

  /** List products. For everybody. */
  listProducts(wish: ListProductsWish = {}, options?: CallOptions): Promise<ListProductsAnswer> {
    return this.send({ operation: 'listProducts', method: 'GET', path: '/api/products', keyed: false, parameters: wish, query: ['category', 'q', 'cursor', 'limit'] }, options)
  }

  /** Show a product. For everybody. */
  getProduct(wish: GetProductWish, options?: CallOptions): Promise<GetProductAnswer> {
    return this.send({ operation: 'getProduct', method: 'GET', path: '/api/products/{productId}', keyed: false, parameters: wish }, options)
  }

  /** Orders to suppliers, the newest first. For viewer, support, admin. */
  listPurchaseOrders(wish: ListPurchaseOrdersWish = {}, options?: CallOptions): Promise<ListPurchaseOrdersAnswer> {
    return this.send({ operation: 'listPurchaseOrders', method: 'GET', path: '/api/purchase-orders', keyed: false, parameters: wish, query: ['cursor', 'limit'] }, options)
  }

  /** Order goods from a supplier. For admin. */
  approvePurchaseOrder(body: ApprovePurchaseOrderBody, options?: CallOptions): Promise<ApprovePurchaseOrderAnswer> {
    return this.send({ operation: 'approvePurchaseOrder', method: 'POST', path: '/api/purchase-orders', keyed: true, body }, options)
  }

  /** The page behind the link to unsubscribe. For everybody. */
  showUnsubscribe(wish: ShowUnsubscribeWish, options?: CallOptions): Promise<ShowUnsubscribeAnswer> {
    return this.send({ operation: 'showUnsubscribe', method: 'GET', path: '/api/unsubscribe/{token}', keyed: false, page: true, parameters: wish }, options)
  }

  /** End campaigns to the address of this link. For everybody. */
  unsubscribe(wish: UnsubscribeWish, options?: CallOptions): Promise<UnsubscribeAnswer> {
    return this.send({ operation: 'unsubscribe', method: 'POST', path: '/api/unsubscribe/{token}', keyed: false, page: true, parameters: wish }, options)
  }

  /** Alive. For everybody. */
  health(options?: CallOptions): Promise<HealthAnswer> {
    return this.send({ operation: 'health', method: 'GET', path: '/health', keyed: false }, options)
  }

  /** Dependencies. For everybody. */
  checkDependencies(options?: CallOptions): Promise<CheckDependenciesAnswer> {
    return this.send({ operation: 'checkDependencies', method: 'GET', path: '/healthz', keyed: false }, options)
  }

}
