/** Products and their stock: one document each. */
import type { Product } from '#domain/product.ts'
import { invalid } from '#values/failure.ts'
import { collection, doc, readAll, readQuery, type Data, type Doc, type Query, type Snapshot } from '#platform/firestore.ts'

/** What a product's document holds beside the product: fields that only queries use. */
interface Searchable {
  readonly sortName: string
  readonly words: readonly string[]
}

export function productDoc(productId: string): Promise<Doc> {
  return doc('products', productId)
}

export function productOf(snapshot: Snapshot): Product | undefined {
  const data = snapshot.data() as (Product & Searchable) | undefined
  if (data === undefined) return undefined
  const { sortName: _sortName, words: _words, ...product } = data
  return product
}

export function productData(product: Product): Data {
  return { ...product, sortName: product.name.toLowerCase(), words: wordsOf(`${product.name} ${product.variationName} ${product.sku ?? ''} ${product.category}`) }
}

export async function readProducts(productIds: readonly string[]): Promise<Array<{ snapshot: Snapshot; product: Product | undefined }>> {
  const snapshots = await readAll(await Promise.all(productIds.map(productDoc)))
  return snapshots.map((snapshot) => ({ snapshot, product: productOf(snapshot) }))
}

export interface ProductFilter {
  readonly category?: string | undefined
  readonly q?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface ProductPage {
  readonly products: readonly Product[]
  readonly nextCursor: string | null
}

/** Listed products by name, one query a page. `q` finds products that have every word; where it has none, nothing. */
export async function listProducts(filter: ProductFilter): Promise<ProductPage> {
  const [first, ...others] = wordsOf(filter.q ?? '')
  if (filter.q !== undefined && first === undefined) return { products: [], nextCursor: null }
  let query: Query = (await collection('products')).where('listed', '==', true)
  if (filter.category !== undefined) query = query.where('category', '==', filter.category)
  if (first !== undefined) query = query.where('words', 'array-contains', first)
  query = query.orderBy('sortName').orderBy('id')
  if (filter.cursor !== undefined) query = query.startAfter(...readCursor(filter.cursor))
  const found = await readQuery(query.limit(filter.limit + 1))
  const page = found.slice(0, filter.limit)
  const last = found.length > filter.limit ? page.at(-1) : undefined
  const matching = page.filter((snapshot) => others.every((word) => (snapshot.get('words') as string[]).includes(word)))
  return {
    products: matching.map((snapshot) => productOf(snapshot) as Product),
    nextCursor: last === undefined ? null : writeCursor(last),
  }
}

function writeCursor(snapshot: Snapshot): string {
  return Buffer.from(JSON.stringify([snapshot.get('sortName'), snapshot.get('id')])).toString('base64url')
}

function readCursor(cursor: string): [string, string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(parts) && typeof parts[0] === 'string' && typeof parts[1] === 'string') return [parts[0], parts[1]]
  } catch {
    // Falls through to the same answer as any other text that is no cursor.
  }
  throw invalid('cursor', 'is not one of ours')
}

const WORDS_MAX = 30

function wordsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ''))].slice(0, WORDS_MAX)
}
