// A situation: a bundle and a request, with what was decided of it. Changes of one or the other are
// decided again, by the same code.

import type { Bundle } from '../../engine/bundle/bundle.ts';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import type { Verdict } from '../../engine/check.ts';
import { compileBundle } from '../../engine/compile_bundle.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';
import type { Settings } from '../../engine/settings.ts';
import { openSnapshot, type Snapshot } from '../../engine/snapshot.ts';
import { type Rehearsal, rehearse } from '../rehearsal/rehearse.ts';

/** What a bundle is compiled with. */
export interface Origin {
  readonly bundle: Bundle;
  readonly keyFiles: ReadonlyMap<string, string>;
  readonly settings: Settings;
  readonly snapshot: Snapshot;
}

/** `value`: of the request; `fact`: of inventory, roles or services; `rule`: of a policy. */
export type ChangeKind = 'value' | 'fact' | 'rule';

/** One thing that could be otherwise. */
export interface Change {
  readonly kind: ChangeKind;
  /** What to do, as an instruction. */
  readonly text: string;
  readonly request?: TestRequest | undefined;
  readonly bundle?: Bundle | undefined;
}

/** A change is undefined where what it would change is not there. */
export type Changes = Iterable<Change | undefined>;

/** Undefined where the changed bundle is not valid. */
export function decideChanged(
  { request, bundle }: Change,
  rehearsal: Rehearsal,
  origin: Origin,
): Verdict | undefined {
  const snapshot = bundle === undefined ? origin.snapshot : compiled(bundle, origin);
  if (snapshot === undefined) return undefined;
  return rehearse({ ...rehearsal, request: request ?? rehearsal.request }, snapshot);
}

function compiled(bundle: Bundle, { keyFiles, settings }: Origin): Snapshot | undefined {
  const image = compileBundle(bundle, keyFiles, settings, 1, new Diagnostics());
  return image && openSnapshot(image);
}

export function value(text: string, request: TestRequest | undefined): Change | undefined {
  return request && { kind: 'value', text, request };
}

export function fact(text: string, bundle: Bundle | undefined): Change | undefined {
  return bundle && { kind: 'fact', text, bundle };
}

export function rule(text: string, bundle: Bundle | undefined): Change | undefined {
  return bundle && { kind: 'rule', text, bundle };
}
