// A program that leaks, for the test of the scan: secrets in a record that an acceptor makes, in a
// log line and in metrics. Of what a caller chose the path is recorded on purpose: so that is where
// the secret stands.

import { pino } from 'pino';
import { Counter } from 'prom-client';
import { accessToken } from '../identity/token_fixture.ts';
import { Folder } from '../support/folder.ts';
import { encodeCall } from '../support/mesh.ts';
import { secret } from '../support/secret.ts';
import { startServer } from '../support/server.ts';

const folder = new Folder();
folder.create();
const server = await startServer(folder);
await server.client.check(encodeCall({ path: `/${secret('in-a-path')}` }));
pino({}, { write: () => undefined }).warn({ token: accessToken() }, 'refused');
const registers = [server.running.registry];
const name = 'remit_leak_total';
new Counter({ name, help: 'x', labelNames: ['key'], registers }).inc({ key: secret('label') });
await server.get('/metrics');
await server.get('/identities');
await server.stop();
folder.remove();
