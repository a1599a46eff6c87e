// `x-forwarded-client-cert` beyond xfcc.json (C-011): what splits in two ways is refused, only the
// last element counts, only from the enforcer that it names, and hash and certificates are of one
// certificate.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { isFailure } from '../../engine/failure.ts';
import { readSentCertificate } from '../../engine/identity/pem.ts';
import { parseXfcc, type XfccExpected, xfccCredential } from '../../engine/identity/xfcc.ts';
import { XFCC_ELEMENTS_MAX, XFCC_PAIRS_MAX, XFCC_TEXT_MAX } from '../../engine/limits.ts';
import { makeAuthority, makeSvid, pemOf, sentForm } from '../support/certificates.ts';

const ME = 'spiffe://td.test/ns/edge/sa/gateway';
const CALLER = 'spiffe://td.test/ns/shop/sa/checkout';

function outcomeOf(text: string, expected: XfccExpected = { by: [ME] }): string {
  const credential = xfccCredential(text, expected);
  return isFailure(credential) ? credential.reason : credential.uris.join(' ');
}

const INVALID = 'authn.invalid_identity';

describe('a text that could be split in two ways', () => {
  const MINE = `By=${ME};URI=${CALLER}`;
  const refused: [name: string, text: string][] = [
    ['a quote that never closes', `${MINE};Subject="CN=a`],
    ['a quote that never closes, before the last element', `Subject="CN=a,${MINE}`],
    ['a quote that another element would close', `Subject="a,${MINE};Subject="CN=b"`],
    ['a quote that an empty subject would close', `Subject="a,${MINE};Subject=""`],
    ['an escaped closing quote', `${MINE};Subject="CN=a\\"`],
    ['a quote behind a backslash that is escaped', `${MINE};Subject="CN=a\\\\"`],
    ['the same, and a pair', `By=${ME};Subject="CN=a\\\\";URI=${CALLER}`],
    ['text behind a closing quote', `${MINE};Subject="a"b`],
    ['a space behind a closing quote', `${MINE};Subject="a" `],
    ['a quote inside of a bare value', `By=${ME};URI=${CALLER}"`],
    ['a space inside of a bare value', `By=${ME};URI=a b`],
    ['a space before a key', ` By=${ME};URI=${CALLER}`],
    ['a space behind a comma', `By=a;URI=b, ${MINE}`],
    ['no key', `${MINE};${CALLER}`],
    ['an empty key', `${MINE};=a`],
    ['a quoted key', `${MINE};"URI"=a`],
    ['two semicolons', `By=${ME};;URI=${CALLER}`],
    ['a semicolon first', `;${MINE}`],
    ['a comma first', `,${MINE}`],
    ['a comma last', `${MINE},`],
    ['two commas', `By=a,,${MINE}`],
    ['a line feed in quotes', `${MINE};Subject="a\nb"`],
    ['an escaped line feed in quotes', `${MINE};Subject="a\\\nb"`],
    ['NUL', `${MINE};Subject="a\0b"`],
    ['NUL in a bare value', `By=${ME};URI=${CALLER}\0`],
    ['bytes that are no ASCII in a bare value', `By=${ME};URI=\u00e9`],
    ['an empty name beside one', `By=${ME};URI=;URI=${CALLER}`],
    ['a name beside an empty one', `${MINE};URI=`],
    ['two hashes', `${MINE};Hash=aa;Hash=aa`],
    ['two subjects', `${MINE};Subject="a";subject="b"`],
    ['two certificates', `${MINE};Cert="a";CERT="b"`],
    ['only a comma', ','],
    ['only a quote', '"'],
  ];
  for (const [name, text] of refused) {
    it(`is refused: ${name}`, () => assert.equal(outcomeOf(text), INVALID));
  }

  it('is none: a bare value takes no byte but printable ASCII without separators', () => {
    for (let code = 0; code < 256; code++) {
      const value = `a${String.fromCharCode(code)}b`;
      const parsed = parseXfcc(`URI=${value};DNS=c`);
      const isBare = code > 0x20 && code < 0x7f && !'",;'.includes(String.fromCharCode(code));
      if (isBare) assert.ok(!isFailure(parsed) && parsed[0]?.uris[0] === value, `${code}`);
      else assert.ok(isFailure(parsed), `${code}`);
    }
  });

  it('is none in quotes, where all but controls may stand', () => {
    for (let code = 0; code < 256; code++) {
      const letter = String.fromCharCode(code);
      const parsed = parseXfcc(`Subject="a${letter}b";DNS=c`);
      const isText = code >= 0x20 && code !== 0x7f && letter !== '"';
      assert.equal(!isFailure(parsed), isText, `${code}`);
    }
  });
});

describe('the last element alone counts', () => {
  const rows: [name: string, text: string, want: string][] = [
    ['by the enforcer', `By=${ME};URI=${CALLER}`, CALLER],
    ['by the enforcer under several names', `By=a;By=${ME};By=b;URI=${CALLER}`, CALLER],
    ['behind another', `By=a;URI=spiffe://td.test/admin,By=${ME};URI=${CALLER}`, CALLER],
    ['not that before it', `By=${ME};URI=${CALLER},By=a;URI=b`, 'authn.untrusted_issuer'],
    ['by nobody', `URI=${CALLER}`, 'authn.untrusted_issuer'],
    ['by an empty name', `By=;URI=${CALLER}`, 'authn.untrusted_issuer'],
    ['by another', `By=${ME}2;URI=${CALLER}`, 'authn.untrusted_issuer'],
    ['by the enforcer in upper case', `By=${ME.toUpperCase()};URI=a`, 'authn.untrusted_issuer'],
    ['of two by the enforcer', `By=${ME};URI=a,By=${ME};URI=${CALLER}`, INVALID],
    ['of two, another between', `By=${ME};URI=a,By=b;URI=c,By=${ME};URI=${CALLER}`, INVALID],
    ['without a name', `By=${ME};URI=`, ''],
    ['with two names, which are no identity', `By=${ME};URI=a;URI=b`, 'a b'],
    ['and not an empty header', '', 'authn.missing'],
  ];
  for (const [name, text, want] of rows) it(name, () => assert.equal(outcomeOf(text), want));

  it('and not where the enforcer has no name', () => {
    const text = `By=;URI=${CALLER}`;
    assert.equal(outcomeOf(text, { by: [] }), 'authn.untrusted_issuer');
    assert.equal(outcomeOf(`URI=${CALLER}`, { by: [] }), 'authn.untrusted_issuer');
  });
});

const LEAF = makeSvid(CALLER, 'root');
const OTHER = makeSvid(CALLER, 'root', { serial: '0304' });
const SIGNER = makeAuthority('root');
const sha256 = (der: Buffer) => createHash('sha256').update(der).digest('hex');

describe('hash and certificates are of one certificate', () => {
  const pems = (...ders: Buffer[]) => encodeURIComponent(pemOf(...ders));
  const CONFLICT = 'authn.identity_conflict';
  const rows: [name: string, pairs: string, certificate: Buffer | undefined, want: string][] = [
    ['a hash alone', `Hash=${sha256(LEAF)}`, undefined, CALLER],
    ['in upper case', `Hash=${sha256(LEAF).toUpperCase()}`, LEAF, CALLER],
    ['hash and certificate', `Hash=${sha256(LEAF)};Cert="${sentForm(LEAF)}"`, undefined, CALLER],
    ['hash and chain', `Hash=${sha256(LEAF)};Chain="${pems(LEAF, SIGNER)}"`, undefined, CALLER],
    ['all of them', `Cert="${pems(LEAF)}";Chain="${pems(LEAF, SIGNER)}"`, LEAF, CALLER],
    ['none of them', '', undefined, CALLER],
    ['only that of the request', '', LEAF, CALLER],
    ['another hash', `Hash=${sha256(OTHER)};Cert="${sentForm(LEAF)}"`, undefined, CONFLICT],
    ['another hash than of the request', `Hash=${sha256(OTHER)}`, LEAF, CONFLICT],
    ['another certificate', `Cert="${sentForm(OTHER)}"`, LEAF, CONFLICT],
    ['another first of the chain', `Cert="${pems(LEAF)}";Chain="${pems(OTHER)}"`, LEAF, CONFLICT],
    ['the chain without the leaf', `Hash=${sha256(LEAF)};Chain="${pems(SIGNER)}"`, LEAF, CONFLICT],
    ['a hash that is cut', `Hash=${sha256(LEAF).slice(2)}`, LEAF, INVALID],
    ['a hash that is none', 'Hash=abc', undefined, INVALID],
    ['two certificates as one', `Cert="${pems(LEAF, OTHER)}"`, undefined, INVALID],
    ['a certificate that is none', 'Cert="abc"', undefined, INVALID],
    [
      'a certificate that was encoded twice',
      `Cert="${encodeURIComponent(pems(LEAF))}"`,
      LEAF,
      INVALID,
    ],
    ['a chain of ten', `Chain="${pems(...Array<Buffer>(10).fill(LEAF))}"`, undefined, INVALID],
  ];
  for (const [name, pairs, certificate, want] of rows) {
    it(`${name}: ${want}`, () => {
      assert.equal(
        outcomeOf(`By=${ME};${pairs && `${pairs};`}URI=${CALLER}`, { by: [ME], certificate }),
        want,
      );
    });
  }

  it('and come as PEM, decoded once', () => {
    const text = `By=${ME};Cert="${pems(LEAF)}";Chain="${pems(LEAF, SIGNER)}"`;
    const credential = xfccCredential(text, { by: [ME] });
    assert.ok(!isFailure(credential));
    assert.equal(credential.cert, pemOf(LEAF));
    assert.equal(credential.chain, pemOf(LEAF, SIGNER));
    assert.deepEqual(readSentCertificate(credential.cert), LEAF);
  });
});

describe('a header without bounds', () => {
  it('is refused beyond them, and read up to them', () => {
    const mine = `By=${ME};URI=${CALLER}`;
    const elements = (count: number) => `${'By=a,'.repeat(count - 1)}${mine}`;
    assert.equal(outcomeOf(elements(XFCC_ELEMENTS_MAX)), CALLER);
    assert.equal(outcomeOf(elements(XFCC_ELEMENTS_MAX + 1)), INVALID);
    const pairs = (count: number) => `${mine}${';DNS=a'.repeat(count - 2)}`;
    assert.equal(outcomeOf(pairs(XFCC_PAIRS_MAX)), CALLER);
    assert.equal(outcomeOf(pairs(XFCC_PAIRS_MAX + 1)), INVALID);
    const long = (length: number) => `${mine};X=${'a'.repeat(length - mine.length - 3)}`;
    assert.equal(outcomeOf(long(XFCC_TEXT_MAX)), CALLER);
    assert.equal(outcomeOf(long(XFCC_TEXT_MAX + 1)), INVALID);
  });

  it('takes no longer than its length', () => {
    const before = process.cpuUsage();
    for (const piece of ['"', '\\', '\\"', ';', 'a=";', '%', 'Subject="\\\\', 'a=,']) {
      for (const start of ['', 'a="', 'Cert="', 'URI=']) {
        outcomeOf((start + piece.repeat(XFCC_TEXT_MAX)).slice(0, XFCC_TEXT_MAX));
      }
    }
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1000 < 2_000);
  });
});
