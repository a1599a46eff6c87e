// C-007: what proves cannot permit. The loader knows no field of an Issuer, an Enforcer or an
// Identity that could, and without a policy nobody is allowed.

import assert from 'node:assert/strict';
import { identitySchema } from '../../engine/bundle/identity_kind.ts';
import {
  answerTo,
  CHECKOUT,
  enforcer,
  GATEWAY,
  identity,
  PAYMENTS,
  service,
  snapshotOf,
  told,
} from './fixture.ts';

const GRANTING = ['allow', 'permit', 'permits', 'permissions', 'grants', 'policies', 'rules'];
const ISSUER = { trustDomain: 'prod.example', bundle: './a.pem' };

describe('what proves', () => {
  for (const field of GRANTING) {
    const given = { [field]: [{ effect: 'permit', to: {} }] };
    const documents = {
      'an Issuer': { kind: 'Issuer', metadata: { name: 'i' }, spec: { x509: ISSUER, ...given } },
      'its x509': {
        kind: 'Issuer',
        metadata: { name: 'i' },
        spec: { x509: { ...ISSUER, ...given } },
      },
      'an Identity': identity(CHECKOUT, given),
      'an Enforcer': enforcer('e', { type: 'gateway', local: true, ...given, asserts: {} }),
    };
    for (const [name, document] of Object.entries(documents)) {
      it(`has no \`${field}\`: ${name} (C-007)`, () => {
        const mistakes = told(JSON.stringify(document)).join('\n');
        assert.match(mistakes, new RegExp(`unknown field \`${field}\``));
      });
    }
  }

  it('says of an identity what bounds or describes it, and nothing else', () => {
    assert.deepEqual(Object.keys(identitySchema.shape.spec.shape).sort(), [
      'attributes',
      'audiences',
      'ceiling',
      'environment',
      'expiresAt',
      'issuer',
      'kind',
      'maxLifetime',
      'purpose',
      'reviewBy',
      'roles',
      'shared',
      'spiffe',
      'subject',
      'tenant',
      'workload',
    ]);
  });

  it('allows nobody by itself, whatever it says (C-006 C-007)', () => {
    const attributes = { admin: true, allow: 'yes', groups: ['root', 'admin'] };
    const snapshot = snapshotOf([
      service('payments', {
        destinations: [PAYMENTS],
        operations: { read: { http: 'GET /a', dataClass: 'public', taskFree: true } },
      }),
      { kind: 'Role', metadata: { name: 'all', namespace: 'pay' }, spec: { covers: [{}] } },
      identity(CHECKOUT, { kind: 'human', roles: ['pay/all'], attributes, tenant: 'acme' }),
      GATEWAY,
    ]);
    assert.equal(answerTo(snapshot), 'authz.no_match');
    assert.equal(answerTo(snapshot, { caller: '' }), 'authz.no_match');
  });
});
