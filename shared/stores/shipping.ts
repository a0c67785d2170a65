/** The shop's own rules of shipping, as they are configured. */
import { shippingRatesOf, type ShippingRules } from '#domain/delivery.ts'
import { config } from '#platform/config.ts'

export function shippingRules(): ShippingRules {
  const { STORE_COUNTRY, SHIPPING_RATES, AGE_RESTRICTED_SHIPS_TO, CURRENCY } = config('shop')
  return { country: STORE_COUNTRY, rates: shippingRatesOf(SHIPPING_RATES, CURRENCY), adultStates: AGE_RESTRICTED_SHIPS_TO }
}
