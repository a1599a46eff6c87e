// Mutations of credentials: of their bytes, of the elements of a certificate, of the parts of a
// token, and of the pairs of XFCC.

import type { Random } from '../agreement/random.ts';
import { pemOf } from '../support/certificates.ts';
import { makeToken } from '../token/fixture.ts';
import { CERTIFICATES, EDGE, STRANGER } from './credential_originals.ts';

const DERS = Object.values(CERTIFICATES);

/** @param others texts of the same kind, to take parts of */
export function mutated(
  random: Random,
  field: string,
  text: string,
  others: readonly string[],
): string {
  if (random.chance(0.15)) return changedText(random, text, random.pick(others));
  switch (field) {
    case 'certificate':
      return sent(random, changedDer(random, derOf(text)));
    case 'client-cert':
    case 'client-cert-chain':
      return `:${changedDer(random, Buffer.from(text.slice(1, -1), 'base64')).toString('base64')}:`;
    case 'x-forwarded-client-cert':
      return changedXfcc(random, text);
    default:
      return changedToken(random, text, random.pick(others));
  }
}

function derOf(sentText: string): Buffer {
  const letter = (_: string, digits: string) => String.fromCharCode(Number.parseInt(digits, 16));
  const pem = sentText.replace(/%([0-9a-fA-F]{2})/g, letter);
  return Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
}

function sent(random: Random, der: Buffer): string {
  const encoded = random.chance(0.5) ? /[\n +/=]/g : /[\s\S]/g;
  const percent = (it: string) => `%${it.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return pemOf(der).replace(encoded, percent);
}

function flipped(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let count = 1 + random.below(2); count > 0 && bytes.length > 0; count--) {
    changed[random.below(bytes.length)]! ^= 1 << random.below(8);
  }
  return changed;
}

function changedText(random: Random, text: string, other: string): string {
  const [from, to] = [random.below(text.length + 1), random.below(text.length + 1)].sort(
    (a, b) => a - b,
  ) as [number, number];
  const pieces = [' ', ',', '=', '"', '\\', '%', '\0', '\u00e9', '.', ';', text.slice(from, to)];
  switch (random.below(6)) {
    case 0:
      return flipped(random, Buffer.from(text, 'latin1')).toString('latin1');
    case 1:
      return text.slice(0, from);
    case 2:
      return text.slice(0, from) + text.slice(to);
    case 3:
      return text.slice(0, from) + random.pick(pieces) + text.slice(from);
    case 4:
      return text.slice(0, from) + other.slice(from);
    default:
      return `${text}${random.pick([',', ' ', ', ', ';', ''])}${other}`;
  }
}

/** An element of DER; those that hold others hold them as elements. */
interface Element {
  tag: number;
  readonly children: Element[] | undefined;
  bytes: Buffer;
}

const CONSTRUCTED = 0x20;
const OCTETS = 0x04;

/** Undefined when the bytes are no sequence of elements. */
function elementsOf(bytes: Buffer): Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let length = bytes[at + 1];
    if (length === undefined) return undefined;
    at += 2;
    if (length > 0x7f) {
      const size = length & 0x7f;
      if (size === 0 || size > 3 || at + size > bytes.length) return undefined;
      length = bytes.readUIntBE(at, size);
      at += size;
    }
    if (at + length > bytes.length) return undefined;
    const content = bytes.subarray(at, at + length);
    const nests = (tag & CONSTRUCTED) !== 0 || tag === OCTETS;
    elements.push({ tag, bytes: content, children: nests ? elementsOf(content) : undefined });
    at += length;
  }
  return elements;
}

function encoded({ tag, children, bytes }: Element): Buffer {
  const content = children === undefined ? bytes : Buffer.concat(children.map(encoded));
  const { length } = content;
  const head =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function listsOf(elements: Element[]): Element[][] {
  return [elements, ...elements.flatMap(({ children }) => (children ? listsOf(children) : []))];
}

function changedDer(random: Random, der: Buffer): Buffer {
  const tree = elementsOf(der);
  if (tree === undefined || tree.length === 0 || random.chance(0.3)) return flipped(random, der);
  const list = random.pick(listsOf(tree).filter(({ length }) => length > 0));
  const at = random.below(list.length);
  const element = list[at]!;
  const donor = elementsOf(random.pick(DERS))!;
  switch (random.below(8)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(at, 0, element);
      break;
    case 2:
      list.reverse();
      break;
    case 3:
      list[at] = random.pick(listsOf(donor).flat());
      break;
    case 4:
      element.tag = random.pick([element.tag ^ CONSTRUCTED, random.below(256), 0x05, 0x86, 0x82]);
      break;
    case 5: {
      // The same place of another certificate: what was signed for somebody else.
      const [from, to] = [donor[0]?.children, tree[0]?.children];
      const part = random.below(3);
      if (from?.[part] && to?.[part]) to[part] = from[part];
      break;
    }
    case 6:
      if (element.children === undefined) element.bytes = flipped(random, element.bytes);
      break;
    default:
      if (element.children === undefined) {
        const text = element.bytes.toString('latin1').replace('checkout', 'reports1');
        element.bytes = Buffer.from(text.replace('\x01', '\xff'), 'latin1');
      }
  }
  return Buffer.concat(tree.map(encoded));
}

const PAIRS = [
  `By=${EDGE}`,
  'URI=spiffe://prod.example/ns/bi/sa/reports',
  'URI=',
  'Subject="CN=\\"a\\""',
  'Subject="a,b;c"',
  'Hash=00',
  'DNS=a',
  'Cert=""',
  'x',
  '"',
];

/** What a caller can choose of it, who holds its own certificate and wrote what comes first. */
function changedXfcc(random: Random, text: string): string {
  const parts = text.split(/([;,])/);
  const at = 2 * random.below(Math.ceil(parts.length / 2));
  const certificate = /"(-----BEGIN[^"]*)"/.exec(text)?.[1];
  switch (random.below(7)) {
    case 0:
      parts.splice(at, 0, random.pick(PAIRS), random.pick([';', ',']));
      return parts.join('');
    case 1:
      parts.splice(at, 2);
      return parts.join('');
    case 2:
      parts[at] = random.pick(PAIRS);
      return parts.join('');
    case 3:
      return `${random.some(PAIRS, 1, 4).join(random.pick([';', ',']))},${text}`;
    case 4:
      return text.replace(/Hash=(..)/, (_, first) => `Hash=${first === 'aa' ? 'bb' : 'aa'}`);
    case 5:
      return text.replaceAll('URI=', random.pick(['uri=', 'Uri=', 'URI="', 'URI= ']));
    default:
      if (certificate === undefined) return text.toUpperCase();
      return text.replace(certificate, sent(random, changedDer(random, random.pick(DERS))));
  }
}

type Claims = Record<string, unknown>;

function changedToken(random: Random, text: string, other: string): string {
  const [, scheme = '', token = ''] = /^((?:[A-Za-z]+ )?)(.*)$/s.exec(text) ?? [];
  const parts = token.split('.');
  if (parts.length !== 3) return changedText(random, text, other);
  const [header, payload, signature] = parts as [string, string, string];
  const write = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const others = other.split(/[ .]/).slice(-3);
  switch (random.below(8)) {
    case 0:
      return `${scheme}${write(changedHeader(random, claimsIn(header)))}.${payload}.${signature}`;
    case 1:
      return `${scheme}${header}.${write(changedClaims(random, claimsIn(payload)))}.${signature}`;
    case 2: {
      // By keys of his own, under the name of ours.
      const claims = changedClaims(random, claimsIn(payload));
      return scheme + makeToken(claims, { ...claimsIn(header), alg: 'ES256' }, STRANGER);
    }
    case 3: {
      const mixed = parts.map((part, index) => (random.chance(0.5) ? part : others[index]));
      return scheme + mixed.join('.');
    }
    case 4: {
      const index = random.below(3);
      const bytes = flipped(random, Buffer.from(parts[index]!, 'base64url'));
      return scheme + parts.with(index, bytes.toString('base64url')).join('.');
    }
    case 5:
      return scheme + parts.with(random.below(3), reencoded(random, random.pick(parts))).join('.');
    case 6:
      return `${random.pick(['bearer ', 'BEARER ', 'DPoP ', 'Basic ', '', 'Bearer  '])}${token}`;
    default:
      return `${scheme}${header}.${payload}.${random.pick(['', 'AA', signature.slice(1), payload])}`;
  }
}

/** None of what was changed before and is no JSON any more. */
function claimsIn(part: string): Claims {
  try {
    return { ...(JSON.parse(Buffer.from(part, 'base64url').toString()) as object) };
  } catch {
    return {};
  }
}

function reencoded(random: Random, part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  const json = bytes.toString('latin1');
  return random.pick([
    bytes.toString('base64'),
    `${part}=`,
    `${part}\n`,
    bytes.toString('hex'),
    Buffer.from(json.replace('{', '{ '), 'latin1').toString('base64url'),
    Buffer.from(json.replace('{', '{"sub":"bob",'), 'latin1').toString('base64url'),
  ]);
}

function changedHeader(random: Random, header: Claims): Claims {
  const changes: Claims[] = [
    { alg: 'none' },
    { alg: 'HS256' },
    { alg: 'RS256' },
    { kid: 'rsa' },
    { kid: undefined },
    { typ: random.pick(['JWT', 'at+jwt', 'wit+jwt', 'dpop+jwt', 'wpt+jwt', 'txntoken+jwt']) },
    { crit: ['b64'], b64: false },
    { jwk: STRANGER.jwk },
    { jku: 'https://evil.example' },
    { x5c: [CERTIFICATES.ec.toString('base64')] },
  ];
  return { ...header, ...random.pick(changes) };
}

function changedClaims(random: Random, claims: Claims): Claims {
  const names = ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'cnf', 'act', 'scope', 'team', 'jti'];
  const values = [undefined, null, '', 'bob', 'remit', 0, 1e12, -1, true, [], {}, { sub: 'bob' }];
  return { ...claims, [random.pick(names)]: random.pick(values) };
}
