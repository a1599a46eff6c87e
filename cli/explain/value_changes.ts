// Changes of a request that could change its outcome: another proof, time, path, or value that a
// rule reads.

import { documentId } from '../../engine/bundle/bundle.ts';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import { ASSURANCES, type Assurance } from '../../engine/evidence.ts';
import { parseTimeWindow, TimeWindow } from '../../engine/policy/time_window.ts';
import { operationsOf, requestOf, withRequired } from '../rehearsal/operation_request.ts';
import type { Rehearsal } from '../rehearsal/rehearse.ts';
import { methodOf, rawPathOf, serviceIdOf, timeOf } from '../rehearsal/rehearse.ts';
import type { Guess } from './condition_values.ts';
import type { ConsideredRule } from './considered.ts';
import { type Change, type Changes, type Origin, value } from './situation.ts';

/** Without what it is undefined of. */
function changed(request: TestRequest, change: Partial<TestRequest>): TestRequest {
  return { ...request, ...change };
}

export function* proofChanges({ request }: Rehearsal): Changes {
  if (request.principal === undefined) return;
  const { age: _, lifetime: __, ...fresh } = request;
  const have = ASSURANCES.indexOf(request.assurance ?? 'asserted');
  if (request.age !== undefined || request.lifetime !== undefined) {
    yield value('present a fresh certificate with the lifetime that is allowed', fresh);
  }
  for (const assurance of ASSURANCES.slice(have + 1) as Assurance[]) {
    yield value(`prove the caller as \`${assurance}\``, changed(request, { assurance }));
    yield value(
      `prove the caller as \`${assurance}\`, by a fresh certificate`,
      changed(fresh, { assurance }),
    );
  }
}

/** The next time at which the window of a rule opens, or shuts. */
export function* timeChanges({ rule }: ConsideredRule, rehearsal: Rehearsal): Changes {
  const { between, expiresAt, shadowUntil } = rule.record;
  const now = timeOf(rehearsal);
  const times: number[] = [];
  const window = between && parseTimeWindow(between);
  if (window instanceof TimeWindow) times.push(window.until(now));
  if (expiresAt !== undefined) times.push(expiresAt, expiresAt - 1);
  if (shadowUntil !== undefined) times.push(shadowUntil);
  for (const time of times) {
    if (!Number.isFinite(time)) continue;
    const at = new Date(time).toISOString();
    yield value(`ask at ${at}`, changed(rehearsal.request, { at }));
  }
}

export function* runtimeChanges({ rule }: ConsideredRule, { request }: Rehearsal): Changes {
  const { runtime = {}, ipBlocks = [] } = rule.record.from;
  const wanted = Object.entries(runtime).map(([name, [first = '']]) => [name, plain(first)]);
  if (wanted.length > 0) {
    const all = { ...request.runtime, ...Object.fromEntries(wanted) };
    const text = wanted.map(([name, it]) => `\`${name}\` = \`${it}\``).join(', ');
    yield value(
      `let the enforcer assert of the runtime ${text}`,
      changed(request, { runtime: all }),
    );
  }
  for (const block of ipBlocks) {
    const sourceIp = block.split('/')[0]!;
    yield value(`come from the address \`${sourceIp}\``, changed(request, { sourceIp }));
  }
}

/** A value that a text pattern matches. */
function plain(pattern: string): string {
  return pattern.replace('*', 'x');
}

export function* environmentChanges({ rule }: ConsideredRule, { request }: Rehearsal): Changes {
  for (const pattern of rule.record.to.environments ?? []) {
    const environment = plain(pattern);
    yield value(
      `let the enforcer assert environment \`${environment}\``,
      changed(request, { environment }),
    );
  }
}

/** Other operations of the same service, the most alike first. */
export function* operationChanges(rehearsal: Rehearsal, { bundle }: Origin): Changes {
  const { request } = rehearsal;
  const asked = `${methodOf(request)} ${rawPathOf(request)}`;
  const segments = rawPathOf(request).split('?')[0]!.split('/').slice(1);
  const found: (Change & { readonly unlike: number })[] = [];
  for (const named of operationsOf(bundle)) {
    if (documentId(named.service) !== serviceIdOf(rehearsal)) continue;
    // What stands at the place of a capture is what it would capture.
    const template = (named.operation.http ?? '').split('/').slice(1);
    const captures = new Map<string, string>();
    for (const [index, part] of template.entries()) {
      const name = /^\{([^=}]+)/.exec(part)?.[1];
      const given = segments[index];
      if (name !== undefined && given) captures.set(name, decoded(given));
    }
    const made = requestOf(named, captures);
    if (made === undefined) continue;
    const { method: _, path: __, grpc: ___, connection: ____, ...rest } = request;
    const next = withRequired(
      { ...rest, ...made.request, service: request.service },
      named,
    ).request;
    const target = next.connection ? 'a connection' : `${methodOf(next)} ${rawPathOf(next)}`;
    if (target === asked) continue;
    const text = `ask for \`${named.name}\`: \`${target}\``;
    found.push({ kind: 'value', text, request: next, unlike: unlike(asked, target) });
  }
  yield* found.sort((a, b) => a.unlike - b.unlike);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** How many parts differ. */
function unlike(a: string, b: string): number {
  const [x, y] = [a.split(/[ /]/), b.split(/[ /]/)];
  const same = x.filter((part, index) => part === y[index]).length;
  return Math.max(x.length, y.length) - same;
}

export function* serviceChanges(rehearsal: Rehearsal, { bundle }: Origin): Changes {
  const name = serviceIdOf(rehearsal);
  const ids = bundle.services.map(({ document }) => documentId(document));
  const close = (id: string) => Math.min(unlikeText(id, name), 99);
  for (const service of ids.toSorted((a, b) => close(a) - close(b))) {
    yield value(`name the service \`${service}\``, changed(rehearsal.request, { service }));
  }
}

function unlikeText(a: string, b: string): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  return a.length + b.length - 2 * same;
}

/** With this value at a path that conditions read; undefined where a request has no such place. */
export function withValue(
  request: TestRequest,
  path: string,
  guess: Guess,
): TestRequest | undefined {
  const [root, group, ...rest] = path.split('.');
  const name = rest.join('.');
  const text = String(guess);
  switch (`${root}.${group}`) {
    case 'request.headers':
      return changed(request, { headers: { ...request.headers, [name]: text } });
    case 'request.host':
      return changed(request, { headers: { ...request.headers, host: text } });
    case 'request.query': {
      const [target = '', query] = rawPathOf(request).split('?');
      const all = new URLSearchParams(query ?? '');
      all.set(rest[0] ?? '', text);
      return changed(request, { path: `${target}?${all}` });
    }
    case 'request.body':
      return changed(request, { body: withField(request.body, rest, guess) });
    case 'context.sourceIp':
      return changed(request, { sourceIp: text });
    case 'context.runtime':
      return changed(request, { runtime: { ...request.runtime, [name]: text } });
    case 'context.time': {
      const time = Date.parse(text);
      if (Number.isNaN(time)) return undefined;
      return changed(request, { at: new Date(time).toISOString() });
    }
    case 'principal.assurance': {
      const assurance = ASSURANCES.find((it) => it === guess);
      return assurance && changed(request, { assurance });
    }
    default:
      return undefined;
  }
}

function withField(body: unknown, names: readonly string[], guess: Guess): unknown {
  const [name, ...rest] = names;
  if (name === undefined) return guess;
  const object = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  const inner = (object as Record<string, unknown>)[name]; // An object, as was just seen.
  return { ...object, [name]: withField(inner, rest, guess) };
}
