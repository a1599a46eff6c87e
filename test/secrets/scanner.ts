// Finds secrets in what Remit writes ("Must show" 7): tokens and private keys by their form, all
// else by the word that secrets of tests hold. Nearly every line has none, so what is cheap comes
// first: only where one of a few literal texts occurs a line is looked at closely.

import { CANARY } from '../support/secret.ts';

export type LeakKind = 'signed token' | 'private key' | 'private JWK' | 'secret of a test';

export interface Leak {
  readonly kind: LeakKind;
  /** Where it stands and how long it is; never the secret. */
  readonly where: string;
}

/** Of one text; more of them say nothing new. */
const LEAKS_MAX = 8;
const CONTEXT_LENGTH = 60;

/** What base64 makes of a text that stands somewhere among others, by its place in a group of 3. */
function inBase64(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const all = Buffer.from(`${'.'.repeat(before)}${text}`).toString('base64');
    // The characters that are made of bits of the text alone.
    const from = Math.ceil((before * 8) / 6);
    return all.slice(from, Math.floor(((before + text.length) * 8) / 6));
  });
}

const percent = (text: string) =>
  [...text].map((it) => `%${it.charCodeAt(0).toString(16)}`).join('');

const CANARIES = [
  CANARY,
  CANARY.toUpperCase(),
  ...inBase64(CANARY),
  Buffer.from(CANARY).toString('hex'),
  percent(CANARY),
  percent(CANARY).toUpperCase(),
];
/** DER in base64: PKCS #8 with a length of two, one and no further bytes, PKCS #1, SEC 1. */
const DER_PIECES = ['IBADA', 'AgEAMB', 'AgEBB', 'MC4CAQAwBQ', 'IBAAKC', 'MHcCAQEEI'];
const DER =
  /MII[\w+/-]{3}IBADA|MI[\w+/-]{2}AgE(?:AMB|BB)|MC4CAQAwBQ|MII[\w+/-]{3}IBAAKC|MHcCAQEEI/g;
const PEM = /BEGIN(?: |%20|\+)(?:[A-Z]+(?: |%20|\+))*PRIVATE(?: |%20|\+)KEY/g;
const PEM_IN_BASE64 = inBase64('PRIVATE KEY-----');
/** Quotes may be escaped, once or more, where JSON stands in JSON. */
const PRIVATE_MEMBER = /\\*"(?:d|k)\\*"\s*:\s*\\*"[\w-]{16,}/g;
const TOKEN_IN_BASE64 = inBase64('eyJhbGciO');

// Two forms: V8 searches for either some three times as fast as for both in one. A header begins
// with `{"`, `{ `, or a brace and a new line.
const LIKE_TOKEN = /(?:ey[JA]|ew[o0])[\w-]{8,}(?:\.|%2[eE])/;
const SUSPICIOUS = new RegExp(
  [CANARIES, DER_PIECES, PEM_IN_BASE64, TOKEN_IN_BASE64, 'PRIVATE', '"[dk]\\\\*"'].flat().join('|'),
);

/** @returns nothing, nearly always */
export function findLeaks(text: string): readonly Leak[] {
  return LIKE_TOKEN.test(text) || SUSPICIOUS.test(text) ? lookClosely(text) : [];
}

function lookClosely(text: string): Leak[] {
  const leaks: Leak[] = [];
  const note = (kind: LeakKind, at: number, length: number): void => {
    if (leaks.length < LEAKS_MAX) leaks.push({ kind, where: whereIs(text, at, length) });
  };
  const matches = (kind: LeakKind, form: RegExp): void => {
    for (const found of text.matchAll(form)) note(kind, found.index, found[0].length);
  };
  const occurs = (kind: LeakKind, pieces: readonly string[]): void => {
    for (const piece of pieces) {
      const at = text.indexOf(piece);
      if (at !== -1) note(kind, at, piece.length);
    }
  };
  for (const { index, length } of tokens(text)) note('signed token', index, length);
  occurs('signed token', TOKEN_IN_BASE64);
  matches('private key', PEM);
  matches('private key', DER);
  occurs('private key', PEM_IN_BASE64);
  matches('private JWK', PRIVATE_MEMBER);
  occurs('secret of a test', CANARIES);
  return leaks;
}

/** A header with `alg`, and something of what it signs: also where the rest was cut off. */
function* tokens(text: string): Generator<{ index: number; length: number }> {
  for (const found of text.matchAll(/e(?=yJ|yA|wo|w0)([\w-]+)(?:\.|%2[Ee])[\w-]+/g)) {
    const run = `e${found[1]}`;
    // It may stand behind other letters of the alphabet.
    for (const start of run.matchAll(/e(?:yJ|yA|wo|w0)/g)) {
      if (!isHeader(run.slice(start.index))) continue;
      yield { index: found.index + start.index, length: found[0].length - start.index };
      break;
    }
  }
}

function isHeader(part: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof header === 'object' && header !== null && 'alg' in header;
  } catch {
    return false;
  }
}

/** What stands before it, without anything that could be a secret. */
function whereIs(text: string, at: number, length: number): string {
  const before = text.slice(Math.max(0, at - CONTEXT_LENGTH), at);
  // A run that begins before what is looked at may be the end of anything.
  const names = before.replaceAll(/^[\w+/=%.~-]+|[\w+/=%.~-]{20,}|PRIVATE/g, '…');
  return `${length} characters behind \`${names}\``;
}
