/** What a function's code can reach is what is left of it: rights and secrets follow from this. */
import { describe, expect, test } from 'vitest'
import { INBOX, reachIn, reachOf } from '../../../infra/build/reach.ts'

describe('does', () => {
  test('find settings, topics, store and warehouse of real functions', async () => {
    const files = ['functions/operations/publish-audit-seal.ts', 'functions/catalogue/list-products.ts', 'functions/warehouse/send-warehouse-rows.ts', 'functions/operations/sweep-inbox.ts']
    const reaches = await reachOf(files)
    const [seal, products, rows, inbox] = files.map((file) => reaches.get(file))
    expect(seal).toMatchObject({ topics: ['alert-changed'], store: true, fills: false, asks: false })
    expect(seal?.sections).toContain('seals')
    expect(products).toMatchObject({ topics: [], store: true, fills: false, asks: false })
    expect(products?.sections.filter((section) => ['seals', 'vault', 'stripe', 'pseudonyms'].includes(section))).toEqual([])
    expect(rows).toMatchObject({ fills: true, asks: false })
    expect(inbox?.topics).toContain(INBOX)
  })

  test('tell a topic by its constant, and whoever asks the warehouse from whoever fills it', () => {
    const text = 'var MAIL_TOPIC = "mail-queued";\nawait publish(MAIL_TOPIC, []);\nasync function publish(topic, messages) {\n  await publisher.publish(request, {});\n}\nasync function queryRows(query) {}\nqueryRows(`SELECT * FROM \\`audit.events_log\\``);\n'
    expect(reachIn(text)).toEqual({ sections: [], topics: ['mail-queued'], store: false, fills: false, asks: true, looks: false, datasets: ['audit'] })
  })
})

describe('refuses', () => {
  test('a topic that is made up on the way: nobody could be given the right to it', () => {
    expect(() => reachIn('await publish(topicOf(order), []);')).toThrow('name the topic by a constant')
  })
})
