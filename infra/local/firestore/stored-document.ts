/**
 * One version of one document: never changed, only replaced.
 *
 * It keeps its encoding, made once at the commit, for the disk and for every answer; the decoded fields are made
 * again only when somebody asks, so that a large database costs little after a restart.
 */
import type { Fields } from './messages.ts'
import { compose, DocumentClass, microsOf, timestampBytes, timestampOf } from './protocol.ts'

const UPDATE_TIME_FIELD = 4

export class StoredDocument {
  readonly name: string
  readonly createMicros: number
  readonly updateMicros: number
  readonly encoded: Buffer
  #fields: Fields | undefined

  private constructor(name: string, times: { createMicros: number; updateMicros: number }, encoded: Buffer, fields?: Fields) {
    this.name = name
    this.createMicros = times.createMicros
    this.updateMicros = times.updateMicros
    this.encoded = encoded
    this.#fields = fields
  }

  /** The version a write makes; `before` itself when the write changes nothing, as the service has it. */
  static written(name: string, fields: Fields, micros: number, before: StoredDocument | undefined): StoredDocument {
    const createMicros = before?.createMicros ?? micros
    const body = DocumentClass.encode({ name, fields, createTime: timestampOf(createMicros) }).finish()
    if (before !== undefined && before.#sameBody(body)) return before
    const encoded = Buffer.concat([body, compose([[UPDATE_TIME_FIELD, timestampBytes(micros)]])])
    return new StoredDocument(name, { createMicros, updateMicros: micros }, encoded, fields)
  }

  /** As it comes from the disk. */
  static read(bytes: Uint8Array): StoredDocument {
    const message = DocumentClass.decode(bytes)
    const times = { createMicros: microsOf(message.createTime ?? {}), updateMicros: microsOf(message.updateTime ?? {}) }
    return new StoredDocument(message.name ?? '', times, Buffer.from(bytes))
  }

  get fields(): Fields {
    this.#fields ??= DocumentClass.decode(this.encoded).fields ?? {}
    return this.#fields
  }

  /** Encoding with other fields: what a mask or a projection leaves, or a distance added. */
  encodedWith(fields: Fields): Buffer {
    const { name, createMicros, updateMicros } = this
    const times = { createTime: timestampOf(createMicros), updateTime: timestampOf(updateMicros) }
    return DocumentClass.encode({ name, fields, ...times }).finish() as Buffer
  }

  #sameBody(body: Uint8Array): boolean {
    const tail = 2 + timestampBytes(this.updateMicros).length
    return this.encoded.length - tail === body.length && this.encoded.compare(body, 0, body.length, 0, body.length) === 0
  }
}
