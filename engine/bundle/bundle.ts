// A bundle: all documents of a policy folder, parsed and checked one by one. What concerns several
// documents together is checked where they are compiled.

import { type Diagnostics, nearest, type Position } from '../diagnostic.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILE_BYTES_MAX, MiB } from '../limits.ts';
import {
  type EnforcerDocument,
  type IdentityDocument,
  type IssuerDocument,
  KIND_SCHEMAS,
  LATER_KINDS,
  type PolicyDocument,
  type ServiceDocument,
} from './kinds.ts';
import { checkSchema, type Path, readYaml, shown, type YamlDocument } from './yaml_document.ts';

/** A file as text; its name is only for diagnostics. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** A checked document and where its parts stand. */
export interface Located<D> {
  readonly document: D;
  readonly at: (path: Path) => Position;
}

export interface Bundle {
  readonly services: readonly Located<ServiceDocument>[];
  readonly policies: readonly Located<PolicyDocument>[];
  readonly identities: readonly Located<IdentityDocument>[];
  readonly issuers: readonly Located<IssuerDocument>[];
  readonly enforcers: readonly Located<EnforcerDocument>[];
  /** Files that documents name, to be read by whoever has a file system. */
  readonly keyFiles: readonly KeyFileReference[];
}

/** A file that a document names; several may name the same one. */
export interface KeyFileReference {
  /** Relative to where the names of source files are relative to, or absolute. */
  readonly name: string;
  readonly at: Position;
}

/** What a snapshot is compiled from: documents, and the text of each key file by its name. */
export interface BundleSource {
  readonly files: readonly SourceFile[];
  readonly keyFiles: ReadonlyMap<string, string>;
}

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

/** Of one issuer: its bundle first, then its intermediates in order. */
export function keyFilesOf({ document, at }: Located<IssuerDocument>): KeyFileReference[] {
  const { bundle, intermediates } = document.spec.x509;
  const reference = (written: string, path: Path): KeyFileReference => {
    const place = at(['spec', 'x509', ...path]);
    return { name: beside(place.file, written), at: place };
  };
  return [
    reference(bundle, ['bundle']),
    ...intermediates.map((it, index) => reference(it, ['intermediates', index])),
  ];
}

/** The path of a file that another file names. */
function beside(file: string, written: string): string {
  if (written.startsWith('/')) return written;
  return file.slice(0, file.lastIndexOf('/') + 1) + written.replace(/^(?:\.\/+)+/, '');
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

/** `namespace/name`, or the name alone where a kind needs no namespace and none is given. */
export function documentId(document: {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}): string {
  const { name, namespace } = document.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
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
