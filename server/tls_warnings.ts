// What `serve` says of listeners that nobody, or only some, may ask over.

import type { Logger } from 'pino';
import { addressText, isLocal } from './address.ts';
import type { ResolvedConfig } from './config.ts';
import { identifiesPeers } from './tls_config.ts';

/** @param identifiedEnforcers how many enforcers a certificate can show */
export function warnAboutTls(
  { listen, tls }: ResolvedConfig,
  identifiedEnforcers: number,
  log: Logger,
): void {
  const tcp = listen.check.filter(({ kind }) => kind === 'tcp');
  if (tls !== undefined && tcp.length === 0) {
    log.warn('`tls.check` has no effect: a unix socket is plaintext');
  }
  if (identifiesPeers(tls)) {
    if (tcp.length === 0 || identifiedEnforcers > 0) return;
    const message = 'no Enforcer has `identities`: every check over mTLS is denied';
    log.warn({ address: tcp.map(addressText).join(' ') }, message);
    return;
  }
  const why = tls === undefined ? '' : ', and no `clientBundle` says who asks';
  for (const address of tcp.filter((it) => !isLocal(it))) {
    const message = `neither loopback nor a unix socket${why}: every check here is denied`;
    log.warn({ address: addressText(address) }, message);
  }
}
