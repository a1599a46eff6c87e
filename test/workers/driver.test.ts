// The driver: what happens between the passes of one request (DESIGN section 3).

import assert from 'node:assert/strict';
import type { Step } from '../../engine/check.ts';
import { type Facts, NO_FACTS } from '../../engine/facts.ts';
import { drive, type Moment, type World } from '../../workers/driver.ts';
import { makeSnapshot } from '../support/mesh.ts';

type Answer = string;

const PROOF = { key: 'k', kind: 'x509_svid', raw: 'pem' } as const;
const EFFECT = { kind: 'label', key: 'task-1' };
const need: Step<Answer> = { kind: 'need', proofs: [PROOF] };
const answer = (text: string): Step<Answer> => ({ kind: 'answer', answer: text });
const commit = (text: string): Step<Answer> => ({
  kind: 'commit',
  effects: [EFFECT],
  ifCommitted: text,
});

const snapshot = makeSnapshot();

/** Plays steps, one a pass, and notes what happens in between. */
function stage(steps: readonly Step<Answer>[], ports: Partial<World> = {}) {
  const events: string[] = [];
  let moments = 0;
  const world: World = {
    moment: () => {
      moments++;
      const facts: Facts = { ...NO_FACTS, revision: moments };
      return { snapshot, facts, now: 1000 * moments };
    },
    verify: async (proofs) => {
      events.push(`verify ${proofs.map(({ key }) => key)}`);
      await ports.verify?.(proofs);
    },
    commit: async (effects) => {
      events.push(`commit ${effects.map(({ key }) => key)}`);
      return ports.commit?.(effects) ?? true;
    },
  };
  let passes = 0;
  const pass = ({ now, facts }: Moment): Step<Answer> => {
    events.push(`pass at ${now}, revision ${facts.revision}`);
    return steps[passes++]!;
  };
  const refuse = ({ reason, detail }: { reason: string; detail: string }, { now }: Moment) =>
    `${reason} at ${now}: ${detail}`;
  return { events, run: () => drive(pass, world, refuse) };
}

const rejecting = (message: string) => () => Promise.reject(new Error(message));

describe('the driver', () => {
  it('answers synchronously when the first pass does', () => {
    const { run, events } = stage([answer('allow')]);
    assert.equal(run(), 'allow');
    assert.deepEqual(events, ['pass at 1000, revision 1']);
  });

  interface Case {
    readonly name: string;
    readonly steps: readonly Step<Answer>[];
    readonly ports?: Partial<World>;
    readonly want: Answer;
    readonly events: readonly string[];
  }
  const passes = (count: number, between: string): string[] =>
    Array.from({ length: 2 * count }, (_, index) =>
      index % 2 === 0 ? `pass at ${500 * index + 1000}, revision ${index / 2 + 1}` : between,
    );
  const cases: Case[] = [
    {
      name: 'verifies what a pass needs and asks again, at a new moment',
      steps: [need, answer('allow')],
      want: 'allow',
      events: [...passes(1, 'verify k'), 'pass at 2000, revision 2'],
    },
    {
      name: 'gives the answer that was to hold once its effects are committed',
      steps: [commit('allow')],
      want: 'allow',
      events: passes(1, 'commit task-1'),
    },
    {
      name: 'asks again when the state has moved on before the commit',
      steps: [commit('stale'), answer('deny')],
      ports: { commit: async () => false },
      want: 'deny',
      events: [...passes(1, 'commit task-1'), 'pass at 2000, revision 2'],
    },
    {
      name: 'verifies, and commits what the second pass wants',
      steps: [need, commit('allow')],
      want: 'allow',
      events: ['pass at 1000, revision 1', 'verify k', 'pass at 2000, revision 2', 'commit task-1'],
    },
    {
      name: 'gives the answer of a third pass',
      steps: [need, need, answer('allow')],
      want: 'allow',
      events: [...passes(2, 'verify k'), 'pass at 3000, revision 3'],
    },
    {
      name: 'refuses as sys.keys_unavailable what still needs proofs after three passes',
      steps: [need, need, need],
      want: 'sys.keys_unavailable at 3000: no answer after 3 passes',
      events: passes(3, 'verify k'),
    },
    {
      name: 'refuses as sys.stale_state what the state outruns three times',
      steps: [commit('a'), commit('b'), commit('c')],
      ports: { commit: async () => false },
      want: 'sys.stale_state at 3000: no answer after 3 passes',
      events: passes(3, 'commit task-1'),
    },
    {
      name: 'refuses as sys.keys_unavailable when proofs cannot be verified now',
      steps: [need],
      ports: { verify: rejecting('no keys') },
      want: 'sys.keys_unavailable at 1000: Error: no keys',
      events: passes(1, 'verify k'),
    },
    {
      name: 'refuses as sys.stale_state when nothing can be committed',
      steps: [commit('allow')],
      ports: { commit: rejecting('store is gone') },
      want: 'sys.stale_state at 1000: Error: store is gone',
      events: passes(1, 'commit task-1'),
    },
  ];
  for (const { name, steps, ports, want, events } of cases) {
    it(name, async () => {
      const played = stage(steps, ports);
      assert.equal(await played.run(), want);
      assert.deepEqual(played.events, events);
    });
  }

  it('stays synchronous where verifying does', () => {
    const events: string[] = [];
    const steps = [need, need, answer('allow')];
    const world: World = {
      moment: () => ({ snapshot, facts: NO_FACTS, now: 0 }),
      verify: (proofs) => void events.push(`verify ${proofs.map(({ key }) => key)}`),
      commit: () => Promise.reject(new Error('must not be called')),
    };
    const pass = (): Step<Answer> => steps.shift() ?? need;
    assert.equal(
      drive(pass, world, ({ reason }) => reason),
      'allow',
    );
    assert.deepEqual(events, ['verify k', 'verify k']);
    assert.equal(
      drive(pass, world, ({ reason }) => reason),
      'sys.keys_unavailable',
      'after three passes',
    );
    assert.equal(events.length, 5);
  });

  it('leaves what a pass throws to its caller, at once', () => {
    const never = (): Promise<never> => Promise.reject(new Error('must not be called'));
    const world = {
      moment: () => ({ snapshot, facts: NO_FACTS, now: 0 }),
      verify: never,
      commit: never,
    };
    const pass = (): Step<Answer> => {
      throw new Error('a bug');
    };
    assert.throws(() => drive(pass, world, () => 'refused'), /a bug/);
  });
});
