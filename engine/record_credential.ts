// What an evidence record says of the credentials that proved the caller (DESIGN section 8, C-101):
// by which key, of which age, until when, bound to what. The text of a token or a key, its `jti`
// and its claims beyond these are never written.

import { hash } from 'node:crypto';
import type { Evidence, OtherEvidence } from './evidence.ts';
import { RECORDED_ELEMENT_MAX, RECORDED_ELEMENTS_MAX } from './limits.ts';
import { jsonText, jsonTextOrNull } from './record_text.ts';
import type { X509Svid } from './svid.ts';
import type { VerifiedToken } from './token.ts';

const UNKNOWN = '"keyThumbprint":null,"serial":null,"notBefore":null,"notAfter":null';

/** Made once for each: it comes again and again, and is kept no longer than its claims are. */
const constantTexts = new WeakMap<X509Svid | VerifiedToken, string>();
const tokenTexts = new WeakMap<VerifiedToken, string>();

/** The claims stand there once they were verified; a credential that failed keeps its digest. */
export function credentialFields(evidence: Evidence, now: number): string {
  const { credential, svid, token, notBefore, binding, others } = evidence;
  let text = `"credential":${jsonTextOrNull(credential)},`;
  let from = notBefore;
  if (svid !== undefined) {
    text += constantText(svid);
    from = svid.notBefore;
  } else if (token?.credential === credential) {
    text += constantText(token);
    from = startOf(token);
  } else text += notBefore === undefined ? UNKNOWN : timesText(notBefore, evidence.notAfter);
  if (token !== undefined) text += `,"token":{${tokenText(token)},"binding":"${binding}"}`;
  if (others.length > 0) text += `,"others":[${others.map(otherText).join(',')}]`;
  // The last: all before it is the same from request to request (audit/record_lines.ts).
  return `${text},"ageS":${ageText(from, now)}`;
}

function constantText(credential: X509Svid | VerifiedToken): string {
  const known = constantTexts.get(credential);
  if (known !== undefined) return known;
  const text =
    'serial' in credential
      ? svidText(credential)
      : `"keyThumbprint":"${credential.keyThumbprint}","serial":null,` +
        `"notBefore":${instantText(startOf(credential))},` +
        `"notAfter":${instantText(credential.expiresAt)}`;
  constantTexts.set(credential, text);
  return text;
}

function svidText({ keyThumbprint, serial, notBefore, notAfter }: X509Svid): string {
  return (
    `"keyThumbprint":"${keyThumbprint}","serial":"${serial}",` +
    `"notBefore":${instantText(notBefore)},"notAfter":${instantText(notAfter)}`
  );
}

/** Of an API key, whose Issuer says since when it is there. */
function timesText(notBefore: number, notAfter: number | undefined): string {
  return (
    '"keyThumbprint":null,"serial":null,' +
    `"notBefore":${instantText(notBefore)},"notAfter":${instantText(notAfter)}`
  );
}

/** RFC 7519: since it was issued, else since it is valid. */
function startOf({ issuedAt, notBefore }: VerifiedToken): number | undefined {
  return issuedAt ?? notBefore;
}

function instantText(ms: number | undefined): string {
  return ms === undefined ? 'null' : `"${new Date(ms).toISOString()}"`;
}

/** Whole seconds; what another clock has just issued is not older than nothing. */
function ageText(from: number | undefined, now: number): string {
  return from === undefined ? 'null' : `${Math.max(0, Math.floor((now - from) / 1000))}`;
}

function tokenText(token: VerifiedToken): string {
  const known = tokenTexts.get(token);
  if (known !== undefined) return known;
  const { kind, typ, jti, audiences, clientId, scopes } = token;
  const text =
    `"kind":"${kind}","typ":${jsonTextOrNull(typ ?? '')},` +
    // Whoever knows the token finds it by its digest; whoever has the record cannot name it.
    `"jti":${jti === undefined ? 'null' : `"sha256:${hash('sha256', jti, 'hex')}"`},` +
    `"audiences":${listText(audiences)},"clientId":${jsonTextOrNull(clientId ?? '')},` +
    `"scopes":${listText([...scopes])}`;
  tokenTexts.set(token, text);
  return text;
}

function listText(values: readonly string[]): string {
  const texts = values
    .slice(0, RECORDED_ELEMENTS_MAX)
    .map((value) => jsonText(value, RECORDED_ELEMENT_MAX));
  const left = values.length - RECORDED_ELEMENTS_MAX;
  if (left > 0) texts.push(`"…(${left} more)"`);
  return `[${texts.join(',')}]`;
}

function otherText(other: OtherEvidence): string {
  const { method, subject, issuer, credential, svid, token, notBefore, notAfter } = other;
  const claims = svid ?? token;
  const constant =
    claims !== undefined
      ? constantText(claims)
      : notBefore === undefined
        ? UNKNOWN
        : timesText(notBefore, notAfter);
  return (
    `{"method":"${method}","kind":${token === undefined ? 'null' : `"${token.kind}"`},` +
    `"subject":${jsonText(subject)},"issuer":${jsonText(issuer)},` +
    `"credential":${jsonTextOrNull(credential)},${constant}}`
  );
}
