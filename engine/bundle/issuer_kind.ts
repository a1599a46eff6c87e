// `Issuer`: who may vouch for identities, by certificates, tokens or keys (DESIGN section 6).
// Nothing in it can grant (C-007): no field names an operation, a role or a permission.

import { z } from 'zod';
import { duration, instant, kind, metadata, name, text, texts } from './fields.ts';
import { strict } from './strict_object.ts';

/** RFC 7518 section 3.1 and RFC 8037, but no MAC: whoever can check one could sign. */
export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** `access`: RFC 9068. `id`: OpenID Connect, as CI systems issue. `transaction`: Txn-Token. */
export const TOKEN_USES = ['access', 'id', 'transaction'] as const;
export type TokenUse = (typeof TOKEN_USES)[number];

const trustDomain = text.describe('The name alone, without `spiffe://`; one Issuer for each.');
const headerName = z
  .string()
  .regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'must be a header name in lower case');

const workloadApi = z
  .literal(true)
  .optional()
  .describe('The bundle comes from the SPIFFE Workload API, instead of a file.');

const x509 = strict({
  trustDomain,
  bundle: text.optional().describe('A path from this file: PEM with the authorities.'),
  workloadApi,
  intermediates: texts
    .default([])
    .describe('Paths from this file: PEM with signers between authority and workload.'),
  maxLifetime: duration
    .optional()
    .describe('From notBefore to notAfter of a certificate; any by default.'),
});

const jwks = strict({
  file: text.optional().describe('A path from this file: a JWK Set (RFC 7517 section 5).'),
  url: text.optional().describe('Fetched and kept fresh; `https`, and never another host.'),
  ca: text.optional().describe('A path from this file: PEM that vouches for the host of `url`.'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('`url` may lead to a private, link-local or loopback address.'),
  allowHttp: z.boolean().default(false).describe('`url` may be `http`: for tests on one host.'),
  staleFor: duration
    .default('24h')
    .describe('How long keys hold that cannot be fetched again; then nothing verifies.'),
});

const location = strict({
  header: headerName.optional().describe('A header.'),
  prefix: text.optional().describe('What stands before the token in that header, and a space.'),
  cookie: text.optional().describe('A cookie, by its exact name.'),
});

const jwt = strict({
  issuer: text.describe('The `iss` of its tokens, exactly; one Issuer for each.'),
  jwks: jwks.describe('Its keys, by `file` or by `url`.'),
  audiences: texts.describe('One of them has to stand in `aud`.'),
  algorithms: z
    .array(z.enum(SIGNATURE_ALGORITHMS))
    .min(1)
    .default(['ES256', 'RS256'])
    .describe('No other signature is looked at.'),
  uses: z
    .array(z.enum(TOKEN_USES))
    .min(1)
    .default(['access'])
    .describe('Which tokens are accepted: RFC 9068, OpenID Connect, transaction tokens.'),
  maxLifetime: duration.optional().describe('From `iat` (or `nbf`) to `exp`; any by default.'),
  claims: z
    .record(text, z.string().regex(/^attributes\.[a-z0-9.-]{1,63}$/, 'must be `attributes.NAME`'))
    .optional()
    .describe('Claims that become attributes of the identity for as long as the request.'),
  locations: z
    .array(location)
    .min(1)
    .optional()
    .describe('Where its tokens stand; `Authorization: Bearer` or `DPoP` by default.'),
  bound: z.boolean().default(false).describe('Only tokens that are bound to a key.'),
  dpopNonce: z
    .boolean()
    .default(false)
    .describe('A DPoP proof has to hold a nonce that the client was told here.'),
});

const jwtSvid = strict({
  trustDomain,
  audiences: texts.describe('One of them has to stand in `aud`.'),
  bundle: text.optional().describe('A path from this file: a SPIFFE bundle (a JWK Set).'),
  workloadApi,
  maxLifetime: duration.optional().describe('From `iat` to `exp`; any by default.'),
});

const apiKey = strict({
  id: name.describe('What records call the key.'),
  subject: text.describe('Whose it is; an Identity speaks of it by issuer and subject.'),
  hmac: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
    .describe('HMAC-SHA-256 of the key under `hmacKey`.'),
  createdAt: instant.optional().describe('When it was issued; its age counts from here.'),
  expiresAt: instant.optional().describe('From then on it proves nothing.'),
});

const apiKeys = strict({
  header: headerName.default('x-api-key').describe('Where callers put it.'),
  hmacKey: text.describe('A path from this file: the key of the HMACs, at least 32 bytes.'),
  keys: z.array(apiKey).min(1).describe('Digests; the keys themselves stand nowhere.'),
});

export const issuerSchema = kind(
  'Issuer',
  metadata,
  strict({
    x509: x509.optional().describe('By certificates, for the workloads of one trust domain.'),
    jwt: jwt.optional().describe('By tokens of an authorization server or of a CI system.'),
    jwtSvid: jwtSvid
      .optional()
      .describe('By JWT-SVIDs and workload identity tokens of one trust domain.'),
    apiKeys: apiKeys.optional().describe('By API keys: the weakest of all proofs.'),
  }),
);

export type IssuerDocument = z.infer<typeof issuerSchema>;
export type IssuerSpec = IssuerDocument['spec'];

export const ISSUER_FORMS = ['x509', 'jwt', 'jwtSvid', 'apiKeys'] as const;
