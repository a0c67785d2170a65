/**
 * The project's index file (`firestore.indexes.json`, the format of the Firebase CLI), read into what the server asks:
 * which composite indexes exist, which single fields are indexed, which fields expire documents.
 */
import { z } from 'zod'

export type Scope = 'COLLECTION' | 'COLLECTION_GROUP'
export type Mode = 'ASCENDING' | 'DESCENDING' | 'CONTAINS' | 'VECTOR'

export interface IndexField {
  readonly path: string
  readonly mode: Mode
  /** Of a vector field. */
  readonly dimension?: number
}

export interface CompositeIndex {
  readonly collectionGroup: string
  readonly scope: Scope
  readonly fields: readonly IndexField[]
}

export interface FieldOverride {
  readonly collectionGroup: string
  readonly path: string
  readonly expires: boolean
  /** All single-field indexes there are; none is an exemption. Undefined leaves the automatic ones. */
  readonly indexes: ReadonlyArray<{ readonly scope: Scope; readonly mode: Mode }> | undefined
}

export interface IndexFile {
  readonly composites: readonly CompositeIndex[]
  readonly overrides: readonly FieldOverride[]
}

const mode = {
  order: z.enum(['ASCENDING', 'DESCENDING']).optional(),
  arrayConfig: z.literal('CONTAINS').optional(),
  vectorConfig: z.object({ dimension: z.int().positive(), flat: z.object({}).optional() }).optional(),
}
const scope = z.enum(['COLLECTION', 'COLLECTION_GROUP']).default('COLLECTION')

const file = z.object({
  indexes: z.array(z.object({
    collectionGroup: z.string().min(1),
    queryScope: scope,
    fields: z.array(z.object({ fieldPath: z.string().min(1), ...mode })).min(1),
  })).default([]),
  fieldOverrides: z.array(z.object({
    collectionGroup: z.string().min(1),
    fieldPath: z.string().min(1),
    ttl: z.boolean().optional(),
    indexes: z.array(z.object({ queryScope: scope, ...mode })).optional(),
  })).default([]),
})

type Moded = { order?: 'ASCENDING' | 'DESCENDING' | undefined; arrayConfig?: 'CONTAINS' | undefined; vectorConfig?: unknown }

/** Refuses with the place of the fault when the content is not an index file. */
export function parseIndexFile(content: unknown): IndexFile {
  const { indexes, fieldOverrides } = file.parse(content)
  return {
    composites: indexes.map((index) => ({
      collectionGroup: index.collectionGroup,
      scope: index.queryScope,
      fields: index.fields.map((field) => ({
        path: field.fieldPath,
        mode: modeOf(field),
        ...(field.vectorConfig === undefined ? {} : { dimension: field.vectorConfig.dimension }),
      })),
    })),
    overrides: fieldOverrides.map((override) => ({
      collectionGroup: override.collectionGroup,
      path: override.fieldPath,
      expires: override.ttl === true,
      indexes: override.indexes?.map((index) => ({ scope: index.queryScope, mode: modeOf(index) })),
    })),
  }
}

function modeOf(field: Moded): Mode {
  if (field.vectorConfig !== undefined) return 'VECTOR'
  return field.arrayConfig ?? field.order ?? 'ASCENDING'
}

/** Whether a field by itself is indexed so: by its own override, one of a map above it, or automatically. */
export function hasSingleFieldIndex(
  file: IndexFile,
  group: string,
  path: string,
  wanted: { scope: Scope; modes: readonly Mode[] },
): boolean {
  const override = overrideOf(file, group, path)
  if (override?.indexes === undefined) return wanted.scope === 'COLLECTION'
  return override.indexes.some((index) => index.scope === wanted.scope && wanted.modes.includes(index.mode))
}

function overrideOf(file: IndexFile, group: string, path: string): FieldOverride | undefined {
  const segments = path.split('.')
  const candidates = segments.map((_, index) => segments.slice(0, segments.length - index).join('.'))
  for (const candidate of [...candidates, '*']) {
    const found = file.overrides.find((override) => override.collectionGroup === group && override.path === candidate)
    if (found?.indexes !== undefined) return found
  }
  return undefined
}
