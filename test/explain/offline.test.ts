// A supposed proof never reaches whoever answers checks: what supposes one is imported by the
// commands only, and nothing that reads messages knows of it.

import assert from 'node:assert/strict';
import { folderOf, SOURCES } from '../architecture/source_files.ts';
import { explained, id, originOf, POLICIES } from './fixture.ts';

describe('a supposed proof', () => {
  it('is supposed by commands only', () => {
    const users = SOURCES.filter(({ code, path }) => {
      return /\bcheckAssuming\b/.test(code) && !path.startsWith('test/');
    });
    assert.deepEqual(users.map(({ path }) => path).sort(), [
      'cli/rehearsal/rehearse.ts',
      'engine/check.ts',
    ]);
    const made = SOURCES.filter(({ code }) => /\bassumeProof\b/.test(code));
    assert.deepEqual(
      made.filter(({ path }) => folderOf(path) !== 'engine' && folderOf(path) !== 'test'),
      [],
    );
  });

  const cases = [
    { assurance: 'none', want: 'authn.assurance' },
    { assurance: 'bearer', want: 'authn.assurance' },
    { assurance: 'asserted', want: 'authn.assurance' },
    { assurance: 'svid', want: undefined },
    { assurance: 'bound', want: undefined },
  ] as const;
  for (const { assurance, want } of cases) {
    it(`${assurance} on restricted data: ${want ?? 'allowed'}`, () => {
      const request = {
        service: 'payments',
        principal: id('writer'),
        method: 'GET',
        path: '/v1/secrets/a',
        assurance,
      };
      const { verdict } = explained(request, originOf(POLICIES));
      assert.equal(verdict.decision.reason, want);
      assert.equal(verdict.evidence.assurance, assurance);
    });
  }

  it('does not prove what the enforcer may not be believed of', () => {
    const request = {
      service: 'payments',
      principal: 'spiffe://other.example/ns/a/sa/b',
      assurance: 'svid',
    } as const;
    const { verdict } = explained(request, originOf(POLICIES));
    assert.equal(verdict.decision.reason, 'authn.untrusted_issuer');
  });

  it('of a certificate that has ended is none', () => {
    const request = {
      service: 'payments',
      principal: id('writer'),
      assurance: 'svid',
      age: '2h',
      lifetime: '1h',
    } as const;
    const { verdict } = explained(request, originOf(POLICIES));
    assert.equal(verdict.decision.reason, 'authn.expired');
  });
});
