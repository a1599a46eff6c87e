// Identities as documents, checked, and as the entries that decisions read (DESIGN section 6).

import type { IdentityEntry } from '../access_request.ts';
import type { Bundle, Located } from '../bundle/bundle.ts';
import type { IdentityDocument } from '../bundle/identity_kind.ts';
import { type Diagnostics, nearest } from '../diagnostic.ts';
import { parseDuration } from '../duration.ts';
import { dayEnd } from '../review.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';

/** What has been checked of all identities together. */
export interface Identities {
  readonly patterns: readonly SpiffePattern[];
  readonly trustDomains: ReadonlySet<string>;
}

/** @param roleIds `namespace/role` of all that there are */
export function checkIdentities(
  identities: Bundle['identities'],
  roleIds: ReadonlySet<string>,
  diagnostics: Diagnostics,
): Identities {
  const patterns: SpiffePattern[] = [];
  const trustDomains = new Set<string>();
  const texts = new Set<string>();
  for (const located of identities) {
    const { spiffe, kind, ceiling } = located.document.spec;
    const place = located.at(['spec', 'spiffe']);
    const pattern = parseSpiffePattern(spiffe);
    if (!(pattern instanceof SpiffePattern)) {
      diagnostics.error(place, `\`${spiffe}\`: ${pattern.rule}`);
      continue;
    }
    if (kind === 'third_party' && ceiling === undefined) {
      const message = 'a third party needs a ceiling: what no rule can exceed for it';
      diagnostics.error(located.at(['spec', 'kind']), message, '`ceiling` beside it');
    }
    if (texts.has(spiffe)) diagnostics.error(place, `a second Identity for \`${spiffe}\``);
    texts.add(spiffe);
    trustDomains.add(pattern.trustDomain);
    if (!pattern.isExact) {
      if (kind === 'agent') diagnostics.error(place, 'an agent is named exactly, not by a pattern');
      patterns.push(pattern);
    }
    checkFields(located, roleIds, diagnostics);
  }
  return { patterns, trustDomains };
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

/** @param overdueDenies a review that is over matters */
export function identityEntry(document: IdentityDocument, overdueDenies: boolean): IdentityEntry {
  const { metadata, spec } = document;
  const { kind, environment, tenant, roles = [], attributes = {}, audiences, ceiling } = spec;
  const reviews = [metadata.reviewBy, spec.reviewBy].flatMap((date) => (date ? dayEnd(date) : []));
  return {
    kind,
    environment: environment ?? '',
    tenant: tenant ?? '',
    roles: roles.flatMap((role) => roleId(role, document) ?? []),
    attributes: new Map(Object.entries(attributes)),
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
  };
}
