// What TLS needs as text: certificate, key and bundles, as the control thread got them and every
// acceptor gets them from it. Both check it with the same functions.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import {
  AuthoritiesFault,
  readAuthorities,
  TrustBundle,
  TrustBundles,
} from '../engine/identity/trust_bundles.ts';

/** Plain data. */
export interface TlsMaterial {
  /** PEM; the serving certificate first, then what signs it. */
  readonly cert: string;
  readonly key: string;
  /** PEM by trust domain; undefined where peers are not identified. */
  readonly clientBundles: readonly (readonly [trustDomain: string, pem: string])[] | undefined;
}

/** AEAD with forward secrecy only; the first three are those of TLS 1.3. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** For node:tls. Peers are verified by us and not by OpenSSL, so it gets no authorities at all. */
export function contextOptions({ cert, key }: TlsMaterial): SecureContextOptions {
  return { cert, key, ca: [], ciphers: CIPHERS, honorCipherOrder: true, minVersion: 'TLSv1.2' };
}

/** Undefined where peers are not identified; throws with one line that says what is wrong. */
export function trustBundlesOf({ clientBundles }: TlsMaterial): TrustBundles | undefined {
  if (clientBundles === undefined) return undefined;
  const bundles = clientBundles.map(([trustDomain, pem]) => {
    const roots = readAuthorities(pem, 'root');
    const where = `the client bundle of \`${trustDomain}\``;
    if (roots instanceof AuthoritiesFault) {
      throw new Error(`${where}, line ${roots.line}: ${roots.message}`);
    }
    return [trustDomain, new TrustBundle(roots, [])] as const;
  });
  return new TrustBundles(new Map(bundles));
}

/** Throws with one line that says what is wrong, and never with a part of the key. */
export function checkMaterial(material: TlsMaterial): void {
  try {
    createSecureContext(contextOptions(material));
    // The context alone takes a file without any certificate, and then serves nobody.
    const certificate = new X509Certificate(material.cert);
    if (!certificate.checkPrivateKey(createPrivateKey(material.key))) throw new Error('a mismatch');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`the certificate and its key cannot be used: ${code ?? message}`);
  }
  trustBundlesOf(material);
}
