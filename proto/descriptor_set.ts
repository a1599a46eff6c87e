/**
 * Reflected types → FileDescriptorProtos as protoc would write them: one per .proto file, with
 * imports, full type names and JSON names. protobufjs's own `toDescriptor` writes one per package,
 * without imports, and shortened names, which other libraries refuse.
 */
import { relative } from 'node:path';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';

type Declaration = protobuf.Type | protobuf.Enum | protobuf.Service;
type Plain = Record<string, unknown>;

/** What protobufjs has built in does not say which file it is from. */
const bundledFileOf: ReadonlyMap<string, string> = new Map(
  ['any', 'struct', 'timestamp', 'wrappers'].flatMap((name) => {
    const file = `google/protobuf/${name}.proto`;
    const bundled = protobuf.Root.fromJSON(protobuf.common.get(file)!);
    return declarationsOf(bundled).map((declaration) => [declaration.fullName, file] as const);
  }),
);

/** Encodes every file of the root, each after the files it imports. */
export function encodedFiles(root: protobuf.Root, directory: string): Uint8Array[] {
  const files = new Map<string, Declaration[]>();
  for (const declaration of declarationsOf(root)) {
    const name = fileOf(declaration, directory);
    const file = files.get(name);
    if (file === undefined) files.set(name, [declaration]);
    else file.push(declaration);
  }
  const encoded = new Map<string, Uint8Array>();
  const add = (name: string): void => {
    if (encoded.has(name)) return;
    const declarations = files.get(name)!;
    const imports = new Set(declarations.flatMap(referencesOf).map((d) => fileOf(d, directory)));
    imports.delete(name);
    for (const imported of imports) add(imported);
    encoded.set(name, encodeFile(name, [...imports].sort(), declarations));
  };
  for (const name of files.keys()) add(name);
  return [...encoded.values()];
}

function encodeFile(name: string, dependency: string[], declarations: Declaration[]): Uint8Array {
  const type = descriptor.FileDescriptorProto;
  const file: Plain = {
    name,
    package: declarations[0]!.parent!.fullName.slice(1),
    dependency,
    messageType: declarations.filter((d) => d instanceof protobuf.Type).map(messageOf),
    enumType: declarations.filter((d) => d instanceof protobuf.Enum).map(enumOf),
    service: declarations.filter((d) => d instanceof protobuf.Service).map(serviceOf),
    syntax: 'proto3',
  };
  return type.encode(type.fromObject(file)).finish();
}

/** The types, enums and services that stand in a namespace, not those inside a type. */
function declarationsOf(namespace: protobuf.NamespaceBase): Declaration[] {
  return namespace.nestedArray.flatMap((nested) => {
    if (nested instanceof protobuf.Type || nested instanceof protobuf.Enum) return [nested];
    if (nested instanceof protobuf.Service) return [nested];
    return nested instanceof protobuf.Namespace ? declarationsOf(nested) : [];
  });
}

function fileOf(declaration: Declaration, directory: string): string {
  if (declaration.filename) return relative(directory, declaration.filename);
  const file = bundledFileOf.get(declaration.fullName);
  if (file === undefined) throw new Error(`no file declares \`${declaration.fullName}\``);
  return file;
}

function referencesOf(declaration: Declaration): Declaration[] {
  if (declaration instanceof protobuf.Enum) return [];
  if (declaration instanceof protobuf.Service) {
    return declaration.methodsArray.flatMap((m) =>
      [m.resolvedRequestType!, m.resolvedResponseType!].map(outermost),
    );
  }
  const own = declaration.fieldsArray.flatMap((f) => (f.resolvedType ? [f.resolvedType] : []));
  return [...own.map(outermost), ...typesIn(declaration).flatMap(referencesOf)];
}

function outermost(declaration: protobuf.Type | protobuf.Enum): protobuf.Type | protobuf.Enum {
  const { parent } = declaration;
  return parent instanceof protobuf.Type ? outermost(parent) : declaration;
}

function typesIn(type: protobuf.Type): protobuf.Type[] {
  return type.nestedArray.filter((nested) => nested instanceof protobuf.Type);
}

function messageOf(type: protobuf.Type): Plain {
  return {
    name: type.name,
    field: type.fieldsArray.map(fieldOf),
    oneofDecl: type.oneofsArray.map(({ name }) => ({ name })),
    nestedType: [
      ...typesIn(type).map(messageOf),
      ...type.fieldsArray.filter((f) => f instanceof protobuf.MapField).map(entryOf),
    ],
    enumType: type.nestedArray.filter((nested) => nested instanceof protobuf.Enum).map(enumOf),
  };
}

function fieldOf(field: protobuf.FieldBase): Plain {
  const name = protoName(field.name);
  const type = field.map
    ? { type: 'TYPE_MESSAGE', typeName: `${field.parent!.fullName}.${entryName(field)}` }
    : typeOf(field);
  const label = field.repeated || field.map ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL';
  const plain: Plain = { name, number: field.id, label, ...type, jsonName: jsonName(name) };
  if (field.partOf) {
    plain['oneofIndex'] = (field.parent as protobuf.Type).oneofsArray.indexOf(field.partOf);
  }
  if (field.getOption('deprecated') === true) plain['options'] = { deprecated: true };
  return plain;
}

function typeOf(field: protobuf.FieldBase): Plain {
  const { resolvedType } = field;
  if (resolvedType === null) return { type: `TYPE_${field.type.toUpperCase()}` };
  const type = resolvedType instanceof protobuf.Enum ? 'TYPE_ENUM' : 'TYPE_MESSAGE';
  return { type, typeName: resolvedType.fullName };
}

/** A map is a repeated message with two fields (protobuf language guide, "Maps"). */
function entryOf(field: protobuf.MapField): Plain {
  const label = 'LABEL_OPTIONAL';
  const keyType = `TYPE_${field.keyType.toUpperCase()}`;
  return {
    name: entryName(field),
    field: [
      { name: 'key', number: 1, label, type: keyType, jsonName: 'key' },
      { name: 'value', number: 2, label, ...typeOf(field), jsonName: 'value' },
    ],
    options: { mapEntry: true },
  };
}

function entryName(field: protobuf.FieldBase): string {
  return `${protobuf.util.ucFirst(jsonName(protoName(field.name)))}Entry`;
}

/** The built-in types are in camelCase, whatever the loader was told. */
function protoName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function jsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}

function enumOf({ name, values }: protobuf.Enum): Plain {
  return { name, value: Object.entries(values).map(([name, number]) => ({ name, number })) };
}

function serviceOf(service: protobuf.Service): Plain {
  const method = service.methodsArray.map((m) => ({
    name: m.name,
    inputType: m.resolvedRequestType!.fullName,
    outputType: m.resolvedResponseType!.fullName,
    clientStreaming: m.requestStream === true,
    serverStreaming: m.responseStream === true,
  }));
  return { name: service.name, method };
}
