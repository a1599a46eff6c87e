// Values of the official suite, which are protocol buffers, as ours and back, and the comparison of
// results: stricter than CEL's own equality, as 1 and 1.0 are two results.

import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { anyUnpack, DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { isMapKey } from '../../engine/cel/equality.ts';
import {
  CelDuration,
  type CelMapKey,
  CelOptional,
  CelTimestamp,
  CelType,
  CelUint,
  type CelValue,
  isList,
} from '../../engine/cel/value.ts';

const NANOS = 1_000_000_000n;

/** Undefined for what only messages can be. */
export function celValueOf({ kind }: Value): CelValue | undefined {
  switch (kind.case) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return kind.value;
    case 'uint64Value':
      return new CelUint(kind.value);
    case 'typeValue':
      return new CelType(kind.value);
    case 'listValue': {
      const values = kind.value.values.map(celValueOf);
      return values.some((it) => it === undefined) ? undefined : (values as CelValue[]);
    }
    case 'mapValue': {
      const map = new Map<CelMapKey, CelValue>();
      for (const entry of kind.value.entries) {
        const key = celValueOf(entry.key!);
        const value = celValueOf(entry.value!);
        if (key === undefined || !isMapKey(key) || value === undefined) return undefined;
        map.set(key, value);
      }
      return map;
    }
    case 'objectValue': {
      const timestamp = anyUnpack(kind.value, TimestampSchema);
      if (timestamp !== undefined) {
        return new CelTimestamp(timestamp.seconds * NANOS + BigInt(timestamp.nanos));
      }
      const duration = anyUnpack(kind.value, DurationSchema);
      if (duration === undefined) return undefined;
      return new CelDuration(duration.seconds * NANOS + BigInt(duration.nanos));
    }
    default:
      return undefined;
  }
}

/** A text that two values share if and only if they are the same result. */
export function resultText(value: CelValue): string {
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'number') return `double ${Object.is(value, -0) ? '-0' : value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof CelUint) return `${value.value}u`;
  if (value instanceof Uint8Array) return `bytes ${value.join(' ')}`;
  if (value instanceof CelTimestamp) return `timestamp ${value.nanos}`;
  if (value instanceof CelDuration) return `duration ${value.nanos}`;
  if (value instanceof CelType) return `type ${value.name}`;
  if (isList(value)) return `[${value.map(resultText).join(', ')}]`;
  if (value instanceof CelOptional) {
    return `optional ${value.value === undefined ? 'none' : resultText(value.value)}`;
  }
  if (!(value instanceof Map)) return 'object';
  const entries = [...value].map(([key, it]) => `${resultText(key)}: ${resultText(it)}`);
  return `{${entries.sort().join(', ')}}`;
}
