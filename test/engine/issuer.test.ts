// The kind Issuer: which files it names, and what is wrong with it or with them, told where they
// are named. Who may vouch is part of the proof digest, down to the keys (C-004, C-010).

import assert from 'node:assert/strict';
import * as asn from '@peculiar/asn1-x509';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';
import {
  basicConstraints,
  extension,
  keysOf,
  keyUsage,
  makeAuthority,
  makeSvid,
  pemOf,
  purposes,
  rsaKeysOf,
} from '../support/certificates.ts';
import {
  answerTo,
  CHECKOUT,
  enforcer,
  identity,
  issuer,
  type KeyFiles,
  NOW,
  snapshotOf,
  textOf,
} from './fixture.ts';

const ROOT = makeAuthority('root');
const MIDDLE = makeAuthority('middle', { issuer: 'root' });
const FILES: KeyFiles = new Map([
  ['root.pem', pemOf(ROOT)],
  ['middle.pem', pemOf(MIDDLE)],
]);

/** What is told of an Issuer with these fields, or of a whole text. */
function told(spec: string, keyFiles = FILES): string[] {
  const text = spec.startsWith('kind') ? spec : `kind: Issuer\nmetadata: {name: i}\nspec: ${spec}`;
  const diagnostics = new Diagnostics();
  const source = { files: [{ name: 'b.yaml', text }], keyFiles };
  const snapshot = compileSnapshot(source, DEFAULT_SETTINGS, 1, diagnostics);
  assert.equal(snapshot === undefined, diagnostics.hasErrors);
  return diagnostics.list.map(formatDiagnostic);
}

const X509 = 'trustDomain: prod.example, maxLifetime: 24h, bundle: ';

describe('an Issuer', () => {
  it('names files beside the document that names them', () => {
    const written = ['root.pem', './root.pem', '../keys/root.pem', '/etc/root.pem', './//a/b.pem'];
    const documents = written.map((bundle, index) => ({
      ...issuer({ bundle, intermediates: ['./m.pem'] }),
      metadata: { name: `i${index}` },
    }));
    const files = ['b.yaml', 'policies/sub/b.yaml'].map((name) => {
      const text = textOf(documents);
      return {
        name,
        text: name === 'b.yaml' ? text : text.replaceAll('"name":"i', '"name":"sub-i'),
      };
    });
    const { keyFiles } = parseBundle(files, new Diagnostics());
    const names = (prefix: string): string[] =>
      ['root.pem', 'root.pem', '../keys/root.pem', '/etc/root.pem', 'a/b.pem'].flatMap((name) => [
        name.startsWith('/') ? name : prefix + name,
        `${prefix}m.pem`,
      ]);
    assert.deepEqual(
      keyFiles.map(({ name }) => name),
      [...names(''), ...names('policies/sub/')],
    );
    assert.equal(keyFiles[0]?.at.file, 'b.yaml');
  });

  it('may have intermediates, and files that hold several certificates or comments', () => {
    const pem = `# two of them\n${pemOf(ROOT)}\n\n# and\n${pemOf(MIDDLE)}`.replaceAll('\n', '\r\n');
    const files = new Map([...FILES, ['root.pem', pem]]);
    const spec = `{x509: {${X509} ./root.pem, intermediates: [./middle.pem, ./middle.pem]}}`;
    assert.deepEqual(told(spec, files), []);
  });

  it('with an empty file is valid, and vouches for nobody', () => {
    const files = new Map([['root.pem', '# nobody\n']]);
    assert.deepEqual(told(`{x509: {${X509} ./root.pem}}`, files), []);
    const local = {
      type: 'gateway',
      local: true,
      asserts: { peer: ['certificate'], destinations: ['*'] },
    };
    const documents = [issuer(), identity(CHECKOUT), enforcer('e', local)];
    const certificate = encodeURIComponent(pemOf(makeSvid(CHECKOUT, 'root')));
    assert.equal(
      answerTo(snapshotOf(documents, {}, files), { certificate }),
      'authn.untrusted_issuer',
    );
    assert.equal(answerTo(snapshotOf(documents, {}, FILES), { certificate }), 'authz.no_policy');
  });

  const spec = `{x509: {${X509} ./root.pem}}`;
  const expected = 'expected PEM with certificates of authorities';
  const at = 'b.yaml:3:69: error:';
  const authority = (...extensions: asn.Extension[]) =>
    pemOf(makeAuthority('root', { extensions }));
  const signs = keyUsage(asn.KeyUsageFlags.keyCertSign);
  const files: [name: string, pem: string, message: string][] = [
    ['what is no PEM', 'garbage', '1: text outside of a certificate'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\n', '1: a PRIVATE KEY and no certificate'],
    [
      'a certificate without an end',
      `\n\n${pemOf(ROOT).slice(0, 300)}`,
      '3: a certificate without an end',
    ],
    ['what is no base64', pemOf(ROOT).replace('MI', '!!'), '1: no certificate in base64'],
    [
      'what is no DER',
      pemOf(ROOT, Buffer.from('hello')),
      `${pemOf(ROOT).split('\n').length}: not a certificate in DER`,
    ],
    [
      'a leaf',
      pemOf(makeSvid(CHECKOUT, 'root')),
      '1: no certificate authority (basic constraints)',
    ],
    [
      'a key that may not sign',
      authority(basicConstraints(true), keyUsage()),
      '1: its key usage does not include keyCertSign',
    ],
    [
      'an authority for code',
      authority(basicConstraints(true), signs, purposes(asn.id_kp_codeSigning)),
      '1: its extended key usage does not include serverAuth and clientAuth',
    ],
    [
      'what nobody understands',
      authority(basicConstraints(true), signs, extension('1.2.3', true, new asn.KeyUsage(1))),
      '1: an unknown critical extension',
    ],
    [
      'a short key',
      pemOf(makeAuthority('root', { keys: rsaKeysOf('short', 1024) })),
      '1: its key is none of RSA (2048 to 8192 bits), P-256, P-384, P-521 and Ed25519',
    ],
    ['too many', pemOf(ROOT).repeat(257), '1: more than 256 certificates'],
  ];
  for (const [name, pem, message] of files) {
    it(`whose file holds ${name} is an error where the file is named`, () => {
      const want = [`${at} root.pem:${message}; ${expected}`];
      assert.deepEqual(told(spec, new Map([['root.pem', pem]])), want);
    });
  }

  it('may have a root without key usage, as `openssl req -x509` makes it', () => {
    assert.deepEqual(told(spec, new Map([['root.pem', authority(basicConstraints(true))]])), []);
  });

  const mistakes: [name: string, text: string, want: string[]][] = [
    [
      'a file that nobody read',
      `{x509: {${X509} ./other.pem}}`,
      [`${at} the text of \`other.pem\` is missing`],
    ],
    [
      'no file',
      '{x509: {trustDomain: a, maxLifetime: 1h}}',
      [
        'b.yaml:3:14: error: its authorities come from one place; expected `bundle` or `workloadApi: true`',
      ],
    ],
    [
      'a URL for a trust domain',
      `{x509: {maxLifetime: 1h, bundle: root.pem, trustDomain: "spiffe://a"}}`,
      ['b.yaml:3:63: error: `spiffe://a`: the name alone is expected'],
    ],
    [
      'capitals in the trust domain',
      `{x509: {maxLifetime: 1h, bundle: root.pem, trustDomain: A}}`,
      [
        'b.yaml:3:63: error: `A`: trust domain characters are limited to lower-case letters, numbers, dots, dashes, and underscores',
      ],
    ],
    [
      'a lifetime without a unit',
      `{x509: {trustDomain: a, bundle: root.pem, maxLifetime: "24"}}`,
      [
        'b.yaml:3:62: error: spec.x509.maxLifetime: must be a whole number with `s`, `m`, `h` or `d` behind it, as `24h`',
      ],
    ],
    [
      'no lifetime',
      `{x509: {trustDomain: a, bundle: root.pem}}`,
      [
        'b.yaml:3:14: warning: certificates of any lifetime are believed; expected `maxLifetime`, such as 24h',
      ],
    ],
  ];
  for (const [name, text, want] of mistakes) {
    it(`with ${name} is told`, () => assert.deepEqual(told(text), want));
  }

  it('is one of one trust domain', () => {
    const one = `kind: Issuer\nmetadata: {name: a}\nspec: ${spec}\n`;
    assert.deepEqual(told(`${one}---\n${one.replace('name: a', 'name: b')}`), [
      'b.yaml:7:28: error: `a` vouches for `prod.example` already; expected one Issuer for a trust domain',
    ]);
  });

  it('whose authorities have expired is warned of, at a time that is given', () => {
    const snapshot = snapshotOf([issuer()], {}, FILES);
    const diagnostics = new Diagnostics();
    snapshot.proof.issuers.x509.warnOfExpired(NOW, diagnostics);
    assert.equal(diagnostics.list.length, 0);
    snapshot.proof.issuers.x509.warnOfExpired(NOW + 48 * 3_600_000, diagnostics);
    const [warning] = diagnostics.list;
    assert.equal(warning?.severity, 'warning');
    assert.equal(warning?.message, '1 of 1 authorities of `prod.example` have expired');
  });
});

describe('C-004 C-010: who may vouch', () => {
  const KNOWN = identity(CHECKOUT);
  const digestsOf = (keyFiles: KeyFiles, spec = {}) => {
    const { proof, policy } = snapshotOf([issuer(spec), KNOWN], {}, keyFiles);
    return { proof: proof.digest, policy: policy.digest, issuers: proof.issuers.digest };
  };
  const base = digestsOf(FILES);
  const other = pemOf(makeAuthority('root', { keys: keysOf('other'), signedBy: keysOf('other') }));
  const changes: [name: string, keyFiles: KeyFiles, spec: object][] = [
    ['a key file alone', new Map([...FILES, ['root.pem', other]]), {}],
    ['a key file with one more', new Map([...FILES, ['root.pem', pemOf(ROOT) + other]]), {}],
    ['an empty key file', new Map([...FILES, ['root.pem', '']]), {}],
    ['a lifetime', FILES, { maxLifetime: '1h' }],
    ['an intermediate', FILES, { intermediates: ['./middle.pem'] }],
    ['another trust domain', FILES, { trustDomain: 'other.example' }],
  ];
  for (const [name, keyFiles, spec] of changes) {
    it(`changes the proof digest and not that of policies: ${name}`, () => {
      const changed = digestsOf(keyFiles, spec);
      assert.notEqual(changed.proof, base.proof);
      assert.notEqual(changed.issuers, base.issuers);
      assert.equal(changed.policy, base.policy);
    });
  }

  it('changes no digest by comments, line ends and order', () => {
    const two = pemOf(ROOT) + other;
    const written = `# the same\n${other}${pemOf(ROOT)}`.replaceAll('\n', '\r\n');
    const [one, same] = [two, written].map((pem) => digestsOf(new Map([['root.pem', pem]])));
    assert.deepEqual(one, same);
  });

  it('decides nothing about what a permit by namespace means', () => {
    const documents = [issuer({ trustDomain: 'third.example' }), KNOWN];
    const settings = { trustDomain: undefined };
    const [without, with_] = [documents.slice(1), documents].map((it) =>
      snapshotOf(it, settings, FILES),
    );
    assert.equal(without?.policy.digest, with_?.policy.digest);
  });
});
