// `handOff` in remit.yaml: a signed header that tells the upstream who was allowed (C-077).

import { z } from 'zod';
import { strict } from '../engine/bundle/strict_object.ts';
import type { YamlDocument } from '../engine/bundle/yaml_document.ts';
import type { Diagnostics } from '../engine/diagnostic.ts';
import { parseDuration } from '../engine/duration.ts';
import {
  DECISION_ID_HEADER,
  IDENTITY_HEADER,
  OUR_HEADERS,
  PRINCIPAL_HEADER,
} from '../envoy/reserved_headers.ts';

const LIFETIME_MS_MAX = 60_000;
const DEFAULT_LIFETIME = '60s';

/** No rule sets such a header, and no client's passes with an underscore in it. */
const header = z.string().refine((name) => {
  const ours = name.startsWith(OUR_HEADERS) && /^[a-z0-9-]{1,48}$/.test(name);
  return ours && name !== DECISION_ID_HEADER && name !== PRINCIPAL_HEADER;
}, `must be in lower case, start with \`${OUR_HEADERS}\` and be no other header of ours`);

export const handOffSchema = strict({
  header: header.optional(),
  audience: z.literal('destination').optional(),
  issuer: z
    .string()
    .regex(/^[!-~]{1,256}$/, 'must be 1 to 256 printable characters without a space')
    .optional(),
  lifetime: z
    .string()
    .refine((text) => {
      const ms = parseDuration(text);
      return ms !== undefined && ms <= LIFETIME_MS_MAX;
    }, 'must be `1s` to `60s`')
    .optional(),
});

export interface HandOffConfig {
  readonly header: string;
  readonly issuer: string;
  readonly lifetimeS: number;
}

/** Undefined where it is off, and where a mistake was told. */
export function resolveHandOff(
  handOff: z.infer<typeof handOffSchema> | undefined,
  trustDomain: string | undefined,
  document: YamlDocument,
  diagnostics: Diagnostics,
): HandOffConfig | undefined {
  if (handOff === undefined) return undefined;
  const issuer = handOff.issuer ?? (trustDomain && `remit:${trustDomain}`);
  if (issuer === undefined) {
    const message = 'nobody is named who signs';
    diagnostics.error(document.at(['handOff']), message, '`trustDomain`, or `handOff.issuer`');
    return undefined;
  }
  const lifetimeMs = parseDuration(handOff.lifetime ?? DEFAULT_LIFETIME) ?? LIFETIME_MS_MAX;
  return { header: handOff.header ?? IDENTITY_HEADER, issuer, lifetimeS: lifetimeMs / 1000 };
}
