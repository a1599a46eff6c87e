// The workload that a token or a key was made for (C-067): an Identity by issuer and subject may
// name it, and while that workload stands in no inventory, has ended or is overdue, the credential
// proves nobody. A token lives on when its workload is gone; this is what ends it.

import type { Bundle } from '../bundle/bundle.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import type { SpiffePattern } from '../spiffe_pattern.ts';

/** @param names of all identities, SPIFFE IDs and patterns among them */
export function checkWorkloads(
  identities: Bundle['identities'],
  names: ReadonlySet<string>,
  patterns: readonly SpiffePattern[],
  diagnostics: Diagnostics,
): void {
  // One look for each shape of pattern, as in the inventory.
  const shapes = [...new Map(patterns.map((it) => [it.mask, it])).values()];
  for (const { document, at } of identities) {
    const { spiffe, subject, workload } = document.spec;
    if (workload === undefined) continue;
    const place = at(['spec', 'workload']);
    const id = parseSpiffeId(workload);
    if (spiffe !== undefined || subject === undefined) {
      const message = '`workload` says whose tokens or keys these are';
      diagnostics.error(place, message, '`issuer` and `subject` beside it, and no `spiffe`');
    } else if (!(id instanceof SpiffeId) || id.path === '') {
      const rule = id instanceof SpiffeId ? 'a workload has a path' : id.rule;
      diagnostics.error(place, `\`${workload}\`: ${rule}`);
    } else if (!names.has(workload) && !shapes.some((it) => names.has(it.maskedKey(id) ?? ''))) {
      // No error: then the bundle before would stay in force, and with it the tokens.
      const message = `no Identity names \`${workload}\`, so its tokens and keys prove nobody`;
      diagnostics.warning(place, message, 'an Identity with this `spiffe`, or this one removed');
    }
  }
}
