// Identities that are no SPIFFE ID: the subject of a token or of an API key, together with the
// Issuer that vouches for it. As text `ISSUER#SUBJECT`, where ISSUER is the id of the Issuer's
// document, so that no part of what tells issuers apart is the caller's choice.

/** Subjects are texts of an issuer; RFC 7519 has no bound, OpenID Connect 255 characters. */
export const SUBJECT_LENGTH_MAX = 1024;

export interface TokenIdentity {
  /** `namespace/name` or `name` of the Issuer. */
  readonly issuer: string;
  readonly subject: string;
}

const FORM = /^([a-z0-9.-]{1,63}(?:\/[a-z0-9.-]{1,63})?)#(.+)$/su;

export function tokenIdentity(issuer: string, subject: string): string {
  return `${issuer}#${subject}`;
}

/** Undefined for a SPIFFE ID and for everything else that is not of this form. */
export function parseTokenIdentity(text: string): TokenIdentity | undefined {
  const [, issuer, subject] = FORM.exec(text) ?? [];
  if (issuer === undefined || subject === undefined) return undefined;
  return subject.length > SUBJECT_LENGTH_MAX ? undefined : { issuer, subject };
}
