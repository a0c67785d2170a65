/** What a person could do at the till or in the back office, and how the vendor may misbehave. */
import type { HttpAnswer } from '../../http-ports.ts'
import type { Account, Fields, Held } from './account.ts'
import type { Bucket } from './bucket.ts'
import { isResource, RESOURCES, shelfOf } from './lists.ts'
import { refused } from './refusal.ts'
import { sell } from './ringing.ts'
import { itemOf } from './shapes.ts'
import type { Tokens } from './tokens.ts'

const DAY_MS = 86_400_000

/** The next calls fail, each with this status. */
export interface Trouble {
  status: number
  times: number
}

export interface Parts {
  readonly account: Account
  readonly tokens: Tokens
  readonly bucket: Bucket
  readonly trouble: Trouble
}

export function control(parts: Parts, action: readonly string[], input: Fields): HttpAnswer {
  const [subject = '', id] = action
  const ok = (body: unknown): HttpAnswer => ({ status: 200, body })
  switch (id === undefined ? subject : `${subject}/:id`) {
    case 'sales':
      return ok({ sale: sell(parts.account, input) })
    case 'sales/:id':
      return ok({ sale: edit(parts.account, 'Sale', id ?? '', input) })
    case 'items':
      return ok({ item: addItem(parts.account, input) })
    case 'items/:id':
      return ok({ item: edit(parts.account, 'Item', id ?? '', input) })
    case 'stock':
      parts.account.count(String(input['itemID']), String(input['shopID'] ?? '1'), whole(input, 'qoh', 0))
      return ok({})
    case 'import':
      return ok(bringIn(parts.account, input))
    case 'past':
      parts.account.past.set('sales', {
        count: whole(input, 'sales', 0), fromMs: parts.account.now() - whole(input, 'days', 700) * DAY_MS, toMs: parts.account.now() - DAY_MS,
      })
      return ok({})
    case 'tokens':
      parts.tokens.end(input['end'] === 'refresh' || input['end'] === 'all' ? input['end'] : 'access')
      return ok({})
    case 'consent':
      return ok({ refresh_token: parts.tokens.consent() })
    case 'cursors':
      parts.account.marks.set('marks', { generation: (parts.account.marks.get('marks')?.generation ?? 0) + 1 })
      return ok({})
    case 'trouble':
      Object.assign(parts.trouble, { status: whole(input, 'status', 503), times: whole(input, 'times', 1) })
      return ok(parts.trouble)
    case 'bucket':
      return ok(setBucket(parts, input))
    default:
      throw refused(404, `There is no action ${action.join('/')}.`)
  }
}

/** `{description, price?, cost?, customSku?, category?, tags?, qoh?}` */
function addItem(account: Account, input: Fields): Fields {
  const itemId = account.number('item')
  const price = Number(input['price'] ?? 10)
  const category = typeof input['category'] === 'string' ? input['category'] : undefined
  const tags = Array.isArray(input['tags']) ? input['tags'].map(String) : []
  const item = itemOf({
    itemId, at: account.stamp(), description: String(input['description'] ?? `Item ${itemId}`), price, cost: Number(input['cost'] ?? price / 2), sku: String(input['customSku'] ?? ''), category, tags,
  })
  account.items.set(itemId, item)
  account.count(itemId, '1', whole(input, 'qoh', 0))
  return item.fields
}

/** Changes fields by hand; the record's moment moves. An item that is deleted is archived, and its stock is nought. */
function edit(account: Account, resource: 'Sale' | 'Item', id: string, { price, delete: deleted, ...changes }: Fields): Fields {
  const shelf = shelfOf(account, resource)
  const held = shelf.get(id)
  if (held === undefined) throw refused(404, `There is no ${resource} ${id}.`)
  const at = account.stamp()
  const priced = price === undefined ? {} : { Prices: { ItemPrice: [{ amount: String(price), useTypeID: '1', useType: 'Default' }] } }
  const gone = deleted === true ? { archived: 'true' } : {}
  const fields = { ...held.fields, ...priced, ...gone, ...changes, timeStamp: at, ...(resource === 'Sale' ? { updatetime: at } : {}) }
  shelf.set(id, { ...held, fields })
  if (deleted === true) for (const { fields: stock } of account.stockOf(id)) if (stock['shopID'] !== '0') account.count(id, String(stock['shopID']), 0)
  return fields
}

/** Records in Lightspeed's own form, as they are: also such as no till would make. */
function bringIn(account: Account, input: Fields): Fields {
  const counts = Object.entries(input).map(([resource, records]) => {
    if (!isResource(resource) || !Array.isArray(records)) throw refused(400, `There is no resource ${resource}.`)
    for (const record of records as Fields[]) {
      const { SaleLines: lines, ...fields } = record
      const held: Held = { fields, related: lines === undefined ? {} : { SaleLines: lines as Fields[] } }
      shelfOf(account, resource).set(String(record[RESOURCES[resource].id]), held)
    }
    return [resource, records.length]
  })
  return Object.fromEntries(counts) as Fields
}

/** `{size?, drip?, burst?, level?}` */
function setBucket({ bucket, account }: Parts, input: Fields): unknown {
  const { size, drip, burst } = bucket.limits
  bucket.limits = { size: whole(input, 'size', size), drip: whole(input, 'drip', drip), burst: whole(input, 'burst', burst) }
  if (input['level'] !== undefined) bucket.fill(whole(input, 'level', 0), account.now())
  return bucket.limits
}

function whole(input: Fields, field: string, standard: number): number {
  const value = input[field] ?? standard
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw refused(400, `${field} is a whole number.`)
  return value
}
