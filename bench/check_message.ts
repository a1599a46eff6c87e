// The message that is sent again and again: bench/check.json, encoded, in gRPC's framing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRequestFromJson } from '../proto/protojson.ts';

export const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';

/** An encoded CheckRequest. */
export function checkMessage(): Buffer {
  const text = readFileSync(join(import.meta.dirname, 'check.json'), 'utf8');
  return Buffer.from(checkRequestFromJson(JSON.parse(text)));
}

/** With the five bytes before it that gRPC puts: not compressed, and the length. */
export function grpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
