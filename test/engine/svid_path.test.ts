// The paths above an SVID (C-110), through intermediates and to authorities that are wrong in one
// way each.

import assert from 'node:assert/strict';
import * as asn from '@peculiar/asn1-x509';
import {
  basicConstraints,
  extension,
  keysOf,
  keyUsage,
  makeAuthority,
  makeSvid,
  NOW,
  nameConstraints,
  names,
  purposes,
  type Template,
} from '../support/certificates.ts';
import {
  BOTH,
  bundlesOf,
  ID,
  ROOT,
  resultOf,
  UNKNOWN_OID,
  withExtensions,
} from './svid_fixture.ts';

const { keyCertSign, cRLSign } = asn.KeyUsageFlags;

type PathRow = readonly [
  name: string,
  changes: Partial<Template>,
  want: string,
  leaf?: Partial<Template>,
];

/** Each is the intermediate `middle` between leaf and root, with one thing about it. */
const SIGNS = keyUsage(keyCertSign);
const middle = (...extensions: asn.Extension[]): Partial<Template> => ({ extensions });
const URI = 'uniformResourceIdentifier';
const paths: PathRow[] = [
  ['as it should be', {}, ID],
  ['without room for another', middle(basicConstraints(true, 0), SIGNS), ID],
  ['for both purposes', middle(basicConstraints(true), SIGNS, purposes(...BOTH)), ID],
  ['for any purpose', middle(basicConstraints(true), SIGNS, purposes('2.5.29.37.0')), ID],
  [
    'for our trust domain',
    middle(basicConstraints(true), SIGNS, nameConstraints([{ [URI]: 'prod.example' }])),
    ID,
  ],
  [
    'for all below a domain',
    middle(basicConstraints(true), SIGNS, nameConstraints([{ [URI]: '.example' }])),
    ID,
  ],
  [
    'for no other trust domain',
    middle(basicConstraints(true), SIGNS, nameConstraints([], [{ [URI]: 'other.example' }])),
    ID,
  ],
  [
    'for hosts, and there is none',
    middle(basicConstraints(true), SIGNS, nameConstraints([{ dNSName: 'a.b' }])),
    ID,
  ],
  [
    'for hosts, and there is one',
    middle(basicConstraints(true), SIGNS, nameConstraints([{ dNSName: 'a.b' }])),
    'authn.untrusted_issuer',
    withExtensions(keyUsage(), names({ [URI]: ID }, { dNSName: 'a.b' })),
  ],
  [
    'for subjects, and there is one',
    middle(basicConstraints(true), SIGNS, nameConstraints([{ rfc822Name: 'a.b' }])),
    'authn.untrusted_issuer',
    { subject: 'x' },
  ],
  [
    'for another trust domain',
    middle(basicConstraints(true), SIGNS, nameConstraints([{ [URI]: 'other.example' }])),
    'authn.untrusted_issuer',
  ],
  [
    'for not this trust domain',
    middle(basicConstraints(true), SIGNS, nameConstraints([], [{ [URI]: 'prod.example' }])),
    'authn.untrusted_issuer',
  ],
  [
    'for what is below our domain',
    middle(basicConstraints(true), SIGNS, nameConstraints([{ [URI]: '.prod.example' }])),
    'authn.untrusted_issuer',
  ],
  ['that is no authority', middle(basicConstraints(false), SIGNS), 'authn.untrusted_issuer'],
  ['without basic constraints', middle(SIGNS), 'authn.untrusted_issuer'],
  ['without usages', middle(basicConstraints(true)), 'authn.untrusted_issuer'],
  [
    'that may not sign certificates',
    middle(basicConstraints(true), keyUsage(cRLSign)),
    'authn.untrusted_issuer',
  ],
  [
    'for code',
    middle(basicConstraints(true), SIGNS, purposes(asn.id_kp_codeSigning)),
    'authn.untrusted_issuer',
  ],
  [
    'with an unknown critical extension',
    middle(basicConstraints(true), SIGNS, extension(UNKNOWN_OID, true, new asn.KeyUsage(1))),
    'authn.untrusted_issuer',
  ],
  ['with another key', { keys: keysOf('other') }, 'authn.untrusted_issuer'],
  ['that has expired', { notAfter: NOW - 1000 }, 'authn.expired'],
  ['that is not valid yet', { notBefore: NOW + 1000 }, 'authn.not_yet_valid'],
  ['signed by nobody', { signedBy: keysOf('nobody') }, 'authn.untrusted_issuer'],
];

describe('C-110: an intermediate', () => {
  for (const [name, changes, want, leafChanges = {}] of paths) {
    it(`${name}: ${want}`, () => {
      const signer = makeAuthority('middle', {
        issuer: 'root',
        signedBy: keysOf('root'),
        ...changes,
      });
      const leaf = makeSvid(ID, 'middle', leafChanges);
      assert.equal(resultOf(leaf, [signer]), want);
      assert.equal(resultOf(leaf, []), 'authn.untrusted_issuer', 'it is needed');
    });
  }

  const chainOf = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, index) =>
      makeAuthority(`m${index}`, { issuer: index === 0 ? 'root' : `m${index - 1}` }),
    );

  it('may stand under others, to a bound', () => {
    for (const [count, want] of [
      [1, ID],
      [5, ID],
      [6, 'authn.untrusted_issuer'],
    ] as const) {
      assert.equal(resultOf(makeSvid(ID, `m${count - 1}`), chainOf(count)), want, `${count}`);
    }
  });

  it('may come in any order, with the root and with others that have nothing to do with it', () => {
    const others = [ROOT, makeAuthority('unrelated')];
    assert.equal(resultOf(makeSvid(ID, 'm2'), [...chainOf(3).reverse(), ...others]), ID);
  });

  it('is one of at most eight that are sent', () => {
    const many = Array.from({ length: 9 }, () => ROOT);
    assert.equal(resultOf(makeSvid(ID, 'root'), many.slice(1)), ID);
    assert.equal(resultOf(makeSvid(ID, 'root'), many), 'authn.invalid_identity');
  });

  it('is never trusted by itself, also when it is configured', () => {
    const lonely = makeAuthority('lonely');
    const leaf = makeSvid(ID, 'lonely');
    assert.equal(resultOf(leaf, [lonely], bundlesOf([ROOT], [lonely])), 'authn.untrusted_issuer');
  });

  it('gives no room that the root did not give', () => {
    const root = makeAuthority('root', { extensions: [basicConstraints(true, 0), SIGNS] });
    const bundles = bundlesOf([root]);
    assert.equal(resultOf(makeSvid(ID, 'root'), [], bundles), ID);
    assert.equal(resultOf(makeSvid(ID, 'm0'), chainOf(1), bundles), 'authn.untrusted_issuer');
  });
});

describe('authorities of one name', () => {
  const renewed = keysOf('renewed');
  const bundles = bundlesOf([ROOT, makeAuthority('root', { keys: renewed, signedBy: renewed })]);

  it('are tried one after another', () => {
    assert.equal(resultOf(makeSvid(ID, 'root'), [], bundles), ID);
    assert.equal(resultOf(makeSvid(ID, 'root', { signedBy: renewed }), [], bundles), ID);
  });

  it('cost a bounded number of signatures, however many are sent', () => {
    const impostors = Array.from({ length: 8 }, (_, index) =>
      makeAuthority('root', { issuer: 'root', keys: keysOf('impostor'), serial: `0${index + 1}` }),
    );
    const leaf = makeSvid(ID, 'root', { signedBy: keysOf('impostor') });
    const start = performance.now();
    for (let i = 0; i < 20; i++) resultOf(leaf, impostors, bundles);
    assert.ok(performance.now() - start < 2_000);
  });

  it('that have expired vouch for nothing, and the other one still does', () => {
    const old = makeAuthority('root', { notAfter: NOW - 1000 });
    assert.equal(resultOf(makeSvid(ID, 'root'), [], bundlesOf([old])), 'authn.expired');
    assert.equal(resultOf(makeSvid(ID, 'root'), [], bundlesOf([old, ROOT])), ID);
  });
});
