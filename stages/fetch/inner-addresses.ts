import { lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that mean something within a machine, a network or a data centre only: what the registries of addresses for
 * special purposes (RFC 6890) do not call globally reachable. 169.254.169.254 hands out the credentials of machines in
 * clouds.
 */
export const innerAddresses = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  innerAddresses.addSubnet(network, bits, 'ipv4');
}
// All of IPv6 but 2000::/3, which is handed out, and in that what is embedded or for examples. ::ffff:0:0/96 is IPv4.
innerAddresses.addRange('::', '::fffe:ffff:ffff', 'ipv6');
innerAddresses.addRange('::1:0:0:0', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ipv6');
for (const [network, bits] of [
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const) {
  innerAddresses.addSubnet(network, bits, 'ipv6');
}

/** Whether an address of either version is in a list; of an IPv4 address written as IPv6 (::ffff:10.0.0.1) that decides. */
export function isIn(list: BlockList, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
}

/** Whether the host of a URL is itself an address of the list; names are looked up later. */
export function isInnerHost({ hostname }: URL, list: BlockList): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) !== 0 && isIn(list, address);
}

/** A name has an address of the list. */
export class InnerAddressError extends Error {
  override readonly name = 'InnerAddressError';
}

/** Looks up names as usual, and fails with {@link InnerAddressError} if one has an address of the list. */
export function lookupOutside(list: BlockList): LookupFunction {
  return (hostname, options, done) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = error === null ? addresses : [];
      if (first === undefined) done(error, '');
      else if (addresses.some(({ address }) => isIn(list, address))) done(new InnerAddressError(hostname), '');
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}
