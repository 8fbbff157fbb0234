import { isIPv6 } from 'node:net';

/** What an address is counted as: one subscriber holds a whole /64 of IPv6 addresses. */
export function networkOf(ip: string): string {
  if (!isIPv6(ip) || ip.startsWith('::')) return ip;
  return ip.split(':').slice(0, 4).join(':');
}
