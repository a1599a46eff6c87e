// Reads an encoded CheckResponse the way Envoy would, for tests.

import { protoRoot } from '../../proto/load.ts';

const type = protoRoot.lookupType('envoy.service.auth.v3.CheckResponse');

interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string };
}

interface Message {
  readonly status?: { readonly code?: number };
  readonly ok_response?: { readonly headers?: readonly HeaderOption[] };
  readonly denied_response?: {
    readonly status?: { readonly code?: number };
    readonly headers?: readonly HeaderOption[];
    readonly body?: string;
  };
  readonly dynamic_metadata?: {
    readonly fields: {
      readonly remit: {
        readonly structValue: {
          readonly fields: Readonly<Record<string, { readonly stringValue: string }>>;
        };
      };
    };
  };
}

export interface Answered {
  /** What Envoy would do. */
  readonly allowed: boolean;
  /** `allow`, or the reason of the denial. */
  readonly result: string;
  /** 200 on allow. */
  readonly http: number;
  /** google.rpc.Code. */
  readonly grpc: number;
  readonly decisionId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function readResponse(bytes: Uint8Array): Answered {
  // The decoded message has the shape of the .proto, which `Message` repeats in part.
  const message = type.toObject(type.decode(bytes), { enums: Number, longs: Number }) as Message;
  const { status, ok_response, denied_response, dynamic_metadata } = message;
  const metadata = dynamic_metadata?.fields.remit.structValue.fields ?? {};
  const options = ok_response?.headers ?? denied_response?.headers ?? [];
  const grpc = status?.code ?? 0;
  const reason = metadata['reason']?.stringValue ?? '';
  return {
    allowed: grpc === 0,
    result: reason === '' ? (metadata['outcome']?.stringValue ?? '') : reason,
    http: denied_response?.status?.code ?? 200,
    grpc,
    decisionId: metadata['decision_id']?.stringValue ?? '',
    headers: Object.fromEntries(options.map(({ header }) => [header.key, header.value])),
    body: denied_response?.body ?? '',
  };
}
