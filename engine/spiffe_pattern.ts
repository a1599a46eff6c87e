// Patterns over SPIFFE IDs: one ID, or an ID in whose path whole segments are `*`, each standing
// for exactly one segment (`spiffe://td/ns/*/sa/x`). The trust domain is always literal.

import {
  parseSpiffeId,
  type SpiffeId,
  SpiffeIdError,
  type SpiffeIdErrorCode,
} from './spiffe_id.ts';

export type SpiffePatternErrorCode =
  | SpiffeIdErrorCode
  | 'path_missing'
  | 'wildcard_in_trust_domain'
  | 'partial_wildcard';

/** Why a text is not a pattern: a code, and the rule it breaks in words. */
export class SpiffePatternError {
  readonly code: SpiffePatternErrorCode;
  readonly rule: string;

  constructor(code: SpiffePatternErrorCode, rule: string) {
    this.code = code;
    this.rule = rule;
  }
}

const PREFIX = 'spiffe://';
const STAR = 0x2a;

/** Reads a pattern; a text without `*` matches the ID it is. */
export function parseSpiffePattern(text: string): SpiffePattern | SpiffePatternError {
  const star = text.indexOf('*');
  const domainEnd = text.indexOf('/', PREFIX.length);
  const segments = text.slice(domainEnd + 1).split('/');
  if (star >= 0 && text.startsWith(PREFIX)) {
    if (domainEnd < 0 || star < domainEnd) {
      return new SpiffePatternError(
        'wildcard_in_trust_domain',
        'the trust domain of a pattern is written out, without `*`',
      );
    }
    if (segments.some((segment) => segment.includes('*') && segment !== '*')) {
      return new SpiffePatternError(
        'partial_wildcard',
        'in a pattern `*` stands for one whole path segment, never for a part of it',
      );
    }
  }
  // Every wildcard is now a segment of its own: with a letter in its place the rest must be an ID.
  const id = parseSpiffeId(text.replaceAll('*', 'x'));
  if (id instanceof SpiffeIdError) return new SpiffePatternError(id.code, id.rule);
  if (id.path === '') {
    return new SpiffePatternError('path_missing', 'a pattern has a path: it names workloads');
  }
  const mask = segments.map((segment) => (segment === '*' ? '*' : '=')).join('');
  return new SpiffePattern(text, id.trustDomain, star < 0 ? '' : mask);
}

/** A valid pattern; parseSpiffePattern makes it. */
export class SpiffePattern {
  readonly text: string;
  readonly trustDomain: string;
  /** One character per segment, `=` (literal) or `*`; empty for an exact pattern of any length. */
  readonly mask: string;
  readonly isExact: boolean;
  // The text between the wildcards: each piece but the first starts where a segment ends.
  private readonly pieces: readonly string[];

  constructor(text: string, trustDomain: string, mask: string) {
    this.text = text;
    this.trustDomain = trustDomain;
    this.mask = mask;
    this.isExact = mask === '';
    this.pieces = text.split('*');
  }

  matches(id: SpiffeId): boolean {
    const text = id.id;
    if (this.isExact) return text === this.text;
    let at = 0;
    for (let i = 0; i < this.pieces.length; i++) {
      if (i > 0) at = segmentEnd(text, at);
      const piece = this.pieces[i]!;
      if (!text.startsWith(piece, at)) return false;
      at += piece.length;
    }
    return at === text.length;
  }

  /**
   * The ID with `*` where this pattern's mask has it; undefined when it has another number of
   * segments. A pattern matches an ID exactly when its text is the ID's masked key, so a map from
   * texts needs one lookup per distinct mask, by any pattern of that mask.
   */
  maskedKey(id: SpiffeId): string | undefined {
    const text = id.id;
    if (this.isExact) return text;
    let key = '';
    let copied = 0;
    let at = id.pathStart;
    for (let i = 0; i < this.mask.length; i++) {
      if (at === text.length) return undefined;
      const end = segmentEnd(text, at + 1);
      if (this.mask.charCodeAt(i) === STAR) {
        key += `${text.slice(copied, at + 1)}*`;
        copied = end;
      }
      at = end;
    }
    return at === text.length ? key + text.slice(copied) : undefined;
  }
}

/**
 * Sorts the more specific pattern first: exact before wildcards, then whichever is literal at the
 * first segment where only one is. Patterns that match the same ID agree in all their literals, so
 * they differ in such a segment, or they are the same text: a tie is never between two of them.
 */
export function compareSpecificity(a: SpiffePattern, b: SpiffePattern): number {
  if (a.mask === b.mask) return 0;
  if (a.isExact !== b.isExact) return a.isExact ? -1 : 1;
  return a.mask > b.mask ? -1 : 1; // `=` sorts after `*`.
}

function segmentEnd(text: string, at: number): number {
  const end = text.indexOf('/', at);
  return end < 0 ? text.length : end;
}
