// `remit serve`: reads configuration and bundle, serves until it is told to stop.

import { pino } from 'pino';
import { startAside } from '../server/load_process.ts';
import { Reloader } from '../server/reloader.ts';
import { serve } from '../server/serve.ts';
import {
  type Command,
  CommandError,
  type CommandOptions,
  checkedConfig,
  configFile,
  plainError,
  readOptions,
  report,
  unreadable,
} from './command.ts';

const STDERR = 2;

const OPTIONS = { config: { type: 'string', completes: 'file' } } as const satisfies CommandOptions;

export const serveCommand: Command = {
  options: OPTIONS,
  help: `Serves envoy.service.auth.v3.Authorization, grpc.health.v1 and reflection on the check port, and
/livez, /readyz and /metrics on the HTTP port. Follows the bundle and its key files, and looks at once
on SIGHUP; what is not valid leaves the last good bundle in force. Ends on SIGTERM or SIGINT, when
everything accepted is answered. Logs JSON lines on standard error.

Usage: remit serve --config remit.yaml

Options:
  --config FILE   the configuration; docs/configuration.md lists its keys

Exit codes: 0 stopped when told to, 2 bad configuration, bundle, or an address that cannot be used.

Examples:
  remit serve --config remit.yaml
  grpcurl -plaintext 127.0.0.1:9191 grpc.health.v1.Health/Check
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    if (positionals.length > 0)
      throw new CommandError(`unexpected \`${positionals[0]}\`; see --help`);
    const file = configFile(values.config);
    // From the first moment on: by itself SIGHUP ends a process.
    let reload: (() => void) | undefined;
    let isReloadAsked = false;
    process.on('SIGHUP', () => {
      if (reload === undefined) isReloadAsked = true;
      else reload();
    });
    const start = await startAside(file).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    const config = checkedConfig(file, start);
    const { policies: path, settings } = config;
    const loaded = start.bundle!; // There is one wherever there is a configuration.
    const { image, diagnostics } = loaded;
    report(diagnostics);
    if (image === undefined) throw new CommandError(`the bundle \`${path}\` is not valid`);
    const log = pino({ level: config.logLevel }, pino.destination({ dest: STDERR, sync: true }));
    process.on('warning', (warning) => log.warn({ err: warning }, 'warning'));
    const stopSignal = new Promise<string>((resolve) => {
      process.once('SIGTERM', resolve);
      process.once('SIGINT', resolve);
    });
    const server = await serve(config, image, log).catch((error: unknown) => {
      throw new CommandError(plainError(error));
    });
    const { activate, registry } = server;
    const pollMs = config.limits.reloadMs;
    const following = { path, settings, pollMs, log, registry, activate };
    const reloader = new Reloader(following, image, loaded);
    reloader.follow();
    reload = () => void reloader.reload();
    if (isReloadAsked) reload();
    const signal = await stopSignal;
    log.info({ signal }, 'stopping');
    await reloader.stop();
    await server.stop();
    log.info('stopped');
    // Records that nobody takes from standard output have been given up, and must not keep us.
    process.exit(0);
  },
};
