// Judges documents by the schemas in schemas/: what Kubernetes and Istio publish, closed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import type { Json } from './deploy_files.ts';

const KUBERNETES: Readonly<Record<string, string>> = {
  'apps/v1 Deployment': 'io.k8s.api.apps.v1.Deployment',
  'networking.k8s.io/v1 NetworkPolicy': 'io.k8s.api.networking.v1.NetworkPolicy',
  'policy/v1 PodDisruptionBudget': 'io.k8s.api.policy.v1.PodDisruptionBudget',
  'v1 ConfigMap': 'io.k8s.api.core.v1.ConfigMap',
  'v1 Namespace': 'io.k8s.api.core.v1.Namespace',
  'v1 Service': 'io.k8s.api.core.v1.Service',
  'v1 ServiceAccount': 'io.k8s.api.core.v1.ServiceAccount',
};

// Formats such as int32 are Kubernetes' own and not JSON Schema's.
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
for (const file of ['kubernetes.yaml', 'istio.yaml']) {
  const path = join(import.meta.dirname, 'schemas', file);
  ajv.addSchema({ $id: file, $defs: parse(readFileSync(path, 'utf8')) as Json });
}

/** What is wrong with a document of Kubernetes or Istio; a kind without a schema is wrong. */
export function complaints(document: Json): string[] {
  const { apiVersion, kind } = document;
  const definition = KUBERNETES[`${apiVersion} ${kind}`];
  if (definition !== undefined) return judge(document, 'kubernetes.yaml', definition);
  if (/\.istio\.io\//.test(String(apiVersion))) return judge(document, 'istio.yaml', String(kind));
  return [`no schema for ${apiVersion} ${kind}`];
}

/** What is wrong with Istio's MeshConfig. */
export function meshConfigComplaints(value: unknown): string[] {
  return judge(value, 'istio.yaml', 'MeshConfig');
}

/** What is wrong with a part of a Deployment that is a pod's template. */
export function podTemplateComplaints(value: unknown): string[] {
  return judge(value, 'kubernetes.yaml', 'io.k8s.api.core.v1.PodTemplateSpec');
}

function judge(value: unknown, file: string, definition: string): string[] {
  const validate = ajv.getSchema(`${file}#/$defs/${definition}`);
  if (validate === undefined) return [`no schema for ${definition}`];
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
