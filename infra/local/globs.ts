/**
 * The patterns of firebase.json as regular expressions: extglob as Hosting reads it. `*` stays within a segment,
 * `**` crosses segments, `{a,b}` and `@(a|b)` are alternatives; `/api/orders{,/**}` matches the base too,
 * `/api/orders/**` does not match `/api/orders`.
 */
const SUFFIXES: Readonly<Record<string, string>> = { '@': ')', '?': ')?', '*': ')*', '+': ')+' }

export function globToRegExp(glob: string): RegExp {
  return new RegExp(`^${translate(glob)}$`, 's')
}

function translate(glob: string): string {
  let source = ''
  /** What closes each open group, innermost last. */
  const open: string[] = []
  for (let place = 0; place < glob.length; place += 1) {
    const sign = glob[place] ?? ''
    if (glob[place + 1] === '(' && sign in SUFFIXES) {
      open.push(SUFFIXES[sign] ?? ')')
      source += '(?:'
      place += 1
    } else if (sign === '!' && glob[place + 1] === '(') {
      open.push(')$)[^/]*')
      source += '(?!(?:'
      place += 1
    } else if (sign === ')' && open.length > 0) source += open.pop() ?? ''
    else if (sign === '|' && open.length > 0) source += '|'
    else if (sign === '{') {
      open.push(')')
      source += '(?:'
    } else if (sign === '}' && open.length > 0) source += open.pop() ?? ''
    else if (sign === ',' && open.length > 0) source += '|'
    else if (sign === '*' && glob[place + 1] === '*') {
      source += '.*'
      place += 1
    } else if (sign === '*') source += isWholeSegment(glob, place) ? '[^/]+' : '[^/]*'
    else if (sign === '?') source += '[^/]'
    else source += sign.replace(/[\\^$.*+?()[\]{}|]/, '\\$&')
  }
  if (open.length > 0) throw new RangeError(`The pattern "${glob}" in firebase.json has an open bracket.`)
  return source
}

/** A segment that is only `*` is never empty. */
function isWholeSegment(glob: string, place: number): boolean {
  const [before, after] = [glob[place - 1], glob[place + 1]]
  return (before === undefined || before === '/') && (after === undefined || after === '/' || after === '{')
}
