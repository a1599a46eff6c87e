// The two digests of a snapshot (C-004, C-037): of what proves and of what permits. Each changes
// with what it is of and with nothing else, and stands in its record.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { digestInSteps, digestOfAll, digestOfBytes } from '../../engine/digest.ts';
import type { Settings } from '../../engine/settings.ts';
import { runAll } from '../../engine/steps.ts';
import {
  CHECKOUT,
  type Document,
  enforcer,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
  snapshotOfText,
  textOf,
} from './fixture.ts';

const IDENTITY = identity(CHECKOUT, { tenant: 'acme' });
const OTHER_IDENTITY = identity(REPORTS);
const RULE = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} };
const SERVICE = service('payments', {
  destinations: [PAYMENTS],
  operations: { read: { http: 'GET /a' }, write: { http: 'POST /a' } },
});
const POLICY = policy('p', [RULE]);
const BASE = [SERVICE, POLICY, IDENTITY, GATEWAY];

function digests(documents: readonly Document[], settings: Partial<Settings> = {}) {
  const { proof, policy } = snapshotOf(documents, settings);
  return { proof: proof.digest, policy: policy.digest };
}

const SAME = digests(BASE);
type Change = { name: string; documents: Document[]; settings?: Partial<Settings> };

const ofPermission: Change[] = [
  { name: 'a rule less', documents: [SERVICE, policy('p', []), IDENTITY, GATEWAY] },
  { name: 'a policy less', documents: [SERVICE, IDENTITY, GATEWAY] },
  {
    name: 'another effect',
    documents: [SERVICE, policy('p', [{ ...RULE, effect: 'forbid' }]), IDENTITY, GATEWAY],
  },
  {
    name: 'a policy of another name',
    documents: [SERVICE, policy('q', [RULE]), IDENTITY, GATEWAY],
  },
  {
    name: 'another operation',
    documents: [
      service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /b' } } }),
      POLICY,
      IDENTITY,
      GATEWAY,
    ],
  },
  { name: 'another level of paths', documents: BASE, settings: { pathNormalization: 'NONE' } },
  {
    name: 'paths that two read differently',
    documents: BASE,
    settings: { ambiguousPaths: 'match' },
  },
];

const ofProof: Change[] = [
  { name: 'an identity more', documents: [...BASE, OTHER_IDENTITY] },
  { name: 'an identity less', documents: [SERVICE, POLICY, GATEWAY] },
  {
    name: 'another tenant',
    documents: [
      SERVICE,
      POLICY,
      { ...IDENTITY, spec: { spiffe: CHECKOUT, tenant: 'globex' } },
      GATEWAY,
    ],
  },
  {
    name: 'an enforcer that may assert less',
    documents: [
      SERVICE,
      POLICY,
      IDENTITY,
      enforcer('gateway', { type: 'gateway', local: true, asserts: { destinations: ['*'] } }),
    ],
  },
];

describe('C-004: a change of what permits', () => {
  for (const { name, documents, settings } of ofPermission) {
    it(`changes the policy digest only: ${name}`, () => {
      const changed = digests(documents, settings);
      assert.notEqual(changed.policy, SAME.policy);
      assert.equal(changed.proof, SAME.proof);
    });
  }
});

describe('C-004: a change of what proves', () => {
  for (const { name, documents, settings } of ofProof) {
    it(`changes the proof digest only: ${name}`, () => {
      const changed = digests(documents, settings);
      assert.notEqual(changed.proof, SAME.proof);
      assert.equal(changed.policy, SAME.policy);
    });
  }

  it('changes both when it is the trust domain: permits by namespace mean it', () => {
    const changed = digests(BASE, { trustDomain: 'other.example' });
    assert.notEqual(changed.proof, SAME.proof);
    assert.notEqual(changed.policy, SAME.policy);
  });
});

describe('neither digest changes', () => {
  const same = (documents: readonly Document[], settings?: Partial<Settings>) => {
    assert.deepEqual(digests(documents, settings), SAME);
  };

  it('with the order of documents', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(BASE, { minLength: BASE.length }), (order) => same(order)),
      { numRuns: 20 },
    );
  });

  it('with the order of documents, where nothing says which trust domain is ours', () => {
    const settings = { trustDomain: undefined };
    const foreign = identity('spiffe://a.example/x');
    const [one, other] = [
      [...BASE, foreign],
      [foreign, ...BASE],
    ];
    assert.deepEqual(digests(one, settings), digests(other, settings));
  });

  it('with the order of keys', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).map(([key, item]) => [key, reversed(item)]);
      return Object.fromEntries(entries.reverse());
    };
    same(BASE.map((document) => reversed(document) as Document));
  });

  it('with comments, layout, aliases and files', () => {
    const text = textOf(BASE)
      .replaceAll('\n---\n', '\n# a comment\n---\n')
      .replaceAll(',"', ',\n    "');
    const { proof, policy } = snapshotOfText(text, { trustDomain: 'prod.example' });
    assert.deepEqual({ proof: proof.digest, policy: policy.digest }, SAME);
  });

  it('when what is the default is written out', () => {
    same([{ apiVersion: undefined, ...SERVICE }, POLICY, IDENTITY, GATEWAY]);
    const written = { ...RULE, crossTenant: false };
    same([SERVICE, policy('p', [written]), IDENTITY, GATEWAY]);
  });

  it('with the version of the snapshot, which is another number', () => {
    assert.match(SAME.policy, /^sha256:[0-9a-f]{64}$/);
    assert.match(SAME.proof, /^sha256:[0-9a-f]{64}$/);
    assert.notEqual(SAME.policy, SAME.proof);
  });
});

describe('two bundles that say different things', () => {
  const pairs: [string, unknown[], unknown[]][] = [
    ['a text and a list', [{ a: 'b' }], [{ a: ['b'] }]],
    ['one text and two', [{ a: ['b,c'] }], [{ a: ['b', 'c'] }]],
    ['a quote in a text', [{ a: '","b":"' }], [{ a: '', b: '' }]],
    ['a key with a colon', [{ 'a":"b': 'c' }], [{ a: 'b":"c' }]],
    ['one document and two', [{ a: 1, b: 2 }], [{ a: 1 }, { b: 2 }]],
    ['a list in a list', [{ a: [['b'], ['c']] }], [{ a: [['b', 'c']] }]],
    ['the order of a list', [{ a: ['b', 'c'] }], [{ a: ['c', 'b'] }]],
    ['a number and a text', [{ a: 1 }], [{ a: '1' }]],
    ['truth and a text', [{ a: true }], [{ a: 'true' }]],
    ['nothing and an empty text', [{ a: null }], [{ a: '' }]],
    ['nothing and no key', [{ a: null }], [{}]],
    ['composed and decomposed letters', [{ a: '\u00e9' }], [{ a: 'e\u0301' }]],
    ['a lone surrogate and what replaces it', [{ a: '\ud800' }], [{ a: '\ufffd' }]],
    ['a document twice and once', [{ a: 1 }, { a: 1 }], [{ a: 1 }]],
  ];
  for (const [name, one, other] of pairs) {
    it(`have different digests: ${name}`, () => {
      assert.notEqual(digestOfAll(one, {}), digestOfAll(other, {}));
    });
  }

  it('have different digests also where settings and documents change places', () => {
    assert.notEqual(digestOfAll([{ a: 1 }], {}), digestOfAll([], { a: 1 }));
  });

  it('have one digest exactly when they are one as JSON', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (one, other) => {
        const equal = JSON.stringify(one) === JSON.stringify(other);
        if (equal) assert.equal(digestOfAll([one], {}), digestOfAll([other], {}));
        const again = JSON.parse(JSON.stringify(one));
        assert.equal(digestOfAll([one], {}), digestOfAll([again], {}));
      }),
    );
  });
});

describe('a digest in steps', () => {
  const KIB_256 = 262_144;
  for (const length of [0, 1, KIB_256 - 1, KIB_256, KIB_256 + 1, 3 * KIB_256 + 5]) {
    it(`of ${length} bytes in shared memory is that of all at once`, () => {
      const bytes = new Uint8Array(new SharedArrayBuffer(length));
      for (let at = 0; at < length; at++) bytes[at] = at % 251;
      assert.equal(runAll(digestInSteps(bytes)), digestOfBytes(bytes));
    });
  }
});
