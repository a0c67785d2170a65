/**
 * Lightspeed Retail (R-Series), as the shop meets it: sign-in with tokens that rotate, lists of sales, items and stock with
 * the vendor's oddities, sales that are rung up from outside, a leaky bucket that every answer tells of. It has no webhooks: whoever wants to know asks.
 */
import type { HttpAnswer, HttpCall } from '../../http-ports.ts'
import { RequestLog, Routes, type Vendor, type VendorContext } from '../vendor.ts'
import { Account, type Fields } from './account.ts'
import { Bucket } from './bucket.ts'
import { control, type Parts } from './control.ts'
import { costOf, list, relationsIn, shelfOf, whole, type Resource } from './lists.ts'
import { Refusal, refused } from './refusal.ts'
import { completeSale, postCost, postSale } from './ringing.ts'
import { plantSeed } from './seed.ts'
import { Tokens, type Application } from './tokens.ts'

export interface LightspeedOptions extends Application {
  readonly accountId: string
}

interface Ask {
  readonly call: HttpCall
  readonly params: Readonly<Record<string, string>>
}

/** What it costs, and the answer. Sign-in costs nothing. */
interface Answering {
  readonly cost?: (call: HttpCall) => number
  readonly answer: (ask: Ask) => unknown
}

const SECRET_FIELDS = ['client_secret', 'refresh_token', 'code']
const BASE = '/API/V3/Account'

export function createLightspeed(context: VendorContext, options: LightspeedOptions): Vendor {
  const account = new Account(context)
  const parts: Parts = { account, tokens: new Tokens(context, options), bucket: new Bucket(), trouble: { status: 503, times: 0 } }
  plantSeed(account)
  const routes = new Routes(table(parts, options))
  const log = new RequestLog(context.timeline)

  function handle(call: HttpCall): HttpAnswer {
    const answer = answerTo(() => context.shelves.together(() => answered(parts, routes, options, call)))
    log.add(call, answer, withoutSecrets(call))
    return answer
  }

  return {
    name: 'lightspeed',
    service: { target: 'lightspeed', operation: (method, path) => routes.name(method, path), handle },
    requests: () => log.all(),
    objects: (type) => objects(parts, type),
    control: (action, body) => answerTo(() => control(parts, action, (body ?? {}) as Fields)),
    pending: () => 0,
    waiting: () => 0,
  }
}

function table(parts: Parts, { accountId }: LightspeedOptions): Record<string, Answering> {
  const { account, tokens } = parts
  const listing = (resource: Resource): Answering => ({
    cost: ({ query }) => costOf(resource, query),
    answer: ({ call }) => list(account, resource, call.path, call.query),
  })
  const single = (resource: Resource): Answering => ({
    cost: () => 1,
    answer: ({ call, params }) => {
      const held = shelfOf(account, resource).get((params['id'] ?? '').replace(/\.json$/, ''))
      if (held === undefined) throw refused(404, `${resource} not found.`)
      return { '@attributes': { count: '1' }, [resource]: whole(account, resource, held, relationsIn(resource, call.query)) }
    },
  })
  return {
    [`GET ${BASE}.json`]: { cost: () => 1, answer: () => ({ '@attributes': { count: '1' }, Account: { accountID: accountId, name: 'Countinghouse Shop' } }) },
    [`GET ${BASE}/:account/Sale.json`]: listing('Sale'),
    [`POST ${BASE}/:account/Sale.json`]: { cost: (call) => postCost(inputOf(call)), answer: ({ call }) => postSale(account, inputOf(call)) },
    [`PUT ${BASE}/:account/Sale/:id`]: {
      cost: (call) => postCost(inputOf(call)), answer: ({ call, params }) => completeSale(account, (params['id'] ?? '').replace(/\.json$/, ''), inputOf(call)),
    },
    [`GET ${BASE}/:account/Item.json`]: listing('Item'),
    [`GET ${BASE}/:account/ItemShop.json`]: listing('ItemShop'),
    [`GET ${BASE}/:account/Sale/:id`]: single('Sale'),
    [`GET ${BASE}/:account/Item/:id`]: single('Item'),
    'POST /auth/oauth/token': { answer: ({ call }) => tokens.grant(inputOf(call)) },
  }
}

function answered(parts: Parts, routes: Routes<Answering>, { accountId }: LightspeedOptions, call: HttpCall): HttpAnswer {
  const { bucket, tokens, trouble, account } = parts
  if (trouble.times > 0) {
    trouble.times -= 1
    throw refused(trouble.status, 'Something went wrong.')
  }
  const route = routes.find(call.method, call.path)
  if (route?.handle.cost === undefined && route !== undefined) return { status: 200, body: route.handle.answer({ call, params: route.params }) }
  tokens.check(call.headers.authorization)
  if (route === undefined) throw refused(routes.knows(call.path) ? 405 : 404, 'No such resource.')
  if (route.params['account'] !== undefined && route.params['account'] !== accountId) throw refused(403, 'The token is for another account.')
  const cost = route.handle.cost?.(call) ?? 1
  try {
    bucket.take(cost, account.now())
    return { status: 200, headers: { ...bucket.headers(cost), 'x-ls-acct-id': accountId }, body: route.handle.answer({ call, params: route.params }) }
  } catch (error) {
    if (error instanceof Refusal) return error.answer({ ...bucket.headers(cost), 'x-ls-acct-id': accountId })
    throw error
  }
}

/** JSON or a form. */
function inputOf(call: HttpCall): Fields {
  const text = call.body.toString('utf8')
  if (String(call.headers['content-type']).includes('x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text) as Fields
  } catch {
    return {}
  }
}

function answerTo(work: () => HttpAnswer): HttpAnswer {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) return error.answer()
    throw error
  }
}

function withoutSecrets(call: HttpCall): unknown {
  if (call.body.length === 0) return {}
  return Object.fromEntries(Object.entries(inputOf(call)).map(([field, value]) => [field, SECRET_FIELDS.includes(field) ? '[secret]' : value]))
}

function objects({ account, tokens }: Parts, type: string): readonly unknown[] | undefined {
  const fieldsOf = (resource: Resource): unknown[] => shelfOf(account, resource).values().map(({ fields }) => fields)
  switch (type) {
    case 'sales':
      return fieldsOf('Sale')
    case 'items':
      return fieldsOf('Item')
    case 'item_shops':
      return fieldsOf('ItemShop')
    case 'refreshes':
      return Array.from({ length: tokens.refreshes }, (_, index) => ({ number: index + 1 }))
    default:
      return undefined
  }
}
