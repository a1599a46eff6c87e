// What a CheckResponse says of its decision, read back from the bytes that leave: the dynamic
// metadata that Envoy gets too. For tracing, which stands around deciding and not in it.

import { REASONS, type Reason } from '../engine/reason.ts';
import { protoRoot } from '../proto/load.ts';

const type = protoRoot.lookupType('envoy.service.auth.v3.CheckResponse');

export interface Answered {
  readonly decisionId: string;
  readonly outcome: 'allow' | 'deny';
  /** Undefined on allow. */
  readonly reason: Reason | undefined;
}

interface Struct {
  readonly fields: Readonly<Record<string, Value | undefined>>;
}

interface Value {
  readonly structValue?: Struct;
  readonly stringValue?: string;
}

export function readAnswered(response: Uint8Array): Answered {
  // The decoded message has the shape of the .proto, of which this is a part.
  const message = type.decode(response) as unknown as { readonly dynamic_metadata?: Struct };
  const remit = message.dynamic_metadata?.fields['remit']?.structValue?.fields ?? {};
  const reason = remit['reason']?.stringValue ?? '';
  return {
    decisionId: remit['decision_id']?.stringValue ?? '',
    outcome: remit['outcome']?.stringValue === 'allow' ? 'allow' : 'deny',
    reason: Object.hasOwn(REASONS, reason) ? (reason as Reason) : undefined,
  };
}
