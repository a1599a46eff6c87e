// The table of scenarios. Each measures fresh processes, so none inherits another's heap or code.

import { resolve } from 'node:path';
import { measurePairs } from './contender.ts';
import { echo } from './echo.ts';
import { remit } from './remit.ts';
import { comparison, type Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'plaintext',
    summary: 'one thread, 10 rules, both records on, against a bare grpc-js echo',
    async measure(run) {
      const server = remit({ rules: 10, poolThreads: 0 });
      return comparison(echo.name, server.name, await measurePairs(echo, server, run));
    },
  },
];

/** Another checkout against this one: what a change did to the same work. */
export function against(root: string): Scenario {
  return {
    name: 'against',
    summary: `this checkout against ${root}`,
    async measure(run) {
      const before = remit({ name: 'before', root: resolve(root), rules: 10, poolThreads: 0 });
      const after = remit({ name: 'after', rules: 10, poolThreads: 0 });
      return comparison(before.name, after.name, await measurePairs(before, after, run));
    },
  };
}
