// YAML has many ways to say one thing and some to say two. A bundle is read as YAML 1.2, a key is
// text and stands once, and what cannot be read is told at its place.

import assert from 'node:assert/strict';
import { readYaml } from '../../engine/bundle/yaml_document.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { snapshotOfText } from './fixture.ts';
import { describeMistakes, type Mistake, toldOf } from './mistakes.ts';

const P = (rules: string) =>
  `kind: Policy\nmetadata: {name: p, namespace: n}\nspec: {rules: [${rules}]}`;
const S = (operations: string) =>
  `kind: Service\nmetadata: {name: s, namespace: n}\nspec: {operations: {${operations}}}`;
const NO_TEXT = ['a key that is no text', 'text, in quotes if need be'] as const;

const tricks: Mistake[] = [
  {
    name: 'a key that stands twice',
    text: 'kind: Policy\nkind: Service',
    want: [['2:1', 'map keys must be unique']],
  },
  {
    name: 'an effect that stands twice, in flow style',
    text: P('{id: a, effect: permit, effect: forbid, from: {}, to: {}}'),
    want: [['3:40', 'map keys must be unique']],
  },
  {
    name: 'a number and a text that are one key of an object',
    text: S('"1": {http: GET /a}, 1: {http: GET /b}'),
    want: [['3:42', ...NO_TEXT]],
  },
  {
    name: 'numbers that are written differently',
    text: S('0x1: {http: GET /a}'),
    want: [['3:21', ...NO_TEXT]],
  },
  {
    name: 'a truth value for a key',
    text: S('true: {http: GET /a}'),
    want: [['3:21', ...NO_TEXT]],
  },
  { name: 'nothing for a key', text: S('~: {http: GET /a}'), want: [['3:21', ...NO_TEXT]] },
  { name: 'a list for a key', text: S('[a]: {http: GET /a}'), want: [['3:21', ...NO_TEXT]] },
  {
    name: 'an alias for a key',
    text: `x: &k kind\n*k : Policy`,
    want: [['2:1', ...NO_TEXT]],
  },
  {
    name: 'the key that objects take for something else, at the top',
    text: `${P('')}\n__proto__: {kind: Service}`,
    want: [['4:1', 'no key is `__proto__`']],
  },
  {
    name: 'the same key as the name of an operation',
    text: S('__proto__: {http: GET /a}'),
    want: [['3:21', 'no key is `__proto__`']],
  },
  {
    name: 'a merge key',
    text: P('{<<: {effect: forbid}, id: a, effect: permit, from: {kinds: [ci]}, to: {}}'),
    want: [
      [
        '3:17',
        'unknown field `<<` in spec.rules[0]',
        'one of id, effect, from, to, require, condition, between, mode, obligations, crossTenant, suspendable',
        'id',
      ],
    ],
  },
  {
    name: 'another version of YAML, in which there are merge keys',
    text: `%YAML 1.1\n---\n${P('')}`,
    want: [['3:1', 'YAML 1.1 reads `yes`, `<<` and numbers differently', 'YAML 1.2']],
  },
  {
    name: 'a version of YAML that there is not',
    text: `%YAML 1.3\n---\n${P('')}`,
    want: [['1:7', 'unsupported YAML version 1.3']],
  },
  {
    name: 'a tag that asks for code',
    text: 'kind: !!js/function Policy',
    want: [['1:7', 'unresolved tag: tag:yaml.org,2002:js/function']],
  },
  {
    name: 'a tag of nobody, which might change what is meant',
    text: P('{id: a, effect: !not permit, from: {kinds: [ci]}, to: {}}'),
    want: [['3:32', 'unresolved tag: !not']],
  },
  {
    name: 'an ordered map, which would be an object without keys: a permit of everything',
    text: P('{id: a, effect: permit, from: {kinds: [ci]}, to: !!omap [verbs: [read]]}'),
    want: [['3:65', 'unresolved tag: tag:yaml.org,2002:omap']],
  },
  {
    name: 'a set in place of a map, which would be another',
    text: P('{id: a, effect: permit, from: {kinds: [ci]}, to: !!set {verbs}}'),
    want: [['3:65', 'unresolved tag: tag:yaml.org,2002:set']],
  },
  {
    name: 'a text that the tag makes a number',
    text: 'kind: Policy\nmetadata: {name: !!int "7", namespace: n}\nspec: {rules: []}',
    want: [
      [
        '2:24',
        'metadata.name: invalid input: expected string, received number',
        'a value of type string',
      ],
    ],
  },
  {
    name: 'an alias of nothing',
    text: 'kind: *nowhere',
    want: [['1:1', 'unresolved alias (the anchor must be set before the alias): nowhere']],
  },
  {
    name: 'an alias of what it stands in',
    text: 'kind: Policy\nmetadata: &m {name: p, namespace: n, owner: *m}\nspec: {rules: []}',
    want: [
      [
        '2:45',
        'metadata.owner: invalid input: expected string, received object',
        'a value of type string',
      ],
    ],
  },
];

const syntax: Mistake[] = [
  {
    name: 'a text that does not end',
    text: 'kind: "Policy\nmetadata',
    want: [['2:9', 'missing closing "quote']],
  },
  {
    name: 'a tab for an indentation',
    text: 'kind: Policy\n\tmetadata: {}',
    want: [['2:1', 'tabs are not allowed as indentation']],
  },
  {
    name: 'in the second document, while the first is told its own',
    text: 'kind: Polcy\n---\nkind: {',
    want: [
      [
        '1:7',
        'unknown kind `Polcy`',
        'one of Service, Policy, Role, Exception, Identity, Issuer, Enforcer, TaskProfile, Test',
        'Policy',
      ],
      ['3:8', 'flow map in block collection must be sufficiently indented and end with a }'],
    ],
  },
];

describeMistakes('YAML', tricks);
describeMistakes('its syntax', syntax);

describe('an alias bomb', () => {
  it('is refused without being expanded', () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh']) {
      levels.push(`${to}: &${to} [${`*${from}, `.repeat(9)}*${from}]`);
    }
    const started = process.hrtime.bigint();
    const want = ['1:1', 'excessive alias count indicates a resource exhaustion attack'];
    assert.deepEqual(toldOf(levels.join('\n')), [want]);
    assert.ok(process.hrtime.bigint() - started < 1_000_000_000n, 'took more than a second');
  });
});

describe('a file that is nested beyond reason', () => {
  for (const [style, text] of [
    ['flow', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['block', Array.from({ length: 3_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ] as const) {
    it(`in ${style} style is told as a mistake and ends nothing`, () => {
      const diagnostics = new Diagnostics();
      assert.deepEqual([...readYaml('b.yaml', text, diagnostics)], []);
      assert.equal(diagnostics.hasErrors, true);
    });
  }
});

const BLOCK = `# a comment before all
apiVersion: remit.mesh/v1
kind: Service
metadata:
  name: payments
  namespace: pay
spec:
  operations:
    refund.create:
      http: POST /v1/refunds
      verb: wirte
    "refund.read":
      htpt: GET /v1/refunds
`;

describe('the position of a mistake', () => {
  const verbs = 'one of read, write, invoke, delegate, rotate, admin, escalate, connect';
  const fields =
    'one of http, grpc, l4, mcp, verb, resource, tenant, dataClass, tier, source, sink, scopes, requires, body, requestable, taskFree, stream';

  it('is that of the value or the key, in block style', () => {
    assert.deepEqual(toldOf(BLOCK), [
      ['11:13', '`wirte` is no value of spec.operations.refund.create.verb', verbs, 'write'],
      ['13:7', 'unknown field `htpt` in spec.operations.refund.read', fields, 'http'],
    ]);
  });

  it('is the same in flow style, over several lines', () => {
    const text =
      'kind: Policy\nmetadata: {name: p,\n  namespace: n,\n  onwer: me}\nspec: {rules: []}';
    const fields = 'one of name, namespace, owner, reviewBy';
    assert.deepEqual(toldOf(text), [['4:3', 'unknown field `onwer` in metadata', fields, 'owner']]);
  });

  it('counts UTF-16 units, as editors do, and CR LF as one line end', () => {
    const text =
      'kind: Policy\r\nmetadata: {owner: "é😀", name: A, namespace: n}\r\nspec: {rules: []}';
    const [first] = toldOf(text);
    assert.equal(first?.[0], '2:32');
  });

  it('of something missing is that of what it is missing in', () => {
    const [first] = toldOf(BLOCK.replace('  namespace: pay\n', '').replace('wirte', 'write'));
    assert.deepEqual(first, ['5:3', 'metadata.namespace is missing', 'a value of type string']);
  });
});

describe('text that looks like another type', () => {
  it('is told only where text is wanted, and quotes make text of it', () => {
    for (const word of ['1', '1.5', '0o7', 'true', 'null', '~', '.inf']) {
      const text = `kind: Policy\nmetadata: {name: n, namespace: n, owner: ${word}}\nspec: {rules: []}`;
      assert.equal(toldOf(text).length, 1, word);
      assert.deepEqual(toldOf(text.replace(word, `"${word}"`)), [], word);
    }
  });

  it('is text where YAML 1.2 says so', () => {
    for (const word of [
      'on',
      'off',
      'yes',
      'no',
      '2027-01-01',
      '1_000',
      '0b1',
      '12:30',
      'Infinity',
    ]) {
      const text = `kind: Policy\nmetadata: {name: n, namespace: n, owner: ${word}}\nspec: {rules: []}`;
      assert.deepEqual(toldOf(text), [], word);
    }
  });

  it('of names that every object has is text like any other', () => {
    for (const name of ['constructor', 'valueof', 'tostring', 'hasownproperty']) {
      const text = `${S(`${name}: {http: GET /a}`)}\n---\n${P(
        `{id: ${name}, effect: forbid, from: {}, to: {operations: [${name}]}}`,
      )}`;
      assert.equal(snapshotOfText(text).policy.rules.size, 1);
    }
  });
});
