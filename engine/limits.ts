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
