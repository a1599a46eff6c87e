// The URL of a key set, as a bundle may name it. Whoever answers there decides who is let in, so it
// is https, with nothing in it that two readers could take for two hosts.

import { reachOf } from './address_reach.ts';
import { KEY_URL_LENGTH_MAX } from './limits.ts';

export interface KeyUrlRules {
  /** For loopback: plaintext goes nowhere else, which is checked where it connects. */
  readonly allowHttp: boolean;
  readonly allowPrivate: boolean;
}

/** One phrase that says why it is refused; undefined when it is not. */
export function keyUrlProblem(text: string, rules: KeyUrlRules): string | undefined {
  if (text.length > KEY_URL_LENGTH_MAX) return `longer than ${KEY_URL_LENGTH_MAX} characters`;
  // Parsers drop blanks and turn backslashes into slashes, each in its own way.
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) return 'a character no URL may hold';
  const [, scheme, authority] = /^([a-z]+):\/\/([^/?#]+)/i.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || !URL.canParse(text)) return 'no URL';
  const { protocol, hostname } = new URL(text);
  if (protocol === 'http:' ? !rules.allowHttp : protocol !== 'https:') return 'not https';
  if (authority.includes('@')) return 'a user name or password in it';
  if (text.includes('#')) return 'a fragment in it';
  if (hostname.endsWith('.')) return 'a host that ends with a dot';
  const address = addressOf(hostname);
  if (address === undefined) return undefined;
  const reach = reachOf(address);
  if (reach === 'special') return 'an address that publishes nothing';
  if (reach === 'private' && !rules.allowPrivate) return 'a private address';
  return undefined;
}

/** The address that a URL's host is, if it is one: the URL parser leaves one form of each. */
export function addressOf(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return /^[0-9]+(?:\.[0-9]+){3}$/.test(hostname) ? hostname : undefined;
}
