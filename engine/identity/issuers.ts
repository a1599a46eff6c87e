// Issuers: who may vouch for identities (DESIGN section 6, `Issuer`), by certificates, tokens or
// keys. What none of them may do is grant.

import { documentId, type Located } from '../bundle/bundle.ts';
import { ISSUER_FORMS, type IssuerDocument } from '../bundle/issuer_kind.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { digestOfAll } from '../digest.ts';
import { ApiKeyIssuers } from './api_key_issuers.ts';
import type { Vouching } from './enforcer.ts';
import { DPOP_HEADER, TXN_TOKEN_HEADER, WIT_HEADER, WPT_HEADER } from './presented_tokens.ts';
import { TokenIssuers } from './token_issuers.ts';
import { type LocatedX509, X509Issuers } from './x509_issuers.ts';

export class Issuers {
  readonly x509: X509Issuers;
  readonly tokens: TokenIssuers;
  readonly apiKeys: ApiKeyIssuers;
  /** Of the documents and of the key material they name. */
  readonly digest: string;

  constructor(
    issuers: readonly Located<IssuerDocument>[],
    keyFiles: ReadonlyMap<string, string>,
    diagnostics: Diagnostics,
  ) {
    for (const located of issuers) checkForm(located, diagnostics);
    const byCertificate = issuers.flatMap((located): LocatedX509[] => {
      const spec = located.document.spec.x509;
      return spec === undefined ? [] : [{ located, spec }];
    });
    this.x509 = new X509Issuers(byCertificate, keyFiles, diagnostics);
    this.tokens = new TokenIssuers(issuers, keyFiles, diagnostics);
    this.apiKeys = new ApiKeyIssuers(issuers, keyFiles, diagnostics);
    const { x509, tokens, apiKeys } = this;
    this.digest = digestOfAll([], {
      ...{ x509: x509.digest, tokens: tokens.digest, apiKeys: apiKeys.digest },
    });
  }

  /** Headers in which proof may come, names in lower case; none where nobody vouches by them. */
  get headersRead(): ReadonlySet<string> {
    const { tokens, apiKeys } = this;
    const headers = new Set(apiKeys.places.map(({ header }) => header));
    if (tokens.isEmpty) return headers;
    // Read whether any place names it or not: what stands there and nobody explains has failed.
    headers.add('authorization');
    for (const it of [DPOP_HEADER, TXN_TOKEN_HEADER, WIT_HEADER, WPT_HEADER]) headers.add(it);
    for (const { location: it } of tokens.places) {
      if (it.in === 'header') headers.add(it.name);
      if (it.in === 'cookie') headers.add('cookie');
    }
    return headers;
  }

  get vouching(): Vouching {
    return { byCertificate: !this.x509.isEmpty, byJwt: this.tokens.all.length > 0 };
  }

  get trustDomains(): readonly string[] {
    return [...this.x509.trustDomains, ...this.tokens.trustDomains];
  }
}

function checkForm({ document, at }: Located<IssuerDocument>, diagnostics: Diagnostics): void {
  const forms = ISSUER_FORMS.filter((form) => document.spec[form] !== undefined);
  if (forms.length === 1) return;
  const message =
    forms.length === 0
      ? `\`${documentId(document)}\` vouches by nothing`
      : `\`${documentId(document)}\` vouches by ${forms.join(' and ')}`;
  diagnostics.error(at(['spec']), message, `one of ${ISSUER_FORMS.join(', ')}`);
}
