// A real Envoy that asks over mTLS: Remit knows it by its certificate, and it knows Remit by the
// SPIFFE ID of the one that Remit serves (C-010; C-038: a sidecar asks about its own workload).

import assert from 'node:assert/strict';
import { IDS, TRUST_DOMAIN } from '../../demo/bundle.ts';
import { type Rig, START_MS_MAX, startRig } from './rig.ts';

const ACCOUNT = '/v1/tenants/acme/accounts/42';
const GATEWAY = `spiffe://${TRUST_DOMAIN}/ns/edge/sa/gateway`;
const ENFORCERS = `
kind: Enforcer
metadata: {name: edge}
spec: {type: gateway, identities: ["${GATEWAY}"],
  asserts: {peer: [principal], destinations: ["*"]}}
---
kind: Enforcer
metadata: {name: sidecars}
spec: {type: sidecar, identities: ["spiffe://${TRUST_DOMAIN}/ns/*/sa/*"],
  asserts: {peer: [principal]}}
`;

describe('C-010 C-038: through a real Envoy that asks over mTLS', () => {
  let rig: Rig;
  before(async function () {
    this.timeout(START_MS_MAX);
    rig = await startRig({
      mtls: {
        gateway: GATEWAY,
        sidecar: IDS.payments,
        neighbour: IDS.reporting,
        // No enforcer: its path has another shape.
        nobody: `spiffe://${TRUST_DOMAIN}/batch/job`,
        // What the demo's authority signs is believed of its own trust domain only.
        foreign: GATEWAY.replace(TRUST_DOMAIN, 'other.example'),
      },
      listeners: {
        gateway: { authz: { server: 'gateway' } },
        sidecar: { authz: { server: 'sidecar' } },
        neighbour: { authz: { server: 'neighbour' } },
        nobody: { authz: { server: 'nobody' } },
        foreign: { authz: { server: 'foreign', timeoutMs: 2_000 } },
        plaintext: { authz: { server: 'remit', timeoutMs: 2_000 } },
      },
      policies: { 'enforcer.yaml': ENFORCERS },
    });
  });
  after(async () => rig?.stop());

  async function reasonOf(listener: string): Promise<string> {
    const answer = await rig.get('checkout', ACCOUNT, listener);
    const headers = answer.status === 200 ? JSON.parse(answer.body).headers : answer.headers;
    const { decision } = await rig.remit().records(headers['x-remit-decision-id']);
    assert.equal(answer.status, decision.outcome === 'allow' ? 200 : 403);
    return decision.reasons[0] ?? 'allow';
  }

  const answered: [listener: string, name: string, want: string][] = [
    ['gateway', 'a gateway', 'allow'],
    ['sidecar', 'the sidecar of the destination', 'allow'],
    ['neighbour', 'the sidecar of another workload', 'authn.enforcer_scope'],
    ['nobody', 'a workload that is no enforcer', 'authn.untrusted_enforcer'],
  ];
  for (const [listener, name, want] of answered) {
    it(`${name} is answered ${want}`, async () => {
      assert.equal(await reasonOf(listener), want);
      assert.equal(await reasonOf(listener), want, 'on the same connection');
    });
  }

  for (const listener of ['foreign', 'plaintext']) {
    it(`nobody is let in while Envoy cannot ask: ${listener}`, async () => {
      const before = rig.received();
      const answer = await rig.get('checkout', ACCOUNT, listener);
      assert.equal(answer.status, 503);
      assert.equal(rig.received(), before);
    });
  }
});
