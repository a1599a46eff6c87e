// Name constraints (RFC 5280 section 4.2.1.10) of an authority over the certificates below it.
// URIs are compared, as SPIFFE IDs are names of that form; a constraint on any other form is kept
// by having no name of that form at all.

import { type GeneralName, NameConstraints } from '@peculiar/asn1-x509';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import type { Certificate } from './certificate.ts';
import { NOT_DER } from './der.ts';
import { readSchema } from './extensions.ts';

const URI = 'uniformResourceIdentifier';

/** The tag of each form in a list of names. */
const FORMS: readonly (readonly [form: keyof GeneralName, tag: number])[] = [
  ['otherName', 0xa0],
  ['rfc822Name', 0x81],
  ['dNSName', 0x82],
  ['x400Address', 0xa3],
  ['directoryName', 0xa4],
  ['ediPartyName', 0xa5],
  ['iPAddress', 0x87],
  ['registeredID', 0x88],
];

/** `SEQUENCE {}`: a subject that says nothing. */
const EMPTY_NAME_BYTES = 2;

/** True when every certificate below keeps the constraints; what cannot be judged is not kept. */
export function keepsConstraints(constraints: Buffer, below: readonly Certificate[]): boolean {
  let read: NameConstraints;
  try {
    read = readSchema(constraints, NameConstraints);
  } catch (error) {
    if (error === NOT_DER) return false;
    throw error;
  }
  const permitted = [...(read.permittedSubtrees ?? [])];
  const excluded = [...(read.excludedSubtrees ?? [])];
  const all = [...permitted, ...excluded];
  // RFC 5280 knows no other values.
  if (all.some(({ minimum, maximum }) => minimum !== 0 || maximum !== undefined)) return false;
  const bases = all.map(({ base }) => base);
  const hosts = (of: typeof permitted): string[] =>
    of.flatMap(({ base }) => (base[URI] === undefined ? [] : [base[URI].toLowerCase()]));
  const [permits, excludes] = [hosts(permitted), hosts(excluded)];
  return below.every(
    (certificate) =>
      bases.every((base) => hasNoNameLike(base, certificate)) &&
      certificate.extensions.uris.every((uri) => isWithin(uri, permits, excludes)),
  );
}

function hasNoNameLike(base: GeneralName, { extensions, subject }: Certificate): boolean {
  if (base[URI] !== undefined) return true;
  const form = FORMS.find(([name]) => base[name] !== undefined);
  if (form === undefined) return false;
  const [name, tag] = form;
  if (extensions.nameForms.includes(tag)) return false;
  // A subject is a directory name, and may hold an address of old.
  const speaksOfSubject = name === 'directoryName' || name === 'rfc822Name';
  return !speaksOfSubject || subject.length === EMPTY_NAME_BYTES;
}

function isWithin(uri: string, permits: readonly string[], excludes: readonly string[]): boolean {
  if (permits.length === 0 && excludes.length === 0) return true;
  const id = parseSpiffeId(uri);
  if (!(id instanceof SpiffeId)) return false;
  const host = id.trustDomain;
  const covers = (constraint: string): boolean =>
    constraint === '' ||
    (constraint.startsWith('.') ? host.endsWith(constraint) : host === constraint);
  return !excludes.some(covers) && (permits.length === 0 || permits.some(covers));
}
