// Until when a decision holds: of all instants at which something in the bundle changes, the first
// at which the decision is another one. A decision never holds longer than five minutes.

import type { NaiveBundle } from './evaluate.ts';
import type { NaiveDecision } from './request.ts';
import { type NaiveRule, namesInFull, reviewEnd } from './rules.ts';
import { windowHolds } from './window.ts';

const MINUTE = 60_000;
const LONGEST = 5 * MINUTE;

export interface Validity {
  /** The instants by which the decision has to be made anew, in order. */
  readonly bounds: readonly number[];
  /** Does the decision last that long? */
  readonly holds: (until: number) => boolean;
}

/** @param decision what is decided now */
export function validityOf(
  bundle: NaiveBundle,
  decision: NaiveDecision,
  decisionAt: (time: number) => NaiveDecision,
  now: number,
): Validity {
  const end = now + LONGEST;
  const text = JSON.stringify(decision);
  const changes = (time: number) => JSON.stringify(decisionAt(time)) !== text;
  const { operation } = decision;
  // Nothing asks for the time before it is known what the request is.
  const instants = () => (operation === undefined ? [] : instantsOf(bundle, operation, now, end));
  return {
    get bounds() {
      const first = instants().find(changes);
      return first === undefined ? [end] : [first, end];
    },
    holds: (until) =>
      now < until && until <= end && !instants().some((it) => it < until && changes(it)),
  };
}

/** In order: when the decision may be another one. */
function instantsOf(bundle: NaiveBundle, operation: string, now: number, end: number): number[] {
  const { instants, windows, readTime } = timesOf(bundle, operation);
  const minutes = minutesWithin(now, end);
  const turns = minutes.filter((it) =>
    windows.some((window) => windowHolds(window, it) !== windowHolds(window, it - 1)),
  );
  return [...new Set([...instants, ...turns, ...(readTime ? minutes : [])])]
    .filter((it) => it > now && it < end)
    .sort((a, b) => a - b);
}

/** What there is of time in a bundle, as far as it can concern a service. */
interface Times {
  readonly instants: readonly number[];
  readonly windows: readonly NonNullable<NaiveRule['between']>[];
  /** Some condition reads the time. */
  readonly readTime: boolean;
}

/** A bundle stays as it is. */
const known = new WeakMap<NaiveBundle, Map<string, Times>>();

function timesOf(bundle: NaiveBundle, operation: string): Times {
  const [namespace = '', service = ''] = operation.split('/');
  const ofBundle = known.get(bundle) ?? new Map<string, Times>();
  known.set(bundle, ofBundle);
  const times = ofBundle.get(`${namespace}/${service}`) ?? readTimes(bundle, namespace, service);
  ofBundle.set(`${namespace}/${service}`, times);
  return times;
}

function readTimes(bundle: NaiveBundle, namespace: string, service: string): Times {
  const { services, identities, roles } = bundle;
  const rules = bundle.rules.filter(
    (it) => it.namespace === namespace || namesInFull(it.to, { namespace, service }),
  );
  const timed = rules.filter(({ condition }) => condition?.includes('context.time'));
  const instants = [
    ...rules.flatMap(({ trialEnd, expiry, overdueFrom }) => [trialEnd, expiry, overdueFrom]),
    ...identities.map(({ spec }) => spec.expiresAt && Date.parse(spec.expiresAt)),
    ...identities.map(({ spec }) => reviewEnd(spec.reviewBy)),
    ...[...services, ...identities, ...roles].map((it) => reviewEnd(it.metadata.reviewBy)),
    ...timed.flatMap(({ condition }) => timesIn(condition!)),
  ].filter((it) => typeof it === 'number');
  const windows = rules.flatMap(({ between }) => (between === undefined ? [] : [between]));
  return { instants, windows, readTime: timed.length > 0 };
}

/** No clock on any wall shows another minute in between. */
function minutesWithin(now: number, end: number): number[] {
  const first = Math.ceil((now + 1) / MINUTE) * MINUTE;
  return Array.from({ length: 5 }, (_, index) => first + index * MINUTE).filter((it) => it < end);
}

/** The moments that a condition names; `<=` and `>` change just after one. */
function timesIn(condition: string): number[] {
  return [...condition.matchAll(/timestamp\('([^']+)'\)/g)].flatMap(([, text]) => {
    const time = Date.parse(text!);
    return [time, time + 1];
  });
}
