// The two records of a request (C-003, DESIGN section 8): both always written, one line each,
// joined by the decision id; and whatever a caller writes, a line stays one line of JSON.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { verdictOf } from '../../engine/check.ts';
import { Failure } from '../../engine/failure.ts';
import { RECORDED_TEXT_MAX } from '../../engine/limits.ts';
import { type Occasion, recordLines } from '../../engine/record.ts';
import {
  type Ask,
  CHECKOUT,
  GATEWAY,
  identity,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';

const SNAPSHOT = snapshotOf([
  service('payments', {
    destinations: [PAYMENTS],
    environment: 'prod',
    operations: {
      'refund.create': {
        http: 'POST /t/{t}/a/{a}',
        resource: 'account/{path.a}',
        tenant: '{path.t}',
        dataClass: 'confidential',
      },
    },
  }),
  policy('refunds', [
    { id: 'shop', effect: 'permit', from: { trustDomains: [TRUST_DOMAIN] }, to: {} },
    {
      id: 'tried',
      effect: 'forbid',
      from: {},
      to: {},
      mode: { shadow: true, until: '2027-01-01T00:00:00Z' },
    },
  ]),
  identity(CHECKOUT, { tenant: 'acme', environment: 'prod' }),
  GATEWAY,
]);
const PROOF = SNAPSHOT.proof.digest;
const POLICY = SNAPSHOT.policy.digest;

const OCCASION: Occasion = {
  decisionId: '01936f2a-7c00-7000-8000-000000000001',
  now: NOW,
  durationUs: 12.5,
  revision: 7,
  method: 'POST',
  path: '/t/acme/a/17?card=4111',
  host: 'payments.example',
  destination: PAYMENTS,
  requestId: 'r-1',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  sni: '',
  port: 0,
};

const HEAD =
  '"id":"01936f2a-7c00-7000-8000-000000000001","time":"2026-11-22T12:00:00.000Z",' +
  '"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"';
const NO_CREDENTIAL =
  '"credential":null,"keyThumbprint":null,"serial":null,"notBefore":null,"notAfter":null,' +
  '"ageS":null}\n';
const REQUEST =
  '"request":{"method":"POST","path":"/t/acme/a/17","host":"payments.example",' +
  `"destination":"${PAYMENTS}","requestId":"r-1","sni":null,"port":null}`;
const IN_FORCE = `"policyDigest":"${POLICY}","snapshotVersion":1,`;
const UNTIL = '"validUntil":"2026-11-22T12:05:00.000Z",';
const PLAIN = '"errors":[],"obligations":null,';
const TAIL = `"credential":null,${UNTIL}"revision":7,"durationUs":12.5,${REQUEST}}\n`;
const NO_OPERATION = '"operation":null,"verb":null,"dataClass":null';
const NO_RESOURCE = '"resource":null,"tenant":null,';
const OPERATION =
  '"operation":"pay/payments/refund.create","verb":"write","dataClass":"confidential"';
const RESOURCE = '"resource":"account/17","tenant":"acme",';

function linesOf(ask: Ask, occasion = OCCASION) {
  return recordLines(
    verdictOn(SNAPSHOT, { http: 'POST /t/acme/a/17', ...ask }),
    occasion,
    SNAPSHOT,
  );
}

const golden: { name: string; ask: Ask; evidence: string; decision: string }[] = [
  {
    name: 'an allow',
    ask: {},
    evidence:
      `"result":"verified","method":"peer_principal","assurance":"asserted",` +
      `"subject":"${CHECKOUT}","issuer":"prod.example","enforcer":"gateway",` +
      `"reason":null,"proofDigest":"${PROOF}",${NO_CREDENTIAL}`,
    decision:
      '"result":"evaluated","outcome":"allow","reasons":[],"rules":["pay/refunds/shop"],' +
      '"ruleCount":1,"shadow":[{"rule":"pay/refunds/tried","outcome":"deny"}],' +
      `${PLAIN}"enforcer":"gateway","principal":"${CHECKOUT}","actors":[],"service":"pay/payments",${OPERATION},` +
      `"environment":"prod","assurance":"asserted",${IN_FORCE}${RESOURCE}`,
  },
  {
    name: 'a proof that failed',
    ask: { caller: 'spiffe://evil.example/x' },
    evidence:
      `"result":"failed","method":"peer_principal","assurance":"none",` +
      `"subject":"spiffe://evil.example/x","issuer":"evil.example","enforcer":"gateway",` +
      `"reason":"authn.untrusted_issuer","proofDigest":"${PROOF}",${NO_CREDENTIAL}`,
    decision:
      '"result":"not_evaluated","outcome":"deny","reasons":["authn.untrusted_issuer"],' +
      '"rules":[],"ruleCount":0,"shadow":[],' +
      `${PLAIN}"enforcer":"gateway","principal":null,"actors":[],"service":"pay/payments",${NO_OPERATION},"environment":"prod","assurance":"none",${IN_FORCE}${NO_RESOURCE}`,
  },
  {
    name: 'a refused permission',
    ask: { http: 'POST /t/globex/a/17' },
    evidence:
      `"result":"verified","method":"peer_principal","assurance":"asserted",` +
      `"subject":"${CHECKOUT}","issuer":"prod.example","enforcer":"gateway",` +
      `"reason":null,"proofDigest":"${PROOF}",${NO_CREDENTIAL}`,
    decision:
      '"result":"evaluated","outcome":"deny","reasons":["authz.boundary"],"rules":[],' +
      '"ruleCount":0,"shadow":[{"rule":"pay/refunds/tried","outcome":"deny"}],' +
      `${PLAIN}"enforcer":"gateway","principal":"${CHECKOUT}","actors":[],"service":"pay/payments",` +
      `${OPERATION},"environment":"prod","assurance":"asserted",${IN_FORCE}${RESOURCE.replace('acme', 'globex')}`,
  },
  {
    name: 'an enforcer that nobody knows',
    ask: { asker: { kind: 'remote' } },
    evidence:
      '"result":"failed","method":"none","assurance":"none","subject":"","issuer":"",' +
      `"enforcer":"","reason":"authn.untrusted_enforcer",` +
      `"proofDigest":"${PROOF}",${NO_CREDENTIAL}`,
    decision:
      '"result":"not_evaluated","outcome":"deny","reasons":["authn.untrusted_enforcer"],' +
      '"rules":[],"ruleCount":0,"shadow":[],' +
      `${PLAIN}"enforcer":"","principal":null,"actors":[],"service":null,${NO_OPERATION},"environment":null,"assurance":"none",${IN_FORCE}${NO_RESOURCE}`,
  },
];

describe('C-003: the records of', () => {
  for (const { name, ask, evidence, decision } of golden) {
    it(`${name} are exactly these`, () => {
      const lines = linesOf(ask);
      assert.equal(lines.evidence, `{"kind":"authn.evidence",${HEAD},${evidence}`);
      assert.equal(lines.decision, `{"kind":"authz.decision",${HEAD},${decision}${TAIL}`);
    });
  }

  it('a message that could not be read say of both stages that they did not run', () => {
    const verdict = verdictOf(new Failure('ctx.malformed_request', 'not a CheckRequest'));
    const nothing = { method: '', path: '', host: '', destination: '', requestId: '' };
    const lines = recordLines(verdict, { ...OCCASION, ...nothing }, SNAPSHOT);
    assert.equal(
      lines.evidence,
      `{"kind":"authn.evidence",${HEAD},"result":"not_evaluated","method":"none",` +
        '"assurance":"none","subject":"","issuer":"","enforcer":"",' +
        `"reason":null,"proofDigest":"${PROOF}",${NO_CREDENTIAL}`,
    );
    const decision = JSON.parse(lines.decision);
    assert.equal(decision.result, 'not_evaluated');
    assert.deepEqual(decision.reasons, ['ctx.malformed_request']);
    const request = {
      method: '',
      path: '',
      host: null,
      destination: null,
      requestId: null,
      sni: null,
      port: null,
    };
    assert.deepEqual(decision.request, request);
  });

  it('one request have one id, and other digests', () => {
    const { evidence, decision } = linesOf({});
    const [proved, decided] = [JSON.parse(evidence), JSON.parse(decision)];
    assert.equal(proved.id, decided.id);
    assert.equal(proved.time, decided.time);
    assert.deepEqual([proved.proofDigest, decided.policyDigest], [PROOF, POLICY]);
    assert.ok(!('policyDigest' in proved) && !('proofDigest' in decided), 'each has its own');
  });
});

describe('C-037: every decision', () => {
  it('names the digest of the policy it was made on', () => {
    for (const { ask } of golden) {
      assert.equal(JSON.parse(linesOf(ask).decision).policyDigest, POLICY);
    }
  });
});

describe('what a caller writes', () => {
  const evil = [
    '\n{"kind":"authz.decision"}\n',
    '","outcome":"allow","x":"',
    '\\',
    '\u2028\u2029\u0085',
    '\u0000\u001f\u007f',
    '\ud800',
    '\udc00\ud800',
    '\u202e',
    '</script>',
    '__proto__',
  ];
  const fields = ['method', 'path', 'host', 'destination', 'requestId', 'sni'] as const;

  /** Lines whose every field that a caller can choose is `text`. */
  function linesWith(text: string) {
    const chosen = Object.fromEntries(fields.map((field) => [field, text]));
    return linesOf({ caller: text }, { ...OCCASION, ...chosen });
  }

  function checkLines(text: string): void {
    const { evidence, decision } = linesWith(text);
    for (const line of [evidence, decision]) {
      assert.equal(line.indexOf('\n'), line.length - 1, 'one line');
      assert.equal(line.isWellFormed(), true, 'no lone surrogate');
    }
    const read = JSON.parse(decision);
    assert.equal(read.outcome, 'deny');
    assert.equal(read.request.method, text);
    assert.equal(read.request.host, text === '' ? null : text);
    assert.equal(read.request.requestId, text === '' ? null : text);
    assert.equal(JSON.parse(evidence).subject, text);
  }

  for (const text of evil) {
    it(`stays within its field: ${JSON.stringify(text)}`, () => checkLines(text));
  }

  it('stays within its field, whatever it is', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(fc.property(fc.oneof(anyText, fc.string()), checkLines), { numRuns: 200 });
  });

  it('is cut at its bound, and the record says how much is missing', () => {
    const text = 'x'.repeat(RECORDED_TEXT_MAX);
    assert.equal(JSON.parse(linesWith(text).decision).request.host, text);
    assert.equal(JSON.parse(linesWith(`${text}yz`).decision).request.host, `${text}…(2 more)`);
    const huge = linesWith('"'.repeat(1_000_000));
    assert.ok(huge.decision.length < 12 * fields.length * RECORDED_TEXT_MAX);
    assert.ok(huge.evidence.length < 4 * RECORDED_TEXT_MAX);
  });

  it('is cut so that the line stays one of JSON, also within a character', () => {
    const text = `${'x'.repeat(RECORDED_TEXT_MAX - 1)}😀😀`;
    const { decision } = linesWith(text);
    assert.equal(decision.isWellFormed(), true);
    assert.match(JSON.parse(decision).request.host, /…\(3 more\)$/);
  });

  it('as the resource of an operation is escaped like all else', () => {
    const { decision } = linesOf({ http: 'POST /t/acme/a/%22%0A%5C' });
    assert.equal(JSON.parse(decision).resource, 'account/"\n\\');
    assert.equal(decision.indexOf('\n'), decision.length - 1);
  });

  it('behind `?` or `#` is never written', () => {
    for (const path of [
      '/a?card=4111',
      '/a#card=4111',
      '/a#b?card=4111',
      '/a?b#card=4111',
      '/a?',
    ]) {
      const { decision } = linesOf({}, { ...OCCASION, path });
      assert.equal(JSON.parse(decision).request.path, '/a');
      assert.ok(!decision.includes('4111'));
    }
  });
});
