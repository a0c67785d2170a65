/** The zip file that is uploaded: read back by its directory as readers do, and the same for the same files. */
import { inflateRawSync, crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { zip } from '../../../infra/deploy/zip.ts'

/** Follows the end record to the directory, and each line of it to its file. */
function unzip(bytes: Buffer): Record<string, Buffer> {
  const end = bytes.length - 22
  expect(bytes.readUInt32LE(end)).toBe(0x06054b50)
  const files: Record<string, Buffer> = {}
  let place = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    expect(bytes.readUInt32LE(place)).toBe(0x02014b50)
    const [packed, size, nameLength, offset] = [bytes.readUInt32LE(place + 20), bytes.readUInt32LE(place + 24), bytes.readUInt16LE(place + 28), bytes.readUInt32LE(place + 42)]
    const name = bytes.subarray(place + 46, place + 46 + nameLength).toString()
    expect(bytes.readUInt32LE(offset)).toBe(0x04034b50)
    const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28)
    const content = inflateRawSync(bytes.subarray(start, start + packed))
    expect([content.length, crc32(content)]).toEqual([size, bytes.readUInt32LE(place + 16)])
    files[name] = content
    place += 46 + nameLength
  }
  expect(place).toBe(end)
  return files
}

describe('does', () => {
  test('what goes in comes out, whatever it is', () => {
    const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}\.cjs$/)
    fc.assert(
      fc.property(fc.dictionary(names, fc.uint8Array({ maxLength: 2_000 })), (files) => {
        const expected = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]))
        expect(unzip(zip(files))).toEqual(expected)
      }),
    )
  })

  test('the same files give the same bytes, in whatever order they are named', () => {
    const [a, b] = [Buffer.from('a'.repeat(1_000)), Buffer.from('b')]
    expect(zip({ 'a.cjs': a, 'b.cjs': b }).equals(zip({ 'b.cjs': b, 'a.cjs': a }))).toBe(true)
  })
})
