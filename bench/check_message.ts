// The message that is sent again and again: bench/check.json, encoded, in gRPC's framing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRequestFromJson } from '../proto/protojson.ts';
import { caller as callerOf, destination as destinationOf } from './bundle.ts';

export const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';

/** The part of check.json that a scenario may add to. */
interface CheckJson {
  readonly attributes: {
    readonly source: object;
    readonly destination: object;
    readonly request: { readonly http: { readonly headers: object } };
  };
}

export interface MessageOptions {
  /** The caller's certificate in PEM, which Envoy sends URL-encoded. */
  readonly certificatePem?: string;
  /** The length of a body of letters. */
  readonly bodyBytes?: number;
  /** The place of the Service in a bundle of `writeBundle`; caller and destination are its own. */
  readonly service?: number;
  /** Besides those of check.json. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An encoded CheckRequest. */
export function checkMessage(options: MessageOptions = {}): Buffer {
  const { certificatePem, bodyBytes, service = 0, headers } = options;
  const text = readFileSync(join(import.meta.dirname, 'check.json'), 'utf8');
  const { attributes } = JSON.parse(text) as CheckJson; // Our own file.
  const { source, destination, request } = attributes;
  const message = {
    attributes: {
      ...attributes,
      source: {
        ...source,
        principal: callerOf(service),
        ...(certificatePem && { certificate: urlEncoded(certificatePem) }),
      },
      destination: { ...destination, principal: destinationOf(service) },
      request: {
        ...request,
        http: {
          ...request.http,
          headers: { ...request.http.headers, ...headers },
          ...(bodyBytes && { body: 'x'.repeat(bodyBytes) }),
        },
      },
    },
  };
  return Buffer.from(checkRequestFromJson(message));
}

/** As Envoy does it: of what PEM is made of, these characters alone. */
function urlEncoded(pem: string): string {
  return pem.replace(/[\n +/=]/g, encodeURIComponent);
}

/** With the five bytes before it that gRPC puts: not compressed, and the length. */
export function grpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
