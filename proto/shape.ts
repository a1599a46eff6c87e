/**
 * What the wire form of each message may hold, as a table to look up by field number: enough for a
 * walker to check structure without building objects. Built once, when this module loads.
 */
import protobuf from 'protobufjs';
import { protoRoot } from './load.ts';

/** One message type. */
export interface Shape {
  /** The full name; of a map's entry, the field's full name and `[]`. */
  readonly name: string;
  /** Index = field number. */
  readonly fields: ReadonlyArray<FieldShape | undefined>;
}

/** One field, as far as its bytes show it. */
export interface FieldShape {
  /** Varint, 64 bits, length-delimited or 32 bits; of one element, when repeated. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Enums are scalars. */
  readonly kind: 'scalar' | 'string' | 'bytes' | 'message';
  /** Maps are repeated entries. */
  readonly repeated: boolean;
  /** A repeated scalar that may also come as one length-delimited run, whatever was declared. */
  readonly packable: boolean;
  /** The message inside, or the map's entry; types that hold themselves make this a cycle. */
  readonly shape: Shape | undefined;
}

const fieldNumberMax = 255; // The arrays must stay dense; the largest number in use is 13.

const shapes = shapesOf(protoRoot);

/** The shape of one of our types, by its full name without a leading dot. */
export function shapeOf(typeName: string): Shape {
  const shape = shapes.get(typeName);
  if (shape === undefined) throw new Error(`no message \`${typeName}\` in our .proto files`);
  return shape;
}

/** The shapes of all message types of a root, by full name. */
export function shapesOf(root: protobuf.Root): ReadonlyMap<string, Shape> {
  const built = new Map<string, Shape>();
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Type) messageShape(nested, built);
      if (nested instanceof protobuf.Namespace) visit(nested);
    }
  };
  visit(root);
  return built;
}

function messageShape(type: protobuf.Type, built: Map<string, Shape>): Shape {
  const name = type.fullName.slice(1);
  const known = built.get(name);
  if (known !== undefined) return known;
  const fields = emptyFields(type);
  const shape: Shape = { name, fields };
  // INVARIANT: a shape is registered before its fields are built, or Struct would never end.
  built.set(name, shape);
  for (const field of type.fieldsArray) {
    fields[field.id] =
      field instanceof protobuf.MapField
        ? mapShape(field, name, built)
        : fieldShape(field.type, field.resolvedType, field.repeated, built);
  }
  return shape;
}

function emptyFields(type: protobuf.Type): (FieldShape | undefined)[] {
  const last = type.fieldsArray.reduce((max, field) => Math.max(max, field.id), 0);
  if (last > fieldNumberMax) throw new Error(`field number ${last} in \`${type.fullName}\``);
  return new Array<FieldShape | undefined>(last + 1).fill(undefined);
}

function mapShape(field: protobuf.MapField, owner: string, built: Map<string, Shape>): FieldShape {
  const key = fieldShape(field.keyType, null, false, built);
  const value = fieldShape(field.type, field.resolvedType, false, built);
  const shape = { name: `${owner}.${field.name}[]`, fields: [undefined, key, value] };
  return { wire: 2, kind: 'message', repeated: true, packable: false, shape };
}

function fieldShape(
  typeName: string,
  resolved: protobuf.Type | protobuf.Enum | null,
  repeated: boolean,
  built: Map<string, Shape>,
): FieldShape {
  if (resolved instanceof protobuf.Type) {
    const shape = messageShape(resolved, built);
    return { wire: 2, kind: 'message', repeated, packable: false, shape };
  }
  if (typeName === 'string' || typeName === 'bytes') {
    return { wire: 2, kind: typeName, repeated, packable: false, shape: undefined };
  }
  const wire = resolved instanceof protobuf.Enum ? 0 : scalarWire(typeName);
  return { wire, kind: 'scalar', repeated, packable: repeated, shape: undefined };
}

function scalarWire(typeName: string): 0 | 1 | 5 {
  const wires: Readonly<Record<string, number>> = protobuf.types.basic;
  const wire = wires[typeName];
  if (wire !== 0 && wire !== 1 && wire !== 5) throw new Error(`no wire type for \`${typeName}\``);
  return wire;
}
