// From the text of a policy folder to a bundle. What concerns several documents together is checked
// where they are compiled.

import { type Diagnostics, nearest, type Position } from '../diagnostic.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILE_BYTES_MAX, MiB } from '../limits.ts';
import { type Bundle, documentId, keyFilesOf, type Located, type SourceFile } from './bundle.ts';
import { KIND_SCHEMAS, LATER_KINDS } from './kinds.ts';
import { checkSchema, readYaml, shown, type YamlDocument } from './yaml_document.ts';

type Kind = keyof typeof KIND_SCHEMAS;

export function parseBundle(files: readonly SourceFile[], diagnostics: Diagnostics): Bundle {
  const parsed: Record<Kind, Located<never>[]> = {
    Service: [],
    Policy: [],
    Identity: [],
    Issuer: [],
    Enforcer: [],
  };
  const ids = new Map<string, Position>();
  let bytes = 0;
  for (const file of files) {
    bytes += file.text.length;
    if (file.text.length > BUNDLE_FILE_BYTES_MAX || bytes > BUNDLE_BYTES_MAX) {
      diagnostics.error(
        { file: file.name, line: 1, column: 1 },
        'the bundle is too large',
        `${BUNDLE_FILE_BYTES_MAX / MiB} MiB a file and ${BUNDLE_BYTES_MAX / MiB} MiB together`,
      );
      break;
    }
    for (const yaml of readYaml(file.name, file.text, diagnostics)) {
      const kind = kindOf(yaml, diagnostics);
      if (kind === undefined) continue;
      const document = checkSchema<Parameters<typeof documentId>[0]>(
        KIND_SCHEMAS[kind],
        yaml,
        diagnostics,
      );
      if (document === undefined || !isNew(kind, document, yaml.at, ids, diagnostics)) continue;
      // The schema of this kind has just checked the document, so the list of the kind may hold it.
      parsed[kind].push({ document: document as never, at: yaml.at });
    }
  }
  return {
    services: parsed.Service,
    policies: parsed.Policy,
    identities: parsed.Identity,
    issuers: parsed.Issuer,
    enforcers: parsed.Enforcer,
    keyFiles: parsed.Issuer.flatMap(keyFilesOf),
  };
}

function kindOf(yaml: YamlDocument, diagnostics: Diagnostics): Kind | undefined {
  const kinds = Object.keys(KIND_SCHEMAS);
  const value = yaml.value;
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : '';
  if (typeof kind === 'string' && Object.hasOwn(KIND_SCHEMAS, kind)) return kind as Kind;
  const at = yaml.at(['kind']);
  if (typeof kind === 'string' && LATER_KINDS.includes(kind)) {
    diagnostics.error(at, `kind \`${kind}\` is not available in this version`);
  } else {
    const written = shown(kind);
    const message = written === '' ? 'kind is missing' : `unknown kind \`${written}\``;
    diagnostics.error(at, message, `one of ${kinds.join(', ')}`, nearest(written, kinds));
  }
  return undefined;
}

function isNew(
  kind: Kind,
  document: Parameters<typeof documentId>[0],
  at: Located<unknown>['at'],
  ids: Map<string, Position>,
  diagnostics: Diagnostics,
): boolean {
  const id = documentId(document);
  const position = at(['metadata', 'name']);
  const first = ids.get(`${kind} ${id}`);
  if (first === undefined) {
    ids.set(`${kind} ${id}`, position);
    return true;
  }
  diagnostics.error(
    position,
    `a second ${kind} \`${id}\`; the first stands at ${first.file}:${first.line}`,
  );
  return false;
}
