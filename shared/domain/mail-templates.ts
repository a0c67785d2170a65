/**
 * The templates of the shop's mails: each with the variables it needs, so that a missing one does not compile, and with
 * their rules, so that a caller's are checked. Our own mails and those that staff ask for are written by the same ones.
 */
import { z } from 'zod'
import { letter, type Letter, type MailCategory, type MailIntent } from './mail.ts'

const NUMBER_MAX = 60
const LINE_MAX = 300
const PARAGRAPH_MAX = 4_000

const line = (most = LINE_MAX) => z.string().trim().min(1).max(most).regex(/^[^\p{Cc}]*$/u, 'must be one line')
const paragraphs = z.array(z.string().trim().min(1).max(PARAGRAPH_MAX)).min(1).max(40)
const rows = z.array(z.tuple([line(), line()])).max(200)
const action = z.strictObject({ label: line(60), url: z.url({ protocol: /^https?$/ }).max(2_000) })
/** An order, as far as its mails show it: `2 x Lamp` and `20.00 USD`; subtotal to total. */
const order = { orderNumber: line(NUMBER_MAX), lines: rows, sums: rows }
/** Amounts as text, with their currency. */
const amount = line(40)

type Written = Omit<Letter, 'shopName' | 'unsubscribeUrl'> & { readonly subject: string }

interface Template<Variables extends z.ZodType> {
  readonly category: MailCategory
  readonly variables: Variables
  readonly write: (variables: z.output<Variables>, shopName: string) => Written
}

function template<Variables extends z.ZodType>(facts: Omit<Template<Variables>, 'category'> & { readonly category?: MailCategory }): Template<Variables> {
  return { category: 'transactional', ...facts }
}

export const TEMPLATES = {
  receipt: template({
    variables: z.strictObject(order),
    write: ({ orderNumber, lines, sums }, shopName) => ({
      subject: `Your order ${orderNumber} at ${shopName}`, title: 'Thank you for your order', ...billOf(lines, sums),
      paragraphs: [`We have received your payment. Your order number is ${orderNumber}.`],
    }),
  }),
  refund: template({
    variables: z.strictObject({ ...order, amount }),
    write: ({ orderNumber, lines, sums, amount: given }) => ({
      subject: `Your refund for order ${orderNumber}`, title: 'Your refund is on its way', ...billOf(lines, sums),
      paragraphs: [`We have refunded ${given} for order ${orderNumber}. Your bank may take some days to show it.`],
    }),
  }),
  /** The bank sent the refund back: the customer waits for money that will not come by itself. */
  'refund-returned': template({
    variables: z.strictObject({ ...order, amount }),
    write: ({ orderNumber, lines, sums, amount: returned }) => ({
      subject: `Your refund for order ${orderNumber} did not arrive`, title: 'Your refund did not arrive', ...billOf(lines, sums),
      paragraphs: [
        `Your bank has sent back the ${returned} that we refunded for order ${orderNumber}. The money is safe with us, and it is yours.`,
        'We will pay it out again. If your card has expired or your account is closed, please answer this mail, so that we find another way.',
      ],
    }),
  }),
  under_review: template({
    variables: z.strictObject({ ...order, goodsSetAside: z.boolean() }),
    write: ({ orderNumber, lines, sums, goodsSetAside }) => ({
      subject: `We are looking at order ${orderNumber}`, title: 'Your payment is under review', ...billOf(lines, sums),
      paragraphs: [
        `We have received order ${orderNumber} and look at its payment before we accept it.${goodsSetAside ? ' Your goods are set aside meanwhile.' : ''}`,
        'You need not do anything. We will tell you how it ends.',
      ],
    }),
  }),
  review_ended: template({
    variables: z.strictObject({ ...order, charged: z.boolean() }),
    write: ({ orderNumber, lines, sums, charged }) => ({
      subject: `We could not accept order ${orderNumber}`, title: 'We could not accept your order', ...billOf(lines, sums),
      paragraphs: [
        `The payment of order ${orderNumber} could not be accepted. ${charged ? 'What was charged goes back to where it came from.' : SET_FREE}`,
        'If you think that this is a mistake, please answer this mail.',
      ],
    }),
  }),
  cancelled: template({
    variables: z.strictObject({ ...order, byStaff: z.boolean(), setAside: z.boolean() }),
    write: ({ orderNumber, lines, sums, byStaff, setAside }) => ({
      subject: `Order ${orderNumber} is cancelled`, title: 'Your order is cancelled', ...billOf(lines, sums),
      paragraphs: [`Order ${orderNumber} was cancelled${byStaff ? ' by us' : ''}. ${setAside ? SET_FREE : 'Nothing was charged.'}`],
    }),
  }),
  shipped: template({
    variables: z.strictObject({ orderNumber: order.orderNumber, lines: rows, tracking: line(100) }),
    write: ({ orderNumber, lines, tracking }) => ({
      subject: `Order ${orderNumber} is on its way`, title: 'Your order is on its way', rows: [lines],
      paragraphs: [`We have shipped order ${orderNumber}. Its tracking number is ${tracking}.`],
    }),
  }),
  /** To a supplier. */
  purchase_order: template({
    variables: z.strictObject({ orderId: line(), lines: rows, expectedOn: line(40) }),
    write: ({ orderId, lines, expectedOn }, shopName) => ({
      subject: `Order ${orderId} from ${shopName}`, title: `Order ${orderId}`, rows: [lines],
      paragraphs: [`Please deliver what is listed below. We expect it by ${expectedOn}.`, 'If you cannot, please answer this mail.'],
    }),
  }),
  /** Whatever staff have to say to somebody. */
  notice: template({
    variables: z.strictObject({ subject: line(200), title: line(200), paragraphs, rows: z.array(rows).max(5).optional(), action: action.optional(), notes: paragraphs.optional() }),
    write: (variables) => present(variables),
  }),
  /** News and offers, for those who want them. */
  newsletter: template({
    category: 'campaign',
    variables: z.strictObject({ subject: line(200), title: line(200), paragraphs, action: action.optional(), notes: paragraphs.optional() }),
    write: (variables) => present(variables),
  }),
}

type Rows = NonNullable<Letter['rows']>[number]

function billOf(lines: Rows, sums: Rows): Pick<Letter, 'rows' | 'endsInSum'> {
  return { rows: [lines, sums], endsInSum: true }
}

const SET_FREE = 'Nothing was charged; what was set aside on your card goes free.'

export type TemplateName = keyof typeof TEMPLATES
export type VariablesOf<Name extends TemplateName> = z.output<(typeof TEMPLATES)[Name]['variables']>

export interface Sender {
  readonly shopName: string
  /** Of a campaign mail. */
  readonly unsubscribeUrl?: string
}

/** What a mail says, by its template: subject, HTML and text from the same variables. */
export function written<Name extends TemplateName>(
  name: Name, variables: VariablesOf<Name>, sender: Sender,
): Required<Pick<MailIntent, 'template' | 'category' | 'subject' | 'html' | 'text'>> {
  const { category, write } = TEMPLATES[name] as unknown as Template<z.ZodType<VariablesOf<Name>>>
  const { subject, ...page } = write(variables, sender.shopName)
  return { template: name, category, subject, ...letter({ ...page, ...sender }) }
}

/** Without the optional fields that were left out. */
function present<T extends object>(fields: T): { [Field in keyof T]: Exclude<T[Field], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Field in keyof T]: Exclude<T[Field], undefined> }
}
