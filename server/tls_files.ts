// The files of TLS on the control thread: read at the start, looked at by their content each second
// (a mounted Kubernetes secret changes by links, which no watcher follows), and put in force when
// they fit together. What does not keeps the last good ones in force.

import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { KEY_FILE_BYTES_MAX } from '../engine/limits.ts';
import type { TlsFilesConfig } from './tls_config.ts';
import { checkMaterial, type TlsMaterial } from './tls_material.ts';
import type { TlsSource } from './tls_source.ts';

const LOOK_MS = 1_000;

export interface TlsFilesEvents {
  readonly onChange: (material: TlsMaterial) => void;
  /** Once for each content that cannot be used. */
  readonly onTrouble: (message: string) => void;
}

export class TlsFiles implements TlsSource {
  readonly #config: TlsFilesConfig;
  /** In force. */
  #material: TlsMaterial;
  /** What the last look saw and did not put in force: content, or why there is none. */
  #seen = '';
  #told = '';
  #timer: NodeJS.Timeout | undefined;
  /** Changes put in force, and contents that could not be used. */
  readonly counts = { changed: 0, failed: 0 };

  /** Throws with one line that says which file cannot be used. */
  constructor(config: TlsFilesConfig) {
    this.#config = config;
    this.#material = readMaterial(config);
    checkFiles(this.#material);
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  watch(putInForce: (material: TlsMaterial) => void, log: Logger): void {
    const events: TlsFilesEvents = {
      onChange(material) {
        putInForce(material);
        log.info('the TLS files have changed, and are in force');
      },
      onTrouble(why) {
        log.error({ why }, 'the TLS files cannot be used; the last good ones stay');
      },
    };
    this.#timer = setInterval(() => this.look(events), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whoever writes several files is not done between two of them: seen twice is what counts. */
  look({ onChange, onTrouble }: TlsFilesEvents): void {
    let seen: string;
    let material: TlsMaterial | undefined;
    try {
      material = readMaterial(this.#config);
      seen = JSON.stringify(material);
      if (seen === JSON.stringify(this.#material)) this.#told = '';
      else if (seen === this.#seen && seen !== this.#told) {
        checkFiles(material);
        this.#material = material;
        this.counts.changed++;
        onChange(material);
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      seen = material === undefined ? message : JSON.stringify(material);
      if (seen === this.#seen && seen !== this.#told) {
        this.#told = seen;
        this.counts.failed++;
        onTrouble(message);
      }
    }
    this.#seen = seen;
  }
}

/** Throws with one line that says what is wrong. */
function checkFiles(material: TlsMaterial): void {
  checkMaterial(material);
  for (const [trustDomain, pem] of material.clientBundles ?? []) {
    // A file that is being written is empty at first, and nobody configures TLS to trust nobody.
    if (pem.includes('-----BEGIN CERTIFICATE-----')) continue;
    throw new Error(`the client bundle of \`${trustDomain}\` holds no certificate`);
  }
}

function readMaterial({ cert, key, clientBundles }: TlsFilesConfig): TlsMaterial {
  return {
    cert: readPemFile(cert),
    key: readPemFile(key),
    clientBundles: clientBundles?.map(([domain, file]) => [domain, readPemFile(file)] as const),
  };
}

function readPemFile(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > KEY_FILE_BYTES_MAX) throw new Error('the file is too large');
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`\`${path}\` cannot be read: ${code ?? message}`);
  }
}
