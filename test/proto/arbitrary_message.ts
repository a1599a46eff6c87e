/** Random messages of any reflected type, in the plain form that `fromObject` takes. */
import fc from 'fast-check';
import protobuf from 'protobufjs';

type Plain = Record<string, unknown>;

const repeatedMax = 3;

/** A message whose sub-messages go at most `depth` deep; below that they are absent. */
export function arbitraryMessage(type: protobuf.Type, depth: number): fc.Arbitrary<Plain> {
  const free = type.fieldsArray.filter((field) => field.partOf === null);
  const parts = [
    arbitraryFields(free, depth),
    ...type.oneofsArray.map((oneof) => arbitraryChoice(oneof, depth)),
  ];
  return fc.tuple(...parts).map((members) => Object.assign({}, ...members) as Plain);
}

function arbitraryFields(fields: protobuf.Field[], depth: number): fc.Arbitrary<Plain> {
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of fields) {
    const value = arbitraryField(field, depth);
    if (value !== undefined) model[field.name] = value;
  }
  return fc.record(model, { requiredKeys: [] });
}

/** One of a oneof's fields, or none. */
function arbitraryChoice(oneof: protobuf.OneOf, depth: number): fc.Arbitrary<Plain> {
  const choices = oneof.fieldsArray.flatMap((field) => {
    const value = arbitraryField(field, depth);
    return value === undefined ? [] : [value.map((v): Plain => ({ [field.name]: v }))];
  });
  // A Value of no kind is an error by struct.proto, and libraries make a null of it.
  if (oneof.parent?.fullName === '.google.protobuf.Value') return fc.oneof(...choices);
  return fc.oneof(fc.constant<Plain>({}), ...choices);
}

function arbitraryField(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> | undefined {
  const value = arbitraryValue(field, depth);
  if (value === undefined) return undefined;
  if (field.map) {
    const key = fc.string({ unit: 'binary', maxLength: 8 });
    return fc.dictionary(key, value, { maxKeys: repeatedMax, noNullPrototype: true });
  }
  return field.repeated ? fc.array(value, { maxLength: repeatedMax }) : value;
}

function arbitraryValue(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> | undefined {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) {
    const named = fc.constantFrom(...Object.values(resolvedType.values));
    // Enums are open: numbers without a name must survive as well. But a null is a null.
    return resolvedType.name === 'NullValue' ? named : fc.oneof(named, fc.nat(999));
  }
  if (resolvedType instanceof protobuf.Type) {
    return depth > 0 ? arbitraryMessage(resolvedType, depth - 1) : undefined;
  }
  const scalar = scalars[field.type];
  if (scalar === undefined) throw new Error(`no generator for \`${field.type}\``);
  return scalar;
}

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.string({ unit: 'binary', maxLength: 16 }),
  bytes: fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
  bool: fc.boolean(),
  int32: fc.integer(),
  uint32: fc.nat(0xffffffff),
  int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String),
  uint64: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
  double: fc.double(),
  float: fc.float(),
};
