/** Pieces of input schemas that several functions share. */
import { z } from 'zod'
import { ID } from './ids.ts'

export const idField = z.string().regex(ID, 'must be an id: letters, digits and _ . : @ # + -, at most 128')
export const emailField = z.email().max(254)
export const cursorField = z.string().min(1).max(500)

/** `?limit=` of a list: 1 to `most`. */
export const limitField = (fallback: number, most: number) => z.coerce.number().int().min(1).max(most).default(fallback)
