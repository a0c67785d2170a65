/**
 * The shapes of Firestore's messages as the decoder hands them over. Only what this server reads is named.
 *
 * A field of a `oneof` that is not set is null or undefined (the decoder's prototype says null), so presence is
 * always asked with `!= null`. 64-bit integers are `Int64`, never rounded to a JavaScript number.
 */
export interface Int64 {
  readonly low: number
  readonly high: number
  toNumber(): number
  toString(): string
}

export interface Timestamp {
  seconds?: Int64 | number | null
  nanos?: number | null
}

export type Fields = Record<string, Value>

export interface Value {
  nullValue?: number | null
  booleanValue?: boolean | null
  integerValue?: Int64 | null
  doubleValue?: number | null
  timestampValue?: Timestamp | null
  stringValue?: string | null
  bytesValue?: Uint8Array | null
  referenceValue?: string | null
  geoPointValue?: { latitude?: number | null; longitude?: number | null } | null
  arrayValue?: { values?: Value[] | null } | null
  mapValue?: { fields?: Fields | null } | null
}

export interface DocumentMessage {
  name?: string | null
  fields?: Fields | null
  createTime?: Timestamp | null
  updateTime?: Timestamp | null
}

export interface Mask {
  fieldPaths?: string[] | null
}

export interface Precondition {
  exists?: boolean | null
  updateTime?: Timestamp | null
}

export interface FieldTransform {
  fieldPath?: string | null
  setToServerValue?: number | null
  increment?: Value | null
  maximum?: Value | null
  minimum?: Value | null
  appendMissingElements?: { values?: Value[] | null } | null
  removeAllFromArray?: { values?: Value[] | null } | null
}

export interface Write {
  update?: DocumentMessage | null
  delete?: string | null
  transform?: { document?: string | null; fieldTransforms?: FieldTransform[] | null } | null
  updateMask?: Mask | null
  updateTransforms?: FieldTransform[] | null
  currentDocument?: Precondition | null
}

export interface TransactionOptions {
  readOnly?: { readTime?: Timestamp | null } | null
  readWrite?: { retryTransaction?: Uint8Array | null } | null
}

/** How a read says what it wants to see: a transaction it is in, a new one, or a moment. */
export interface Consistency {
  transaction?: Uint8Array | null
  newTransaction?: TransactionOptions | null
  readTime?: Timestamp | null
}

export interface FieldReference {
  fieldPath?: string | null
}

export interface FieldFilter {
  field?: FieldReference | null
  op?: number | null
  value?: Value | null
}

export interface Filter {
  compositeFilter?: { op?: number | null; filters?: Filter[] | null } | null
  fieldFilter?: FieldFilter | null
  unaryFilter?: { op?: number | null; field?: FieldReference | null } | null
}

export interface CursorMessage {
  values?: Value[] | null
  before?: boolean | null
}

export interface FindNearest {
  vectorField?: FieldReference | null
  queryVector?: Value | null
  distanceMeasure?: number | null
  limit?: { value?: number | null } | null
  distanceResultField?: string | null
  distanceThreshold?: { value?: number | null } | null
}

export interface StructuredQuery {
  select?: { fields?: FieldReference[] | null } | null
  from?: Array<{ collectionId?: string | null; allDescendants?: boolean | null }> | null
  where?: Filter | null
  orderBy?: Array<{ field?: FieldReference | null; direction?: number | null }> | null
  startAt?: CursorMessage | null
  endAt?: CursorMessage | null
  offset?: number | null
  limit?: { value?: number | null } | null
  findNearest?: FindNearest | null
}

export interface Aggregation {
  count?: { upTo?: { value?: Int64 | number | null } | null } | null
  sum?: { field?: FieldReference | null } | null
  avg?: { field?: FieldReference | null } | null
  alias?: string | null
}

export interface BatchGetRequest extends Consistency {
  database?: string | null
  documents?: string[] | null
  mask?: Mask | null
}

export interface RunQueryRequest extends Consistency {
  parent?: string | null
  structuredQuery?: StructuredQuery | null
  explainOptions?: { analyze?: boolean | null } | null
}

export interface RunAggregationRequest extends Consistency {
  parent?: string | null
  structuredAggregationQuery?: { structuredQuery?: StructuredQuery | null; aggregations?: Aggregation[] | null } | null
  explainOptions?: { analyze?: boolean | null } | null
}

export interface CommitRequest {
  database?: string | null
  writes?: Write[] | null
  transaction?: Uint8Array | null
}

export interface ListDocumentsRequest extends Consistency {
  parent?: string | null
  collectionId?: string | null
  pageSize?: number | null
  pageToken?: string | null
  orderBy?: string | null
  mask?: Mask | null
  showMissing?: boolean | null
}

export interface ListCollectionIdsRequest {
  parent?: string | null
  pageSize?: number | null
  pageToken?: string | null
}

export interface SingleDocumentRequest extends Consistency {
  name?: string | null
  parent?: string | null
  collectionId?: string | null
  documentId?: string | null
  document?: DocumentMessage | null
  updateMask?: Mask | null
  mask?: Mask | null
  currentDocument?: Precondition | null
}
