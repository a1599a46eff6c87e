// The pool: the same answers as in place, by batches, bounded, each with its records.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Asker } from '../../engine/identity/enforcer.ts';
import { type Answered, readResponse } from '../support/check_response.ts';
import { BUNDLE, encodeCall, makeImage, WAYS } from '../support/mesh.ts';
import { ENFORCERS, PEERS } from '../support/tls_stage.ts';
import { LOCAL, noDeadline, type PoolStage, startPool } from './pool_stage.ts';

const KiB = 1024;
const REMOTE: Asker = { kind: 'remote' };

const GARBAGE: { name: string; bytes: Buffer }[] = [
  { name: 'no bytes', bytes: Buffer.alloc(0) },
  { name: 'bytes that are no message', bytes: Buffer.from('not a CheckRequest') },
  { name: 'a message that is cut off', bytes: encodeCall().subarray(0, -1) },
];

describe('a pool of two workers', () => {
  let stage: PoolStage;
  before(async () => {
    stage = await startPool({ threads: 2, real: true });
  });
  after(() => stage.close());

  /** All in one turn of the event loop. */
  function checkAll(requests: readonly Buffer[], asker = LOCAL): Promise<Answered[]> {
    const { pool } = stage;
    return Promise.all(
      requests.map(async (bytes) => readResponse(await pool.check(bytes, asker, noDeadline()))),
    );
  }

  const requests = [
    ...WAYS.map(({ name, call }) => ({ name, bytes: encodeCall(call) })),
    ...GARBAGE,
  ];
  for (const { name, bytes } of requests) {
    for (const asker of [LOCAL, REMOTE]) {
      it(`answers as in place, with the same records: ${name}, asked by a ${asker.kind} enforcer`, async () => {
        const { pool, inPlace, outputs } = stage;
        const from = outputs.recorded;
        const there = readResponse(await pool.check(bytes, asker, noDeadline()));
        const here = readResponse(await inPlace.check(bytes, asker, noDeadline()));
        assert.deepEqual(withoutId(there), withoutId(here));
        const records = [...outputs.evidence.slice(from), ...outputs.decisions.slice(from)];
        const [evidenceThere, evidenceHere, decisionThere, decisionHere] = records;
        assert.equal(records.length, 4);
        for (const record of [evidenceThere, decisionThere]) {
          assert.equal(record?.['id'], there.decisionId);
        }
        assert.deepEqual(withoutOccasion(evidenceThere), withoutOccasion(evidenceHere));
        assert.deepEqual(withoutOccasion(decisionThere), withoutOccasion(decisionHere));
        const counts = outputs.counts.slice(from);
        assert.deepEqual(
          counts.map(({ outcome, evidence }) => [outcome, evidence])[0],
          counts.map(({ outcome, evidence }) => [outcome, evidence])[1],
        );
      });
    }
  }

  it('gives each caller of a batch its own answer', async () => {
    const round = Array.from({ length: 200 }, (_, index) => WAYS[index % WAYS.length]!);
    const answers = await checkAll(round.map(({ call }) => encodeCall(call)));
    assert.deepEqual(
      answers.map(({ result }) => result),
      round.map(({ want }) => want),
    );
    assert.equal(new Set(answers.map(({ decisionId }) => decisionId)).size, 200);
  });

  interface BatchCase {
    readonly name: string;
    readonly requests: readonly Buffer[];
    readonly batches: number;
  }
  const small = encodeCall();
  const large = encodeCall({ headers: { 'x-filler': 'x'.repeat(600 * KiB) } });
  const batchCases: BatchCase[] = [
    { name: 'a single request goes alone', requests: [small], batches: 1 },
    {
      name: 'two requests go to both workers',
      requests: [small, small],
      batches: 2,
    },
    { name: '100 requests make a batch for each worker', requests: many(100), batches: 2 },
    { name: 'a batch holds at most 128 requests', requests: many(300), batches: 3 },
    { name: 'a batch holds at most 1 MiB', requests: [large, large, large, large], batches: 4 },
  ];
  for (const { name, requests: sent, batches } of batchCases) {
    it(`counts its batches: ${name}`, async () => {
      const before = { ...stage.pool.counters };
      await checkAll(sent);
      const after = stage.pool.counters;
      assert.equal(after.batches - before.batches, batches);
      assert.equal(after.requests - before.requests, sent.length);
      assert.equal(stage.pool.counters.inFlight, 0);
    });
  }

  it('never puts the requests of two kinds of askers into one batch', async () => {
    const before = stage.pool.counters.batches;
    const [local, remote] = await Promise.all([
      checkAll([encodeCall()], LOCAL),
      checkAll([encodeCall()], REMOTE),
    ]);
    assert.equal(stage.pool.counters.batches - before, 2);
    assert.equal(local[0]!.result, 'allow');
    assert.equal(remote[0]!.result, 'authn.untrusted_enforcer');
  });

  function many(count: number): Buffer[] {
    return Array.from({ length: count }, () => small);
  }
});

describe('a pool that is asked by peers with certificates', () => {
  let stage: PoolStage;
  before(async () => {
    const image = makeImage({ ...BUNDLE, 'enforcer.yaml': ENFORCERS });
    stage = await startPool({ threads: 1, real: true, image });
  });
  after(() => stage.close());

  const cases: [peer: keyof typeof PEERS, want: string][] = [
    ['gateway', 'allow'],
    ['waypoint', 'allow'],
    ['sidecar', 'allow'],
    ['neighbour', 'authn.enforcer_scope'],
    ['unknown', 'authn.untrusted_enforcer'],
    ['foreign', 'authn.untrusted_enforcer'],
  ];
  for (const [peer, want] of cases) {
    it(`answers ${peer} as its own thread would: ${want}`, async () => {
      const asker: Asker = { kind: 'peer', id: PEERS[peer] };
      const answer = await stage.pool.check(encodeCall(), asker, noDeadline());
      assert.equal(readResponse(answer).result, want);
    });
  }
});

describe('the start of a pool', () => {
  it('fails when the image is not what it says it is', () =>
    assert.rejects(
      startPool({ threads: 2, real: true, image: { ...makeImage(), digest: 'sha256:0' } }),
      /the image of the bundle is damaged/,
    ));

  it('fails when a worker cannot compile the bundle', () => {
    const text = Buffer.from('{"issuerFiles":[],"keyFiles":[]}\n["services",{}]');
    const bytes = new SharedArrayBuffer(text.length);
    text.copy(new Uint8Array(bytes));
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    return assert.rejects(startPool({ real: true, image: { ...makeImage(), bytes, digest } }));
  });
});

/** Everything that two answers to the same request have in common. */
function withoutId({ decisionId, headers, body, ...rest }: Answered): object {
  const id = headers['x-remit-decision-id'];
  assert.equal(id, decisionId);
  return {
    ...rest,
    headers: { ...headers, 'x-remit-decision-id': '' },
    body: body.replace(id, ''),
  };
}

function withoutOccasion(record: Readonly<Record<string, unknown>> | undefined): object {
  return { ...record, id: '', time: '', durationUs: 0, validUntil: '' };
}
