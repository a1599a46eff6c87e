// C-011: a signature costs more than the rest of a request, so tokens that fail are paid for by the
// peer that sends them; nobody else waits for it, and no good token that is known is refused.

import assert from 'node:assert/strict';
import { Evaluator } from '../../workers/evaluator.ts';
import { CHECKOUT, NOW, PAYMENTS, policy, REPORTS, service } from '../engine/fixture.ts';
import { bytesOf } from '../envoy/fixture.ts';
import { EDGE, enforcer, ISSUERS, identity, loaded } from '../properties/bundles.ts';
import { askOf, type TokenShown } from '../properties/credentials.ts';
import { readResponse } from '../support/check_response.ts';

const SNAPSHOT = loaded([
  ...ISSUERS,
  ...[CHECKOUT, REPORTS].map((spiffe, at) =>
    identity([`gateway-${at}`, { spiffe, kind: 'gateway' }]),
  ),
  identity(['edge', { spiffe: EDGE, kind: 'gateway' }]),
  identity(['alice', { issuer: 'idp', subject: 'alice' }]),
  enforcer(['principal']),
  service('payments', { destinations: [PAYMENTS], operations: { a: { http: 'GET /a' } } }),
  policy('p', [{ id: 'all', effect: 'permit', from: { principals: ['idp#alice'] }, to: {} }]),
]);
/** More than the bound on what may fail at once. */
const MANY = 200;

class Stage {
  now = NOW;
  readonly #evaluator = new Evaluator(SNAPSHOT, {
    now: () => this.now,
    onInternalError: (error) => {
      throw error;
    },
  });

  async ask(caller: string, token: Partial<TokenShown>): Promise<string> {
    const shown = { kind: 'access', subject: 'alice', ...token } as const;
    const { proof = {} } = askOf({ token: shown }, 'GET /a');
    const bytes = bytesOf({ caller, http: 'GET /a', headers: proof });
    return readResponse((await this.#evaluator.evaluate(bytes, { kind: 'local' })).response).result;
  }
}

const forged = (jti: string): Partial<TokenShown> => ({ signedBy: 'stranger', claims: { jti } });

describe('tokens whose signatures are wrong', () => {
  const stage = new Stage();

  it('end in sys.overloaded beyond a bound, before any signature is looked at', async () => {
    assert.equal(await stage.ask(CHECKOUT, {}), 'allow');
    const results = [];
    for (let at = 0; at < MANY; at++) results.push(await stage.ask(CHECKOUT, forged(String(at))));
    const refused = results.indexOf('sys.overloaded');
    assert.ok(refused > 0);
    assert.deepEqual(new Set(results.slice(0, refused)), new Set(['authn.invalid_token']));
    assert.deepEqual(new Set(results.slice(refused)), new Set(['sys.overloaded']));
  });

  it('cost the peer that sends them, and nobody else', async () => {
    assert.equal(await stage.ask(CHECKOUT, { claims: { jti: 'new' } }), 'sys.overloaded');
    assert.equal(await stage.ask(REPORTS, { claims: { jti: 'new' } }), 'allow');
    assert.equal(await stage.ask(EDGE, forged('another')), 'authn.invalid_token');
  });

  it('take nothing from a token that is known to be good', async () => {
    assert.equal(await stage.ask(CHECKOUT, {}), 'allow');
  });

  it('are looked at again after a while', async () => {
    stage.now += 1_000;
    assert.equal(await stage.ask(CHECKOUT, forged('later')), 'authn.invalid_token');
    assert.equal(await stage.ask(CHECKOUT, { claims: { jti: 'newer' } }), 'allow');
  });
});
