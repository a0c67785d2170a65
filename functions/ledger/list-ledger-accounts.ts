/** Balances of all accounts by currency, and their sum, which is zero at all times. */
import { z } from 'zod'
import { toMajor } from '#values/money.ts'
import { amountShown, listOf } from '#values/shown.ts'
import { ACCOUNTS, type Account } from '#domain/ledger.ts'
import { AccountShown } from '#domain/shown/books.ts'
import { balances } from '#stores/ledger.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listLedgerAccounts = endpoint({
  name: 'list-ledger-accounts',
  path: '/api/admin/ledger/accounts',
  impact: 'Staff cannot check the books.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Balances of all accounts',
    reply: z.object({ accounts: listOf(AccountShown), trialBalance: z.record(z.string(), amountShown).describe('By currency; zero at all times.') }),
    run: async () => {
      const byCurrency = await balances()
      const accounts = [...byCurrency].flatMap(([currency, amounts]) =>
        [...amounts].map(([account, amount]) => ({ account, about: ACCOUNTS[account as Account], currency, balance: toMajor(amount, currency) })),
      )
      const trialBalance = Object.fromEntries(
        [...byCurrency].map(([currency, amounts]) => [currency, toMajor([...amounts.values()].reduce((sum, amount) => sum + amount, 0), currency)]),
      )
      return { accounts, trialBalance }
    },
  }),
})
