// Identities as documents, checked, and as the entries that decisions read (DESIGN section 6).

import type { IdentityEntry } from '../access_request.ts';
import { type Bundle, documentId, type Located } from '../bundle/bundle.ts';
import type { IdentityDocument } from '../bundle/identity_kind.ts';
import { type Diagnostics, nearest } from '../diagnostic.ts';
import { parseDuration } from '../duration.ts';
import { dayEnd } from '../review.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import { SUBJECT_LENGTH_MAX, tokenIdentity } from '../token_identity.ts';
import { checkWorkloads } from './workload_record.ts';

/** What has been checked of all identities together. */
export interface Identities {
  readonly patterns: readonly SpiffePattern[];
  readonly trustDomains: ReadonlySet<string>;
}

/** Ids of all that an identity may name. */
export interface KnownNames {
  /** `namespace/role` */
  readonly roleIds: ReadonlySet<string>;
  readonly tokenIssuers: ReadonlySet<string>;
}

export function checkIdentities(
  identities: Bundle['identities'],
  known: KnownNames,
  diagnostics: Diagnostics,
): Identities {
  const patterns: SpiffePattern[] = [];
  const trustDomains = new Set<string>();
  const texts = new Set<string>();
  for (const located of identities) {
    const { spiffe, kind, ceiling } = located.document.spec;
    if (kind === 'third_party' && ceiling === undefined) {
      const message = 'a third party needs a ceiling: what no rule can exceed for it';
      diagnostics.error(located.at(['spec', 'kind']), message, '`ceiling` beside it');
    }
    checkSubject(located, known, diagnostics);
    for (const name of identityNames(located.document)) {
      const place = located.at(['spec', name === spiffe ? 'spiffe' : 'subject']);
      if (texts.has(name)) diagnostics.error(place, `a second Identity for \`${name}\``);
      texts.add(name);
      if (kind === 'agent' && name.endsWith('*')) {
        diagnostics.error(place, 'an agent is named exactly, not by a pattern');
      }
    }
    checkFields(located, known.roleIds, diagnostics);
    if (spiffe === undefined) continue;
    const place = located.at(['spec', 'spiffe']);
    const pattern = parseSpiffePattern(spiffe);
    if (!(pattern instanceof SpiffePattern)) {
      diagnostics.error(place, `\`${spiffe}\`: ${pattern.rule}`);
      continue;
    }
    trustDomains.add(pattern.trustDomain);
    if (pattern.isExact) continue;
    if (kind === 'agent' && !spiffe.endsWith('*')) {
      diagnostics.error(place, 'an agent is named exactly, not by a pattern');
    }
    patterns.push(pattern);
  }
  checkWorkloads(identities, texts, patterns, diagnostics);
  return { patterns, trustDomains };
}

/** Under which names it is found: its SPIFFE ID or pattern, and `ISSUER#SUBJECT`. */
export function identityNames({ spec }: IdentityDocument): string[] {
  const { spiffe, issuer, subject } = spec;
  return [
    ...(spiffe === undefined ? [] : [spiffe]),
    ...(issuer === undefined || subject === undefined ? [] : [tokenIdentity(issuer, subject)]),
  ];
}

/** Lengths of the subjects that end in a `*`, without it, by issuer; the longest first. */
export function subjectPrefixes(identities: readonly IdentityDocument[]): [string, number[]][] {
  const lengths = new Map<string, Set<number>>();
  for (const { issuer, subject } of identities.map(({ spec }) => spec)) {
    if (issuer === undefined || !subject?.endsWith('*')) continue;
    const known = lengths.get(issuer) ?? new Set();
    lengths.set(issuer, known.add(subject.length - 1));
  }
  return [...lengths].map(([issuer, found]) => [issuer, [...found].sort((a, b) => b - a)]);
}

function checkSubject(
  { document, at }: Located<IdentityDocument>,
  { tokenIssuers }: KnownNames,
  diagnostics: Diagnostics,
): void {
  const { spiffe, issuer, subject } = document.spec;
  if (issuer === undefined && subject === undefined) {
    if (spiffe !== undefined) return;
    diagnostics.error(at(['spec']), 'names nobody', '`spiffe`, or `issuer` and `subject`');
    return;
  }
  if (issuer === undefined || subject === undefined) {
    const [one, other] = issuer === undefined ? ['subject', 'issuer'] : ['issuer', 'subject'];
    diagnostics.error(at(['spec', one]), `\`${one}\` needs \`${other}\` beside it`);
    return;
  }
  if (!tokenIssuers.has(issuer)) {
    const expected = 'an Issuer with `jwt` or `apiKeys`, by `name` or `namespace/name`';
    const near = nearest(issuer, tokenIssuers);
    diagnostics.error(at(['spec', 'issuer']), `no Issuer \`${issuer}\``, expected, near);
  }
  const star = subject.indexOf('*');
  if (star !== -1 && (star !== subject.length - 1 || star === 0)) {
    const expected = 'a `*` at the end, behind something';
    diagnostics.error(at(['spec', 'subject']), `\`${subject}\` is no subject`, expected);
  } else if (subject.length > SUBJECT_LENGTH_MAX) {
    const message = `longer than ${SUBJECT_LENGTH_MAX} characters`;
    diagnostics.error(at(['spec', 'subject']), message);
  }
}

function checkFields(
  { document, at }: Located<IdentityDocument>,
  roleIds: ReadonlySet<string>,
  diagnostics: Diagnostics,
): void {
  const { roles = [], audiences = [], ceiling } = document.spec;
  for (const [index, role] of roles.entries()) {
    const id = roleId(role, document);
    if (id !== undefined && roleIds.has(id)) continue;
    const expected = id === undefined ? '`namespace/role`' : undefined;
    const place = at(['spec', 'roles', index]);
    diagnostics.error(place, `no role \`${role}\``, expected, nearest(role, roleIds));
  }
  for (const [index, audience] of audiences.entries()) {
    const isId = parseSpiffeId(audience) instanceof SpiffeId;
    if (isId || /^[a-z0-9.-]+\/[a-z0-9.-]+$/.test(audience)) continue;
    const place = at(['spec', 'audiences', index]);
    diagnostics.error(
      place,
      `\`${audience}\` is no audience`,
      'a SPIFFE ID or `namespace/service`',
    );
  }
  if (ceiling !== undefined && Object.keys(ceiling).length === 0) {
    diagnostics.error(at(['spec', 'ceiling']), 'bounds nothing', 'at least one key');
  }
  for (const [index, text] of (ceiling?.services ?? []).entries()) {
    // A text pattern over ids: one star, at one end.
    if (/^(?:\*|\*[a-z0-9./-]+|[a-z0-9./-]+\*|[a-z0-9.-]+\/[a-z0-9.-]+)$/.test(text)) continue;
    const place = at(['spec', 'ceiling', 'services', index]);
    diagnostics.error(
      place,
      `\`${text}\` is no service`,
      '`namespace/service`, `namespace/*`, `*`',
    );
  }
}

function roleId(role: string, { metadata }: IdentityDocument): string | undefined {
  if (role.includes('/')) return role;
  return metadata.namespace === undefined ? undefined : `${metadata.namespace}/${role}`;
}

/**
 * @param overdueDenies a review that is over matters
 * @param workloadUntil of the workload that it names
 */
export function identityEntry(
  document: IdentityDocument,
  overdueDenies: boolean,
  workloadUntil: number,
): IdentityEntry {
  const { metadata, spec } = document;
  const { kind, environment, tenant, roles = [], attributes = {}, audiences, ceiling } = spec;
  const reviews = [metadata.reviewBy, spec.reviewBy].flatMap((date) => (date ? dayEnd(date) : []));
  return {
    id: documentId(document),
    kind,
    environment: environment ?? '',
    tenant: tenant ?? '',
    roles: roles.flatMap((role) => roleId(role, document) ?? []),
    attributes: new Map(Object.entries(attributes)),
    shared: spec.shared,
    audiences: audiences && new Set(audiences),
    ceiling: ceiling && {
      dataClasses: ceiling.dataClasses,
      verbs: ceiling.verbs,
      services: ceiling.services,
    },
    maxLifetimeMs: parseDuration(spec.maxLifetime ?? ''),
    expiresAt: spec.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(spec.expiresAt),
    reviewUntil: overdueDenies
      ? Math.min(Number.POSITIVE_INFINITY, ...reviews)
      : Number.POSITIVE_INFINITY,
    workloadUntil,
  };
}
