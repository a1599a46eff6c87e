// A naive reader of the protobuf wire format, driven by the official descriptors: a message becomes
// a tree, or the first reason why two parsers could read it differently. It knows nothing of ours.

import { isUtf8 } from 'node:buffer';
import protobuf from 'protobufjs';

const DEPTH_MAX = 320;

/** One field as it was sent. */
export interface Node {
  readonly number: number;
  readonly wire: number;
  /** Of a length-delimited field what its length measures, else the value's own bytes. */
  readonly content: Buffer;
  /** Of a known message its fields. */
  readonly children: Node[] | undefined;
}

/** What a field may be: a type of its own, or a map's entry. */
type Fields = (number: number) => FieldKind | undefined;
interface FieldKind {
  readonly wire: number;
  readonly repeated: boolean;
  readonly text: boolean;
  readonly fields: Fields | undefined;
}

/** Not an Error: it is expected, and often, so no stack is captured. */
export class Malformed {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Reads a whole message of this type. */
export function readTree(bytes: Buffer, type: protobuf.Type): Node[] {
  return readMessage(bytes, fieldsOf(type), 0);
}

function readMessage(bytes: Buffer, fields: Fields, depth: number): Node[] {
  if (depth > DEPTH_MAX) throw new Malformed('nested too deep');
  const nodes: Node[] = [];
  const seen = new Set<number>();
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at, 5);
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (number === 0) throw new Malformed('field number 0');
    const length = wire === 2 ? varint(bytes, tag.end, 5) : undefined;
    const start = length?.end ?? tag.end;
    const end = start + (length?.value ?? scalarBytes(bytes, start, wire));
    if (end > bytes.length) throw new Malformed('a field ends beyond its message');
    const content = bytes.subarray(start, end);
    const kind = fields(number);
    if (kind !== undefined && !kind.repeated && seen.has(number)) {
      throw new Malformed(`field ${number} stands twice`);
    }
    seen.add(number);
    if (kind !== undefined && kind.wire !== wire) checkPacked(content, kind, wire);
    if (kind?.text && !isUtf8(content)) throw new Malformed(`field ${number} is not UTF-8`);
    const inner = kind?.fields;
    const children = inner && readMessage(content, inner, depth + 1);
    nodes.push({ number, wire, content, children });
    at = end;
  }
  return nodes;
}

/** A varint of so many bytes; of five it may hold 32 bits, which is what tags and lengths are. */
function varint(bytes: Buffer, start: number, bytesMax: number): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < bytesMax; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) throw new Malformed('a varint does not end');
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      if (bytesMax === 5 && value >= 2 ** 32) throw new Malformed('more than 32 bits');
      return { value, end: start + index + 1 };
    }
  }
  throw new Malformed('a varint is too long');
}

function scalarBytes(bytes: Buffer, start: number, wire: number): number {
  if (wire === 0) return varint(bytes, start, 10).end - start;
  if (wire === 1) return 8;
  if (wire === 5) return 4;
  throw new Malformed(`wire type ${wire}`);
}

/** Another wire type is only ever right for repeated scalars, which may come as one run. */
function checkPacked(content: Buffer, kind: FieldKind, wire: number): void {
  if (wire !== 2 || !kind.repeated || kind.wire === 2) throw new Malformed('another wire type');
  for (let at = 0; at < content.length; ) {
    at += scalarBytes(content, at, kind.wire);
    if (at > content.length) throw new Malformed('a packed run does not end');
  }
}

const known = new Map<protobuf.Type, Fields>();

function fieldsOf(type: protobuf.Type): Fields {
  const found = known.get(type);
  if (found !== undefined) return found;
  const kinds = new Map<number, FieldKind>();
  const fields: Fields = (number) => kinds.get(number);
  // Before its fields are looked at: types may hold themselves.
  known.set(type, fields);
  for (const field of type.fieldsArray) {
    kinds.set(
      field.id,
      field instanceof protobuf.MapField ? mapKind(field) : kindOf(field, field.repeated),
    );
  }
  return fields;
}

/** What of protobufjs' fields and map fields is looked at. */
type Declared = Pick<protobuf.MapField, 'type' | 'resolvedType'>;

const WIRES: Readonly<Record<string, number>> = protobuf.types.basic;

/** A map is repeated entries of key and value, each of which may stand once. */
function mapKind(field: protobuf.MapField): FieldKind {
  const key = kindOf({ type: field.keyType, resolvedType: null }, false);
  const entry = [undefined, key, kindOf(field, false)];
  return { wire: 2, repeated: true, text: false, fields: (number) => entry[number] };
}

function kindOf({ resolvedType, type }: Declared, repeated: boolean): FieldKind {
  if (resolvedType instanceof protobuf.Type) {
    // Looked up when it is needed, so that the order of declarations does not matter.
    const fields: Fields = (number) => fieldsOf(resolvedType)(number);
    return { wire: 2, repeated, text: false, fields };
  }
  const wire = resolvedType instanceof protobuf.Enum ? 0 : (WIRES[type] ?? 2);
  return { wire, repeated, text: type === 'string', fields: undefined };
}

export function encodeTree(nodes: readonly Node[]): Buffer {
  return Buffer.concat(nodes.map(encodeNode));
}

function encodeNode({ number, wire, content, children }: Node): Buffer {
  const body = children === undefined ? content : encodeTree(children);
  const tag = encodeVarint(number * 8 + wire);
  return wire === 2
    ? Buffer.concat([tag, encodeVarint(body.length), body])
    : Buffer.concat([tag, body]);
}

export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}
