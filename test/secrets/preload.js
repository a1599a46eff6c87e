// Switches the scan for secrets on, in every process and thread of a run of the tests:
// NODE_OPTIONS=--import, REMIT_SCAN=the folder of its findings (.ci/run). Plain JavaScript, as npm
// may run on an older Node, which has nothing to scan.

const major = Number(process.versions.node.split('.')[0]);
if (process.env.REMIT_SCAN && major >= 24) await import('./hook.ts');
