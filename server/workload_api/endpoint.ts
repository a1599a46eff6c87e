// Where the SPIFFE Workload API is (SPIFFE Workload Endpoint sections 3 and 4): a unix socket, or
// TCP where nothing between could listen or answer, as a private key comes over it in plaintext.

import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { type Address, isLocal, parseAddress } from '../address.ts';

/** An absolute path, and none of the characters that a URI would read otherwise. */
const UNIX = /^unix:(?:\/\/)?(\/[^?#%\0]+)$/;

/** `unix:/path`, `unix:///path` or `tcp://ip:port`; else why it is none. */
export function parseEndpoint(text: string): Address | string {
  const path = UNIX.exec(text)?.[1];
  if (path !== undefined && !path.startsWith('//')) return { kind: 'unix', path };
  const address = text.startsWith('tcp://') ? parseAddress(text.slice('tcp://'.length)) : undefined;
  if (address?.kind !== 'tcp' || address.port === 0 || address.host === 'localhost') {
    return 'must be `unix:/path` or `tcp://ip:port`';
  }
  if (isLocal(address) || isLinkLocal(address.host)) return address;
  return 'TCP is for loopback and link-local addresses: a private key comes over it in plaintext';
}

/** In remit.yaml. */
export const endpointSchema = z.string().transform((text, context): Address => {
  const endpoint = parseEndpoint(text);
  if (typeof endpoint !== 'string') return endpoint;
  context.addIssue({ code: 'custom', message: endpoint });
  return z.NEVER;
});

function isLinkLocal(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('169.254.');
  return isIPv6(host) && /^fe[89ab][0-9a-f]:/i.test(host);
}
