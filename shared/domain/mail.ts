/**
 * What a mail is, and how it looks. HTML and plain text come from the same facts; everything that a customer typed is
 * escaped.
 *
 * The page is a table of one column with its styles inline, as mail programs want it, and readable without them: on a
 * phone it takes the whole width, and where the reader's screen is dark, so is it (its few colours change by class).
 */

/** Where the address of somebody stood whom the shop has forgotten. Nothing is sent there. */
export const NOBODY = 'nobody@erased.invalid'

/** Transactional is what somebody waits for; a campaign is what he may do without, and unsubscribe from. */
export const MAIL_CATEGORIES = ['transactional', 'campaign'] as const
export type MailCategory = (typeof MAIL_CATEGORIES)[number]

/** A mail that must be sent once; `id` names the intent, so that asking twice sends once. */
export interface MailIntent {
  /** Letters, digits, `-` and `_`: the provider tells it back to us in every event. */
  readonly id: string
  readonly to: string | readonly string[]
  readonly template: string
  readonly subject: string
  readonly html: string
  readonly text: string
  readonly orderId?: string
  /** Whose it is, where it is about no order. */
  readonly customerId?: string
  readonly cc?: readonly string[]
  readonly bcc?: readonly string[]
  /** The shop's own without it. */
  readonly replyTo?: string
  /** Transactional without it. A campaign mail has one recipient, whose link to unsubscribe it carries. */
  readonly category?: MailCategory
  /** What a campaign mail is counted under: its template without it, and without a creative under the campaign's own name. */
  readonly campaign?: string
  readonly creative?: string
  /** Not before this moment. */
  readonly sendAtMs?: number
  /** Who of the staff asked for it; absent: the shop by itself. */
  readonly requestedBy?: string
}

export interface Letter {
  readonly title: string
  readonly paragraphs: readonly string[]
  /** Groups of lines such as `2 x Lamp` and `20.00 USD`. */
  readonly rows?: ReadonlyArray<ReadonlyArray<readonly [string, string]>>
  /** The last line is what all others come to. */
  readonly endsInSum?: boolean
  /** What the reader may do about it. */
  readonly action?: { readonly label: string; readonly url: string }
  /** Small print. */
  readonly notes?: readonly string[]
  /** Of a campaign. */
  readonly unsubscribeUrl?: string
  readonly shopName: string
}

/** An amount stays on one line; a longer text may not push the page wider than a phone. */
const UNBROKEN_MAX = 24
const UNSUBSCRIBE = 'Unsubscribe from news and offers'

export function letter(page: Letter): { html: string; text: string } {
  return { html: htmlOf(page), text: textOf(page) }
}

function textOf({ title, paragraphs, rows = [], action, notes = [], unsubscribeUrl, shopName }: Letter): string {
  const blocks = rows.flatMap((group) => [...group.map(([name, amount]) => `${name}: ${amount}`), ''])
  const links = [...(action === undefined ? [] : [`${action.label}: ${action.url}`, '']), ...notes.flatMap((note) => [note, ''])]
  const end = unsubscribeUrl === undefined ? [] : ['', `${UNSUBSCRIBE}: ${unsubscribeUrl}`]
  return [title, '', ...paragraphs.flatMap((paragraph) => [paragraph, '']), ...blocks, ...links, shopName, ...end, ''].join('\n')
}

/** By class where the screen is dark, or small. Mail programs that drop it show the same page in its inline colours. */
const STYLES = `@media (prefers-color-scheme:dark){.page{background:#121413!important}.card{background:#1d201f!important;border-color:#343937!important}
.ink,.ink td{color:#eceeec!important}.soft,.soft a,.soft td{color:#a3aba6!important}.line{border-color:#343937!important}.act a{background:#9fd3b4!important;color:#10241a!important}}
@media (max-width:600px){.page{padding:0!important}.card{border-radius:0!important;border-width:0 0 1px!important}.in{padding-left:20px!important;padding-right:20px!important}}`

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

function htmlOf({ title, paragraphs, rows = [], endsInSum = false, action, notes = [], unsubscribeUrl, shopName }: Letter): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>${escape(title)}</title><style>:root{color-scheme:light dark}
${STYLES}</style></head>
<body class="page" style="margin:0;padding:0;background:#f1f3f1;-webkit-text-size-adjust:100%">
<div style="display:none;max-height:0;overflow:hidden">${escape(paragraphs[0] ?? title)}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f1f3f1;padding:32px 12px;${FONT}"><tr><td align="center">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background:#ffffff;border:1px solid #dfe4e0;border-radius:10px;text-align:left">
<tr><td class="in soft" style="padding:24px 32px 0;font-size:14px;font-weight:600;color:#5c6660">${escape(shopName)}</td></tr>
<tr><td class="in ink" style="padding:12px 32px 4px;font-size:16px;line-height:1.55;color:#1b211d;overflow-wrap:anywhere">
<h1 style="margin:0 0 16px;font-size:24px;line-height:1.25;font-weight:700">${escape(title)}</h1>
${paragraphs.map((paragraph) => `<p style="margin:0 0 16px">${unbroken(escape(paragraph))}</p>`).join('\n')}
</td></tr>
${rows.length === 0 ? '' : `<tr><td class="in" style="padding:4px 32px 12px"><table role="presentation" class="ink" width="100%" cellpadding="0" cellspacing="0" style="font-size:16px;line-height:1.45;color:#1b211d">\n${rows.map((lines, place) => group(lines, endsInSum && place === rows.length - 1)).join('\n')}\n</table></td></tr>\n`}${action === undefined ? '' : `<tr><td class="in act" style="padding:8px 32px 20px">${button(action)}</td></tr>\n`}${notes.map(note).join('')}<tr><td class="in" style="padding:0 32px 24px"><div class="soft line" style="border-top:1px solid #dfe4e0;padding-top:16px;font-size:13px;line-height:1.5;color:#5c6660">${escape(shopName)}${unsubscribeUrl === undefined ? '' : `<br><a href="${escape(unsubscribeUrl)}" style="color:#5c6660">${UNSUBSCRIBE}</a>`}</div></td></tr>
</table></td></tr></table>
</body></html>
`
}

function group(lines: ReadonlyArray<readonly [string, string]>, endsInSum: boolean): string {
  return lines.map(([name, amount], index) => {
    const isSum = endsInSum && index === lines.length - 1
    const ruled = index === 0 ? 'border-top:1px solid #dfe4e0;' : ''
    const style = `padding:${index === 0 ? 10 : 5}px 0 ${index === lines.length - 1 ? 10 : 5}px;${ruled}vertical-align:top${isSum ? ';font-weight:700' : ''}`
    const set = `class="line" style="${style}`
    const whole = amount.length <= UNBROKEN_MAX ? ';white-space:nowrap' : ''
    const words = `<div style="min-width:112px;overflow-wrap:anywhere">${escape(name)}</div>`
    return `<tr><td ${set}">${words}</td><td ${set};padding-left:16px;text-align:right${whole}">${escape(amount)}</td></tr>`
  }).join('\n')
}

/** A number such as `7NF8-YVVR-Q1` stays on one line. */
function unbroken(html: string): string {
  return html.replace(/\b[0-9A-Z]{2,12}(?:-[0-9A-Z]{2,12}){1,4}\b/g, (number) => `<span style="white-space:nowrap">${number}</span>`)
}

function button({ label, url }: NonNullable<Letter['action']>): string {
  const style = 'display:inline-block;padding:12px 22px;border-radius:8px;background:#1f5f3f;color:#ffffff;font-size:16px;font-weight:600;text-decoration:none'
  return `<a href="${escape(url)}" style="${style}">${escape(label)}</a>`
}

function note(text: string): string {
  return `<tr><td class="in soft" style="padding:0 32px 16px;font-size:14px;line-height:1.5;color:#5c6660;overflow-wrap:anywhere">${escape(text)}</td></tr>\n`
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as it may stand in a page or in an attribute of it. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}
