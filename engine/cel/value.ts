// The values of CEL as JavaScript holds them (CEL specification, "Values"). int is bigint and
// double is number, so that neither loses precision; what JavaScript has no type for is a small
// class.

import type { CelFailure } from './failure.ts';

/** int, double, string, bool, null, bytes, list and map as they are, the rest as classes. */
export type CelValue =
  | bigint
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CelValue[]
  | CelMap
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelType
  | CelOptional
  | CelIp
  | CelCidr
  | CelStruct;

export type CelMapKey = bigint | string | boolean | CelUint;

/** A map; a JSON object is one with string keys. It is always a `Map`. */
export type CelMap = ReadonlyMap<CelMapKey, CelValue>;

/**
 * An object with declared fields, which may compute them when they are read; `undefined` is absent.
 * What is there and cannot be read is a failure, also for `has()`.
 */
export interface CelStruct {
  field(name: string): CelValue | CelFailure | undefined;
}

export class CelUint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

export class CelTimestamp {
  /** Since 1970-01-01T00:00:00Z. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class CelDuration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class CelType {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class CelOptional {
  readonly value: CelValue | undefined;
  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}

export const NONE = new CelOptional(undefined);

/** An IP address: 4 or 16 bytes. */
export class CelIp {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A block of addresses as it was written: bits beyond the prefix are kept. */
export class CelCidr {
  readonly bytes: Uint8Array;
  readonly prefixBits: number;
  constructor(bytes: Uint8Array, prefixBits: number) {
    this.bytes = bytes;
    this.prefixBits = prefixBits;
  }
}

export type CelKind =
  | 'int'
  | 'double'
  | 'string'
  | 'bool'
  | 'null'
  | 'bytes'
  | 'list'
  | 'map'
  | 'uint'
  | 'timestamp'
  | 'duration'
  | 'type'
  | 'optional'
  | 'ip'
  | 'cidr'
  | 'object';

export function kindOf(value: CelValue): CelKind {
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    default:
      return objectKindOf(value);
  }
}

function objectKindOf(value: CelValue): CelKind {
  if (value === null) return 'null';
  if (isList(value)) return 'list';
  if (value instanceof Map) return 'map';
  if (value instanceof CelUint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof CelTimestamp) return 'timestamp';
  if (value instanceof CelDuration) return 'duration';
  if (value instanceof CelOptional) return 'optional';
  if (value instanceof CelType) return 'type';
  if (value instanceof CelIp) return 'ip';
  if (value instanceof CelCidr) return 'cidr';
  return 'object';
}

/** `Array.isArray` does not narrow what is read-only. */
export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

/** The name that `type()` gives, by kind. */
export const TYPE_NAMES: Readonly<Record<CelKind, string>> = {
  int: 'int',
  uint: 'uint',
  double: 'double',
  string: 'string',
  bool: 'bool',
  null: 'null_type',
  bytes: 'bytes',
  list: 'list',
  map: 'map',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  type: 'type',
  optional: 'optional_type',
  ip: 'net.IP',
  cidr: 'net.CIDR',
  object: 'object',
};

/** Types by the name that an expression may write. */
export const TYPES_BY_NAME: ReadonlyMap<string, CelType> = new Map(
  Object.values(TYPE_NAMES)
    .filter((name) => name !== 'object')
    .map((name) => [name, new CelType(name)]),
);
