/** One mailbox is one person, however its address is written; another mailbox is another one. */
import { describe, expect, test } from 'vitest'
import { canonicalEmail } from '#values/email.ts'

describe('does', () => {
  test.each([
    ['Jo@Example.COM', 'jo@example.com'],
    [' jo@example.com ', 'jo@example.com'],
    ['jo+shop@example.com', 'jo@example.com'],
    ['jo+a+b@example.com', 'jo@example.com'],
    ['J.o.Doe+x@gmail.com', 'jodoe@gmail.com'],
    ['jo.doe@googlemail.com', 'jodoe@gmail.com'],
    ['jo.doe@example.com', 'jo.doe@example.com'],
    ['+tag@example.com', '+tag@example.com'],
    ['...@gmail.com', '...@gmail.com'],
    ['nothing', 'nothing'],
    ['@example.com', '@example.com'],
  ])('take %s for %s', (written, canonical) => {
    expect(canonicalEmail(written)).toBe(canonical)
    expect(canonicalEmail(canonical)).toBe(canonical)
  })
})
