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
/** Of a list that an issuer chose, such as audiences and scopes: a record is no copy of a token. */
export const RECORDED_ELEMENTS_MAX = 16;
export const RECORDED_ELEMENT_MAX = 256;
/** A bundle beyond these is refused before it is parsed. */
export const BUNDLE_FILE_BYTES_MAX = 16 * MiB;
export const BUNDLE_BYTES_MAX = 64 * MiB;
/** Together; a rule in a document of its own has some 300 bytes. */
export const DOCUMENTS_MAX = 250_000;
/** YAML aliases may expand to so many nodes a document, against alias bombs. */
export const YAML_ALIASES_MAX = 100;
/** Errors that are told, and warnings; the rest are counted, and nothing more is parsed. */
export const DIAGNOSTICS_MAX = 200;
/** C-073: an exception ends within so many days from now, or it is no exception. */
export const EXCEPTION_DAYS_MAX = 90;
/** Before a trial ends its owner is told so many days. */
export const TRIAL_NOTICE_DAYS = 7;
/** An identity whose credentials may live longer is long-lived (C-076). */
export const LONG_LIVED_MS = 24 * 3_600_000;
/** Pairs of principal and operation that the lint tries for one rule. */
export const LINT_PAIRS_MAX = 2_000;
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
/** `x-forwarded-client-cert`: each proxy on the way adds 4 to 16 KiB when it adds certificates. */
export const XFCC_TEXT_MAX = 64 * KiB;
/** Proxies on the way. */
export const XFCC_ELEMENTS_MAX = 32;
/** Of all elements together: each DNS name is a pair of its own. */
export const XFCC_PAIRS_MAX = 512;
/** One credential as text; a signed token has some 1 KiB, one with many groups 8. */
export const CREDENTIAL_TEXT_MAX = 16 * KiB;
/** A header in which a credential may stand among others, as a cookie, or with its chain. */
export const CREDENTIAL_HEADER_TEXT_MAX = 64 * KiB;
/** 22 characters of base64url hold 128 bits; what is shorter can be guessed, or was chosen. */
export const API_KEY_LENGTH_MIN = 22;
export const API_KEY_LENGTH_MAX = 512;
/** RFC 2104 section 3: a key shorter than the digest weakens it, a longer one adds nothing. */
export const HMAC_KEY_BYTES_MIN = 32;
export const HMAC_KEY_BYTES_MAX = 1024;
/** What an enforcer says of verified tokens, all together; a payload is what its token has. */
export const METADATA_BYTES_MAX = 64 * KiB;
/** A message of the SPIFFE Workload API: gRPC's own default, which other clients have as well. */
export const WORKLOAD_API_BYTES_MAX = 4 * MiB;
/** Trust domains in one such message: its own and those it is federated with, seldom ten. */
export const WORKLOAD_API_DOMAINS_MAX = 256;
/** PKCS#8 of a private key; RSA-8192 has some 4.7 KiB. */
export const PRIVATE_KEY_BYTES_MAX = 8 * KiB;
/**
 * What the Workload API vouched for holds so long after its last word. A day is enough for people
 * to mend an agent, and beyond the life of what most issuers sign.
 */
export const WORKLOAD_API_STALE_MS_MAX = 24 * 3_600_000;
/** DESIGN section 6, "Class floor": what reaches `restricted` lives no longer. */
export const RESTRICTED_LIFETIME_MS_MAX = 24 * 3_600_000;
/**
 * A body that rules read. Most requests of an API have less than 4 KiB. This much takes 0.3 ms to
 * scan, 2 ms where every character is an escape, and the thread does nothing else meanwhile.
 */
export const BODY_BYTES_MAX = 64 * KiB;
/** Levels of objects and arrays, as reading is recursive; what is meant seldom goes below 8. */
export const BODY_DEPTH_MAX = 32;
/** Members of all objects of a body together, or fields of a form: each costs a hash. */
export const BODY_KEYS_MAX = 1024;
/** Elements of all arrays of a body together. */
export const BODY_ELEMENTS_MAX = 8192;
/** A number as text. int64 has 20 characters, the longest double that is ever printed 24. */
export const BODY_NUMBER_LENGTH_MAX = 64;
/** Parts of a multipart body; a form that people fill in has some ten. */
export const MULTIPART_PARTS_MAX = 128;
/** Headers of one part: three with short values are defined (RFC 7578 section 4). */
export const MULTIPART_HEADER_BYTES_MAX = 2 * KiB;
export const MULTIPART_HEADERS_MAX = 16;
/** A content type; a boundary has at most 70 characters (RFC 2046 section 5.1.1). */
export const MEDIA_TYPE_LENGTH_MAX = 512;
/** What servers accept of a request line, most of them 8 KiB. */
export const QUERY_LENGTH_MAX = 16 * KiB;
/** A condition is a sentence; a longer text is refused before it is read. */
export const CONDITION_TEXT_MAX = 8 * KiB;
/** Levels of an expression: the CEL specification asks for 32 of parentheses and of operators. */
export const CONDITION_DEPTH_MAX = 64;
export const CONDITION_NODES_MAX = 2048;
/** Macros within macros: each level multiplies the work by the size of what it ranges over. */
export const CONDITION_MACROS_MAX = 3;
/** Mistakes told of one condition. */
export const CONDITION_ERRORS_MAX = 16;
/**
 * Units of engine/cel/frame.ts. Most are nanoseconds; the slowest known, of a regular expression
 * that builds its automaton while it reads, are 1.5 µs.
 */
export const CONDITION_COST_MAX = 10_000;
/** Levels of lists and maps that two values are compared to. */
export const CONDITION_VALUE_DEPTH_MAX = 64;
export const REGEX_TEXT_MAX = 4 * KiB;
/** Instructions of a compiled regular expression, estimated before it is compiled. */
export const REGEX_PROGRAM_MAX = 2000;
/** Instructions of all regular expressions of a condition, as compiling them takes time. */
export const CONDITION_REGEX_MAX = 4000;
/** Patterns that were made by an expression at run time, kept by thread. */
export const REGEX_CACHE_MAX = 32;
/** What one regular expression may remember of its automaton, by thread. */
export const REGEX_MEMORY_BYTES_MAX = 256 * KiB;
/** Formatters of time zones, kept by thread. */
export const TIME_ZONES_MAX = 64;
/** Rules that one thread keeps as objects, some 2 KiB each; beyond it they are made anew. */
export const RULES_KEPT_MAX = 16_384;
/** Principals and identities that one thread keeps as objects. */
export const PRINCIPALS_KEPT_MAX = 16_384;
/** Principals whose rules one operation remembers: callers of one service are few. */
export const FOUND_MAX = 1024;
/** Rules that are looked at to give a denial its reason. */
export const NEAR_MAX = 512;
/** Rules that no index catches, of one service or one namespace: each request looks at all. */
export const UNINDEXED_RULES_MAX = 256;
/** C-034: nobody may rely on a decision for longer. */
export const DECISION_VALID_MS_MAX = 5 * 60_000;
/** A token as it is sent; proxies take headers of 60 KiB, an ordinary token has 1 to 4. */
export const TOKEN_TEXT_MAX = 16 * KiB;
/** Levels of a token's payload: an `act` chain of 8 and a claim of some structure. */
export const TOKEN_DEPTH_MAX = 12;
/** Members of all objects of a token's payload, and elements of all its lists. */
export const TOKEN_KEYS_MAX = 512;
export const TOKEN_ELEMENTS_MAX = 1024;
/** An issuer, a subject, an actor: as long as a SPIFFE ID may be. */
export const TOKEN_NAME_MAX = 2 * KiB;
/** Actors in one `act` chain (RFC 8693 section 4.1); what is meant seldom has three. */
export const TOKEN_ACTORS_MAX = 8;
/** DESIGN section 7: how far a foreign clock may be from ours. */
export const CLOCK_SKEW_MS_MAX = 30_000;
/** RFC 9449 section 11.1: a DPoP proof is made for one request, seconds before it. */
export const DPOP_AGE_MS_MAX = 60_000;
/** WIMSE WPT: how far ahead a proof may expire; its use is remembered so long. */
export const WPT_AHEAD_MS_MAX = 300_000;
/** A key set as text: 256 RSA-2048 keys, each with a certificate in `x5c`, have 500 KiB. */
export const KEY_SET_TEXT_MAX = MiB;
/** Keys in one set; issuers publish two to ten. A larger set is refused as a whole. */
export const KEY_SET_KEYS_MAX = 256;
/** Members of all objects of a key set, and elements of all its lists. */
export const KEY_SET_MEMBERS_MAX = 8192;
/** A key that a client chose itself: longer moduli only make us work (RFC 9449 section 11). */
export const CLIENT_RSA_BITS_MAX = 4096;
/** Of a key set; browsers and servers take 2 KiB everywhere. */
export const KEY_URL_LENGTH_MAX = 2 * KiB;
/** Sets of keys from outside the bundle: each has its timers and, at the worst, a MiB of text. */
export const KEY_SETS_MAX = 256;
/** Keys of clients that one thread keeps ready for use, some 2 KiB each. */
export const CLIENT_KEYS_KEPT_MAX = 1024;
