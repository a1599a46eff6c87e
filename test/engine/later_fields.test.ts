// What the policy language of the design has and this version has not is told apart from a slip of
// the pen: naming it is an error that says so, and never silently without effect.

import assert from 'node:assert/strict';
import { toldOf } from './mistakes.ts';

type Case = { where: string; fields: string[]; document: (field: string) => string };

const metadata = 'metadata: {name: x, namespace: n}';
const rule = (fields: string) =>
  `kind: Policy\n${metadata}\nspec: {rules: [{id: a, effect: forbid, ${fields}}]}`;
const operation = (fields: string) =>
  `kind: Service\n${metadata}\nspec: {operations: {op: {http: GET /a, ${fields}}}}`;

const kinds = ['AuthorizationPolicy', 'RequestAuthentication'];

const cases: Case[] = [
  {
    where: ' in spec',
    fields: ['a2a', 'grpc', 'l4', 'jwt'],
    document: (field) => `kind: Service\n${metadata}\nspec: {${field}: {}, operations: {}}`,
  },
  {
    where: ' in spec.operations.op',
    fields: ['a2a'],
    document: (field) => operation(`${field}: {}`),
  },
];

describe('what is not available in this version', () => {
  for (const kind of kinds) {
    it(`says so: kind ${kind}`, () => {
      const text = `apiVersion: remit.mesh/v1\nkind: ${kind}\n${metadata}\nspec: {}`;
      const want = [['2:7', `kind \`${kind}\` is not available in this version`]];
      assert.deepEqual(toldOf(text), want);
    });
  }

  it('says so of an Istio document with its own apiVersion', () => {
    const text = 'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}';
    const want = [['2:7', 'kind `AuthorizationPolicy` is not available in this version']];
    assert.deepEqual(toldOf(text), want);
  });

  for (const { where, fields, document } of cases) {
    for (const field of fields) {
      it(`says so: \`${field}\`${where}`, () => {
        const told = toldOf(document(field));
        assert.deepEqual(
          told.map(([, ...rest]) => rest),
          [[`\`${field}\`${where} is not available in this version`]],
        );
      });
    }
  }

  it('is said where it is known only: elsewhere the field is unknown', () => {
    const [told] = toldOf(rule('from: {condition: x}, to: {}'));
    assert.equal(told?.[1], 'unknown field `condition` in spec.rules[0].from');
  });

  it('is no suggestion for a slip of the pen', () => {
    const text = `kind: Identity\n${metadata}\nspec: {spiffe: spiffe://a/b, grant: x}`;
    const [told] = toldOf(text);
    assert.equal(told?.[1], 'unknown field `grant` in spec');
    assert.equal(told?.[3], undefined);
  });
});
