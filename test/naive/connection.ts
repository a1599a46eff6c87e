// Which operation of a Service a connection without HTTP is (C-088): every `l4` operation is tried,
// and the most specific wins.

import type { OperationDocument, ServiceDocument } from '../../engine/bundle/service_kind.ts';
import type { NaiveRequest } from './request.ts';
import { lower } from './text.ts';

type Connection = NaiveRequest['connection'];
type L4 = NonNullable<OperationDocument['l4']>;

/** The name of the operation, or undefined: the connection is none. */
export function connectionOf(
  { spec }: ServiceDocument,
  { sni, port }: Connection,
): string | undefined {
  const all = Object.entries(spec.operations).flatMap(([name, { l4 }]) =>
    l4 === undefined ? [] : [{ name, l4 }],
  );
  // A name that others might read otherwise is no name at all, once names matter.
  const named = all.some(({ l4 }) => l4.sni !== undefined);
  if (named && sni !== '' && !isHostName(sni)) return undefined;
  return all
    .filter(({ l4 }) => l4.sni === undefined || sniMatches(lower(l4.sni), lower(sni)))
    .filter(({ l4 }) => l4.port === undefined || l4.port === port)
    .sort((a, b) => weight(b.l4) - weight(a.l4))[0]?.name;
}

/** `*.example` is for every name below `example`, however deep. */
function sniMatches(pattern: string, sni: string): boolean {
  return pattern.startsWith('*.') ? sni.endsWith(pattern.slice(1)) : sni === pattern;
}

/** An exact name, then the longest wildcard, then none; of the same a port before none. */
function weight({ sni, port }: L4): number {
  const name = sni === undefined ? 0 : sni.startsWith('*.') ? sni.length : 1000;
  return 2 * name + (port === undefined ? 0 : 1);
}

function isHostName(text: string): boolean {
  const labels = text.split('.');
  return text.length <= 253 && labels.every((it) => it.length <= 63 && /^[\w-]+$/.test(it));
}
