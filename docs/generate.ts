// Generates the documents that are tables of the code: `npm run docs` writes them, with `--check`
// it only says which are out of date, and fails.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  challengedStatus,
  grpcCode,
  REASON_CODES,
  REASONS,
  reasonClass,
} from '../engine/reason.ts';
import { referencePage } from './language_reference.ts';
import { languageSchema } from './language_schema.ts';
import { lintPage } from './lint_page.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMA_FILE = '../schema/remit.mesh-v1.schema.json';

const GRPC_NAMES = { 7: 'PERMISSION_DENIED', 14: 'UNAVAILABLE', 16: 'UNAUTHENTICATED' } as const;
const CLASSES = {
  ctx: 'the request cannot be used, or its context is insufficient',
  sys: 'a fault of ours: no decision could be reached',
  authn: 'proof failed',
  authz: 'permission refused',
} as const;

const CHALLENGES = {
  none: '',
  token: 'a token (RFC 6750, RFC 9449)',
  step_up: 'a stronger proof (RFC 9470)',
  scope: 'a scope (RFC 6750)',
} as const;

function statuses(http: number, challenged: number): string {
  return http === challenged ? `${http}` : `${http}, or ${challenged} with a challenge`;
}

function reasonsPage(): string {
  const lines = [
    '# Reason codes',
    '',
    'Generated from `engine/reason.ts` by `npm run docs`; do not edit.',
    '',
    'A denial has exactly one reason, and the prefix is its class. The same word stands in both records, in',
    '`remit_authz_total{outcome="deny",reason}` and in the dynamic metadata. The client is told the class and the',
    'decision id only. An allow has no reason.',
    '',
    'The challenge is what `WWW-Authenticate` may ask for, where the service takes tokens in `Authorization` and one',
    'could change the answer; see [challenges](challenges.md). A denial of class `authn` is',
    '401 with its challenge, and 403 without.',
    '',
  ];
  for (const [name, meaning] of Object.entries(CLASSES)) {
    lines.push(
      `## \`${name}\`: ${meaning}`,
      '',
      '| code | HTTP | gRPC status | challenge | says |',
      '|---|---|---|---|---|',
    );
    for (const code of REASON_CODES.filter((reason) => reasonClass(reason) === name)) {
      const grpc = grpcCode(code);
      const { http, challenge, sentence } = REASONS[code];
      const status = challenge === 'none' ? http : statuses(http, challengedStatus(code));
      const cells = [`\`${code}\``, status, `${grpc} ${GRPC_NAMES[grpc]}`, CHALLENGES[challenge]];
      lines.push(`| ${[...cells, sentence].join(' | ')} |`);
    }
    lines.push('');
  }
  return lines.join('\n');
}

const pages = new Map([
  ['reasons.md', reasonsPage()],
  ['reference.md', referencePage()],
  ['lint.md', lintPage()],
  [SCHEMA_FILE, `${JSON.stringify(languageSchema(), null, 2)}\n`],
]);
const check = process.argv.includes('--check');
for (const [name, text] of pages) {
  const path = join(import.meta.dirname, name);
  if (!check) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${relative(ROOT, path)} is out of date; run \`npm run docs\``);
    process.exitCode = 1;
  }
}
