// RFC 8693 section 4.1: who acted before is not to be considered for access; here he only takes
// away (DESIGN 5.12). A token may hold any name among them.

import assert from 'node:assert/strict';
import { answerTo, type Document, identity } from '../engine/fixture.ts';
import { accessToken, bearer, issuer, mesh, rule } from '../identity/token_fixture.ts';

const AGENT = 'spiffe://prod.example/ns/ai/sa/agent';
const human = (name: string): Document => ({
  kind: 'Identity',
  metadata: { name },
  spec: { issuer: 'ci', subject: name, kind: 'human' },
});
const documents = [issuer(), identity(AGENT), human('alice'), human('bob')];
const themselves = ['alice', 'bob'].map((name) =>
  rule(name, { from: { principals: [`ci#${name}`] } }),
);
const acting = (sub: string, before?: string) => ({
  ...bearer(
    accessToken({
      claims: { sub, act: { sub: AGENT, ...(before !== undefined && { act: { sub: before } }) } },
    }),
  ),
  caller: AGENT,
});

describe('somebody who acted before', () => {
  it('makes no permit match that means whoever it is for', () => {
    const from = { principals: [AGENT], actors: ['ci#alice'] };
    const forAlice = mesh(documents, [...themselves, rule('for-alice', { from })]);
    assert.equal(answerTo(forAlice, acting('alice')), 'allow');
    assert.equal(answerTo(forAlice, acting('alice', 'bob')), 'allow');
    assert.equal(answerTo(forAlice, acting('bob')), 'authz.no_match');
    assert.equal(answerTo(forAlice, acting('bob', 'alice')), 'authz.no_match');
  });

  it('makes a forbid match, and no forbid spare anybody', () => {
    const agent = rule('agent', { from: { principals: [AGENT] } });
    const forbidding = (from: Document) =>
      mesh(documents, [...themselves, agent, { ...rule('no', { from }), effect: 'forbid' }]);
    const notAlice = forbidding({ actors: ['ci#alice'] });
    assert.equal(answerTo(notAlice, acting('bob')), 'allow');
    assert.equal(answerTo(notAlice, acting('bob', 'alice')), 'authz.forbidden');
    const onlyAlice = forbidding({ principals: [AGENT], not: { actors: ['ci#alice'] } });
    assert.equal(answerTo(onlyAlice, acting('alice')), 'allow');
    assert.equal(answerTo(onlyAlice, acting('bob', 'alice')), 'authz.forbidden');
  });

  it('keeps a permit from matching that leaves him out', () => {
    const from = { principals: [AGENT], not: { actors: ['ci#alice'] } };
    const snapshot = mesh(documents, [...themselves, rule('agent', { from })]);
    assert.equal(answerTo(snapshot, acting('bob')), 'allow');
    assert.equal(answerTo(snapshot, acting('bob', 'alice')), 'authz.no_match');
  });
});
