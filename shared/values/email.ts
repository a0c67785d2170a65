/**
 * Addresses of mail as one person's: however it is written, it is the same mailbox. Only for telling people apart; mail goes
 * to the address as it was given.
 */

/** Mailboxes that ignore dots. */
const DOTLESS = new Set(['gmail.com'])
const SAME_AS: Readonly<Record<string, string>> = { 'googlemail.com': 'gmail.com' }

/** In small letters, without what follows a plus, without dots where the provider ignores them. */
export function canonicalEmail(email: string): string {
  const text = email.trim().toLowerCase()
  const at = text.lastIndexOf('@')
  if (at < 1) return text
  const given = text.slice(at + 1)
  const domain = SAME_AS[given] ?? given
  const [plain = ''] = text.slice(0, at).split('+')
  const mailbox = DOTLESS.has(domain) ? plain.replaceAll('.', '') : plain
  return mailbox === '' ? text : `${mailbox}@${domain}`
}
