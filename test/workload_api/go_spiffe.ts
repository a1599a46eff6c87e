// go-spiffe, the SPIFFE project's own implementation in Go, as a process that is asked by lines
// (go/main.go). Its modules and what is compiled of them stay in the project's .tools/.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../architecture/source_files.ts';

const SOURCES = join(import.meta.dirname, 'go');
const TOOLS = join(ROOT, '.tools', 'go');
/** The first time it downloads and compiles, on a machine that may have a lot to do. */
const RUN_MS_MAX = 540_000;

export interface CertificateQuestion {
  /** DER in base64, the leaf first. */
  readonly chain: readonly string[];
  readonly x509: Readonly<Record<string, readonly string[]>>;
  readonly nowMs: number;
}

export interface TokenQuestion {
  readonly token: string;
  /** JWK Sets by trust domain. */
  readonly jwt: Readonly<Record<string, string>>;
  readonly audience: string;
}

export interface Verdict {
  /** What is proved; empty when nothing is. */
  readonly id: string;
  /** Why nothing is. */
  readonly error: string;
}

const env = {
  ...process.env,
  GOPATH: join(TOOLS, 'path'),
  GOCACHE: join(TOOLS, 'cache'),
  // go.mod and go.sum are what they are: a module that is not in them is an error.
  GOFLAGS: '-mod=readonly -modcacherw -buildvcs=false',
  GOTOOLCHAIN: 'local',
  GO111MODULE: 'on',
  GOWORK: 'off',
};

export function isGoThere(): boolean {
  return spawnSync('go', ['version'], { env }).status === 0;
}

/** One verdict for each question. */
export function askGoSpiffe(
  questions: readonly (CertificateQuestion | TokenQuestion)[],
): readonly Verdict[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const { status, stdout, stderr, error } = spawnSync('go', ['run', '.'], {
    cwd: SOURCES,
    env,
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout: RUN_MS_MAX,
  });
  if (status !== 0) throw new Error(`go run: ${error?.message ?? ''} ${stderr}`);
  const verdicts = stdout
    .trimEnd()
    .split('\n')
    .map((line): Verdict => JSON.parse(line));
  if (verdicts.length !== questions.length) throw new Error(`go run gave ${verdicts.length} lines`);
  return verdicts;
}

/** The .proto file of the module, after `askGoSpiffe` has brought it here. */
export function protoOfGoSpiffe(): string {
  const args = ['list', '-m', '-f', '{{.Dir}}', 'github.com/spiffe/go-spiffe/v2'];
  const { stdout } = spawnSync('go', args, { cwd: SOURCES, env, encoding: 'utf8' });
  return join(stdout.trim(), 'proto', 'spiffe', 'workload', 'workload.proto');
}

// Run by itself it only compiles, so that the test need not wait: .ci/run does so beforehand.
if (process.argv[1] === import.meta.filename && isGoThere()) {
  const { status } = spawnSync('go', ['build', '-o', '/dev/null', '.'], { cwd: SOURCES, env });
  process.exitCode = status ?? 1;
}
