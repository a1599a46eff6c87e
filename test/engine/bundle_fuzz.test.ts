// Whatever stands in a bundle, it is either a snapshot or told as mistakes, each within its file:
// loading never throws (C-111), and a mistake never leaves half a policy in force.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';
import {
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  PAYMENTS,
  policy,
  service,
  textOf,
} from './fixture.ts';

const BUNDLE = textOf([
  service('payments', {
    destinations: [PAYMENTS],
    operations: { read: { http: 'GET /a' }, write: { http: 'POST /t/{t}', tenant: '{path.t}' } },
  }),
  policy('p', [{ id: 'a', effect: 'permit', from: { namespaces: ['shop'] }, to: {} }]),
  identity(CHECKOUT, { tenant: 'acme' }),
  GATEWAY,
]).replaceAll('\n---\n', '\n---\n# next\n');

function load(text: string): { told: string[]; loaded: boolean } {
  const diagnostics = new Diagnostics();
  const files = [{ name: 'b.yaml', text }];
  const settings = { ...DEFAULT_SETTINGS, trustDomain: 'prod.example' };
  const snapshot = compileSnapshot({ files, keyFiles: new Map() }, settings, 1, diagnostics);
  assert.equal(snapshot === undefined, diagnostics.hasErrors);
  const lines = text.split('\n').length;
  for (const { line, column, message } of diagnostics.list) {
    assert.ok(line >= 1 && line <= lines + 1 && column >= 1, `${line}:${column} of ${lines}`);
    assert.ok(message !== '' && !/undefined|\[object|NaN/.test(message), message);
  }
  // Whatever is loaded also answers.
  if (snapshot !== undefined) answerTo(snapshot);
  return { told: diagnostics.list.map(formatDiagnostic), loaded: snapshot !== undefined };
}

const anyKey = fc.constantFrom(
  ...[
    'kind',
    'metadata',
    'spec',
    'name',
    'namespace',
    'rules',
    'operations',
    'id',
    'effect',
    'from',
  ],
  ...['to', 'not', 'services', 'principals', 'spiffe', 'type', 'asserts', 'peer', 'http', 'mode'],
  ...['__proto__', 'constructor', 'toString', 'valueOf', 'then', 'length', 'get', '0', ''],
);
const anyLeaf = fc.oneof(
  fc.constantFrom<unknown>(
    'Service',
    'Policy',
    'Identity',
    'Enforcer',
    'permit',
    'forbid',
    'a',
    '*',
  ),
  fc.constantFrom<unknown>(CHECKOUT, 'spiffe://a/*', 'GET /a', 'GET /{a}', '{path.a}', 'account/*'),
  fc.constantFrom<unknown>(null, true, 0, -0, 1e300, '', {}, []),
);
const { anyValue } = fc.letrec<{ anyValue: unknown }>((tie) => ({
  anyValue: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    anyLeaf,
    fc.dictionary(anyKey, tie('anyValue'), { maxKeys: 6 }),
    fc.array(tie('anyValue'), { maxLength: 3 }),
  ),
}));

describe('loading a bundle never throws', () => {
  const odd = { length: { toString: 'Service' } };
  const fields: [name: string, spec: unknown, want: string][] = [
    ['a text', { spiffe: odd }, '1:71: error: spec.spiffe.length: unexpected map'],
    ['a list', { spiffe: 'x', roles: odd }, '1:83: error: spec.roles.length: unexpected map'],
    [
      'an element of a list',
      { spiffe: 'x', roles: ['a', odd] },
      '1:88: error: spec.roles[1].length: unexpected map',
    ],
    ['a field that is none', { a: odd }, '1:52: error: unknown field `a` in spec'],
  ];
  for (const [name, spec, want] of fields) {
    it(`where ${name} is a map whose \`length\` is no number, and says where`, () => {
      const { told } = load(JSON.stringify({ kind: 'Identity', metadata: { name: 'a' }, spec }));
      assert.equal(told.length, 1);
      assert.ok(told[0]!.startsWith(`b.yaml:${want}`), told[0]);
    });
  }

  it('on documents of any shape', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Service', 'Policy', 'Identity', 'Enforcer'),
        anyValue,
        (kind, spec) => {
          const metadata = { name: 'a', namespace: 'b' };
          load(JSON.stringify({ kind, metadata, spec }));
          load(JSON.stringify(spec) ?? '');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('on text that is changed anywhere', () => {
    const pieces = [
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '-',
      '&a',
      '*a',
      '!!map',
      '|',
      '>',
      '%',
    ];
    const piece = fc.constantFrom(
      ...pieces,
      '\n',
      '\t',
      '\u0000',
      '\ufeff',
      '#',
      '? ',
      '<<: ',
      '---',
    );
    const edit = fc.tuple(fc.nat(BUNDLE.length), fc.nat(8), piece);
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = BUNDLE;
        for (const [at, removed, inserted] of edits) {
          text = text.slice(0, at) + inserted + text.slice(at + removed);
        }
        load(text);
      }),
      { numRuns: 300 },
    );
  });

  it('on any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        load(text);
      }),
      { numRuns: 300 },
    );
  });
});

describe('one mistake in a bundle', () => {
  it('keeps all of it from being loaded, whichever document it is in', () => {
    const documents = BUNDLE.split('\n---\n').map((text): Document => {
      return JSON.parse(text.replace('# next\n', ''));
    });
    assert.equal(load(textOf(documents)).loaded, true);
    for (const [index, document] of documents.entries()) {
      const wrong = documents.with(index, { ...document, spce: {} });
      const { loaded, told } = load(textOf(wrong));
      assert.equal(loaded, false);
      assert.match(told[0] ?? '', /unknown field `spce`.*did you mean `spec`/);
    }
  });
});
