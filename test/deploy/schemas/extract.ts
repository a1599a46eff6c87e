// Makes kubernetes.yaml and istio.yaml from what Kubernetes and Istio publish (README.md beside it
// says where that is). Only what deploy/ can need is kept, without descriptions, and every object
// is closed: a field that the schemas do not know is a mistake here; an API server may drop it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { parseAllDocuments } from 'yaml';

type Schema = { [key: string]: unknown };

const CORE = 'io.k8s.api.core.v1';
const KUBERNETES_KINDS: readonly string[] = [
  'io.k8s.api.apps.v1.Deployment',
  `${CORE}.ConfigMap`,
  `${CORE}.Namespace`,
  `${CORE}.Service`,
  `${CORE}.ServiceAccount`,
  'io.k8s.api.networking.v1.NetworkPolicy',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
];
const ISTIO_KINDS: readonly string[] = [
  'AuthorizationPolicy v1',
  'DestinationRule v1',
  'EnvoyFilter v1alpha3',
  'ServiceEntry v1',
];
const MESH_FIELDS = [
  'extensionProviders',
  'pathNormalization',
  'accessLogFile',
  'accessLogFormat',
  'accessLogEncoding',
];
/** What Remit's manifests never set; without them half of the definitions is needed by nothing. */
const LEFT_OUT = new Set([
  ...['status', 'managedFields', 'ephemeralContainers', 'affinity', 'subsets'],
  ...['loadBalancer', 'outlierDetection', 'tunnel', 'resourceClaims', 'schedulingGroup'],
]);
const VOLUMES = new Set(['name', 'configMap', 'csi', 'emptyDir', 'projected', 'secret']);

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without texts and hints, and closed. */
function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (!isSchema(value)) return value;
  const out: Schema = {};
  for (const [key, part] of Object.entries(value)) {
    if (key === 'properties' && isSchema(part)) out[key] = stripProperties(part);
    else if (key === '$ref') out[key] = `#/$defs/${String(part).split('/').at(-1)}`;
    else if (key !== 'description' && key !== 'default' && !key.startsWith('x-kubernetes')) {
      out[key] = strip(part);
    }
  }
  const open = value['x-kubernetes-preserve-unknown-fields'] === true;
  // A part of an `anyOf` or `not` has properties, but does not say what the object is.
  const isObject = value['type'] === 'object' || (value['type'] as string[])?.includes?.('object');
  if (isObject && isSchema(value['properties']) && !open) out['additionalProperties'] = false;
  return out;
}

function stripProperties(properties: Schema): Schema {
  const isVolume = 'emptyDir' in properties && 'csi' in properties;
  const kept = Object.entries(properties).filter(
    ([name]) => !LEFT_OUT.has(name) && (!isVolume || VOLUMES.has(name)),
  );
  return Object.fromEntries(kept.map(([name, schema]) => [name, strip(schema)]));
}

function kubernetes(file: string): Schema {
  const all = (JSON.parse(readFileSync(file, 'utf8')) as { $defs: Schema }).$defs;
  const kept: Schema = {};
  const keep = (name: string): void => {
    if (name in kept) return;
    kept[name] = strip(all[name]);
    for (const [, inner] of JSON.stringify(kept[name]).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      keep(inner!);
    }
  };
  for (const name of KUBERNETES_KINDS) keep(name);
  return kept;
}

function istio(crds: string, meshProto: string): Schema {
  const found: Schema = {};
  for (const document of parseAllDocuments(readFileSync(crds, 'utf8'))) {
    const { spec } = document.toJS() as {
      spec: {
        group: string;
        names: { kind: string };
        versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
      };
    };
    for (const { name, schema } of spec.versions) {
      if (!ISTIO_KINDS.includes(`${spec.names.kind} ${name}`)) continue;
      const own = strip(schema.openAPIV3Schema) as { properties: Schema };
      const metadata = { type: 'object' };
      Object.assign(own.properties, {
        apiVersion: { const: `${spec.group}/${name}` },
        kind: { const: spec.names.kind },
        metadata,
      });
      found[spec.names.kind] = own;
    }
  }
  return { ...found, ...messageSchemas(meshProto, 'istio.mesh.v1alpha1.MeshConfig') };
}

/** A message as the schema of its protojson, with the messages in it, but imported ones. */
function messageSchemas(file: string, name: string): Schema {
  const { root } = protobuf.parse(readFileSync(file, 'utf8'));
  const found: Schema = {};
  const visit = (type: protobuf.Type, only?: readonly string[]): void => {
    if (type.name in found) return;
    const properties: Schema = {};
    found[type.name] = { type: 'object', properties, additionalProperties: false };
    for (const field of type.fieldsArray) {
      if (only && !only.includes(field.name)) continue;
      const schema = fieldSchema(field, visit);
      if (schema)
        properties[field.name] = field.repeated ? { type: 'array', items: schema } : schema;
    }
  };
  visit(root.lookupType(name), MESH_FIELDS);
  return found;
}

function fieldSchema(
  field: protobuf.Field,
  visit: (type: protobuf.Type) => void,
): Schema | undefined {
  if (field.type === 'google.protobuf.Duration') return { type: 'string', pattern: '^[0-9.]+s$' };
  if (field.type === 'string') return { type: 'string' };
  if (field.type === 'bool') return { type: 'boolean' };
  if (field.type === 'uint32') return { type: 'integer', minimum: 0 };
  // Of the providers this one alone; the others lead to half of Istio's API.
  if (field.parent?.name === 'ExtensionProvider' && field.name !== 'envoyExtAuthzGrpc') return;
  const inner = field.parent?.lookup(field.type);
  if (inner instanceof protobuf.Enum) return { enum: Object.keys(inner.values) };
  if (!(inner instanceof protobuf.Type)) return undefined;
  visit(inner);
  return { $ref: `#/$defs/${inner.name}` };
}

/** A definition a line, so that a new version shows what it changes. */
function write(name: string, schemas: Schema): void {
  const lines = Object.keys(schemas)
    .sort()
    .map((key) => `${key}: ${JSON.stringify(schemas[key])}\n`);
  const header = '# Made by extract.ts; README.md says of what. Apache-2.0.\n';
  writeFileSync(join(import.meta.dirname, name), header + lines.join(''));
}

const [definitions, crds, meshProto] = process.argv.slice(2);
if (!definitions || !crds || !meshProto) {
  throw new Error('usage: extract.ts DEFINITIONS.json CRDS.yaml CONFIG.proto');
}
write('kubernetes.yaml', kubernetes(definitions));
write('istio.yaml', istio(crds, meshProto));
