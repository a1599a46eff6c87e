// Every limit of the engine and its context handlers, with the reason beside it. Sizes are only
// ever written through KiB and MiB.

export const KiB = 1024;
export const MiB = 1024 * KiB;

/** DESIGN 5.4: above it a request is denied `ctx.malformed_too_large`, by a successful RPC. */
export const MESSAGE_BYTES_MAX = 4 * MiB;
/** Above it a call ends with an RPC error, so it stands far above our own limit. */
export const TRANSPORT_BYTES_MAX = 16 * MiB;
/**
 * A level of JSON in metadata is three of messages; deeper ones are only sent to exhaust a stack.
 */
export const WIRE_DEPTH_MAX = 320;
/** What a caller chose is cut to this many characters in a record; the record says so. */
export const RECORDED_TEXT_MAX = 2 * KiB;
/** A bundle beyond these is refused before it is parsed. */
export const BUNDLE_FILE_BYTES_MAX = 16 * MiB;
export const BUNDLE_BYTES_MAX = 64 * MiB;
/** YAML aliases may expand to so many nodes a document, against alias bombs. */
export const YAML_ALIASES_MAX = 100;
/** A bundle with more mistakes than this is told the first ones and the count. */
export const DIAGNOSTICS_MAX = 200;
/** DESIGN section 3: at most three passes over one request. */
export const PASSES_MAX = 3;
/** A UUID as text (RFC 9562 section 4). */
export const DECISION_ID_LENGTH = 36;
/** A certificate as it is sent, URL-encoded PEM; an ordinary one has 2 KiB, RSA-8192 has 7. */
export const CERTIFICATE_TEXT_MAX = 32 * KiB;
export const CERTIFICATE_BYTES_MAX = 16 * KiB;
/** Names in one certificate: a proxy may serve many hosts, an SVID names one workload. */
export const CERTIFICATE_NAMES_MAX = 128;
/** Elements in one certificate, all levels together; 128 names are some 200. */
export const DER_ELEMENTS_MAX = 1024;
export const DER_DEPTH_MAX = 16;
/** Certificates that a peer may send behind its own. */
export const PEER_CHAIN_MAX = 8;
/** Certificates between leaf and authority. */
export const PATH_INTERMEDIATES_MAX = 5;
/** Signatures checked for one leaf, so that authorities of one name cannot multiply the work. */
export const PATH_SIGNATURES_MAX = 32;
/** A file of authorities: a trust bundle has a few, all public authorities together 150. */
export const KEY_FILE_BYTES_MAX = MiB;
export const KEY_FILE_CERTIFICATES_MAX = 256;
/** DESIGN section 6, "Class floor": what reaches `restricted` lives no longer. */
export const RESTRICTED_LIFETIME_MS_MAX = 24 * 3_600_000;
