// Whatever bytes stand where a certificate should: verifying them ends, soon, in claims or in a
// reason, and never in an exception (C-110). What is not changed is not accepted by a changed text.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../engine/failure.ts';
import { readCertificate } from '../../engine/identity/certificate.ts';
import { readPem, readSentCertificate } from '../../engine/identity/pem.ts';
import { TrustBundles } from '../../engine/identity/trust_bundles.ts';
import { verifyPeer, verifyX509Svid } from '../../engine/identity/x509_svid.ts';
import { CERTIFICATE_TEXT_MAX, KiB, MiB } from '../../engine/limits.ts';
import { makeAuthority, makeSvid, NOW, pemOf, sentForm } from '../support/certificates.ts';
import { bundlesOf, ID, ROOT } from './svid_fixture.ts';

const LEAF = makeSvid(ID, 'root');
const BUNDLES = bundlesOf([ROOT]);
const NOBODY = new TrustBundles(new Map());

/** One whose base64 ends in padding, which depends on its length. */
const PADDED =
  Array.from({ length: 12 }, (_, length) => '01'.repeat(length + 1))
    .map((serial) => pemOf(makeSvid(ID, 'root', { serial })))
    .find((pem) => pem.includes('=')) ?? '';

/** The letter behind one whose last two or four bits are zero. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return alphabet[alphabet.indexOf(letter) + 1]!;
}

/** A claim, or a reason of the class that says that proof failed. */
function outcomeOf(text: string): string {
  const result = verifyX509Svid(text, BUNDLES, NOW);
  if (!isFailure(result)) return result.id.id;
  assert.match(result.reason, /^authn\./);
  return result.reason;
}

/**
 * In CPU time, which other work on the machine changes least, and generous: only what grows with
 * the square of its length fails.
 */
function within(ms: number, run: () => void): void {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  const tookMs = (user + system) / 1000;
  assert.ok(tookMs < ms, `took ${tookMs} ms`);
}

describe('random bytes as a certificate', () => {
  it('end in a reason', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        assert.ok(isFailure(readCertificate(Buffer.from(bytes))));
        assert.ok(isFailure(verifyPeer(bytes, [bytes], BUNDLES, NOW)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('end in a reason also where they look like DER', () => {
    const length = fc.constantFrom(0, 1, 2, 5, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff);
    const tag = fc.constantFrom(2, 3, 4, 5, 6, 0x0c, 0x17, 0x30, 0x31, 0x86, 0xa0, 0xa3, 0x1f);
    const piece = fc.tuple(tag, length, fc.uint8Array({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const bytes = Buffer.from(pieces.flatMap(([a, b, rest]) => [a, b, ...rest]));
        assert.ok(isFailure(readCertificate(bytes)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a good certificate with something changed', () => {
  it('by one bit, anywhere, proves nothing', () => {
    for (let at = 0; at < LEAF.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(LEAF);
        changed[at]! ^= 1 << bit;
        assert.ok(isFailure(verifyPeer(changed, [], BUNDLES, NOW)), `byte ${at}, bit ${bit}`);
      }
    }
  });

  it('cut short or made longer, anywhere, is none', () => {
    for (let at = 0; at < LEAF.length; at++) {
      assert.ok(isFailure(readCertificate(LEAF.subarray(0, at))));
      const longer = Buffer.concat([LEAF.subarray(0, at), Buffer.from([0]), LEAF.subarray(at)]);
      assert.ok(isFailure(verifyPeer(longer, [], BUNDLES, NOW)), `a byte more at ${at}`);
    }
    assert.ok(isFailure(readCertificate(Buffer.concat([LEAF, Buffer.from([0])]))));
    assert.ok(isFailure(readCertificate(Buffer.concat([LEAF, LEAF]))));
  });

  it('in several places proves nothing, and so does a chain of such', () => {
    const place = fc.tuple(fc.nat(LEAF.length - 1), fc.integer({ min: 1, max: 255 }));
    const middle = makeAuthority('middle', { issuer: 'root' });
    fc.assert(
      fc.property(
        fc.uniqueArray(place, { minLength: 1, maxLength: 8, selector: ([at]) => at }),
        (places) => {
          const leaf = Buffer.from(LEAF);
          const signer = Buffer.from(middle);
          for (const [at, by] of places) {
            leaf[at]! ^= by;
            signer[at % signer.length]! ^= by;
          }
          assert.ok(isFailure(verifyPeer(leaf, [signer], BUNDLES, NOW)));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a certificate whose ECDSA signature is written in its second way', () => {
  it('proves the same, under another digest: revoking by digest alone would not hold', () => {
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const integer = (value: bigint): Buffer => {
      const hex = value.toString(16);
      const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
      const body = bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
      return Buffer.concat([Buffer.from([2, body.length]), body]);
    };
    const read = readCertificate(LEAF);
    assert.ok(!isFailure(read));
    const { signature } = read;
    const rEnd = 4 + signature[3]!;
    const r = BigInt(`0x${signature.toString('hex', 4, rEnd)}`);
    const s = BigInt(`0x${signature.toString('hex', rEnd + 2)}`);
    const wrap = (tag: number, bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
    const other = wrap(0x30, Buffer.concat([integer(r), integer(order - s)]));
    const head = LEAF.subarray(4, LEAF.indexOf(signature) - 3);
    const body = Buffer.concat([head, wrap(3, Buffer.concat([Buffer.from([0]), other]))]);
    const leaf = Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length]), body]);
    const [one, two] = [LEAF, leaf].map((der) => verifyPeer(der, [], BUNDLES, NOW));
    assert.ok(one !== undefined && two !== undefined && !isFailure(one) && !isFailure(two));
    assert.equal(one.keyThumbprint, two.keyThumbprint);
    assert.equal(one.serial, two.serial);
    assert.notEqual(one.credential, two.credential);
  });
});

describe('the text of a certificate', () => {
  const sent = sentForm(LEAF);
  const line = '-----BEGIN CERTIFICATE-----';

  const accepted: [string, string][] = [
    ['as Envoy sends it', sent],
    ['not encoded at all', pemOf(LEAF)],
    ['with padding', PADDED],
    ['encoded in full', encodeURIComponent(pemOf(LEAF))],
    ['with lower-case digits', sent.replace(/%../g, (it) => it.toLowerCase())],
    ['with CRLF', encodeURIComponent(pemOf(LEAF).replaceAll('\n', '\r\n'))],
    ['without the last line feed', sent.replace(/%0A$/, '')],
  ];
  for (const [name, text] of accepted) {
    it(`is read: ${name}`, () => assert.equal(outcomeOf(text), ID));
  }

  const refused: [string, string][] = [
    ['nothing', ''],
    ['two certificates', sent + sent],
    ['the authority behind it', sent + sentForm(ROOT)],
    ['something before it', `x%0A${sent}`],
    ['something behind it', `${sent}x`],
    ['a comment', `%23 a%0A${sent}`],
    ['encoded twice', encodeURIComponent(sent)],
    ['an escape that ends early', `${sent}%`],
    ['an escape with one digit', `${sent}%0`],
    ['an escape with other digits', `${sent}%0G`],
    ['an escape of what is no ASCII', `${sent}%80`],
    ['an escaped NUL', `${sent}%00`],
    ['a space of another kind', `${sent}\u00a0`],
    ['a plus for a space', sent.replace('BEGIN%20', 'BEGIN+')],
    ['another label', sent.replaceAll('CERTIFICATE', 'PUBLIC%20KEY')],
    ['the old label', sent.replaceAll('CERTIFICATE', 'X509%20CERTIFICATE')],
    ['a header as in RFC 1421', sent.replace('-----%0A', '-----%0AProc-Type: 4%0A%0A')],
    ['base64 of the other alphabet', sent.replaceAll('%2B', '-').replaceAll('%2F', '_')],
    ['base64 without its padding', PADDED.replace(/=+\n/, '\n')],
    ['base64 with bits that mean nothing', PADDED.replace(/.(?==+\n)/, nextLetter)],
    ['no end', encodeURIComponent(line)],
    ['an end without a beginning', encodeURIComponent('-----END CERTIFICATE-----')],
    ['a beginning within', encodeURIComponent(`${line}\n${pemOf(LEAF)}`)],
  ];
  for (const [name, text] of refused) {
    it(`is refused: ${name}`, () => assert.equal(outcomeOf(text), 'authn.invalid_identity'));
  }

  it('may be anything, and still ends in a reason', () => {
    const part = fc.constantFrom(
      line,
      '-----END CERTIFICATE-----',
      '\n',
      '%0A',
      '%',
      '=',
      'QUJD',
      ' ',
      '#',
    );
    const anything = fc.array(fc.oneof(part, fc.string({ unit: 'binary', maxLength: 5 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(anything, (parts) => {
        assert.notEqual(outcomeOf(parts.join('')), ID);
        readPem(parts.join(''));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a bomb', () => {
  const bombs: [string, string][] = [
    ['of spaces', ' '.repeat(CERTIFICATE_TEXT_MAX)],
    ['of spaces before an end', `${' '.repeat(CERTIFICATE_TEXT_MAX - 1)}x`],
    ['of line feeds', '\n'.repeat(CERTIFICATE_TEXT_MAX)],
    ['of escapes', '%0A'.repeat(CERTIFICATE_TEXT_MAX / 3)],
    ['of percent signs', '%'.repeat(CERTIFICATE_TEXT_MAX)],
    ['of beginnings', '-----BEGIN CERTIFICATE-----\n'.repeat(1_000)],
    [
      'of empty certificates',
      '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'.repeat(500),
    ],
    ['of dashes', '-'.repeat(CERTIFICATE_TEXT_MAX)],
    ['of 4 MiB', 'A'.repeat(4 * MiB)],
  ];
  for (const [name, text] of bombs) {
    it(`${name} costs little`, () => {
      within(200, () => assert.equal(outcomeOf(text), 'authn.invalid_identity'));
    });
  }

  const nested = (tag: number, size: number): Buffer => {
    let bytes = Buffer.alloc(0);
    while (bytes.length < size) {
      const { length } = bytes;
      const head =
        length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length];
      bytes = Buffer.concat([Buffer.from([tag, ...head]), bytes]);
    }
    return bytes;
  };
  const ders: [string, Buffer][] = [
    ['of sequences in sequences', nested(0x30, 15 * KiB)],
    ['of fields in fields', nested(0xa0, 15 * KiB)],
    [
      'of empty elements',
      Buffer.concat([
        Buffer.from('30823000', 'hex'),
        Buffer.alloc(0x3000, Buffer.from('3000', 'hex')),
      ]),
    ],
    [
      'of one long number',
      Buffer.concat([Buffer.from('3082300402823000', 'hex'), Buffer.alloc(0x3000, 0x7f)]),
    ],
    ['of 1 MiB', Buffer.alloc(MiB, 0x30)],
  ];
  for (const [name, der] of ders) {
    it(`${name} in DER costs little`, () => {
      within(200, () => {
        for (let i = 0; i < 20; i++) assert.ok(isFailure(readCertificate(der)));
      });
    });
  }

  it('of names, purposes and extensions within their limits costs a bounded time', () => {
    const leaf = LEAF;
    within(5_000, () => {
      for (let i = 0; i < 200; i++) verifyPeer(leaf, Array<Buffer>(8).fill(ROOT), BUNDLES, NOW);
    });
  });
});

describe('a certificate that is refused', () => {
  it('keeps its digest and the ID it claims, for the record', () => {
    const result = verifyPeer(LEAF, [], NOBODY, NOW);
    assert.ok(isFailure(result));
    assert.equal(result.claimedId, ID);
    assert.match(result.credential, /^sha256:[0-9a-f]{64}$/);
  });

  it('claims nothing that is no SPIFFE ID', () => {
    const result = verifyPeer(makeSvid('https://a.b/"\n', 'root'), [], BUNDLES, NOW);
    assert.ok(isFailure(result));
    assert.equal(result.claimedId, '');
  });

  it('has no digest when it is no certificate in PEM', () => {
    assert.ok(isFailure(readSentCertificate('x')));
    const result = verifyX509Svid('x', BUNDLES, NOW);
    assert.ok(isFailure(result) && result.credential === '');
  });
});
