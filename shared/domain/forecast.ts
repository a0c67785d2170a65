/**
 * What will be sold of a product, and what to order of it.
 *
 * Method: exponential smoothing with weekdays. Each weekday has a factor (its share of the last eight weeks, drawn a little
 * towards one, so that a single busy Friday is no rule); what was sold on a day, divided by its factor, is smoothed to a
 * level, newer days counting more; a day to come is expected to be the level times its factor. Three numbers are fixed and
 * none is tuned to a product, so that the error on the past is an honest one.
 *
 * The error is told beside that of the plainest forecast there is, as a week ago: WAPE, the sum of what was missed by the
 * sum of what was sold, on four weeks, each foretold from what came before it.
 */
import { ratio } from './dashboard.ts'
import { sellable, type Product } from './product.ts'
import type { ForecastShown } from './shown/dashboard.ts'

/** How much a new day moves the level. */
const SMOOTHING = 0.15
/** Days from which weekdays get their factors. */
const SEASON_DAYS = 56
/** Of each weekday so many days of factor one are mixed in. */
const SHRINKAGE = 1
const WEEK = 7
const FOLDS = 4

export const METHOD = {
  name: 'exponential smoothing with weekdays',
  smoothing: SMOOTHING,
  seasonDays: SEASON_DAYS,
  naive: 'as a week ago',
  error: 'WAPE over the last four weeks, each foretold from the days before it',
} as const

/**
 * Units of the days after the history.
 * @param history units day by day, the last one yesterday's
 */
export function foretold(history: readonly number[], days: number): number[] {
  const factors = weekdayFactors(history)
  const level = levelOf(history, factors)
  // Positions count from the end of the history: a week later is the same weekday.
  return Array.from({ length: days }, (_, index) => level * factorAt(factors, history.length + index))
}

/** As a week ago, week after week. */
export function naive(history: readonly number[], days: number): number[] {
  return Array.from({ length: days }, (_, index) => history[history.length - WEEK + (index % WEEK)] ?? 0)
}

function factorAt(factors: readonly number[], position: number): number {
  return factors[position % WEEK] ?? 1
}

function weekdayFactors(history: readonly number[]): number[] {
  const from = Math.max(0, history.length - SEASON_DAYS)
  const recent = history.slice(from)
  const mean = sumOf(recent) / Math.max(recent.length, 1)
  return Array.from({ length: WEEK }, (_, weekday) => {
    if (mean === 0) return 1
    const own = recent.filter((__, index) => (from + index) % WEEK === weekday)
    return (sumOf(own) + SHRINKAGE * mean) / ((own.length + SHRINKAGE) * mean)
  })
}

function levelOf(history: readonly number[], factors: readonly number[]): number {
  const first = history.slice(0, 2 * WEEK)
  let level = first.length === 0 ? 0 : sumOf(first) / first.length
  for (const [position, units] of history.entries()) level += SMOOTHING * (units / factorAt(factors, position) - level)
  return Math.max(0, level)
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** What was missed, and what was sold, on the days that were foretold. */
export interface Misses {
  readonly missed: number
  readonly naiveMissed: number
  readonly sold: number
  readonly days: number
}

/** Four weeks, each foretold from what came before it. A history that is too short has fewer of them. */
export function backTest(history: readonly number[]): Misses {
  let misses: Misses = { missed: 0, naiveMissed: 0, sold: 0, days: 0 }
  for (let fold = FOLDS; fold >= 1; fold -= 1) {
    const end = history.length - fold * WEEK
    // Two weeks are the least that a level and a week ago need.
    if (end < 2 * WEEK) continue
    const [known, actual] = [history.slice(0, end), history.slice(end, end + WEEK)]
    misses = {
      missed: misses.missed + missedBy(foretold(known, WEEK), actual), naiveMissed: misses.naiveMissed + missedBy(naive(known, WEEK), actual),
      sold: misses.sold + sumOf(actual), days: misses.days + actual.length,
    }
  }
  return misses
}

function missedBy(forecast: readonly number[], actual: readonly number[]): number {
  return sumOf(actual.map((units, index) => Math.abs(units - (forecast[index] ?? 0))))
}

export function added(one: Misses, other: Misses): Misses {
  return { missed: one.missed + other.missed, naiveMissed: one.naiveMissed + other.naiveMissed, sold: one.sold + other.sold, days: Math.max(one.days, other.days) }
}

/** Null where nothing was sold: there is nothing to miss. */
export function errorOf({ missed, naiveMissed, sold, days }: Misses): { wape: number | null; naiveWape: number | null; days: number } {
  return { wape: ratio(missed, sold), naiveWape: ratio(naiveMissed, sold), days }
}

export interface Shelf {
  /** What can be sold now; null: nobody counts it. */
  readonly sellable: number | null
  /** Ordered from the supplier and not here yet. */
  readonly onOrder: number
}

export interface ReorderRules {
  /** Days from an order until the goods are there. */
  readonly leadDays: number
  /** Sales of so many days are kept beyond what is expected. */
  readonly safetyDays: number
  /** An order is to last so long after it has come. */
  readonly coverDays: number
}

export interface Reorder {
  /** With fewer than these it is time to order. */
  readonly point: number
  /** Zero: there is enough. */
  readonly quantity: number
  /** Until it is sold out; null: not within what is looked ahead. */
  readonly daysLeft: number | null
  readonly because: string
}

/** @param forecast units of the days to come: at least lead and cover */
export function reorder(forecast: readonly number[], { sellable, onOrder }: Shelf, { leadDays, safetyDays, coverDays }: ReorderRules): Reorder {
  const untilThere = sumOf(forecast.slice(0, leadDays))
  const daily = sumOf(forecast) / Math.max(forecast.length, 1)
  const safety = safetyDays * daily
  const point = wholeUp(untilThere + safety)
  if (sellable === null) return { point, quantity: 0, daysLeft: null, because: 'Nobody counts it.' }
  const there = sellable + onOrder
  const daysLeft = daysUntilGone(forecast, sellable)
  if (daily === 0) return { point, quantity: 0, daysLeft, because: 'Nothing of it is expected to be sold.' }
  if (there > point) return { point, quantity: 0, daysLeft, because: `${there} are there or on their way, more than the ${point} that are needed until an order is here.` }
  const quantity = wholeUp(sumOf(forecast.slice(0, leadDays + coverDays)) + safety) - there
  return { point, quantity: Math.max(quantity, 0), daysLeft, because: `${there} are there or on their way, and ${point} are needed until an order is here.` }
}

/** What is a whole number but for the last digits of floating point is that number. */
function wholeUp(units: number): number {
  return Math.max(0, Math.ceil(units - 1e-9))
}

function daysUntilGone(forecast: readonly number[], sellable: number): number | null {
  let left = sellable
  for (const [day, units] of forecast.entries()) {
    left -= units
    if (left < 0) return day
  }
  return null
}

/** Units day by day from what a statement tells of a product: `0:3 5:1` are three on the first day and one on the sixth. */
export function unitsByDay(text: unknown, days: number): number[] {
  const units = Array.from({ length: days }, () => 0)
  for (const pair of String(text ?? '').split(' ')) {
    const [day, sold] = pair.split(':').map(Number)
    if (day !== undefined && sold !== undefined && Number.isFinite(sold) && day >= 0 && day < days) units[day] = Math.max(0, sold)
  }
  return units
}

/** Days that staff are shown. */
const SHOWN_DAYS = 7

export interface Foretelling {
  readonly product: Pick<Product, 'id' | 'name' | 'sku' | 'counted' | 'onHand' | 'held'>
  readonly history: readonly number[]
  readonly onOrder: number
  /** Of the product's orders so far. */
  readonly lastNumber: number
  readonly rules: ReorderRules
  /** 0: today. */
  readonly dayNamed: (ahead: number) => string
}

export function forecastView({ product, history, onOrder, lastNumber, rules, dayNamed }: Foretelling): ForecastShown {
  const forecast = foretold(history, Math.max(rules.leadDays + rules.coverDays, SHOWN_DAYS))
  const counted = product.counted ? sellable(product) : null
  const { point, quantity, daysLeft, because } = reorder(forecast, { sellable: counted, onOrder }, rules)
  return {
    productId: product.id, name: product.name, sku: product.sku, error: errorOf(backTest(history)), sellable: counted, onOrder, daysLeft, reorderPoint: point,
    nextDays: forecast.slice(0, SHOWN_DAYS).map((units, ahead) => ({ day: dayNamed(ahead), units: Math.round(units * 100) / 100 })),
    suggestedQuantity: quantity, orderNumber: lastNumber + 1, because,
  }
}
