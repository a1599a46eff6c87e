// `x-forwarded-client-cert`: what proxies say of the peers they verified. One element for each
// proxy, the nearest one last; Envoy's documentation of the header is its grammar. Only the last
// element is ever believed, as a caller may have written those before it, and only from the
// enforcer that names itself in it.
//
// INVARIANT: a text that two parsers could split differently is refused as a whole, because a
// caller chooses the subject of its certificate and all that stands before the last element. Envoy
// writes URI and DNS names as they are, without quotes: an authority that signs one with a
// separator inside lets its holder add pairs. Such a name makes no other URI the only one and no
// other element the last one; but where an enforcer sends no URI at all, nothing here can tell.

import { hash } from 'node:crypto';
import { Failure, type Fallible, isFailure } from '../failure.ts';
import { XFCC_ELEMENTS_MAX, XFCC_PAIRS_MAX, XFCC_TEXT_MAX } from '../limits.ts';
import { decodeSentPem, readSentChain } from './pem.ts';

/** What one proxy wrote; a key that is absent or empty is empty here. */
export interface XfccElement {
  /** URI SANs of the proxy's own certificate. */
  readonly by: readonly string[];
  /** SHA-256 of the peer's certificate, hexadecimal. */
  readonly hash: string;
  /** URL-encoded PEM. */
  readonly cert: string;
  /** URL-encoded PEM, the leaf first. */
  readonly chain: string;
  readonly subject: string;
  readonly uris: readonly string[];
  readonly dns: readonly string[];
}

/** The last element, written by the enforcer that asks. */
export interface XfccCredential {
  /** More than one, or none, is no SPIFFE identity. */
  readonly uris: readonly string[];
  readonly dns: readonly string[];
  readonly subject: string;
  /** Hexadecimal in lower case; empty when the enforcer sends none. */
  readonly hash: string;
  /** PEM of the one certificate; empty when the enforcer sends none. */
  readonly cert: string;
  /** PEM, the leaf first; empty when the enforcer sends none. */
  readonly chain: string;
}

export interface XfccExpected {
  /** The SPIFFE IDs of the enforcer that asks; without one it cannot be told from the caller. */
  readonly by: readonly string[];
  /** DER of the certificate that the CheckRequest carries for the same peer. */
  readonly certificate?: Uint8Array | undefined;
}

const invalid = (detail: string) => new Failure('authn.invalid_identity', `XFCC: ${detail}`);

const ABSENT = new Failure('authn.missing', 'XFCC: empty');
const TOO_LONG = invalid('too long');
const TOO_MANY = invalid('too many elements or pairs');
const MALFORMED = invalid('malformed');
const NOT_PEM = invalid('no certificate in URL-encoded PEM');
const OTHER_PROXY = new Failure(
  'authn.untrusted_issuer',
  'XFCC: the last element is not by the enforcer that asks',
);
const TWICE = invalid('the enforcer that asks wrote another element before the last');
const CONTRADICTION = new Failure(
  'authn.identity_conflict',
  'XFCC: hash and certificates are not of one certificate',
);

/** What the enforcer says of the peer before it, checked as far as the text itself allows. */
export function xfccCredential(
  text: string,
  { by, certificate }: XfccExpected,
): Fallible<XfccCredential> {
  const elements = parseXfcc(text);
  if (isFailure(elements)) return elements;
  const last = elements.at(-1);
  if (last === undefined) return ABSENT;
  const isMine = (it: XfccElement): boolean => by.some((id) => it.by.includes(id));
  if (!isMine(last)) return OTHER_PROXY;
  // It writes one. So there is one that somebody else wrote, and which one is not to be told.
  if (elements.some((it) => it !== last && isMine(it))) return TWICE;
  const cert = decodeSentPem(last.cert);
  const chain = decodeSentPem(last.chain);
  if (cert === undefined || chain === undefined) return NOT_PEM;
  const alone = cert === '' ? [] : readSentChain(cert);
  const chained = chain === '' ? [] : readSentChain(chain);
  if (isFailure(alone) || isFailure(chained) || alone.length > 1) return NOT_PEM;
  const sent = last.hash.toLowerCase();
  if (sent !== '' && !/^[0-9a-f]{64}$/.test(sent)) return MALFORMED;
  const hashes = new Set(sent === '' ? [] : [sent]);
  for (const der of [certificate, alone[0], chained[0]]) {
    if (der !== undefined) hashes.add(hash('sha256', der, 'hex'));
  }
  if (hashes.size > 1) return CONTRADICTION;
  const { uris, dns, subject } = last;
  return { uris, dns, subject, hash: sent, cert, chain };
}

/** PEM of the peer's certificate: `Cert`, else all of `Chain`, whose first is the peer's. */
export function presentedPem({ cert, chain }: XfccElement): Fallible<string> {
  const pem = decodeSentPem(cert === '' ? chain : cert);
  return pem === undefined || pem === '' ? NOT_PEM : pem;
}

/** All elements, in the order in which they were added. */
export function parseXfcc(text: string): Fallible<readonly XfccElement[]> {
  if (text === '') return ABSENT;
  if (text.length > XFCC_TEXT_MAX) return TOO_LONG;
  const elements: XfccElement[] = [];
  const reader = new PairReader(text);
  while (true) {
    const pairs = reader.element();
    if (isFailure(pairs)) return pairs;
    const element = elementOf(pairs);
    if (isFailure(element)) return element;
    elements.push(element);
    if (reader.isDone) return elements;
    if (elements.length === XFCC_ELEMENTS_MAX) return TOO_MANY;
  }
}

type Pairs = ReadonlyMap<string, readonly string[]>;

function elementOf(pairs: Pairs): Fallible<XfccElement> {
  for (const key of ['hash', 'cert', 'chain', 'subject']) {
    // Of two nobody knows which is meant.
    if ((pairs.get(key)?.length ?? 0) > 1) return MALFORMED;
  }
  for (const key of ['by', 'uri', 'dns']) {
    // Envoy writes `URI=` for a certificate that has none, and then no other.
    const values = pairs.get(key) ?? [];
    if (values.length > 1 && values.includes('')) return MALFORMED;
  }
  const one = (key: string): string => pairs.get(key)?.[0] ?? '';
  const all = (key: string): readonly string[] => pairs.get(key)?.filter((it) => it !== '') ?? [];
  return {
    by: all('by'),
    hash: one('hash'),
    cert: one('cert'),
    chain: one('chain'),
    subject: one('subject'),
    uris: all('uri'),
    dns: all('dns'),
  };
}

/** Keys compare without case; those that nobody knows are read like the others. */
const KEY = /([A-Za-z0-9_-]{1,32})=/y;
/** Without quotes: printable ASCII, no space, and nothing that separates. */
const BARE = /[!#-+\--:<-~]*/y;
const BACKSLASH = 0x5c;

class PairReader {
  readonly #text: string;
  #at = 0;
  #pairsLeft = XFCC_PAIRS_MAX;

  constructor(text: string) {
    this.#text = text;
  }

  get isDone(): boolean {
    return this.#at === this.#text.length;
  }

  /** The pairs of one element, by key in lower case, with the comma behind it. */
  element(): Fallible<Pairs> {
    const pairs = new Map<string, string[]>();
    while (true) {
      const key = this.#key();
      const value = key === undefined ? undefined : this.#value();
      if (key === undefined || value === undefined) return MALFORMED;
      if (this.#pairsLeft-- === 0) return TOO_MANY;
      const values = pairs.get(key);
      if (values === undefined) pairs.set(key, [value]);
      else values.push(value);
      const hasMore = this.#take(';');
      if (this.isDone) return pairs;
      if (!this.#take(',')) {
        if (hasMore) continue;
        return MALFORMED;
      }
      // A comma at the end announces an element that did not come.
      return this.isDone ? MALFORMED : pairs;
    }
  }

  #take(separator: string): boolean {
    if (this.#text[this.#at] !== separator) return false;
    this.#at++;
    return true;
  }

  #key(): string | undefined {
    KEY.lastIndex = this.#at;
    const found = KEY.exec(this.#text);
    if (found === null) return undefined;
    this.#at = KEY.lastIndex;
    return found[1]!.toLowerCase();
  }

  #value(): string | undefined {
    if (this.#take('"')) return this.#quoted();
    BARE.lastIndex = this.#at;
    const value = BARE.exec(this.#text)?.[0] ?? '';
    this.#at += value.length;
    return value;
  }

  /** Up to the quote that closes it; what stands behind that is for `element` to judge. */
  #quoted(): string | undefined {
    const text = this.#text;
    let end = this.#at;
    let escaped = false;
    while (escaped || text[end] !== '"') {
      const code = text.charCodeAt(end++);
      // Beyond the end there is no code: the quote is never closed.
      if (!(code >= 0x20) || code === 0x7f) return undefined;
      escaped = !escaped && code === BACKSLASH;
    }
    const value = text.slice(this.#at, end);
    this.#at = end + 1;
    // To some readers `\\` is a backslash and the quote closes, to others the quote is escaped.
    if (value.endsWith('\\')) return undefined;
    return value.replaceAll('\\"', '"');
  }
}
