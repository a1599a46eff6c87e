// A request as its decision record tells it, as far as it does: records hold no header, no query
// and no body, so what rules read of those is not there.

import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import { CommandError, plainError } from '../command.ts';

/** @param line of `records.decisions` */
export function recordedRequest(line: string): TestRequest {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (error) {
    throw new CommandError(`standard input holds no decision record: ${plainError(error)}`);
  }
  const kind = field(record, 'kind');
  if (kind !== 'authz.decision') {
    throw new CommandError(`the record is no \`authz.decision\` but \`${String(kind)}\``);
  }
  const service = text(record, 'service');
  if (service === undefined) throw new CommandError('the record names no service');
  const request = field(record, 'request');
  const sni = text(request, 'sni');
  const port = field(request, 'port');
  const host = text(request, 'host');
  const connection = sni !== undefined || typeof port === 'number';
  const made = {
    principal: text(record, 'principal'),
    // A credential was verified; the enforcer's word has none.
    assurance: text(record, 'credential') === undefined ? undefined : ('svid' as const),
    service,
    method: connection ? undefined : text(request, 'method'),
    path: connection ? undefined : text(request, 'path'),
    connection: connection ? { sni, port: typeof port === 'number' ? port : undefined } : undefined,
    headers: host === undefined ? undefined : { host },
    tenant: undefined,
    at: text(record, 'time'),
  };
  return made;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<string, unknown>)[name]; // An object, as was just seen.
}

function text(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
