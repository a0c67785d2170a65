/**
 * What a newcomer reads after `npm start`: who he can be, six things to try, and where to look.
 * The README shows the same commands with what they answer.
 */
import type { LocalCloud } from './cloud.ts'

const CUSTOMER = { role: 'customer', sub: 'customer-1', email: 'maria@example.com' } as const
const ADMIN = { role: 'admin', sub: 'admin-1', email: 'owner@example.com' } as const

export async function firstPage(cloud: LocalCloud): Promise<string> {
  const [customer, admin] = await Promise.all([cloud.token(CUSTOMER), cloud.token(ADMIN)])
  const instances = cloud.instances.list()
  return [
    `Countinghouse: ${cloud.declarations.length} functions in ${instances.length} instance processes.`,
    '',
    'Be a customer, and the owner. Copy these three lines into another terminal:',
    '',
    `  SHOP=${cloud.url}`,
    `  CUSTOMER=${customer}`,
    `  ADMIN=${admin}`,
    '',
    'Then try:',
    '',
    ...TRY.flatMap(([what, ...command]) => [`  # ${what}`, ...command.map((line) => `  ${line}`), '']),
    `Look: ${cloud.url}/_local shows functions, clock, calls, faults and vendors. Logs: .local/instances.log`,
    '',
  ].join('\n')
}

/** What it shows, then the command. */
const TRY: ReadonlyArray<readonly [string, ...string[]]> = [
  ['1. list products', 'curl -s "$SHOP/api/products?limit=2"'],
  [
    '2. fill a cart',
    'CART=$(curl -s -X POST $SHOP/api/carts -H "Authorization: Bearer $CUSTOMER" | sed \'s/.*"cart":{"id":"\\([^"]*\\)".*/\\1/\')',
    'curl -s -X PUT $SHOP/api/carts/$CART/items -H "Authorization: Bearer $CUSTOMER" -H "Content-Type: application/json" \\',
    '  -d \'{"productId":"test-product-1","quantity":2}\'',
  ],
  [
    '3. buy it with a card that works; a second click changes nothing',
    'curl -s -X POST $SHOP/api/checkout -H "Authorization: Bearer $CUSTOMER" -H "Content-Type: application/json" \\',
    '  -d \'{"customerId":"customer-1","email":"maria@example.com","cartId":"\'$CART\'","paymentMethod":{"token":"pm_card_visa"}}\'',
  ],
  [
    '4. buy with a card that is declined',
    'curl -s -X POST $SHOP/api/checkout -H "Authorization: Bearer $CUSTOMER" -H "Content-Type: application/json" \\',
    '  -d \'{"customerId":"customer-1","email":"maria@example.com","cart":[{"productId":"test-product-1","quantity":1,"price":50.00}],"paymentMethod":{"token":"pm_card_visa_chargeDeclined"}}\'',
  ],
  [
    '5. look at the orders, the mail that went out, and the ledger',
    'curl -s "$SHOP/api/orders?limit=1" -H "Authorization: Bearer $CUSTOMER"',
    'curl -s -X POST $SHOP/_local/drain; curl -s $SHOP/_local/vendors/resend/objects/emails',
    'curl -s $SHOP/api/admin/ledger/accounts -H "Authorization: Bearer $ADMIN"',
  ],
  [
    '6. become a member, and see what it takes off',
    'curl -s -X POST $SHOP/api/memberships/subscribe -H "Authorization: Bearer $CUSTOMER" -H "Content-Type: application/json" \\',
    '  -d \'{"customerId":"customer-1","email":"maria@example.com","tier":"GOLD","paymentMethod":{"token":"pm_card_visa"}}\'',
    'curl -s "$SHOP/api/memberships/discount/customer-1?subtotal=100.00" -H "Authorization: Bearer $CUSTOMER"',
  ],
]
