/**
 * Which addresses may be called because a person typed them: those of the public internet, never our own network, this
 * machine or the platform's metadata server, however they are written.
 *
 * A name is judged by the addresses it leads to at the moment of the call, and the call goes to exactly these: a name
 * that leads elsewhere a moment later cannot lead it astray.
 */
import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const LOOPBACK = blockList([['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']])

/** Special purpose blocks of IPv4, and of the one block of IPv6 that is public. */
const NOT_PUBLIC = blockList([
  ['0.0.0.0', 8, 'ipv4'], ['10.0.0.0', 8, 'ipv4'], ['100.64.0.0', 10, 'ipv4'], ['127.0.0.0', 8, 'ipv4'], ['169.254.0.0', 16, 'ipv4'], ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'], ['192.0.2.0', 24, 'ipv4'], ['192.88.99.0', 24, 'ipv4'], ['192.168.0.0', 16, 'ipv4'], ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'], ['203.0.113.0', 24, 'ipv4'], ['224.0.0.0', 4, 'ipv4'], ['240.0.0.0', 4, 'ipv4'],
  ['2001::', 23, 'ipv6'], ['2001:db8::', 32, 'ipv6'], ['2002::', 16, 'ipv6'], ['3fff::', 20, 'ipv6'],
])
const PUBLIC_V6 = blockList([['2000::', 3, 'ipv6']])
/** Names that lead into some network of their own. */
const INNER_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa)\.?$|^[^.]+\.?$/i

function blockList(blocks: ReadonlyArray<readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6']>): BlockList {
  const list = new BlockList()
  for (const [address, prefix, family] of blocks) list.addSubnet(address, prefix, family)
  return list
}

/** @param toLoopback this machine may be called: in the local cloud, where receivers are run beside it */
export function mayCall(address: string, toLoopback: boolean): boolean {
  const version = isIP(address)
  if (version === 0) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (toLoopback && LOOPBACK.check(address, family)) return true
  return (version === 4 || PUBLIC_V6.check(address, 'ipv6')) && !NOT_PUBLIC.check(address, family)
}

/** Why an address cannot be one that we call; undefined when it may be, as far as it can be told from its text. */
export function refusedAddress(text: string, toLoopback: boolean): string | undefined {
  if (!URL.canParse(text)) return 'must be an address, https://...'
  const url = new URL(text)
  const host = hostOf(url)
  const isLocal = toLoopback && (host === 'localhost' || mayCall(host, true))
  if (url.protocol !== 'https:' && !(isLocal && url.protocol === 'http:')) return 'must begin with https://'
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password'
  if (url.hash !== '') return 'must not have a fragment'
  if (isLocal) return undefined
  const isPublic = isIP(host) === 0 ? !INNER_NAME.test(host) : mayCall(host, toLoopback)
  return isPublic ? undefined : 'must be on the public internet'
}

/** Without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

/** Looks names up for one connection, and lets it connect to none but addresses that may be called. */
export function guardedLookup(toLoopback: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const [first] = found
      if (first === undefined || !found.every(({ address }) => mayCall(address, toLoopback))) {
        return callback(Object.assign(new Error('the name leads to an address that may not be called'), { code: 'EACCES' }), '', 0)
      }
      if (options.all === true) callback(null, found)
      else callback(null, first.address, first.family)
    })
  }
}
