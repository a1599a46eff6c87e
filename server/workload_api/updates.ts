// What the SPIFFE Workload API sends, read and checked before anybody believes it. A message is
// refused as a whole when it cannot be what its sender meant. A bundle that cannot be read is that
// of one domain, and must not keep us from learning what became of the others.

import { isUtf8 } from 'node:buffer';
import { isFailure } from '../../engine/failure.ts';
import { readCertificateSequence } from '../../engine/identity/certificate_sequence.ts';
import { type Authority, authorityOf } from '../../engine/identity/trust_bundles.ts';
import {
  KEY_FILE_BYTES_MAX,
  KEY_FILE_CERTIFICATES_MAX,
  WORKLOAD_API_DOMAINS_MAX,
} from '../../engine/limits.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';

/** Certificates in DER, each in memory of its own, so that it can be handed to other threads. */
export type Ders = readonly Uint8Array[];
/** By trust domain; an empty bundle is one that vouches for nobody. */
export type X509Bundles = ReadonlyMap<string, Ders>;
/** By trust domain: a JWK Set as text (RFC 7517 section 5). */
export type JwtBundles = ReadonlyMap<string, string>;

/** A message that was refused, and changes nothing. */
export class UpdateFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export interface Update<T> {
  readonly value: T;
  /** Domains whose bundle could not be read, and why: theirs is the one before. */
  readonly kept: readonly string[];
  /** Authorities that are in no bundle of ours, as nothing that they sign would be believed. */
  readonly ignored: readonly string[];
}

/** Bytes by the SPIFFE ID of a trust domain, as both kinds of bundles come. */
export interface BundlesMessage {
  readonly bundles?: Readonly<Record<string, unknown>> | null;
}

export function readX509Bundles(
  message: BundlesMessage,
  before: X509Bundles,
): Update<X509Bundles> | UpdateFault {
  const ignored: string[] = [];
  const read = (bytes: Buffer, trustDomain: string): Ders | UpdateFault => {
    const tell = (why: string): void => void ignored.push(`\`${trustDomain}\`: ${why}`);
    const authorities = readAuthoritySequence(bytes, tell);
    if (authorities instanceof UpdateFault) return authorities;
    return authorities.map(({ certificate }) => new Uint8Array(certificate.der));
  };
  return readBundles(message, before, read, ignored);
}

export function readJwtBundles(
  message: BundlesMessage,
  before: JwtBundles,
): Update<JwtBundles> | UpdateFault {
  return readBundles(message, before, readKeySet, []);
}

/**
 * The authorities among these certificates. Those that may sign nothing, or whose keys are not
 * believed, are left out and told: a partner's odd root must not stop the removal of another.
 */
export function readAuthoritySequence(
  bytes: Buffer,
  tell: (why: string) => void,
): readonly Authority[] | UpdateFault {
  const certificates = readCertificateSequence(bytes, KEY_FILE_CERTIFICATES_MAX);
  if (isFailure(certificates)) return new UpdateFault(certificates.detail);
  const authorities: Authority[] = [];
  for (const certificate of certificates) {
    const authority = authorityOf(certificate, 'root');
    if (typeof authority === 'string') tell(authority);
    else authorities.push(authority);
  }
  return authorities;
}

function readBundles<V>(
  message: BundlesMessage,
  before: ReadonlyMap<string, V>,
  read: (bytes: Buffer, trustDomain: string) => V | UpdateFault,
  ignored: readonly string[],
): Update<ReadonlyMap<string, V>> | UpdateFault {
  const entries = Object.entries(message.bundles ?? {});
  // Workload API section 4.5: a mandatory field without a value; nothing was meant by it.
  if (entries.length === 0) return new UpdateFault('no bundles in it');
  if (entries.length > WORKLOAD_API_DOMAINS_MAX) {
    return new UpdateFault(`more than ${WORKLOAD_API_DOMAINS_MAX} trust domains`);
  }
  const bundles = new Map<string, V>();
  const kept: string[] = [];
  for (const [key, bytes] of entries) {
    const id = parseSpiffeId(key);
    if (!(id instanceof SpiffeId)) return new UpdateFault(`the key of a bundle: ${id.rule}`);
    if (id.path !== '') return new UpdateFault('the key of a bundle is that of a workload');
    if (!Buffer.isBuffer(bytes)) return new UpdateFault('a bundle that is no bytes');
    const bundle = read(bytes, id.trustDomain);
    if (!(bundle instanceof UpdateFault)) {
      bundles.set(id.trustDomain, bundle);
      continue;
    }
    kept.push(`\`${id.trustDomain}\`: ${bundle.message}`);
    const last = before.get(id.trustDomain);
    if (last !== undefined) bundles.set(id.trustDomain, last);
  }
  return { value: bundles, kept, ignored };
}

/** Only the outermost of it: what its keys say is read where tokens are verified. */
function readKeySet(bytes: Buffer): string | UpdateFault {
  if (bytes.length > KEY_FILE_BYTES_MAX) return new UpdateFault('the JWK Set is too large');
  if (!isUtf8(bytes)) return new UpdateFault('the JWK Set is not UTF-8');
  const text = bytes.toString('utf8');
  try {
    const set: unknown = JSON.parse(text);
    if (isObject(set) && Array.isArray(set['keys'])) return text;
  } catch {
    // Told below; the error would quote the text.
  }
  return new UpdateFault('no JWK Set (an object with `keys`)');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
