/** A zip file of a few files in memory: the same files give the same bytes, because no time and no order of the disk goes into it. */
import { crc32, deflateRawSync } from 'node:zlib'

/** Version 2.0: folders and deflation. */
const VERSION = 20
const DEFLATED = 8
/** The first moment that the format knows: 1 January 1980. */
const DATE = 0x0021
/** A plain file that everybody may read, as Unix writes it. */
const MODE = 0o100644 * 0x10000
const MADE_ON_UNIX = 3 << 8

interface Packed {
  readonly name: Buffer
  readonly packed: Buffer
  readonly bytes: number
  readonly crc: number
  readonly offset: number
}

export function zip(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Buffer[] = []
  const entries: Packed[] = []
  let offset = 0
  for (const path of Object.keys(files).sort()) {
    const content = files[path] ?? new Uint8Array()
    const entry = { name: Buffer.from(path), packed: deflateRawSync(content, { level: 9 }), bytes: content.length, crc: crc32(content), offset }
    const header = Buffer.concat([numbers([0x04034b50, 4]), facts(entry), numbers([0, 2]), entry.name])
    entries.push(entry)
    parts.push(header, entry.packed)
    offset += header.length + entry.packed.length
  }
  const directory = Buffer.concat(entries.map((entry) =>
    // After the facts: no extra field, no comment, first disk, no attribute of the content.
    Buffer.concat([numbers([0x02014b50, 4], [MADE_ON_UNIX | VERSION, 2]), facts(entry), numbers([0, 2], [0, 2], [0, 2], [0, 2], [MODE, 4], [entry.offset, 4]), entry.name])))
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [entries.length, 2], [entries.length, 2], [directory.length, 4], [offset, 4], [0, 2])
  return Buffer.concat([...parts, directory, end])
}

/** What both the header of a file and its line in the directory say. */
function facts({ name, packed, bytes, crc }: Packed): Buffer {
  return numbers([VERSION, 2], [0, 2], [DEFLATED, 2], [0, 2], [DATE, 2], [crc, 4], [packed.length, 4], [bytes, 4], [name.length, 2])
}

function numbers(...fields: ReadonlyArray<readonly [value: number, bytes: 2 | 4]>): Buffer {
  return Buffer.concat(fields.map(([value, bytes]) => {
    const field = Buffer.alloc(bytes)
    if (bytes === 2) field.writeUInt16LE(value)
    else field.writeUInt32LE(value >>> 0)
    return field
  }))
}
