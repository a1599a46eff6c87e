// Shows the scan what Remit writes, in whatever process or thread it runs: every record where its
// line is made, every line that a logger makes, every page of metrics and of identities, and what
// processes of Remit put on standard error besides. Nothing of the product knows of it. What tests
// and their tools print is not looked at.

import { tracingChannel } from 'node:diagnostics_channel';
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { Findings } from './findings.ts';

const findings = new Findings(process.env['REMIT_SCAN']!);
/** Where the lines added below find this module, from any copy of Remit's own. */
const GLOBAL = 'remitScan';

type Act = (this: unknown, ...parameters: unknown[]) => unknown;

/** What the lines below call. */
const scan = {
  records(makeLines: Act): Act {
    return (...parameters) => {
      const lines = makeLines(...parameters) as { evidence: string; decision: string };
      findings.look('record', lines.evidence);
      findings.look('record', lines.decision);
      return lines;
    };
  },
  metrics(page: Act): Act {
    return async function (...parameters) {
      const text = (await page.apply(this, parameters)) as string;
      findings.look('metrics', text);
      return text;
    };
  },
  identities(parts: Act): Act {
    return function* (...parameters) {
      for (const part of parts.apply(this, parameters) as Iterable<string>) {
        findings.look('identities', part);
        yield part;
      }
    };
  },
};
Object.defineProperty(globalThis, GLOBAL, { value: scan });

/** By the end of a file's name, source or build: what its text has to hold, what is added. */
const ADDED: readonly [file: RegExp, holds: string, line: string][] = [
  [
    /\/engine\/record\.[jt]s$/,
    'export function recordLines(',
    `recordLines = ${GLOBAL}.records(recordLines);`,
  ],
  [
    /\/server\/metrics\.[jt]s$/,
    "import { Counter, Gauge, Registry } from 'prom-client';",
    `Registry.prototype.metrics = ${GLOBAL}.metrics(Registry.prototype.metrics);`,
  ],
  [
    /\/audit\/credential_inventory\.[jt]s$/,
    'export class CredentialInventory {',
    `CredentialInventory.prototype.text = ${GLOBAL}.identities(CredentialInventory.prototype.text);`,
  ],
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const added = ADDED.find(([file]) => file.test(url));
    if (added === undefined) return loaded;
    const [, holds, line] = added;
    const source = String(
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array),
    );
    // Whoever moves it has to tell the scan, or it would see nothing.
    if (!source.includes(holds)) throw new Error(`test/secrets: no \`${holds}\` in ${url}`);
    return { ...loaded, source: `${source}\n${line}\n` };
  },
});

// What pino has made, of any logger and on the way to any stream.
tracingChannel('pino_asJson').subscribe({
  end: (made) => findings.look('log', String((made as { result?: unknown }).result)),
} as Parameters<ReturnType<typeof tracingChannel>['subscribe']>[0]);

/** The commands, what they start, threads of theirs, and commands that run in one process. */
const OF_REMIT =
  /\/(?:bin\/remit\.js|server\/[a-z_]+\.[jt]s|piscina\/dist\/worker\.js|command_process\.ts)$/;

if (OF_REMIT.test(process.argv[1] ?? '')) lookAtStandardError();

/** Opened no earlier than by the product itself. */
function lookAtStandardError(): void {
  const { get, ...property } = Object.getOwnPropertyDescriptor(process, 'stderr')!;
  let seen: typeof process.stderr | undefined;
  Object.defineProperty(process, 'stderr', {
    ...property,
    get() {
      seen ??= lookAtWrites(get!.call(process) as typeof process.stderr);
      return seen;
    },
  });
  // What Node itself prints at the end goes another way.
  if (isMainThread) {
    process.on('uncaughtExceptionMonitor', (error: unknown) => {
      const text = error instanceof Error ? `${error.stack}` : String(error);
      findings.look('standard error', text);
    });
  }
}

/** Also where a test puts something else in the place of `write`. */
function lookAtWrites(stream: typeof process.stderr): typeof process.stderr {
  let write: Act = stream.write.bind(stream) as Act;
  const look: Act = (...parameters) => {
    const [chunk] = parameters;
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString();
    findings.look('standard error', text);
    return write(...parameters);
  };
  return Object.defineProperty(stream, 'write', {
    configurable: true,
    get: () => look,
    set(next: Act) {
      write = next;
    },
  });
}
