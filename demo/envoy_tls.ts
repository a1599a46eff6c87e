// Both sides of mTLS in Envoy's configuration: what a listener demands of its clients, and what
// Envoy shows to a server and wants to see from it.

import type { AuthzTls, Json, TlsFiles } from './envoy_config.ts';

const TYPE = 'type.googleapis.com/envoy';

export function downstreamTls(tls: TlsFiles, requireClientCertificate: boolean): Json {
  return {
    '@type': `${TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext`,
    require_client_certificate: requireClientCertificate,
    common_tls_context: {
      alpn_protocols: ['h2', 'http/1.1'],
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
      tls_certificates: [
        {
          certificate_chain: { filename: tls.certificate },
          private_key: { filename: tls.key },
        },
      ],
      // Proves that the authority signed the peer's SVID; what its holder may do is Remit's matter.
      validation_context: { trusted_ca: { filename: tls.trustedCa } },
    },
  };
}

/** Without the name that it asks for Envoy would believe anybody whom the authority signed. */
export function upstreamTls(tls: AuthzTls): Json {
  return {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': `${TYPE}.extensions.transport_sockets.tls.v3.UpstreamTlsContext`,
        common_tls_context: {
          alpn_protocols: ['h2'],
          tls_params: {
            tls_minimum_protocol_version: 'TLSv1_2',
            tls_maximum_protocol_version: 'TLSv1_3',
          },
          tls_certificates: [
            {
              certificate_chain: { filename: tls.certificate },
              private_key: { filename: tls.key },
            },
          ],
          validation_context: {
            trusted_ca: { filename: tls.trustedCa },
            match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: tls.serverId } }],
          },
        },
      },
    },
  };
}
