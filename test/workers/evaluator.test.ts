// The evaluator: every way through it is answered and recorded, also when a part of ours fails
// (C-111).

import assert from 'node:assert/strict';
import { Failure } from '../../engine/failure.ts';
import type { Asker } from '../../engine/identity/enforcer.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { type Evaluated, Evaluator, type EvaluatorPorts } from '../../workers/evaluator.ts';
import { readResponse } from '../support/check_response.ts';
import { encodeCall, makeSnapshot, WAYS } from '../support/mesh.ts';
import type { RecordLine } from '../support/record_files.ts';

const LOCAL: Asker = { kind: 'local' };
const NOW = Date.parse('2026-12-01T18:00:00.000Z');
const snapshot = makeSnapshot();

function evaluate(ports: Partial<EvaluatorPorts>, of: Snapshot = snapshot, bytes = encodeCall()) {
  const errors: unknown[] = [];
  const onInternalError = (error: unknown): void => void errors.push(error);
  const evaluator = new Evaluator(of, { now: () => NOW, onInternalError, ...ports });
  const evaluated = evaluator.evaluate(bytes, LOCAL);
  assert.ok(!(evaluated instanceof Promise), 'one pass is enough, so the answer is there at once');
  return { evaluated, errors };
}

function records({ evidenceLine, decisionLine }: Evaluated): [RecordLine, RecordLine] {
  assert.match(evidenceLine, /^[^\n]*\n$/);
  assert.match(decisionLine, /^[^\n]*\n$/);
  return [JSON.parse(evidenceLine), JSON.parse(decisionLine)];
}

describe('an evaluator', () => {
  for (const { name, call, want } of WAYS) {
    it(`answers ${name} with ${want} and both records`, () => {
      const { evaluated, errors } = evaluate({}, snapshot, encodeCall(call));
      const answered = readResponse(evaluated.response);
      assert.equal(answered.result, want);
      assert.equal(answered.allowed, want === 'allow');
      const [evidence, decision] = records(evaluated);
      assert.equal(evidence['id'], answered.decisionId);
      assert.equal(decision['id'], answered.decisionId);
      assert.equal(evidence['time'], '2026-12-01T18:00:00.000Z');
      assert.deepEqual(errors, []);
    });
  }

  describe('when a part of ours throws (C-111)', () => {
    const bug = new Error('a bug of ours');
    const faults: { name: string; snapshot?: Snapshot; ports?: Partial<EvaluatorPorts> }[] = [
      { name: 'the decoder', snapshot: without(['attributesRead']) },
      { name: 'the reading of paths', snapshot: without(['settings', 'pathNormalization']) },
      { name: 'the enforcers', snapshot: without(['proof', 'enforcers']) },
      { name: 'the inventory', snapshot: without(['proof', 'inventory']) },
      { name: 'the choice of the service', snapshot: without(['policy', 'byDestination']) },
      {
        name: 'the state',
        ports: {
          facts: () => {
            throw bug;
          },
        },
      },
    ];
    for (const { name, snapshot: of, ports = {} } of faults) {
      it(`denies 503 sys.internal, records it and tells it: ${name}`, () => {
        const { evaluated, errors } = evaluate(ports, of);
        const answered = readResponse(evaluated.response);
        assert.equal(answered.result, 'sys.internal');
        assert.equal(answered.allowed, false);
        assert.equal(answered.http, 503);
        assert.equal(answered.grpc, 14);
        assert.equal(answered.headers['x-envoy-ratelimited'], 'true');
        const [evidence, decision] = records(evaluated);
        assert.equal(evidence['result'], 'not_evaluated');
        assert.equal(decision['result'], 'not_evaluated');
        assert.equal(evidence['id'], answered.decisionId);
        assert.equal(decision['id'], answered.decisionId);
        assert.equal(errors.length, 1);
      });
    }

    it('says nothing of the error in the response and in the records', () => {
      const facts = () => {
        throw new Error('secret-in-a-message');
      };
      const { evaluated } = evaluate({ facts });
      const all = `${evaluated.response} ${evaluated.evidenceLine} ${evaluated.decisionLine}`;
      assert.ok(!all.includes('secret-in-a-message'));
    });
  });

  it('refuses without a look at the request, with both records', () => {
    const evaluator = new Evaluator(snapshot, { now: () => NOW, onInternalError: unexpected });
    const evaluated = evaluator.refuse(new Failure('sys.overloaded', 'full'));
    assert.equal(readResponse(evaluated.response).result, 'sys.overloaded');
    const [evidence, decision] = records(evaluated);
    assert.equal(evidence['result'], 'not_evaluated');
    assert.deepEqual(decision['reasons'], ['sys.overloaded']);
  });

  it('decides the same bytes anew each time, under a new id (C-020)', () => {
    const evaluator = new Evaluator(snapshot, { now: () => NOW, onInternalError: unexpected });
    const ids = [1, 2, 3].map(() => {
      const evaluated = evaluator.evaluate(encodeCall(), LOCAL);
      assert.ok(!(evaluated instanceof Promise));
      return readResponse(evaluated.response).decisionId;
    });
    assert.equal(new Set(ids).size, 3);
  });
});

function unexpected(error: unknown): never {
  throw error;
}

/** The snapshot with one part that throws when it is read. */
function without(path: readonly string[]): Snapshot {
  const breakIn = (value: object, [step, ...rest]: readonly string[]): object =>
    new Proxy(value, {
      get(target, key, receiver) {
        const part = Reflect.get(target, key, receiver);
        if (key !== step) return part;
        if (rest.length === 0) throw new Error(`no ${path.join('.')}`);
        return breakIn(part as object, rest);
      },
    });
  return breakIn(snapshot, path) as Snapshot;
}
