/**
 * Who is old enough, and what somebody has to tell to have it checked. Days are civil days of the shop: whoever is 21
 * there today is 21, wherever he was born. Born on 29 February, he grows older on 1 March in common years.
 */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { daysAfter } from './civil-day.ts'

export const AGE_MIN = 21
const AGE_MAX = 120
export const TOO_YOUNG = `Must be at least ${AGE_MIN} years old`

/** The states, and the District of Columbia. */
export const STATES = [
  'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS', 'KY', 'LA', 'ME', 'MD', 'MA', 'MI', 'MN', 'MS', 'MO',
  'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY', 'NC', 'ND', 'OH', 'OK', 'OR', 'PA', 'RI', 'SC', 'SD', 'TN', 'TX', 'UT', 'VT', 'VA', 'WA', 'WV', 'WI', 'WY',
  'DC',
] as const

const NAME_LENGTH = { least: 2, most: 100 }
/** Letters of any script with their marks; the joiners stand inside words of some scripts, and are seen by nobody. */
const NAME = /^[\p{L}\p{M}\p{Zs}\u200c-\u200d'\u2019\u2010\u2011-]+$/u

/** What is asked of whoever has his age checked. Of an identity card only its last four digits may reach us. */
export const identityFields = {
  fullName: z
    .string()
    .trim()
    .refine((name) => isWithin([...name].length, NAME_LENGTH), `must have ${NAME_LENGTH.least} to ${NAME_LENGTH.most} characters`)
    .refine((name) => NAME.test(name), 'may hold letters, spaces, hyphens and apostrophes only')
    .refine((name) => partsOf(name).filter((part) => /\p{L}/u.test(part)).length >= 2, 'must have a first and a last name'),
  dateOfBirth: z.iso.date('must be a date that exists, written YYYY-MM-DD'),
  state: z.enum(STATES, 'must be one of the 50 states or DC, in two capital letters'),
  idNumberLast4: z.string().regex(/^[0-9]{4}$/, 'must be exactly 4 digits'),
}

const identity = z.object(identityFields)
export type Identity = z.output<typeof identity>

function isWithin(length: number, { least, most }: typeof NAME_LENGTH): boolean {
  return length >= least && length <= most
}

function partsOf(name: string): string[] {
  return name.split(/\p{Zs}+/u)
}

/** A name as it is compared: however it was typed, the same name is the same text. */
export function nameForm(fullName: string): string {
  const plain = fullName.normalize('NFC').replace(/[\u200c\u200d]/g, '').replace(/\u2019/g, "'").replace(/[\u2010\u2011]/g, '-')
  return partsOf(plain.trim()).join(' ').toLowerCase()
}

/** Whole years on a day, both written `YYYY-MM-DD`. */
export function ageOn(dateOfBirth: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(dateOfBirth.slice(0, 4))
  return day.slice(5) < dateOfBirth.slice(5) ? years - 1 : years
}

/** @throws Failure INVALID_INPUT for a birth date that nobody alive can have */
export function refuseImpossible(dateOfBirth: string, today: string): void {
  if (dateOfBirth > today) throw invalid('dateOfBirth', 'must not be in the future')
  if (ageOn(dateOfBirth, daysAfter(today, -1)) >= AGE_MAX) throw invalid('dateOfBirth', `must be at most ${AGE_MAX} years ago`)
}
