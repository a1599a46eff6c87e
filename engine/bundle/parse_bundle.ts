// From the text of a policy folder to a bundle. What concerns several documents together is checked
// where they are compiled.

import { type Diagnostics, nearest, type Position } from '../diagnostic.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILE_BYTES_MAX, DOCUMENTS_MAX, MiB } from '../limits.ts';
import { type Bundle, documentId, keyFilesOf, type Located, type SourceFile } from './bundle.ts';
import { checkSchema, shown } from './check_schema.ts';
import { KIND_SCHEMAS, type KindName, LATER_KINDS } from './kinds.ts';
import { readYaml, type YamlDocument } from './yaml_document.ts';
import { LatestTree } from './yaml_position.ts';

const KINDS = Object.keys(KIND_SCHEMAS);
const TOO_MANY = [
  'the bundle has too many documents',
  `${DOCUMENTS_MAX.toLocaleString('en')} at most`,
] as const;

export function parseBundle(files: readonly SourceFile[], diagnostics: Diagnostics): Bundle {
  const parsed: Record<KindName, Located<never>[]> = {
    Service: [],
    Policy: [],
    Role: [],
    Exception: [],
    Identity: [],
    Issuer: [],
    Enforcer: [],
    TaskProfile: [],
    Test: [],
  };
  const ids = new Map<string, Position>();
  for (const yaml of fitsLimits(files, diagnostics) ? documentsOf(files, diagnostics) : []) {
    const kind = kindOf(yaml, diagnostics);
    if (kind === undefined) continue;
    const document = checkSchema<Parameters<typeof documentId>[0]>(
      KIND_SCHEMAS[kind],
      yaml,
      diagnostics,
    );
    if (document === undefined || !isNew(kind, document, yaml.at, ids, diagnostics)) continue;
    const { file, at } = yaml;
    // The schema of this kind has just checked the document, so the list of the kind may hold it.
    parsed[kind].push({ document: document as never, file, at });
  }
  return {
    services: parsed.Service,
    policies: parsed.Policy,
    roles: parsed.Role,
    exceptions: parsed.Exception,
    identities: parsed.Identity,
    issuers: parsed.Issuer,
    enforcers: parsed.Enforcer,
    taskProfiles: parsed.TaskProfile,
    tests: parsed.Test,
    keyFiles: parsed.Issuer.flatMap(keyFilesOf),
  };
}

/** What is told here is told before anything is parsed. */
function fitsLimits(files: readonly SourceFile[], diagnostics: Diagnostics): boolean {
  let bytes = 0;
  let documents = 0;
  for (const { name, text } of files) {
    bytes += text.length;
    if (text.length > BUNDLE_FILE_BYTES_MAX || bytes > BUNDLE_BYTES_MAX) {
      const [file, all] = [BUNDLE_FILE_BYTES_MAX / MiB, BUNDLE_BYTES_MAX / MiB];
      const most = `${file} MiB a file and ${all} MiB together`;
      diagnostics.error({ file: name, line: 1, column: 1 }, 'the bundle is too large', most);
      return false;
    }
    // Each of these lines begins a document, wherever it stands.
    const begin = /^---(?=[ \t\r\n]|$)/gm;
    while (begin.test(text)) {
      if (++documents <= DOCUMENTS_MAX) continue;
      const line = text.slice(0, begin.lastIndex).split('\n').length;
      diagnostics.error({ file: name, line, column: 1 }, ...TOO_MANY);
      return false;
    }
  }
  return true;
}

/** Ends early where nothing more would be told. */
function* documentsOf(
  files: readonly SourceFile[],
  diagnostics: Diagnostics,
): Generator<YamlDocument> {
  const latest = new LatestTree();
  let count = 0;
  for (const { name, text } of files) {
    for (const document of readYaml(name, text, diagnostics, latest)) {
      if (diagnostics.isFull) return;
      // `...` ends documents too.
      if (++count > DOCUMENTS_MAX) return diagnostics.error(document.at([]), ...TOO_MANY);
      yield document;
    }
  }
}

function kindOf(yaml: YamlDocument, diagnostics: Diagnostics): KindName | undefined {
  const value = yaml.value;
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : '';
  if (typeof kind === 'string' && Object.hasOwn(KIND_SCHEMAS, kind)) return kind as KindName;
  const at = yaml.at(['kind']);
  if (typeof kind === 'string' && LATER_KINDS.includes(kind)) {
    diagnostics.error(at, `kind \`${kind}\` is not available in this version`);
  } else {
    const written = shown(kind);
    const message = written === '' ? 'kind is missing' : `unknown kind \`${written}\``;
    diagnostics.error(at, message, `one of ${KINDS.join(', ')}`, nearest(written, KINDS));
  }
  return undefined;
}

function isNew(
  kind: KindName,
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
