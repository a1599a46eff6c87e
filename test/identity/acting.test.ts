// C-012 C-047 C-055: who acts for somebody by a token is permitted only what both are, and shows
// itself by its own certificate.

import assert from 'node:assert/strict';
import { actorPrincipal } from '../../engine/identity/token_principal.ts';
import { type Ask, answerTo, CHECKOUT, type Document, identity } from '../engine/fixture.ts';
import { accessToken, bearer, issuer, mesh, rule } from './token_fixture.ts';

describe('who acts for somebody', () => {
  const AGENT = 'spiffe://prod.example/ns/ai/sa/agent';
  const agent = identity(AGENT, { kind: 'workload' });
  const user: Document = {
    kind: 'Identity',
    metadata: { name: 'alice' },
    spec: { issuer: 'ci', subject: 'alice', kind: 'human' },
  };
  const acting = (claims: object = {}): Ask => ({
    ...bearer(accessToken({ claims: { sub: 'alice', act: { sub: AGENT }, ...claims } })),
    caller: AGENT,
  });
  const both = [
    rule('agent', { from: { principals: [AGENT] } }),
    rule('alice', { from: { principals: ['ci#alice'] } }),
  ];
  const documents = [issuer(), agent, user];

  it('is permitted what both are (C-055)', () => {
    assert.equal(answerTo(mesh(documents, both), acting()), 'allow');
    assert.equal(answerTo(mesh(documents, [both[0]!]), acting()), 'authz.no_match');
    assert.equal(answerTo(mesh(documents, [both[1]!]), acting()), 'authz.no_match');
  });

  it('is told apart from itself acting alone', () => {
    const rules = [
      rule('for', { from: { principals: [AGENT], actors: ['ci#alice'] } }),
      rule('alice', { from: { principals: ['ci#alice'] } }),
    ];
    const snapshot = mesh(documents, rules);
    for (let round = 0; round < 2; round++) {
      assert.equal(answerTo(snapshot, acting()), 'allow');
      assert.equal(answerTo(snapshot, { caller: AGENT }), 'authz.no_match');
    }
  });

  it('shows itself: a token that names another workload is refused (C-047)', () => {
    const snapshot = mesh([...documents, identity(CHECKOUT)], both);
    assert.equal(answerTo(snapshot, { ...acting(), caller: CHECKOUT }), 'authn.identity_conflict');
    assert.equal(answerTo(snapshot, { ...acting(), caller: '' }), 'authn.binding');
  });

  it('is nobody that is known, where nobody vouches for his issuer (C-047)', () => {
    const { proof } = mesh(documents, both);
    const actor = actorPrincipal({ issuer: 'https://nobody.example', subject: 'alice' }, proof);
    assert.deepEqual([actor.id, actor.known, actor.assurance], ['#alice', false, 'none']);
  });

  it('is a subject of the very issuer, where no workload shows itself (C-047)', () => {
    const other = issuer({ issuer: 'https://other.example' }, 'other');
    const robot = (name: string): Document => ({
      kind: 'Identity',
      metadata: { name },
      spec: { issuer: name, subject: 'robot' },
    });
    const rules = [both[1]!, rule('robots', { from: { principals: ['ci#robot', 'other#robot'] } })];
    const snapshot = mesh([...documents, other, robot('ci'), robot('other')], rules);
    const by = (act: object) => answerTo(snapshot, { ...acting({ act }), caller: '' });
    assert.equal(by({ sub: 'robot' }), 'allow');
    assert.equal(by({ sub: 'robot', iss: 'https://ci.example' }), 'allow');
    assert.equal(by({ sub: 'robot', iss: 'https://other.example' }), 'authn.binding');
  });

  it('is no agent with the token of a human (C-012 C-055)', () => {
    const robot = identity(AGENT, { kind: 'agent' });
    const snapshot = mesh([issuer(), robot, user], both);
    assert.equal(answerTo(snapshot, acting({ act: undefined })), 'authn.wrong_principal_kind');
  });
});
