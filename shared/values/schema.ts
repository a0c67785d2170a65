/** Pieces of input schemas that several functions share. */
import { z } from 'zod'
import { ID } from './ids.ts'

export const idField = z.string().regex(ID, 'must be an id: letters, digits and _ . : @ # + -, at most 128')
/** A state or province, in two letters. */
export const stateField = z.string().trim().regex(/^[A-Za-z]{2}$/, 'must be two letters such as TX').toUpperCase()
/** A promo code, in capitals however it was typed. */
export const promoCodeField = z.string().trim().regex(/^[A-Za-z0-9][A-Za-z0-9-]{2,31}$/, 'must be 3 to 32 letters, digits and -').toUpperCase()
export const emailField = z.email().max(254)
export const cursorField = z.string().min(1).max(500)

/** `?limit=` of a list: 1 to `most`. */
export const limitField = (fallback: number, most: number) => z.coerce.number().int().min(1).max(most).default(fallback)
