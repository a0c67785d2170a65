/**
 * The functions framework runs each request inside a `node:domain`, which hooks every promise, timer and socket that
 * the request makes: measured, a fifth of an instance's processor time. Our seams catch every failure themselves and
 * await everything, so nothing is left for the domain to catch.
 */
export function leaveFrameworkDomain(): void {
  const { domain } = process as { domain?: { exit(): void } | null }
  domain?.exit()
}
