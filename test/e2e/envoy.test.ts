// Tests through a real Envoy with mTLS: who the caller is reaches the decision, and the decision is
// what Envoy enforces.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { status as grpcStatus } from '@grpc/grpc-js';
import { IDS, TRUST_DOMAIN } from '../../demo/bundle.ts';
import { Connection, type HttpAnswer } from '../../demo/client.ts';
import { issueSvid, makeCa } from '../../demo/pki.ts';
import { waitFor } from '../../demo/processes.ts';
import type { DecisionRecord } from '../../demo/records.ts';
import type { Echo } from '../../demo/upstream.ts';
import { type Caller, type Rig, START_MS_MAX, startRig } from './rig.ts';

const ACCOUNT = '/v1/tenants/acme/accounts/42';
const VAULT = `spiffe://${TRUST_DOMAIN}/ns/pay/sa/vault`;
// The next hop: the same operations, and no permit for anybody but payments.
const VAULT_POLICY = `
apiVersion: remit.mesh/v1
kind: Service
metadata: {name: vault, namespace: pay, owner: team-pay}
spec:
  destinations: ["${VAULT}"]
  environment: demo
  accepts: [x509-svid]
  operations:
    account.read: {http: "GET ${ACCOUNT}", verb: read, resource: "account/42"}
---
apiVersion: remit.mesh/v1
kind: Identity
metadata: {name: payments, namespace: pay, owner: team-pay}
spec: {spiffe: "${IDS.payments}", kind: workload, environment: demo, tenant: acme}
---
apiVersion: remit.mesh/v1
kind: Policy
metadata: {name: vault, namespace: pay, owner: team-pay}
spec:
  rules:
  - id: payments
    effect: permit
    from: {principals: ["${IDS.payments}"]}
    to: {services: [vault], operations: [account.read]}
`;

const denials: {
  name: string;
  who: Caller;
  path: string;
  reason: string;
  listener?: string;
}[] = [
  {
    name: 'a proved identity without a matching rule (C-089, C-006)',
    who: 'batch',
    path: '/v1/reports/2026-10',
    reason: 'authz.no_match',
  },
  {
    name: 'a proved identity that nobody registered (C-005)',
    who: 'newcomer',
    path: ACCOUNT,
    reason: 'authz.unknown_identity',
  },
  {
    name: 'an SVID of another trust domain, signed by the same authority',
    who: 'stranger',
    path: ACCOUNT,
    reason: 'authn.untrusted_issuer',
  },
  {
    name: 'a peer without a certificate',
    who: 'anonymous',
    path: ACCOUNT,
    reason: 'authn.missing',
    listener: 'optional_certificate',
  },
  {
    name: 'an operation that no service declares (C-022)',
    who: 'checkout',
    path: '/internal/debug',
    reason: 'ctx.unmapped_operation',
  },
  {
    name: 'another object of the same kind (C-021)',
    who: 'batch',
    path: ACCOUNT,
    reason: 'authz.resource',
  },
];

let rig: Rig;

function echoOf(answer: HttpAnswer): Echo {
  assert.equal(answer.status, 200, answer.body);
  // Only the upstream answers 200.
  return JSON.parse(answer.body) as Echo;
}

/** Asserts a refusal by Remit and returns its record. */
async function refusal(answer: HttpAnswer, status: number): Promise<DecisionRecord> {
  assert.equal(answer.status, status, answer.body);
  const id = answer.headers['x-remit-decision-id'];
  assert.ok(typeof id === 'string', 'the refusal names its decision');
  const { decision } = await rig.remit().records(id);
  assert.equal(decision.outcome, 'deny');
  return decision;
}

describe('through a real Envoy', () => {
  before(async function () {
    this.timeout(START_MS_MAX);
    rig = await startRig({
      listeners: {
        mtls: {},
        optional_certificate: { requireClientCertificate: false },
        joined_headers: { authz: { encodeRawHeaders: false } },
        vault: { serverId: VAULT },
      },
      policies: { 'vault.yaml': VAULT_POLICY },
    });
  });
  after(async () => rig?.stop());

  describe('an allowed request', allowedRequests);
  describe('a denied request', deniedRequests);
  describe('requests on one connection', connections);
  describe('a peer that Envoy itself refuses', refusedPeers);
  describe('a gRPC call', grpcCalls);
});

function allowedRequests(): void {
  it('is decided on the proved identity, which the upstream sees', async () => {
    const echo = echoOf(await rig.get('checkout', ACCOUNT));
    assert.equal(echo.headers['x-remit-principal'], IDS.checkout);
    assert.equal(echo.path, ACCOUNT);
  });

  it('leaves evidence and decision, joined by the id that the upstream sees (C-003)', async () => {
    const echo = echoOf(await rig.get('checkout', ACCOUNT));
    const records = await rig.remit().records(echo.headers['x-remit-decision-id'] ?? '');
    assert.equal(records.evidence.kind, 'authn.evidence');
    assert.equal(records.evidence.result, 'verified');
    assert.equal(records.decision.kind, 'authz.decision');
    assert.equal(records.decision.outcome, 'allow');
    assert.deepEqual(records.decision.rules, ['pay/accounts/checkout']);
  });

  it('is decided alike when Envoy joins repeated headers', async () => {
    const echo = echoOf(await rig.get('checkout', ACCOUNT, 'joined_headers'));
    assert.equal(echo.headers['x-remit-principal'], IDS.checkout);
    const denied = await rig.get('batch', ACCOUNT, 'joined_headers');
    assert.equal(denied.status, 403);
  });

  for (const listener of ['mtls', 'joined_headers']) {
    it(`has spoofed x-remit-* headers overwritten (${listener})`, async () => {
      const headers = {
        'x-remit-principal': ['spiffe://demo.example/ns/ops/sa/root', IDS.reporting],
        'X-Remit-Decision-Id': 'forged',
      };
      const call = { method: 'GET', path: ACCOUNT, headers };
      const echo = echoOf(await rig.http('checkout', call, listener));
      assert.equal(echo.headers['x-remit-principal'], IDS.checkout);
      assert.match(echo.headers['x-remit-decision-id'] ?? '', /^[0-9a-f-]{36}$/);
    });
  }

  it('names its decision in the access log of Envoy', async () => {
    const echo = echoOf(await rig.get('checkout', ACCOUNT));
    const id = echo.headers['x-remit-decision-id'] ?? 'none';
    const log = () => readFileSync(rig.scenario.accessLog, 'utf8');
    await waitFor('the access log names the decision', () => log().includes(id), 5_000);
    const line = log()
      .split('\n')
      .find((it) => it.includes(id));
    assert.match(line ?? '', new RegExp(`"decision_id":"${id}"`));
  });
}

function deniedRequests(): void {
  it('gets 403 with a problem body, never reaches the upstream, and learns no reason', async () => {
    const before = rig.received();
    const answer = await rig.get('checkout', '/v1/tenants/globex/accounts/42');
    const decision = await refusal(answer, 403);
    assert.deepEqual(decision.reasons, ['authz.boundary']);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const problem: unknown = JSON.parse(answer.body);
    assert.ok(typeof problem === 'object' && problem !== null);
    assert.deepEqual(Object.keys(problem).sort(), ['decisionId', 'status', 'title', 'type']);
    assert.equal('decisionId' in problem && problem.decisionId, decision.id);
    assert.doesNotMatch(answer.body, /boundary|globex/);
    assert.equal(rig.received(), before);
  });

  for (const { name, who, path, reason, listener } of denials) {
    it(`is ${name}`, async () => {
      const before = rig.received();
      const decision = await refusal(await rig.get(who, path, listener), 403);
      assert.deepEqual(decision.reasons, [reason]);
      assert.equal(rig.received(), before);
    });
  }

  it('is a write that a forbid rule stops in spite of a permit', async () => {
    const path = '/v1/tenants/acme/accounts/17/refunds';
    const decision = await refusal(await rig.http('checkout', { method: 'POST', path }), 403);
    assert.deepEqual(decision.reasons, ['authz.forbidden']);
    assert.equal(decision.rules[0], 'pay/freeze/disputed');
  });

  it('is one at the next hop: a permit at payments is none at the vault (C-086)', async () => {
    echoOf(await rig.get('checkout', ACCOUNT, 'mtls'));
    const decision = await refusal(await rig.get('checkout', ACCOUNT, 'vault'), 403);
    assert.deepEqual(decision.reasons, ['authz.no_match']);
    echoOf(await rig.get(rig.scenario.svids.payments, ACCOUNT, 'vault'));
  });

  it('does not become another by the Host header, which the caller chooses', async () => {
    const headers = { host: 'vault.pay.svc' };
    const decision = await refusal(
      await rig.http('batch', { method: 'GET', path: ACCOUNT, headers }),
      403,
    );
    assert.deepEqual(decision.reasons, ['authz.resource']);
  });
}

function connections(): void {
  it('are decided one by one: allow, deny, allow (C-020)', async () => {
    const connection = new Connection(rig.target(), rig.scenario.svids.checkout);
    try {
      for (const [path, status] of [
        [ACCOUNT, 200],
        ['/v1/reports/2026-10', 403],
        [ACCOUNT, 200],
        ['/v1/tenants/globex/accounts/42', 403],
        [ACCOUNT, 200],
      ] as const) {
        assert.equal((await connection.send({ method: 'GET', path })).status, status, path);
      }
    } finally {
      connection.close();
    }
  });
}

function refusedPeers(): void {
  it('has no certificate where one is required', async () => {
    const before = rig.received();
    await assert.rejects(rig.get('anonymous', ACCOUNT));
    assert.equal(rig.received(), before);
  });

  it('has an SVID of the same name, signed by another authority', async () => {
    const otherCa = await makeCa(TRUST_DOMAIN);
    const forged = await issueSvid(otherCa, IDS.checkout);
    await assert.rejects(rig.get(forged, ACCOUNT));
    await assert.rejects(rig.get(forged, ACCOUNT, 'optional_certificate'));
  });
}

function grpcCalls(): void {
  const call = { method: 'GetBalance', account: '42' } as const;

  it('reaches the upstream with the proved identity when it is allowed (C-022)', async () => {
    const metadata = { 'x-remit-principal': IDS.reporting };
    const answer = await rig.grpc('checkout', { ...call, metadata });
    assert.equal(answer.code, grpcStatus.OK, answer.details);
    assert.equal(answer.response?.account, '42');
    assert.equal(answer.response?.metadata['x-remit-principal'], IDS.checkout);
    const id = answer.response?.metadata['x-remit-decision-id'] ?? '';
    assert.equal((await rig.remit().records(id)).decision.outcome, 'allow');
  });

  for (const [who, method, reason] of [
    ['reporting', 'GetBalance', 'authz.resource'],
    ['checkout', 'CloseBooks', 'ctx.unmapped_operation'],
  ] as const) {
    it(`ends with PERMISSION_DENIED when it is denied (${reason})`, async () => {
      const before = rig.received();
      const answer = await rig.grpc(who, { ...call, method });
      assert.equal(answer.code, grpcStatus.PERMISSION_DENIED);
      const id = answer.metadata.get('x-remit-decision-id')[0]?.toString() ?? '';
      const { decision } = await rig.remit().records(id);
      assert.deepEqual(decision.reasons, [reason]);
      assert.equal(rig.received(), before);
    });
  }
}
