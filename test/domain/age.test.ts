/** Who is old enough, on which day, and what may be written down as a name, a birth date, a state, a number. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AGE_MIN, ageOn, identityFields, nameForm, refuseImpossible, STATES } from '#domain/age.ts'
import { dateIn, daysAfter } from '#domain/civil-day.ts'
import type { Failure } from '#values/failure.ts'
import { iso } from '#values/time.ts'

const identity = z.object(identityFields)
const GOOD = { fullName: 'Maria Gomez', dateOfBirth: '1990-01-01', state: 'TX', idNumberLast4: '1234' }
const TODAY = '2026-11-20'

/** The fields that are refused, with the rule of each. */
function faults(wanted: Record<string, unknown>): Record<string, string> {
  const parsed = identity.safeParse({ ...GOOD, ...wanted })
  return Object.fromEntries((parsed.error?.issues ?? []).map(({ path, message }) => [String(path[0]), message]))
}

function impossible(dateOfBirth: string, today = TODAY): string | undefined {
  try {
    refuseImpossible(dateOfBirth, today)
    return undefined
  } catch (error) {
    return (error as Failure).message
  }
}

/** Any day of a span of years. */
const dayBetween = (first: number, last: number) =>
  fc.integer({ min: Date.UTC(first, 0, 1) / 86_400_000, max: Date.UTC(last, 11, 31) / 86_400_000 }).map((day) => daysAfter('1970-01-01', day))

describe('does', () => {
  test.each([
    ['2005-11-20', 21, 'on the birthday itself'], ['2005-11-21', 20, 'a day before it'], ['2005-11-19', 21, 'a day after it'],
    ['2005-12-01', 20, 'later in the year'], ['2005-01-31', 21, 'earlier in the year'], ['2026-11-20', 0, 'born today'],
  ])('count whole years: born %s is %i, %s', (dateOfBirth, age) => {
    expect(ageOn(dateOfBirth, TODAY)).toBe(age)
  })

  test.each([
    ['2025-02-28', 20], ['2025-03-01', 21], ['2026-02-28', 21], ['2028-02-28', 23], ['2028-02-29', 24], ['2028-03-01', 24],
  ])('let whoever was born on 29 February grow older on 1 March in common years: %s, %i', (day, age) => {
    expect(ageOn('2004-02-29', day)).toBe(age)
  })

  test('every birth date around the limit, on every day of four years: 21 from the birthday on, not a day earlier', () => {
    for (let day = '2024-01-01'; day <= '2027-12-31'; day = daysAfter(day, 1)) {
      const limit = iso(birthday(day, -AGE_MIN)).slice(0, 10)
      for (const born of [-2, -1, 0, 1, 2].map((days) => daysAfter(limit, days))) {
        expect([day, born, ageOn(born, day) >= AGE_MIN]).toEqual([day, born, birthday(born, AGE_MIN) <= Date.parse(day)])
      }
    }
  })

  test('nobody grows younger, and everybody grows by one year in a year', () => {
    fc.assert(
      fc.property(dayBetween(1910, 2005), dayBetween(2006, 2060), (born, day) => {
        expect(ageOn(born, daysAfter(day, 1)) - ageOn(born, day)).toBeOneOf([0, 1])
        expect(ageOn(born, daysAfter(day, 366)) - ageOn(born, day)).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  test.each([
    ['America/Chicago', '2026-11-20T05:59:59.999Z', 20], ['America/Chicago', '2026-11-20T06:00:00.000Z', 21],
    ['Pacific/Kiritimati', '2026-11-19T09:59:59.999Z', 20], ['Pacific/Kiritimati', '2026-11-19T10:00:00.000Z', 21],
    ['Pacific/Pago_Pago', '2026-11-20T10:59:59.999Z', 20], ['Pacific/Pago_Pago', '2026-11-20T11:00:00.000Z', 21],
    ['Asia/Kathmandu', '2026-11-19T18:14:59.999Z', 20], ['Asia/Kathmandu', '2026-11-19T18:15:00.000Z', 21],
  ])('the shop\'s own midnight decides: %s, %s', (zone, at, age) => {
    expect(ageOn('2005-11-20', dateIn(zone, Date.parse(at)))).toBe(age)
  })

  test.each([
    'Maria Gomez', 'Anne-Marie O\'Neill', 'Seán Ó Briain', 'Gerard \u2019t Hooft', 'José María de la Cruz y Vega', 'Łukasz Żółć', 'Đặng Thị Ngọc',
    'Zoe\u0308 Mu\u0308ller', 'Иван Петров', 'Αλέξανδρος Παπαδόπουλος', 'محمد بن سلمان', 'علی\u200cرضا محمدی', 'דוד בן־גוריון'.replace('־', '-'), 'अमित शर्मा',
    'சுந்தர் பிச்சை', 'สมชาย ใจดี', '山田\u3000太郎', '김 민준', 'ქეთევან ბერიძე', 'Արամ Խաչատրյան', 'ሃይሌ ገብረሥላሴ', '𐐔𐐯𐑅 𐐨𐐻', 'A B', ' Maria  Gomez ',
  ])('take a name in any script: %s', (fullName) => {
    expect(faults({ fullName })).toEqual({})
  })

  test('take a name of 100 characters, counted as people count them', () => {
    expect(faults({ fullName: `${'𐐔'.repeat(49)} ${'𐐔'.repeat(50)}` })).toEqual({})
    expect(faults({ fullName: `${'a'.repeat(50)} ${'a'.repeat(50)}` })).toEqual({ fullName: 'must have 2 to 100 characters' })
  })

  test('the 50 states and DC, each once', () => {
    expect([STATES.length, new Set(STATES).size]).toEqual([51, 51])
    for (const state of STATES) expect(faults({ state })).toEqual({})
  })

  test('the same name, however it was typed, is the same text; another name is not', () => {
    const same = ['Zoë O\'Neill-Smith', 'Zoe\u0308 O\u2019Neill\u2010Smith', '  ZOË   o\'neill-smith ', 'Zoë\u00a0O\'Neill-Smith']
    expect(new Set(same.map(nameForm))).toEqual(new Set(['zoë o\'neill-smith']))
    expect(nameForm('Zoe O\'Neill-Smith')).not.toBe(nameForm(same[0] ?? ''))
  })

  test('take birth dates from today back to 120 years ago', () => {
    for (const date of ['1906-11-20', '1906-11-21', '2000-02-29', TODAY]) expect(impossible(date)).toBeUndefined()
    expect(impossible('1908-02-29', '2028-02-29')).toBeUndefined()
    expect(impossible('1980-02-29', '2100-03-01')).toBeUndefined()
  })
})

describe('refuses', () => {
  test.each([
    'Maria', 'Maria-Gomez', 'Maria -', '- \'', '', ' ', 'M4ria Gomez', 'Maria Gomez 3rd', 'Maria_Gomez X', 'Maria Gomez.', 'Maria; DROP', '<b>Maria</b> Gomez',
    'Maria\nGomez', 'Maria\tGomez', 'Maria\u0000 Gomez', 'Maria 😀', 'Maria \ud800', 'Maria\u202e Gomez', '٣ ٤', `Maria ${'x'.repeat(95)}`,
  ])('as a name: %j', (fullName) => {
    expect(Object.keys(faults({ fullName }))).toEqual(['fullName'])
  })

  test.each(['2001-02-29', '1900-02-29', '2000-13-01', '2000-00-10', '2000-04-31', '1990-1-1', '01/01/1990', '19900101', '1990-01-01T00:00:00Z', ' 1990-01-01', '', 19900101, null])(
    'as a birth date: %j', (dateOfBirth) => {
      expect(Object.keys(faults({ dateOfBirth }))).toEqual(['dateOfBirth'])
    },
  )

  test.each(['XX', 'PR', 'GU', 'tx', 'Texas', '', ' TX', 48, null])('as a state: %j', (state) => {
    expect(Object.keys(faults({ state }))).toEqual(['state'])
  })

  test.each(['123', '12345', '12a4', '١٢٣٤', ' 1234', '1234\n', '', 1234, null])('as the last digits of a card: %j', (idNumberLast4) => {
    expect(faults({ idNumberLast4 })).toEqual({ idNumberLast4: expect.any(String) })
  })

  test('birth dates in the future, and those of nobody alive, by naming the field', () => {
    expect(impossible('2026-11-21')).toBe('dateOfBirth: must not be in the future')
    expect(impossible('2027-01-01')).toBe('dateOfBirth: must not be in the future')
    for (const date of ['1906-11-19', '1900-01-01', '0001-01-01']) expect(impossible(date)).toBe('dateOfBirth: must be at most 120 years ago')
    expect(impossible('1980-02-29', '2100-03-02')).toBe('dateOfBirth: must be at most 120 years ago')
  })
})

/** The same day of another year; where there is no 29 February, 1 March. */
function birthday(date: string, years: number): number {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number]
  return Date.UTC(year + years, month - 1, day)
}
