/** The numbers of orders, as people read them out and type them. */
const LENGTH = 10
const LENGTH_MIN = 4

/** `K7QM-4T9B-2X`: read out on the phone without doubt; 50 bits of the id, which is itself derived or random. */
export function orderNumber(id: string): string {
  return dashed(id.slice(id.indexOf('_') + 1).toUpperCase().slice(0, LENGTH))
}

/**
 * How the numbers begin that somebody may mean: typed with or without dashes, in any case, with letters for the digits that
 * look like them. Undefined when no number can begin so, or too many would.
 */
export function numberPrefix(typed: string): string | undefined {
  const text = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]+$/.test(text) && text.length >= LENGTH_MIN && text.length <= LENGTH ? dashed(text) : undefined
}

function dashed(text: string): string {
  return [text.slice(0, 4), text.slice(4, 8), text.slice(8)].filter((part) => part !== '').join('-')
}
