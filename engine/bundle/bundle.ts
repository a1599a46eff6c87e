// A bundle: the documents of a policy folder, checked one by one. Nothing here reads text: threads
// that only compile a bundle do without the parsers.

import type { Position } from '../diagnostic.ts';
import type { EnforcerDocument, IdentityDocument } from './identity_kind.ts';
import type { IssuerDocument } from './issuer_kind.ts';
import type { ExceptionDocument, PolicyDocument, RoleDocument } from './rule_kind.ts';
import type { ServiceDocument } from './service_kind.ts';
import type { TaskProfileDocument } from './task_kind.ts';
import type { TestDocument } from './test_kind.ts';
import type { Path } from './yaml_document.ts';

/** A file as text; its name is only for diagnostics. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** A checked document and where its parts stand. */
export interface Located<D> {
  readonly document: D;
  readonly file: string;
  readonly at: (path: Path) => Position;
}

export interface Bundle {
  readonly services: readonly Located<ServiceDocument>[];
  readonly policies: readonly Located<PolicyDocument>[];
  readonly roles: readonly Located<RoleDocument>[];
  readonly exceptions: readonly Located<ExceptionDocument>[];
  readonly identities: readonly Located<IdentityDocument>[];
  readonly issuers: readonly Located<IssuerDocument>[];
  readonly enforcers: readonly Located<EnforcerDocument>[];
  readonly taskProfiles: readonly Located<TaskProfileDocument>[];
  readonly tests: readonly Located<TestDocument>[];
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

/** A key file of an issuer, and the path of the field that names it. */
export interface IssuerFile extends KeyFileReference {
  readonly path: readonly (string | number)[];
}

/** Of one issuer: of certificates its bundle first, then its intermediates in order. */
export function keyFilesOf({ document, file, at }: Located<IssuerDocument>): IssuerFile[] {
  const { x509, jwt, jwtSvid, apiKeys } = document.spec;
  const reference = (written: string | undefined, ...path: Path): IssuerFile[] => {
    const place = ['spec', ...path];
    return written === undefined ? [] : [{ name: beside(file, written), at: at(place), path }];
  };
  return [
    ...reference(x509?.bundle, 'x509', 'bundle'),
    ...(x509?.intermediates ?? []).flatMap((it, index) =>
      reference(it, 'x509', 'intermediates', index),
    ),
    ...reference(jwt?.jwks.file, 'jwt', 'jwks', 'file'),
    ...reference(jwt?.jwks.ca, 'jwt', 'jwks', 'ca'),
    ...reference(jwtSvid?.bundle, 'jwtSvid', 'bundle'),
    ...reference(apiKeys?.hmacKey, 'apiKeys', 'hmacKey'),
  ];
}

/** The path of a file that another file names. */
function beside(file: string, written: string): string {
  if (written.startsWith('/')) return written;
  return file.slice(0, file.lastIndexOf('/') + 1) + written.replace(/^(?:\.\/+)+/, '');
}

/** `namespace/name`, or the name alone where a kind needs no namespace and none is given. */
export function documentId(document: {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}): string {
  const { name, namespace } = document.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Ids of the Issuers that vouch for subjects which are no SPIFFE IDs. */
export function tokenIssuerIds(issuers: Bundle['issuers']): ReadonlySet<string> {
  const named = issuers.filter(({ document: { spec } }) => spec.jwt ?? spec.apiKeys);
  return new Set(named.map(({ document }) => documentId(document)));
}
