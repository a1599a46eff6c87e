// What an enforcer says of a request's surroundings, in `context_extensions` of its own
// configuration (C-024): never a header, and never more than it may assert.

import type { Enforcer } from './identity/enforcer.ts';

export interface Assertions {
  /** Empty when nothing is asserted. */
  readonly environment: string;
  readonly tenant: string;
  readonly runtime: ReadonlyMap<string, string>;
}

const NOTHING: Assertions = { environment: '', tenant: '', runtime: new Map() };
const RUNTIME = 'remit.runtime.';

/** @param extensions by whole name */
export function assertedBy(
  { asserts }: Enforcer,
  extensions: ReadonlyMap<string, string>,
): Assertions {
  if (extensions.size === 0) return NOTHING;
  const said = (name: string, allowed: readonly string[]): string => {
    const value = extensions.get(name) ?? '';
    return allowed.includes('*') || allowed.includes(value) ? value : '';
  };
  const runtime = new Map<string, string>();
  for (const [key, value] of extensions) {
    const name = key.startsWith(RUNTIME) ? key.slice(RUNTIME.length) : '';
    if (name !== '' && (asserts.runtime === '*' || asserts.runtime.includes(name))) {
      runtime.set(name, value);
    }
  }
  return {
    environment: said('remit.environment', asserts.environment),
    tenant: said('remit.tenant', asserts.tenant),
    runtime,
  };
}
