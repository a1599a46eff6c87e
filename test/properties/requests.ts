// Random callers: what one of them would show, alone, beside a gateway, for somebody else, or in
// contradiction to itself; and what is wrong with a credential that fails.

import type { Random } from '../agreement/random.ts';
import { CHECKOUT, REPORTS } from '../engine/fixture.ts';
import { AGENT, BATCH, EDGE, RUNNER, UNKNOWN } from './bundles.ts';
import type { Certified, Shown, TokenShown } from './credentials.ts';

const WORKLOADS = [CHECKOUT, CHECKOUT, BATCH, RUNNER, REPORTS, AGENT];
const SUBJECTS: Readonly<Record<string, string>> = { [CHECKOUT]: 'checkout', [RUNNER]: 'runner' };
const EVERYBODY = ['checkout', 'runner', 'alice', 'bob', 'robot'];

/** Of the objects that the workload may have, some. */
function optional<T>(random: Random, probability: number, make: () => T): T | undefined {
  return random.chance(probability) ? make() : undefined;
}

function present(shown: { readonly [K in keyof Shown]: Shown[K] | undefined }): Shown {
  return Object.fromEntries(Object.entries(shown).filter(([, it]) => it !== undefined));
}

function accessToken(random: Random, subject: string, certified: boolean): TokenShown {
  const scope = random.pick([undefined, 'pay', 'other', 'pay.read other']);
  const team = random.pick([undefined, 'red', 'blue']);
  const bindings = certified ? (['dpop', 'certificate', undefined] as const) : (['dpop'] as const);
  const binding = random.chance(0.4) ? random.pick(bindings) : undefined;
  return {
    ...{ kind: 'access', subject },
    ...(scope !== undefined && { scope }),
    ...(team !== undefined && { team }),
    ...(binding !== undefined && { binding }),
  };
}

const svid = (subject: string): TokenShown => ({ kind: 'svid', subject });

function certified(random: Random, id: string): Certified {
  return random.chance(0.15) ? { id, long: true } : { id };
}

/** A workload by some of its own credentials. */
export function workload(random: Random, id = random.pick(WORKLOADS)): Shown {
  const certificate = optional(random, 0.5, () => certified(random, id));
  const own = SUBJECTS[id];
  const token = optional(random, 0.5, () =>
    own !== undefined && random.chance(0.7)
      ? accessToken(random, own, certificate !== undefined)
      : svid(id),
  );
  const shown = present({
    ...{ certificate, peer: optional(random, 0.5, () => id), token },
    wit: optional(random, 0.3, () => id),
    key: token === undefined && id === BATCH ? optional(random, 0.5, () => 'batch') : undefined,
    payload:
      own === undefined || token !== undefined
        ? undefined
        : optional(random, 0.2, () => accessToken(random, own, false)),
  });
  const { payload: { binding: _bound, ...payload } = {}, ...rest } = shown;
  const all = 'kind' in payload ? { ...rest, payload: payload as TokenShown } : rest;
  return Object.keys(all).length === 0 ? { peer: id } : all;
}

/** A token or key that says by itself who calls. */
function alone(random: Random): Shown {
  if (random.chance(0.25)) return { key: random.pick(['batch', 'stock']) };
  if (random.chance(0.2)) return { token: svid(random.pick(WORKLOADS)) };
  const token = accessToken(random, random.pick(EVERYBODY), false);
  if (random.chance(0.2)) return { token: { ...token, act: { sub: 'bob' } } };
  return { token };
}

function behindGateway(random: Random): Shown {
  const peer = random.chance(0.5) ? { peer: EDGE } : { certificate: { id: EDGE } };
  if (random.chance(0.3)) return { ...peer, client: certified(random, random.pick(WORKLOADS)) };
  return { ...peer, ...alone(random) };
}

function acting(random: Random): Shown {
  const id = random.pick([CHECKOUT, AGENT, REPORTS]);
  const { peer, certificate } = workload(random, id);
  const subject = random.pick(['alice', 'alice', 'robot']);
  const act = random.chance(0.3) ? { sub: id, act: { sub: 'bob' } } : { sub: id };
  const token = { ...accessToken(random, subject, certificate !== undefined), act };
  return present({ peer: certificate ? peer : id, certificate, token });
}

function besideShared(random: Random): Shown {
  const { peer, certificate, wit } = workload(random, random.pick([CHECKOUT, REPORTS, BATCH]));
  const workloads = present({ peer, certificate, wit });
  const who = Object.keys(workloads).length === 0 ? { peer: REPORTS } : workloads;
  if (random.chance(0.3)) return { ...who, key: 'stock' };
  return { ...who, token: accessToken(random, 'robot', false) };
}

/** Of the very token, which says the same, or of another one. */
function besidePayload(random: Random): Shown {
  const shown = alone(random);
  const { token } = shown;
  if (token?.kind === 'access' && random.chance(0.5)) return { ...shown, payload: token };
  const other = accessToken(random, random.pick(EVERYBODY), false);
  return { ...shown, payload: { ...other, claims: { jti: 'another' } } };
}

/** Whatever comes together. */
function mixed(random: Random): Shown {
  const other = random.pick([...WORKLOADS, UNKNOWN]);
  return random.pick([
    () => ({ ...workload(random), ...alone(random) }),
    () => ({ ...workload(random), client: certified(random, other) }),
    () => ({ ...workload(random), peer: other }),
    () => ({ ...workload(random), wit: other }),
    () => ({ ...alone(random), key: 'batch' }),
    () => besidePayload(random),
  ])();
}

export function randomShown(random: Random): Shown {
  const choice = random.next();
  if (choice < 0.4) return workload(random);
  if (choice < 0.5) return alone(random);
  if (choice < 0.6) return behindGateway(random);
  if (choice < 0.8) return acting(random);
  if (choice < 0.9) return besideShared(random);
  return mixed(random);
}

const S = Date.parse('2026-11-22T12:00:00Z') / 1000;
const JUNK = ['Basic dTpw', 'Bearer opaque', 'Bearer a.b.c, Bearer a.b.c', '', 'Negotiate x'];
const WRONG: readonly Partial<TokenShown>[] = [
  { claims: { iat: S - 90, exp: S - 31 } },
  { claims: { iat: S + 31 } },
  { claims: { aud: 'x' } },
  { claims: { exp: S + 7200 } },
  { claims: { iss: 'https://evil.example', sub: 'x' } },
  { claims: { cnf: { jkt: 'A'.repeat(43) } } },
  { signedBy: 'stranger' },
  { binding: 'dpop', proof: { htm: 'DELETE' } },
  { binding: 'dpop', proof: { iat: S - 120 } },
  { binding: 'dpop', proof: { ath: 'x' } },
  { binding: 'certificate' },
];

/** The same, with something that fails. */
export function spoilt(random: Random, shown: Shown): Shown {
  const { token, junk: _junk, ...rest } = shown;
  const base = token ?? accessToken(random, random.pick(EVERYBODY), false);
  return random.pick([
    () => ({ ...rest, junk: random.pick(JUNK) }),
    () => ({ ...rest, key: 'rk_test_nobody_has_such_a_key' }),
    () => ({ ...rest, token: { ...base, ...random.pick(WRONG) } }),
    () => ({ ...rest, token: { ...base, ...random.pick(WRONG) } }),
    () => ({}),
  ])();
}
