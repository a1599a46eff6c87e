// The bins as text, CSV and JSON. Lifetime and scope stand in two columns (C-065).

import type { InventoryReport } from '../../audit/inventory_report.ts';
import { csvLine } from '../csv.ts';
import { harmless, type Palette } from '../terminal.ts';
import { BINS, type Bin, type Binned, type Sources } from './bins.ts';
import { lifetimeText, spanText } from './lifetime.ts';
import { scopeText } from './scope.ts';

export interface IdentitiesReport {
  head(): string;
  /** Once for each identity. */
  identity(binned: Binned): string;
  end(counts: ReadonlyMap<Bin, number>): string;
}

/** What was looked at, and for how long. */
export interface Watched {
  readonly report: InventoryReport;
  readonly now: number;
  readonly forgottenMs: number;
  readonly isLongEnough: boolean;
  readonly hasPolicies: boolean;
}

function sourcesText({ declaredShared, workloads, ...rest }: Sources): string {
  const parts = [
    ...(declaredShared ? ['shared by declaration'] : []),
    ...(workloads.length === 0 ? [] : [`shown by ${workloads.join(', ')}`]),
    ...(rest.namespaces.length > 1 ? [`namespaces ${rest.namespaces.join(', ')}`] : []),
    ...(rest.environments.length > 1 ? [`environments ${rest.environments.join(', ')}`] : []),
    ...(rest.enforcers.length === 0 ? [] : [`seen by ${rest.enforcers.join(', ')}`]),
  ];
  return parts.join('; ');
}

function watchedText({ report, now, forgottenMs, isLongEnough, hasPolicies }: Watched): string[] {
  const { since, forgotten, unreadable, omitted } = report;
  const watchedS = since === null ? 0 : (now - Date.parse(since)) / 1000;
  const lines = [`records of ${spanText(watchedS)}${since === null ? '' : `, since ${since}`}`];
  if (!isLongEnough) {
    const need = spanText(forgottenMs / 1000);
    lines.push(`whoever was not seen, and what was not used, counts from ${need} of records on`);
  }
  if (!hasPolicies) lines.push('without policies nobody is known, and no scope');
  const { identities, credentials, operations } = forgotten;
  if (identities + credentials + operations > 0) {
    lines.push(
      `no more remembered: identities ${identities}, credentials ${credentials}, ` +
        `operations ${operations}`,
    );
  }
  if (omitted > 0) lines.push(`new lines that came too fast to be read: ${omitted}`);
  if (unreadable > 0) lines.push(`lines that could not be read: ${unreadable}`);
  return lines;
}

export function textReport(watched: Watched, palette: Palette): IdentitiesReport {
  // A subject may hold what looks like the next line.
  const line = (text: string) => `${harmless(text.replaceAll('\n', '�'))}\n`;
  return {
    head: () =>
      `${palette.strong('Identities and their credentials')}\n` +
      watchedText(watched)
        .map((it) => line(`  ${it}`))
        .join(''),
    identity({ subject, bins, lifetime, scope, sources }) {
      const { name, kind, owner, seen } = subject;
      const who = kind === '' ? '' : `  [${kind}; owner ${owner || 'nobody'}]`;
      const from = sourcesText(sources);
      const lines = [
        `${name}${who}`,
        `  bins:      ${bins.join(', ') || 'none yet'}`,
        `  lifetime:  ${lifetimeText(lifetime)}`,
        `  scope:     ${scopeText(scope)}`,
      ];
      if (seen === undefined) lines.push('  seen:      never');
      else {
        const { count, firstSeen, lastSeen, rotations, lastRotated } = seen;
        const rotated = lastRotated === null ? '' : `, last ${lastRotated}`;
        const credentials = seen.credentials.length + seen.credentialsForgotten;
        lines.push(
          `  seen:      ${count} times, ${firstSeen} to ${lastSeen}`,
          `  rotation:  ${rotations} in ${credentials} credentials${rotated}`,
        );
      }
      if (from !== '') lines.push(`  sources:   ${from}`);
      return `\n${lines.map(line).join('')}`;
    },
    end: (counts) => `\n${BINS.map((bin) => `${bin} ${counts.get(bin) ?? 0}`).join(', ')}\n`,
  };
}

const COLUMNS = [
  ...['identity', 'kind', 'owner', 'bins', 'lifetime', 'longestS', 'oldestAgeS', 'limitS'],
  ...['scope', 'operations', 'changing', 'beyondCeiling', 'beyondAudiences', 'unused'],
  ...['firstSeen', 'lastSeen', 'count', 'credentials', 'rotations', 'lastRotated'],
  ...['workloads', 'enforcers'],
];

/** A line for each identity. */
export function csvReport(): IdentitiesReport {
  return {
    head: () => csvLine(COLUMNS),
    identity({ subject, bins, lifetime, scope, sources }) {
      const { name, kind, owner, seen } = subject;
      const list = (texts: readonly string[] | null | undefined) => texts?.join('; ') ?? '';
      const text = (value: number | string | null | undefined) => String(value ?? '');
      return csvLine([
        ...[name, kind, owner, bins.join('; '), lifetimeText(lifetime), text(lifetime.longestS)],
        ...[text(lifetime.oldestAgeS), text(lifetime.limitS), scopeText(scope)],
        ...[text(scope?.operations), text(scope?.changing), list(scope?.beyondCeiling)],
        ...[list(scope?.beyondAudiences), list(scope?.unused)],
        ...[text(seen?.firstSeen), text(seen?.lastSeen), text(seen?.count ?? 0)],
        text((seen?.credentials.length ?? 0) + (seen?.credentialsForgotten ?? 0)),
        ...[text(seen?.rotations ?? 0), text(seen?.lastRotated)],
        ...[sources.workloads.join('; '), sources.enforcers.join('; ')],
      ]);
    },
    end: () => '',
  };
}

export function jsonReport({ report, isLongEnough }: Watched): IdentitiesReport {
  const { since, until, forgotten, unreadable, omitted } = report;
  let separator = '';
  return {
    head() {
      const what = {
        ...{ since, until, isWatchedLongEnough: isLongEnough },
        ...{ forgotten, unreadable, omitted },
      };
      return `${JSON.stringify(what).slice(0, -1)},"identities":[\n`;
    },
    identity({ subject, bins, lifetime, scope, sources }) {
      const { name, kind, owner, seen } = subject;
      const value = {
        ...{ identity: name, kind, owner, bins, lifetime, scope: scope ?? null, sources },
        ...{ seen: seen ?? null },
      };
      const text = `${separator}${JSON.stringify(value)}`;
      separator = ',\n';
      return text;
    },
    end: (counts) => `\n],"bins":${JSON.stringify(Object.fromEntries(counts))}}\n`,
  };
}
