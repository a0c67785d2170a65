/** Addresses and shipping details as requests give them and objects keep them. */
import type { Fields } from './fields.ts'

export interface Address {
  city: string | null
  country: string | null
  line1: string | null
  line2: string | null
  postal_code: string | null
  state: string | null
}

export interface Shipping {
  address: Address
  carrier: string | null
  name: string
  phone: string | null
  tracking_number: string | null
}

export function addressOf(fields: Fields | undefined): Address {
  return {
    city: fields?.clearable('city') ?? null,
    country: fields?.clearable('country') ?? null,
    line1: fields?.clearable('line1') ?? null,
    line2: fields?.clearable('line2') ?? null,
    postal_code: fields?.clearable('postal_code') ?? null,
    state: fields?.clearable('state') ?? null,
  }
}

export function shippingOf(fields: Fields): Shipping {
  return {
    address: addressOf(fields.group('address')),
    carrier: fields.clearable('carrier') ?? null,
    name: fields.needText('name'),
    phone: fields.clearable('phone') ?? null,
    tracking_number: fields.clearable('tracking_number') ?? null,
  }
}
