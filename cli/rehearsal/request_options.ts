// The options by which a command line describes a request, the same for all commands that decide
// one.

import { readFileSync } from 'node:fs';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import { parseDuration } from '../../engine/duration.ts';
import { ASSURANCES } from '../../engine/evidence.ts';
import { CommandError, unreadable } from '../command.ts';
import { instantOption } from '../instant.ts';
import { choiceOption } from '../offline_bundle.ts';

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;

/** What does not choose the operation. */
export const CIRCUMSTANCE_OPTIONS = {
  assurance: text,
  age: text,
  lifetime: text,
  header: texts,
  body: text,
  environment: text,
  tenant: text,
  runtime: texts,
  'source-ip': text,
  at: text,
} as const;

export const CIRCUMSTANCE_HELP = `  --assurance HOW    how the caller was proved: none, apikey, bearer, asserted (the default), svid, bound
  --age DURATION     of its certificate, and --lifetime DURATION, such as 20m
  --header NAME:VALUE, --body TEXT or @FILE, --source-ip ADDRESS   of the request; --header may repeat
  --environment NAME, --tenant NAME, --runtime NAME=VALUE          as the enforcer asserts them
  --at TIME          when, RFC 3339, instead of now
`;

type Values = { readonly [K in keyof typeof CIRCUMSTANCE_OPTIONS]?: string | string[] | undefined };

export type Circumstances = Omit<Partial<TestRequest>, 'service'>;

export function circumstancesOf(values: Values): Circumstances {
  const one = (name: keyof Values) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const assurance = one('assurance');
  const at = one('at');
  if (at !== undefined) instantOption('--at', at);
  for (const name of ['age', 'lifetime'] as const) {
    const value = one(name);
    if (value !== undefined && parseDuration(value) === undefined) {
      throw new CommandError(`--${name} \`${value}\` is no duration; expected such as 20m`);
    }
  }
  const all = {
    assurance: assurance && choiceOption('--assurance', assurance, ASSURANCES),
    age: one('age'),
    lifetime: one('lifetime'),
    headers: pairs('header', ':', values.header),
    body: bodyOf(one('body')),
    environment: one('environment'),
    tenant: one('tenant'),
    runtime: pairs('runtime', '=', values.runtime),
    sourceIp: one('source-ip'),
    at,
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Circumstances; // Each is of its type, or left out.
}

function pairs(
  name: string,
  separator: string,
  given: string | string[] | undefined,
): Record<string, string> | undefined {
  if (given === undefined) return undefined;
  const entries = [given].flat().map((it) => {
    const end = it.indexOf(separator);
    if (end > 0) return [it.slice(0, end).trim(), it.slice(end + 1).trim()];
    throw new CommandError(`--${name} \`${it}\`; expected NAME${separator}VALUE`);
  });
  return Object.fromEntries(entries);
}

/** What parses as JSON is sent as JSON. */
function bodyOf(given: string | undefined): unknown {
  if (given === undefined) return undefined;
  let content = given;
  if (given.startsWith('@')) {
    try {
      content = readFileSync(given.slice(1), 'utf8');
    } catch (error) {
      throw unreadable(given.slice(1), error);
    }
  }
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === 'object' && value !== null ? value : content;
  } catch {
    return content;
  }
}
