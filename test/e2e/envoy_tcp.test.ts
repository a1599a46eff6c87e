// C-088 through a real Envoy: its network filter asks about connections that nobody looks into, by
// mTLS identity, server name and port, and closes what is refused.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDS, TRUST_DOMAIN } from '../../demo/bundle.ts';
import { freePorts, waitFor } from '../../demo/processes.ts';
import { type Caller, type Rig, START_MS_MAX, startRig } from './rig.ts';
import { GREETING, startTcpUpstream, type Talk, type TcpUpstream, talk } from './tcp_upstream.ts';

const STORE = `spiffe://${TRUST_DOMAIN}/ns/pay/sa/store`;
const WORDS = 'select 1;';
/** Patience for what should come. */
const PATIENT_MS = 10_000;
/** Patience for what should never come. */
const QUIET_MS = 700;

const policies = (port: number) => `
kind: Service
metadata: {name: store, namespace: pay}
spec:
  destinations: ["${STORE}"]
  environment: demo
  operations:
    store.open: {l4: {sni: db.store.example}}
    store.admin: {l4: {sni: db.store.example, port: ${port}}}
    store.tenant: {l4: {sni: "*.tenants.example"}}
---
kind: Policy
metadata: {name: store, namespace: pay}
spec:
  rules:
  - {id: checkout, effect: permit, from: {principals: ["${IDS.checkout}"]},
     to: {services: [store], operations: [store.open, store.tenant], verbs: [connect]}}
`;

interface Decision {
  readonly id: string;
  readonly outcome: string;
  readonly reasons: readonly string[];
  readonly operation: string | null;
  readonly verb: string | null;
  readonly principal: string | null;
  readonly request: { readonly sni: string | null; readonly port: number | null };
}

let rig: Rig;
let upstream: TcpUpstream;
let adminPort: number;

async function say(who: Caller, servername: string, listener = 'tcp', words = WORDS) {
  const quietMs = words === '' ? QUIET_MS : PATIENT_MS;
  return talk(rig.target(listener), rig.svid(who)!, { servername, words, quietMs });
}

function linesOf<T>(name: string): T[] {
  const file = join(rig.scenario.dir, name);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  // The files are Remit's and Envoy's own.
  return lines.map((line) => JSON.parse(line) as T);
}

const decisions = () => linesOf<Decision>('remit-decisions.ndjson');

/** The talk, and the one decision that was made about it. */
async function decided(speak: () => Promise<Talk>): Promise<{ talk: Talk; decision: Decision }> {
  const before = decisions().length;
  const said = await speak();
  await waitFor('the decision is written', () => decisions().length > before, PATIENT_MS);
  assert.equal(decisions().length, before + 1, 'one connection is one check');
  return { talk: said, decision: decisions().at(-1)! };
}

describe('C-088: connections through a real Envoy', () => {
  before(async function () {
    this.timeout(START_MS_MAX);
    upstream = await startTcpUpstream();
    [adminPort = 0] = await freePorts(1);
    const tcp = { upstream: 'store' };
    rig = await startRig({
      listeners: {
        tcp: { serverId: STORE, tcp },
        admin: { serverId: STORE, tcp, port: adminPort },
        at_once: { serverId: STORE, tcp: { ...tcp, connectAtOnce: true } },
        fail_open: { serverId: STORE, tcp, authz: { failureModeAllow: true } },
        other_service: { tcp },
      },
      tcpUpstreams: { store: upstream.port },
      policies: { 'store.yaml': policies(adminPort) },
    });
  });
  after(async () => {
    await rig?.stop();
    upstream?.stop();
  });

  describe('an allowed one', allowed);
  describe('a refused one', refused);
  describe('with Remit gone', remitGone);
  describe('an upstream that speaks first', speaksFirst);
});

function allowed(): void {
  it('carries bytes both ways, and is one decision to connect (C-088)', async () => {
    const { talk: said, decision } = await decided(() => say('checkout', 'DB.store.example'));
    assert.deepEqual(said, { heard: `${GREETING}${WORDS}`, closed: false });
    assert.equal(decision.outcome, 'allow');
    assert.deepEqual(
      [decision.principal, decision.operation, decision.verb],
      [IDS.checkout, 'pay/store/store.open', 'connect'],
    );
    // Clients send it as it was written, and Envoy passes it on so.
    assert.equal(decision.request.sni, 'DB.store.example');
    assert.equal(decision.request.port, rig.target('tcp').port);
  });

  it('is found in Envoy’s access log by its decision id', async () => {
    const { decision } = await decided(() => say('checkout', 'a.tenants.example'));
    const logged = () =>
      linesOf<{ decision_id: string }>('access.ndjson').some(
        (line) => line.decision_id === decision.id,
      );
    await waitFor('Envoy logs the connection', logged, PATIENT_MS);
  });
}

function refused(): void {
  const cases: {
    name: string;
    who: Caller;
    servername: string;
    reason: string;
    listener?: string;
  }[] = [
    {
      name: 'an identity without a rule',
      who: 'batch',
      servername: 'db.store.example',
      reason: 'authz.no_match',
    },
    {
      name: 'an identity that nobody registered',
      who: 'newcomer',
      servername: 'db.store.example',
      reason: 'authz.unknown_identity',
    },
    {
      name: 'an identity of another trust domain',
      who: 'stranger',
      servername: 'db.store.example',
      reason: 'authn.untrusted_issuer',
    },
    {
      name: 'a server name that no operation has',
      who: 'checkout',
      servername: 'db.other.example',
      reason: 'ctx.unmapped_operation',
    },
    {
      name: 'a server name with a dot at its end',
      who: 'checkout',
      servername: 'db.store.example.',
      reason: 'ctx.unmapped_operation',
    },
    { name: 'no server name', who: 'checkout', servername: '', reason: 'ctx.unmapped_operation' },
    {
      name: 'another port, for which there is no rule',
      who: 'checkout',
      servername: 'db.store.example',
      reason: 'authz.verb',
      listener: 'admin',
    },
    {
      name: 'the server name of another service’s operation',
      who: 'checkout',
      servername: 'db.store.example',
      reason: 'ctx.unmapped_operation',
      listener: 'other_service',
    },
    {
      name: 'a denial under failure_mode_allow',
      who: 'batch',
      servername: 'db.store.example',
      reason: 'authz.no_match',
      listener: 'fail_open',
    },
  ];
  for (const { name, who, servername, reason, listener } of cases) {
    it(`is closed, and nothing reaches the upstream: ${name} (C-088)`, async () => {
      const before = upstream.received();
      const { talk: said, decision } = await decided(() => say(who, servername, listener));
      assert.deepEqual(said, { heard: '', closed: true });
      assert.equal(upstream.received(), before);
      assert.deepEqual(decision.reasons, [reason]);
    });
  }
}

function remitGone(): void {
  it('closes all connections, and allows again after it was started', async () => {
    const before = upstream.received();
    await rig.remit().stop();
    const count = decisions().length;
    try {
      assert.deepEqual(await say('checkout', 'db.store.example'), { heard: '', closed: true });
      assert.equal(upstream.received(), before);
    } finally {
      await rig.remit().start();
    }
    const serves = async () => !(await say('checkout', 'db.store.example')).closed;
    await waitFor('Envoy asks the new Remit', serves, PATIENT_MS);
    await waitFor('the decision is written', () => decisions().length > count, PATIENT_MS);
  });
}

function speaksFirst(): void {
  /** Says nothing. Envoy asks when the connection ends, which is after what was heard. */
  const silent = (listener: string) =>
    decided(() => say('batch', 'db.store.example', listener, ''));

  it('is not heard before somebody was asked, who has to say something first', async () => {
    const before = upstream.received();
    assert.deepEqual((await silent('tcp')).talk, { heard: '', closed: false });
    assert.equal(upstream.received(), before);
  });

  it('is heard by the refused where tcp_proxy connects at once: Envoy’s own default', async () => {
    const { talk: said, decision } = await silent('at_once');
    assert.deepEqual(said, { heard: GREETING, closed: false });
    assert.deepEqual(decision.reasons, ['authz.no_match']);
    const spoken = await decided(() => say('batch', 'db.store.example', 'at_once'));
    assert.equal(spoken.talk.closed, true);
    assert.deepEqual(spoken.decision.reasons, ['authz.no_match']);
  });
}
