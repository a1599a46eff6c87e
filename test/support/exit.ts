// What has to be undone however the test process ends: by itself, or told to by a signal.

const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;
const undo = new Set<() => void>();

process.on('exit', () => {
  for (const action of undo) action();
});
// An ordinary exit is what runs the handler above; mocha itself minds SIGINT.
for (const name of SIGNALS) {
  process.once(name, (_name: NodeJS.Signals, number: number) => process.exit(128 + number));
}

/** @returns undoes the registration, not the action */
export function onExit(action: () => void): () => void {
  undo.add(action);
  return () => void undo.delete(action);
}
