import { afterEach, describe, expect, test } from 'vitest'
import { Timeline } from '../../../infra/local/timeline.ts'

const HOUR_MS = 3_600_000
const timelines: Timeline[] = []

function timeline(offsetMs?: number): Timeline {
  const made = new Timeline(offsetMs)
  timelines.push(made)
  return made
}

afterEach(() => {
  for (const made of timelines.splice(0)) made.stop()
})

describe('does', () => {
  test('runs with real time from the offset it is given', () => {
    expect(Math.abs(timeline(5 * HOUR_MS).now() - Date.now() - 5 * HOUR_MS)).toBeLessThan(5_000)
  })

  test('runs what falls due in a jump in order, each at its own moment', async () => {
    const clock = timeline()
    const start = clock.now()
    const ran: Array<[string, number]> = []
    const note = (name: string) => () => void ran.push([name, Math.round((clock.now() - start) / HOUR_MS)])
    clock.at(start + 3 * HOUR_MS, note('third'))
    clock.at(start + HOUR_MS, note('first'))
    clock.at(start + HOUR_MS, note('second'))
    clock.at(start + 9 * HOUR_MS, note('later'))
    await clock.jumpTo(start + 5 * HOUR_MS)
    expect(ran).toEqual([['first', 1], ['second', 1], ['third', 3]])
    expect(clock.now()).toBeGreaterThanOrEqual(start + 5 * HOUR_MS)
  })

  test('runs what a moment of the jump itself sets for a later one', async () => {
    const clock = timeline()
    const start = clock.now()
    const hours: number[] = []
    const again = (): void => {
      hours.push(Math.round((clock.now() - start) / HOUR_MS))
      clock.after(HOUR_MS, again)
    }
    clock.after(HOUR_MS, again)
    await clock.jumpTo(start + 4.5 * HOUR_MS)
    expect(hours).toEqual([1, 2, 3, 4])
  })

  test('ends what one moment set in motion before the next one comes', async () => {
    const clock = timeline()
    const start = clock.now()
    const ran: string[] = []
    let owed = 0
    clock.onQuiet(async () => {
      for (; owed > 0; owed -= 1) ran.push('ended')
    })
    for (const hour of [1, 2]) {
      clock.at(start + hour * HOUR_MS, async () => {
        await new Promise((resolve) => setImmediate(resolve))
        ran.push(`began ${hour}`)
        owed += 1
      })
    }
    await clock.jumpTo(start + 3 * HOUR_MS)
    expect(ran).toEqual(['began 1', 'ended', 'began 2', 'ended'])
  })

  test('tells everybody of the new time before anything runs in it', async () => {
    const clock = timeline()
    const start = clock.now()
    const told: string[] = []
    clock.onJump(async (offsetMs) => {
      await new Promise((resolve) => setImmediate(resolve))
      told.push(`told ${Math.round(offsetMs / HOUR_MS)}`)
    })
    clock.at(start + HOUR_MS, () => void told.push('ran'))
    await clock.jumpTo(start + 2 * HOUR_MS)
    expect(told).toEqual(['told 1', 'ran', 'told 2'])
  })

  test('runs without a jump what falls due by itself, and what is due already', async () => {
    const clock = timeline()
    const ran = await Promise.all([
      new Promise((resolve) => clock.after(5, () => resolve('soon'))),
      new Promise((resolve) => clock.at(0, () => resolve('at once'))),
    ])
    expect(ran).toEqual(['soon', 'at once'])
  })
})

describe('refuses', () => {
  test('does not run backwards', async () => {
    const clock = timeline()
    await expect(clock.jumpTo(clock.now() - 1000)).rejects.toThrow('The clock only moves forward.')
  })

  test('does not take two jumps at once', async () => {
    const clock = timeline()
    const first = clock.jumpTo(clock.now() + HOUR_MS)
    await expect(clock.jumpTo(clock.now() + HOUR_MS)).rejects.toThrow('already moving')
    await first
  })

  test('does not run what was taken back', async () => {
    const clock = timeline()
    let ran = false
    const takeBack = clock.after(HOUR_MS, () => {
      ran = true
    })
    takeBack()
    await clock.jumpTo(clock.now() + 2 * HOUR_MS)
    expect(ran).toBe(false)
  })
})

describe('survives', () => {
  test('goes on when work on it fails', async () => {
    const clock = timeline()
    const start = clock.now()
    const ran: string[] = []
    const write = process.stderr.write
    process.stderr.write = (text: string | Uint8Array): boolean => ran.push(String(text)) > 0
    try {
      clock.at(start + HOUR_MS, () => {
        throw new Error('broken')
      })
      clock.at(start + 2 * HOUR_MS, () => void ran.push('next'))
      await clock.jumpTo(start + 3 * HOUR_MS)
    } finally {
      process.stderr.write = write
    }
    expect(ran).toEqual([expect.stringContaining('broken'), 'next'])
    expect(clock.busy()).toBe(false)
  })

  test('can be stopped in the middle of a jump', async () => {
    const clock = timeline()
    clock.after(HOUR_MS, () => clock.stop())
    await clock.jumpTo(clock.now() + 2 * HOUR_MS)
    expect(clock.busy()).toBe(false)
  })
})
