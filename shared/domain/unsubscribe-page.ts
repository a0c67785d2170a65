/** The pages behind the link in a campaign mail: asks, and says that it is done. Without a script, so that it works everywhere. */
import { escape } from './mail.ts'

export type UnsubscribeStep = 'ask' | 'done' | 'unknown'

interface Words {
  readonly title: string
  readonly text: string
  readonly button?: string
}

const WORDS: Record<UnsubscribeStep, Words> = {
  ask: {
    title: 'Unsubscribe from news and offers?', button: 'Unsubscribe',
    text: 'You will get no more news and offers from us. Mails about your orders, payments and memberships still come.',
  },
  done: { title: 'You are unsubscribed', text: 'You will get no more news and offers from us. A mail that is on its way already may still arrive.' },
  unknown: { title: 'This link is not complete', text: 'Please open it from the mail again, or answer that mail: we will see to it.' },
}

const STYLE = `:root{color-scheme:light dark}body{margin:0;padding:48px 16px;background:#f1f3f1;color:#1b211d;font:16px/1.55 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}
main{max-width:480px;margin:0 auto;padding:32px;background:#fff;border:1px solid #dfe4e0;border-radius:10px}h1{margin:8px 0 12px;font-size:24px;line-height:1.25}p{margin:0 0 20px}
small{color:#5c6660;font-weight:600;font-size:14px}button{padding:12px 22px;border:0;border-radius:8px;background:#1f5f3f;color:#fff;font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid #7fb898;outline-offset:2px}
@media (prefers-color-scheme:dark){body{background:#121413;color:#eceeec}main{background:#1d201f;border-color:#343937}small{color:#a3aba6}button{background:#9fd3b4;color:#10241a}}`

export function unsubscribePage(step: UnsubscribeStep, shopName: string): string {
  const { title, text, button } = WORDS[step]
  // The form leads back to the page's own address.
  const form = button === undefined ? '' : `<form method="post"><button type="submit">${button}</button></form>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style></head>
<body><main><small>${escape(shopName)}</small><h1>${title}</h1><p>${text}</p>${form}</main></body></html>
`
}
