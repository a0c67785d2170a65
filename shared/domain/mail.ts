/**
 * What a mail is, and how it looks. HTML and plain text come from the same facts; everything that a customer typed is
 * escaped.
 */

/** Where the address of somebody stood whom the shop has forgotten. Nothing is sent there. */
export const NOBODY = 'nobody@erased.invalid'

/** A mail that must be sent once; `id` names the intent, so that asking twice sends once. */
export interface MailIntent {
  readonly id: string
  readonly to: string
  readonly template: string
  readonly subject: string
  readonly html: string
  readonly text: string
  readonly orderId?: string
  /** Whose it is, where it is about no order. */
  readonly customerId?: string
}

export interface Letter {
  readonly title: string
  readonly paragraphs: readonly string[]
  /** Groups of lines such as `2 x Lamp` and `20.00 USD`. */
  readonly rows?: ReadonlyArray<ReadonlyArray<readonly [string, string]>>
  readonly shopName: string
}

export function letter({ title, paragraphs, rows = [], shopName }: Letter): { html: string; text: string } {
  const blocks = rows.flatMap((group) => [...group.map(([name, amount]) => `${name}: ${amount}`), ''])
  const text = [title, '', ...paragraphs, '', ...blocks, shopName, ''].join('\n')
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escape(title)}</title></head>
<body style="margin:0;padding:24px;font-family:system-ui,sans-serif;line-height:1.5"><main style="max-width:560px;margin:0 auto">
<h1 style="font-size:22px">${escape(title)}</h1>
${paragraphs.map((paragraph) => `<p>${escape(paragraph)}</p>`).join('\n')}
${rows.length === 0 ? '' : `<table role="presentation" style="width:100%;border-collapse:collapse">\n${rows.flat().map(row).join('\n')}\n</table>`}
<p>${escape(shopName)}</p>
</main></body></html>
`
  return { html, text }
}

function row([name, amount]: readonly [string, string]): string {
  return `<tr><td style="padding:6px 0">${escape(name)}</td><td style="padding:6px 0;text-align:right">${escape(amount)}</td></tr>`
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}
