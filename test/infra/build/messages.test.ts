/** Of a description of messages only what some calls need: nothing that they need is missing, nothing else is there. */
import { describe, expect, test } from 'vitest'
import { onlyCalls } from '../../../infra/build/messages.ts'

const SHOP = {
  nested: {
    shop: {
      nested: {
        Till: { methods: { Sell: { requestType: 'Sale', responseType: 'Receipt' }, Watch: { requestType: 'Sight', responseType: 'Sight' } } },
        Sale: { fields: { lines: { type: 'Line' }, kind: { type: 'Kind' }, note: { type: 'string' } }, nested: { Kind: { values: { CASH: 0 } } } },
        Line: { fields: { price: { type: 'money.Amount' }, parts: { type: 'Line' } } },
        Receipt: { fields: { at: { type: 'google.protobuf.Timestamp' } } },
        Sight: { fields: { kind: { type: 'Kind' } } },
        Kind: { values: { NEAR: 0 } },
      },
    },
    money: { nested: { Amount: { fields: { minor: { type: 'int64' } } }, Rate: { fields: {} } } },
    google: { nested: { protobuf: { nested: { Timestamp: { fields: { seconds: { type: 'int64' } } }, Any: { fields: {} } } } } },
  },
}

describe('does', () => {
  test('types are followed from the innermost place outwards, also to themselves; the rest is gone', () => {
    const { Till, Sale, Line, Receipt } = SHOP.nested.shop.nested
    expect(onlyCalls(SHOP, 'shop.Till', ['Sell'])).toEqual({
      nested: {
        shop: { nested: { Till: { methods: { Sell: Till.methods.Sell } }, Sale, Line, Receipt } },
        money: { nested: { Amount: SHOP.nested.money.nested.Amount } },
        google: { nested: { protobuf: { nested: { Timestamp: { fields: { seconds: { type: 'int64' } } } } } } },
      },
    })
  })

  test('what is given stays as it is', () => {
    const before = structuredClone(SHOP)
    onlyCalls(SHOP, 'shop.Till', ['Watch'])
    expect(SHOP).toEqual(before)
  })
})

describe('refuses', () => {
  test('a call or a service that is not described: the client is another one', () => {
    expect(() => onlyCalls(SHOP, 'shop.Till', ['Sell', 'Refund'])).toThrow('shop.Till has no Refund any more.')
    expect(() => onlyCalls(SHOP, 'shop.Door', ['Open'])).toThrow('shop.Door has no Open any more.')
  })
})
