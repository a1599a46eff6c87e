// Diagnostics as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines they are
// about. Columns count UTF-16 units, as ours do.

import type { Diagnostic } from '../engine/diagnostic.ts';
import { LINT_RULES } from '../engine/lint/lint_rules.ts';
import { packageVersion } from './package_version.ts';

const SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** What is not of the lint: mistakes for which a bundle is refused, and warnings beside them. */
const BUNDLE_RULE = 'bundle';

export function sarifLog(list: readonly Diagnostic[]) {
  const rules = [
    { id: BUNDLE_RULE, shortDescription: { text: 'what the loader says of a bundle' } },
    ...LINT_RULES.map(({ code, severity, finds, why, fix }) => ({
      id: code,
      shortDescription: { text: finds },
      fullDescription: { text: why },
      help: { text: fix },
      defaultConfiguration: { level: severity },
    })),
  ];
  const indexes = new Map(rules.map(({ id }, index) => [id as string, index]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'remit', semanticVersion: packageVersion(), rules } },
        columnKind: 'utf16CodeUnits',
        results: list.map((diagnostic) => resultOf(diagnostic, indexes)),
      },
    ],
  };
}

function resultOf(diagnostic: Diagnostic, indexes: ReadonlyMap<string, number>) {
  const { file, line, column, severity, code, message, expected, suggestion } = diagnostic;
  const ruleId = code ?? BUNDLE_RULE;
  const wanted = expected === undefined ? '' : `; expected ${expected}`;
  const hint = suggestion === undefined ? '' : `; did you mean \`${suggestion}\`?`;
  return {
    ruleId,
    ruleIndex: indexes.get(ruleId) ?? 0,
    level: severity,
    message: { text: `${message}${wanted}${hint}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') },
          region: { startLine: Math.max(1, line), startColumn: Math.max(1, column) },
        },
      },
    ],
  };
}
