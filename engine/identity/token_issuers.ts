// Issuers by tokens (DESIGN section 6, `Issuer.jwt` and `Issuer.jwtSvid`): compiled from their
// documents and the key files these name. Keys from a URL are no part of it: they come with the
// facts of each pass.

import { documentId, keyFilesOf, type Located } from '../bundle/bundle.ts';
import type { IssuerDocument, IssuerSpec, TokenUse } from '../bundle/issuer_kind.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { digestOfAll, digestOfBytes } from '../digest.ts';
import { parseDuration } from '../duration.ts';
import { keyUrlProblem } from '../key_url.ts';
import { parseTrustDomain, SpiffeIdError } from '../spiffe_id.ts';
import type { CredentialLocation } from './credential_location.ts';
import { keyFileText } from './key_file.ts';
import type { TokenPlace } from './presented_tokens.ts';
import { SpiffeKeys } from './spiffe_keys.ts';
import type { TokenIssuer, TokenType } from './token/access_token.ts';
import { type JwkSet, KeySetFault, type KeySetPurpose, parseJwkSet } from './token/jwk_set.ts';
import { isByScheme, placesOf, schemesOf, type TokenSchemes } from './token_places.ts';

type JwtSpec = NonNullable<IssuerSpec['jwt']>;
type JwtSvidSpec = NonNullable<IssuerSpec['jwtSvid']>;

/** Of an authorization server or a CI system. */
export interface JwtIssuer extends TokenIssuer {
  /** `namespace/name` of its document. */
  readonly id: string;
  readonly uses: ReadonlySet<TokenUse>;
  readonly locations: readonly CredentialLocation[];
  /** Only tokens that are bound to a key. */
  readonly boundOnly: boolean;
  /** A DPoP proof of theirs has to hold a nonce of ours. */
  readonly dpopNonce: boolean;
  /** Claims by the name of the attribute that they become. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Of its file; undefined where they come from `keysUrl`. */
  readonly keys: JwkSet | undefined;
  readonly keysUrl: string;
}

/** Of the workloads of one trust domain: JWT-SVIDs and workload identity tokens. */
export interface SvidTokenIssuer {
  readonly id: string;
  readonly trustDomain: string;
  readonly audiences: ReadonlySet<string>;
  readonly maxLifetimeMs: number;
  /** Of its file; undefined where they come from the Workload API. */
  readonly keys: SpiffeKeys | undefined;
}

const BEARER: readonly CredentialLocation[] = ['bearer', 'dpop'].map((scheme) => {
  return { in: 'authorization', scheme };
});
const TYPES: Readonly<Record<TokenUse, readonly TokenType[]>> = {
  access: ['at+jwt'],
  id: ['JWT', 'absent'],
  transaction: [],
};

export class TokenIssuers {
  readonly digest: string;
  readonly #byIssuer = new Map<string, JwtIssuer>();
  readonly #byTrustDomain = new Map<string, SvidTokenIssuer>();
  #places: readonly TokenPlace[] | undefined;
  #schemes: TokenSchemes | undefined;

  constructor(
    issuers: readonly Located<IssuerDocument>[],
    keyFiles: ReadonlyMap<string, string>,
    diagnostics: Diagnostics,
  ) {
    const digests: unknown[] = [];
    for (const located of issuers) {
      const { jwt, jwtSvid } = located.document.spec;
      const compiler = new Compiler(located, keyFiles, diagnostics);
      if (jwt !== undefined) this.#addJwt(compiler.jwt(jwt), compiler);
      if (jwtSvid !== undefined) this.#addSvid(compiler.svid(jwtSvid), compiler);
      if (jwt ?? jwtSvid) digests.push({ document: located.document, keys: compiler.keyDigests });
    }
    this.digest = digestOfAll(digests, {});
  }

  get all(): readonly JwtIssuer[] {
    return [...this.#byIssuer.values()];
  }

  get isEmpty(): boolean {
    return this.#byIssuer.size === 0 && this.#byTrustDomain.size === 0;
  }

  /** Each place once, with all whose tokens may stand there; a JWT-SVID is of no place's issuer. */
  get places(): readonly TokenPlace[] {
    this.#places ??= placesOf(this.all, this.#byTrustDomain.size > 0);
    return this.#places;
  }

  /** What a challenge may ask for. */
  get schemes(): TokenSchemes {
    this.#schemes ??= schemesOf(this.all, this.#byTrustDomain.size > 0);
    return this.#schemes;
  }

  get trustDomains(): Iterable<string> {
    return this.#byTrustDomain.keys();
  }

  /** By `iss`, character by character. */
  ofIssuer(iss: string): JwtIssuer | undefined {
    return this.#byIssuer.get(iss);
  }

  ofTrustDomain(trustDomain: string): SvidTokenIssuer | undefined {
    return this.#byTrustDomain.get(trustDomain);
  }

  #addJwt(issuer: JwtIssuer, { error }: Compiler): void {
    const first = this.#byIssuer.get(issuer.issuer);
    if (first === undefined) this.#byIssuer.set(issuer.issuer, issuer);
    else error(['jwt', 'issuer'], `\`${first.id}\` speaks for \`${issuer.issuer}\` already`);
  }

  #addSvid(issuer: SvidTokenIssuer, { error }: Compiler): void {
    const { trustDomain } = issuer;
    const first = this.#byTrustDomain.get(trustDomain);
    if (first === undefined) this.#byTrustDomain.set(trustDomain, issuer);
    else
      error(['jwtSvid', 'trustDomain'], `\`${first.id}\` vouches for \`${trustDomain}\` already`);
  }
}

class Compiler {
  readonly keyDigests: string[] = [];
  readonly error: (path: readonly string[], message: string, expected?: string) => void;
  readonly #located: Located<IssuerDocument>;
  readonly #keyFiles: ReadonlyMap<string, string>;
  readonly #diagnostics: Diagnostics;

  constructor(
    located: Located<IssuerDocument>,
    keyFiles: ReadonlyMap<string, string>,
    diagnostics: Diagnostics,
  ) {
    this.#located = located;
    this.#keyFiles = keyFiles;
    this.#diagnostics = diagnostics;
    this.error = (path, message, expected) => {
      diagnostics.error(located.at(['spec', ...path]), message, expected);
    };
  }

  jwt(spec: JwtSpec): JwtIssuer {
    const { issuer, jwks, audiences, algorithms, uses, maxLifetime, claims = {} } = spec;
    const { bound, dpopNonce } = spec;
    if (new Set(audiences).size < audiences.length) {
      this.error(['jwt', 'audiences'], 'an audience stands twice');
    }
    this.#checkKeySource(jwks);
    const locations = spec.locations?.flatMap((it, index) => this.#location(it, index)) ?? BEARER;
    if (dpopNonce && !isByScheme('dpop', locations)) {
      const message = 'none of its `locations` takes tokens by DPoP';
      this.error(['jwt', 'dpopNonce'], message, '`{header: authorization, prefix: DPoP}`');
    }
    return {
      id: documentId(this.#located.document),
      issuer,
      audiences: new Set(audiences),
      algorithms: new Set(algorithms),
      types: new Set(uses.flatMap((use) => TYPES[use])),
      requiredClaims: [],
      maxLifetimeMs: this.#lifetime(maxLifetime, 'jwt'),
      uses: new Set(uses),
      locations,
      boundOnly: bound,
      dpopNonce,
      attributes: new Map(
        Object.entries(claims).map(([claim, path]) => [path.slice('attributes.'.length), claim]),
      ),
      keys: jwks.file === undefined ? undefined : this.#keys(['jwt', 'jwks', 'file'], 'sig'),
      keysUrl: jwks.url ?? '',
    };
  }

  svid({ trustDomain, audiences, maxLifetime, bundle, workloadApi }: JwtSvidSpec): SvidTokenIssuer {
    if ((bundle === undefined) === (workloadApi === undefined)) {
      this.error(['jwtSvid'], 'its keys come from one place', '`bundle` or `workloadApi: true`');
    }
    const parsed = parseTrustDomain(trustDomain);
    if (parsed !== trustDomain) {
      const rule = parsed instanceof SpiffeIdError ? parsed.rule : 'the name alone is expected';
      this.error(['jwtSvid', 'trustDomain'], `\`${trustDomain}\`: ${rule}`);
    }
    const path = ['jwtSvid', 'bundle'];
    return {
      id: documentId(this.#located.document),
      trustDomain,
      audiences: new Set(audiences),
      maxLifetimeMs: this.#lifetime(maxLifetime, 'jwtSvid'),
      keys:
        bundle === undefined
          ? undefined
          : new SpiffeKeys(this.#keys(path, 'jwt-svid'), this.#keys(path, 'wit-svid')),
    };
  }

  #lifetime(text: string | undefined, form: string): number {
    if (text === undefined) {
      const place = this.#located.at(['spec', form]);
      this.#diagnostics.warning(place, 'tokens of any lifetime are believed', '`maxLifetime`');
    }
    return parseDuration(text ?? '') ?? Number.POSITIVE_INFINITY;
  }

  #checkKeySource(jwks: JwtSpec['jwks']): void {
    const { file, url, ca, allowPrivate, allowHttp } = jwks;
    if ((file === undefined) === (url === undefined)) {
      this.error(['jwt', 'jwks'], 'its keys come from one place', '`file` or `url`');
    }
    if (url === undefined) {
      if (ca !== undefined) this.error(['jwt', 'jwks', 'ca'], 'only a `url` has a host to verify');
      return;
    }
    const problem = keyUrlProblem(url, { allowPrivate, allowHttp });
    if (problem === undefined) return;
    this.error(['jwt', 'jwks', 'url'], `\`${url}\`: ${problem}`, 'such as https://ci.example/keys');
  }

  #location(
    { header, prefix, cookie }: NonNullable<JwtSpec['locations']>[number],
    index: number,
  ): CredentialLocation[] {
    const path = ['jwt', 'locations', String(index)];
    if ((header === undefined) === (cookie === undefined)) {
      this.error(path, 'a place is one of both', '`header` or `cookie`');
    } else if (cookie !== undefined) {
      if (prefix !== undefined) this.error(path, 'only a header has a prefix');
      return [{ in: 'cookie', name: cookie }];
    } else if (header === 'authorization') {
      return [{ in: 'authorization', scheme: (prefix ?? 'bearer').toLowerCase() }];
    } else if (header !== undefined) {
      return [{ in: 'header', name: header, prefix: prefix === undefined ? '' : `${prefix} ` }];
    }
    return [];
  }

  #keys(path: readonly string[], purpose: KeySetPurpose): JwkSet {
    const file = keyFilesOf(this.#located).find((it) => it.path.join('.') === path.join('.'));
    const text = file && keyFileText(file, this.#keyFiles, this.#diagnostics);
    if (file === undefined || text === undefined) return EMPTY;
    this.keyDigests.push(digestOfBytes(text));
    const keys = parseJwkSet(text, purpose);
    if (keys instanceof KeySetFault) {
      this.#diagnostics.error(file.at, `${file.name}: ${keys.message}`, 'a JWK Set (RFC 7517)');
      return EMPTY;
    }
    for (const { severity, message } of keys.findings) {
      const told = severity === 'refused' ? 'refused' : 'not used';
      this.#diagnostics.warning(file.at, `${file.name}: ${message}: ${told}`);
    }
    return keys;
  }
}

const EMPTY = parseJwkSet('{"keys":[]}', 'sig') as JwkSet;
