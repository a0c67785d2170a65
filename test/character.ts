/** One character, any that Unicode has: fast-check's own unit of that kind takes a second to build. */
import fc from 'fast-check'

export const CHARACTER = fc.oneof(fc.nat({ max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff })).map((code) => String.fromCodePoint(code))
