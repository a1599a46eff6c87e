// Task profiles: what they name has to be there. Nothing is granted by them in this version.

import type { Bundle } from '../bundle/bundle.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { BlockCompiler, type RuleContext } from './block_compiler.ts';

export function checkTaskProfiles(
  profiles: Bundle['taskProfiles'],
  context: RuleContext,
  diagnostics: Diagnostics,
): void {
  for (const { document, at } of profiles) {
    const { agents, operations, budgets = {} } = document.spec;
    for (const [index, agent] of agents.entries()) {
      const id = parseSpiffeId(agent);
      if (id instanceof SpiffeId) continue;
      diagnostics.error(at(['spec', 'agents', index]), `\`${agent}\`: ${id.rule}`);
    }
    const compiler = new BlockCompiler(document.metadata.namespace, at, context, diagnostics);
    compiler.to({ operations }, ['spec']);
    for (const operation of Object.keys(budgets)) {
      if (operations.includes(operation)) continue;
      const message = `\`${operation}\` is none of the profile's operations`;
      diagnostics.error(at(['spec', 'budgets', operation]), message, operations.join(', '));
    }
  }
}
