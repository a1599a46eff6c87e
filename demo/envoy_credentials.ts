// What Envoy tells of its client's credentials: the certificate in a header, and the claims of a
// token that `jwt_authn` verified. Each needs an Enforcer that may assert it (authentication.md).

import type { Json } from './envoy_config.ts';

const EXTENSIONS = 'type.googleapis.com/envoy.extensions.filters.http';
/** The filter's name, and the namespace of what it says. */
export const JWT_AUTHN = 'envoy.filters.http.jwt_authn';

/** `x-forwarded-client-cert`, written by the listener. */
export interface ForwardClientCert {
  /** The last of them lets the client write it: on only to show what Remit refuses by itself. */
  readonly mode: 'SANITIZE_SET' | 'APPEND_FORWARD' | 'ALWAYS_FORWARD_ONLY';
  /** Besides the URI: `Cert`, and `Chain` with all that the client sent; default false. */
  readonly certificate?: boolean;
}

export interface JwtAuthn {
  readonly issuer: string;
  /** A JWK Set, as text. */
  readonly jwks: string;
  /** Leaves the token in the request; default false. */
  readonly forward?: boolean;
}

/** Default: a client's certificate reaches nobody, and nobody looks at tokens. */
export interface CredentialOptions {
  readonly forwardClientCert?: ForwardClientCert;
  /** Writes `Client-Cert` (RFC 9440), and removes the one that came. */
  readonly clientCertHeader?: boolean;
  /** Verifies tokens, as Istio's RequestAuthentication does: none is good as well. */
  readonly jwtAuthn?: JwtAuthn;
}

/** Fields of the connection manager. */
export function forwardingOf({ forwardClientCert }: CredentialOptions): Json {
  // A client-sent x-forwarded-client-cert never reaches anybody.
  if (forwardClientCert === undefined) return { forward_client_cert_details: 'SANITIZE' };
  const { mode, certificate = false } = forwardClientCert;
  return {
    forward_client_cert_details: mode,
    set_current_client_cert_details: { uri: true, cert: certificate, chain: certificate },
  };
}

/** Filters that stand before ext_authz, so that it is asked about what they wrote. */
export function credentialFilters({ clientCertHeader, jwtAuthn }: CredentialOptions): Json[] {
  return [
    ...(clientCertHeader ? [clientCertFilter()] : []),
    ...(jwtAuthn === undefined ? [] : [jwtAuthnFilter(jwtAuthn)]),
  ];
}

/**
 * Envoy has the certificate as URL-encoded PEM, whose base64 is that of RFC 9440 section 2.2. The
 * headers that came go first, whether or not there is a certificate: they are the client's word.
 */
export const WRITE_CLIENT_CERT = `
function envoy_on_request(handle)
  local headers = handle:headers()
  headers:remove("client-cert")
  headers:remove("client-cert-chain")
  local tls = handle:streamInfo():downstreamSslConnection()
  if tls == nil or not tls:peerCertificatePresented() then return end
  local pem = tls:urlEncodedPemEncodedPeerCertificate()
  local text = string.gsub(pem, "%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end)
  local base64 = string.gsub(string.gsub(text, "%-%-%-%-%-[%u ]+%-%-%-%-%-", ""), "%s", "")
  headers:replace("client-cert", ":" .. base64 .. ":")
end
`;

function clientCertFilter(): Json {
  return {
    name: 'envoy.filters.http.lua',
    typed_config: {
      '@type': `${EXTENSIONS}.lua.v3.Lua`,
      default_source_code: { inline_string: WRITE_CLIENT_CERT },
    },
  };
}

function jwtAuthnFilter({ issuer, jwks, forward = false }: JwtAuthn): Json {
  // Without `audiences`: whom a token is meant for is asked by Remit, of each service.
  const provider = {
    issuer,
    local_jwks: { inline_string: jwks },
    forward,
    payload_in_metadata: 'payload',
  };
  const requires = {
    requires_any: { requirements: [{ provider_name: 'tokens' }, { allow_missing: {} }] },
  };
  return {
    name: JWT_AUTHN,
    typed_config: {
      '@type': `${EXTENSIONS}.jwt_authn.v3.JwtAuthentication`,
      providers: { tokens: provider },
      rules: [{ match: { prefix: '/' }, requires }],
    },
  };
}
