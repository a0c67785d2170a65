/** The contents page: everything that runs, one line each, by area. All that is derived is derived from here. */

// Catalogue and stock
export { getProduct } from './catalogue/get-product.ts'
export { listProducts } from './catalogue/list-products.ts'
export { sendStockAdjustments } from './catalogue/send-stock-adjustments.ts'
export { syncSquareCatalogue } from './catalogue/sync-square-catalogue.ts'

// Carts
export { openCart } from './carts/open-cart.ts'
export { setCartItem } from './carts/set-cart-item.ts'
export { showOrDropCart } from './carts/show-or-drop-cart.ts'
export { sweepCarts } from './carts/sweep-carts.ts'

// Checkout, payments, orders
export { checkOut } from './checkout/check-out.ts'
export { confirmOrder } from './checkout/confirm-order.ts'
export { fulfilOrder } from './checkout/fulfil-order.ts'
export { getOrder } from './checkout/get-order.ts'
export { listOrders } from './checkout/list-orders.ts'
export { onStripeEvent } from './checkout/on-stripe-event.ts'
export { receiveStripe } from './checkout/receive-stripe.ts'
export { refundOrder } from './checkout/refund-order.ts'
export { sweepReservations } from './checkout/sweep-reservations.ts'

// Mail
export { onMailQueued } from './mail/on-mail-queued.ts'
export { sweepMails } from './mail/sweep-mails.ts'

// Ledger
export { listLedgerAccounts } from './ledger/list-ledger-accounts.ts'
export { listLedgerEntries } from './ledger/list-ledger-entries.ts'

// Warehouse
export { sendWarehouseRows } from './warehouse/send-warehouse-rows.ts'

// Operations
export { checkDependencies } from './operations/check-dependencies.ts'
export { health } from './operations/health.ts'
export { sweepInbox } from './operations/sweep-inbox.ts'
