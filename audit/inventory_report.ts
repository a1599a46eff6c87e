// The inventory of credentials as `/identities` shows it and `remit identities` reads it.

import { z } from 'zod';

/** Values at a time: a fraction of a millisecond of work. */
const PART = 100;

const instant = z.iso.datetime();
const count = z.number().int().nonnegative();
const seen = { firstSeen: instant, lastSeen: instant, count };

const credential = z.object({
  method: z.string(),
  /** A digest; empty where an enforcer's word is all that came. */
  credential: z.string(),
  keyThumbprint: z.string(),
  notBefore: instant.nullable(),
  notAfter: instant.nullable(),
  ...seen,
  sources: z.array(
    z.object({
      enforcer: z.string(),
      /** The workload that showed a token or a key; empty where none was proved. */
      workload: z.string(),
    }),
  ),
  /** Uses from sources beyond those. */
  sourcesOmitted: count,
});

const identity = z.object({
  /** A SPIFFE ID where `issuer` is empty. */
  subject: z.string(),
  issuer: z.string(),
  ...seen,
  /** Another key of a certificate, another token, another API key; replicas count as well. */
  rotations: count,
  lastRotated: instant.nullable(),
  /** Remembered; `credentialsForgotten` came before them. */
  credentials: z.array(credential),
  credentialsForgotten: count,
});

const operation = z.object({
  principal: z.string(),
  operation: z.string(),
  service: z.string(),
  verb: z.string(),
  dataClass: z.string(),
  ...seen,
});

export const inventoryReport = z.object({
  /** Whoever came between these is here, or was forgotten; null: there was no record. */
  since: instant.nullable(),
  until: instant.nullable(),
  forgotten: z.object({ identities: count, credentials: count, operations: count }),
  /** Lines that are no JSON. */
  unreadable: count,
  /** Lines that were new and came too fast; whoever comes again is met then. */
  omitted: count,
  identities: z.array(identity),
  operations: z.array(operation),
});

/** Its JSON, in parts: all of it may be some megabytes. */
export function* inventoryText(
  head: InventoryHead,
  identities: Iterable<SeenIdentity>,
  operations: Iterable<SeenOperation>,
): Generator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"identities":[\n`;
  yield* listText(identities);
  yield '\n],"operations":[\n';
  yield* listText(operations);
  yield '\n]}\n';
}

function* listText(values: Iterable<object>): Generator<string> {
  let part = '';
  let count = 0;
  for (const value of values) {
    part += `${count === 0 ? '' : ',\n'}${JSON.stringify(value)}`;
    if (++count % PART > 0) continue;
    yield part;
    part = '';
  }
  yield part;
}

export type InventoryReport = z.infer<typeof inventoryReport>;
export type InventoryHead = Omit<InventoryReport, 'identities' | 'operations'>;
export type SeenIdentity = z.infer<typeof identity>;
export type SeenCredential = z.infer<typeof credential>;
export type SeenOperation = z.infer<typeof operation>;
