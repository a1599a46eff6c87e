// `serve` in a process of its own whose keys change all the time until its parent says that it is
// enough: run by `fork` with the folder of its configuration.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Diagnostics } from '../../engine/diagnostic.ts';
import type { KeySetText } from '../../engine/key_image.ts';
import { parseConfig } from '../../server/config.ts';
import { serve } from '../../server/serve.ts';
import { makeImage } from '../support/mesh.ts';
import { jwks } from './issuer_server.ts';

const CHANGE_MS = 10;

const path = join(process.argv[2]!, 'remit.yaml');
const config = parseConfig(path, readFileSync(path, 'utf8'), new Diagnostics());
if (config === undefined) throw new Error('the configuration has a mistake');
const log = pino({ level: 'info' }, { write: (line) => void process.stderr.write(line) });
const running = await serve(config, makeImage(), log);

let round = 0;
const changed = running.keys.add({
  get sets(): readonly KeySetText[] {
    const text = jwks(`key ${round}`);
    return [{ kind: 'jwks', owner: 'a', origin: 'u', state: 'fresh', sinceMs: round, text }];
  },
  askFor: () => undefined,
});
const timer = setInterval(() => {
  round++;
  changed();
}, CHANGE_MS);

process.on('message', (message) => {
  clearInterval(timer);
  if (message === 'end') void running.stop().then(() => process.disconnect());
});
process.send?.({ check: running.check[0], http: running.http });
