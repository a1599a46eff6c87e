// What must be undone when a run ends, however it ends: normally, by a failure or by Ctrl-C.

type Undo = () => void | Promise<void>;

/** A stack of things to undo, last first. */
export class Cleanup {
  #undos: Undo[] = [];
  #closed: Promise<void> | undefined;

  /**
   * Registers `undo`. After `run()` has begun, it is undone at once: whatever was still starting
   * while the run was interrupted must not survive it.
   */
  add(undo: Undo): void {
    if (this.#closed) this.#closed = this.#closed.then(() => runLogged(undo));
    else this.#undos.push(undo);
  }

  /** Undoes everything in reverse order; one failure does not spare the others. */
  run(): Promise<void> {
    this.#closed ??= this.#undoAll();
    return this.#closed;
  }

  async #undoAll(): Promise<void> {
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) await runLogged(undo);
  }
}

async function runLogged(undo: Undo): Promise<void> {
  try {
    await undo();
  } catch (error) {
    process.stderr.write(`cleaning up: ${error instanceof Error ? error.message : error}\n`);
  }
}
