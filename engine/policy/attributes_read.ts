// What a context handler has to read for a bundle: nothing that no rule and no operation asks for
// ever becomes a string.

import { attributeNames } from '../attribute_path.ts';
import type { AttributesRead } from '../settings.ts';
import type { RuleRecord } from './rule_record.ts';
import type { Service } from './service.ts';

const HEADER = 'request.headers.';

/** @param proof what those who prove need, besides */
export function attributesReadOf(
  services: readonly Service[],
  records: readonly RuleRecord[],
  proof: Pick<AttributesRead, 'certificate' | 'extensions' | 'proofHeaders' | 'metadata'>,
): AttributesRead {
  const reads = new Set<string>();
  for (const { operations } of services) {
    for (const { requires } of operations) for (const path of requires) reads.add(path);
  }
  let addresses = false;
  for (const { condition, from, fromNot } of records) {
    for (const path of condition?.reads ?? []) reads.add(path);
    addresses ||= from.ipBlocks !== undefined || fromNot?.ipBlocks !== undefined;
  }
  // Whoever reads a whole object reads all that is in it.
  const some = (name: string) =>
    [...reads].some((path) => `${path}.`.startsWith(`${name}.`) || name.startsWith(`${path}.`));
  return {
    ...proof,
    host: some('request.host') || services.some(({ hosts }) => hosts.length > 0),
    sni: services.some(({ connections }) => connections.readsSni),
    port: services.some(({ connections }) => connections.readsPort),
    body: some('request.body'),
    sourceAddress: addresses || some('context.sourceIp'),
    headers: new Set([...reads].filter((it) => it.startsWith(HEADER)).map(headerOf)),
  };
}

/** An operation that requires a header writes a dot in its name as it is. */
function headerOf(path: string): string {
  return attributeNames(path).slice(2).join('.');
}
