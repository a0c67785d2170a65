/** The areas of the product whose lines are counted, and how many of a hundred must run while the area's own tests do. */
export interface Area {
  readonly name: string
  /** Lines of a hundred. */
  readonly least: number
  readonly tests: readonly string[]
  /** Its sources, as globs. */
  readonly sources: readonly string[]
}

export const AREAS: readonly Area[] = [
  {
    name: 'memberships', least: 80,
    tests: ['test/functions/memberships', 'test/domain'],
    sources: ['functions/memberships/*.ts', 'shared/domain/{dunning,member-benefits,member,membership-*}.ts', 'shared/stores/{joining,member-*,members}.ts'],
  },
  {
    name: 'age', least: 90,
    tests: ['test/functions/age', 'test/domain'],
    sources: ['functions/age/*.ts', 'shared/domain/{age,age-check,deposit}.ts', 'shared/stores/{age-checks,age-deposits}.ts'],
  },
  {
    name: 'payments', least: 70,
    tests: ['test/functions/cards', 'test/functions/checkout', 'test/domain'],
    sources: [
      'functions/{cards,checkout}/*.ts', 'shared/domain/{cancel,cancellation,card,checkout,dispute,hosted,new-order,order,payment,refund,settle,settle-dispute,settlement}.ts',
      'shared/stores/{cards,checkout,disputes,orders,placing,refunding,resolving}.ts', 'shared/vendors/{authorize-net,stripe}/*.ts',
    ],
  },
  {
    name: 'point of sale', least: 75,
    tests: ['test/functions/catalogue', 'test/domain'],
    sources: [
      'functions/catalogue/*.ts', 'shared/domain/{counter-product,pos,pos-rows,stock,stock-difference,sync-run}.ts',
      'shared/stores/{counter-products,pos-facts,products,stock-batches,stock-figures,stocktaking,syncs}.ts', 'shared/vendors/{lightspeed,square}/*.ts',
    ],
  },
]
