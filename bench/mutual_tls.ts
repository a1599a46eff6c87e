// What the two ends of mutual TLS show each other: X509-SVIDs of one authority, as files. Both
// contenders get the same, and both accept nobody else.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueSvid, makeCa, type Svid } from '../demo/pki.ts';
import { TRUST_DOMAIN } from './bundle.ts';

const SERVER = `spiffe://${TRUST_DOMAIN}/ns/mesh/sa/authorization`;
/** What clients expect in the server's certificate: an address is no name that TLS may ask for. */
export const SERVER_NAME = 'authorization.mesh';
/** A run of many pairs on a slow machine takes its time. */
const LIFETIME_MS = 12 * 3_600_000;

/** PEM files of one end. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Vouches for the other end. */
  readonly authority: string;
}

export interface MutualTls {
  readonly server: TlsFiles;
  readonly client: TlsFiles;
  /** The SPIFFE ID that the client proves. */
  readonly clientId: string;
}

/** @param folder where the files are written */
export async function makeMutualTls(folder: string, clientId: string): Promise<MutualTls> {
  const ca = await makeCa(TRUST_DOMAIN);
  const authority = join(folder, 'authority.pem');
  writeFileSync(authority, ca.certificatePem);
  const write = (name: string, { certificatePem, keyPem }: Svid): TlsFiles => {
    const cert = join(folder, `${name}.pem`);
    const key = join(folder, `${name}.key`);
    writeFileSync(cert, certificatePem);
    writeFileSync(key, keyPem, { mode: 0o600 });
    return { cert, key, authority };
  };
  const server = await issueSvid(ca, SERVER, { lifetimeMs: LIFETIME_MS, dnsNames: [SERVER_NAME] });
  const client = await issueSvid(ca, clientId, { lifetimeMs: LIFETIME_MS });
  return { server: write('server', server), client: write('client', client), clientId };
}
