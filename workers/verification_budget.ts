// What one caller may cost by tokens that prove nothing: a signature takes longer to check than all
// the rest of a request, and a token that fails is new each time. Only failures are paid for, by
// the peer that its enforcer names, so that neither new tokens nor other callers are held up.

/** At once: more than any client that has a stale token sends. */
const BURST = 128;
/** A second; so many signatures take some 3 % of a core. */
const PER_SECOND = 200;
/** Callers that have failed lately; beyond it the one that failed first is forgotten. */
const CALLERS_MAX = 4096;

interface Account {
  left: number;
  atMs: number;
}

export class VerificationBudget {
  readonly #accounts = new Map<string, Account>();

  /** @returns whether another token of this caller is looked at */
  allows(caller: string, now: number): boolean {
    const account = this.#accounts.get(caller);
    if (account === undefined) return true;
    this.#earn(account, now);
    return account.left >= 1;
  }

  failed(caller: string, now: number): void {
    let account = this.#accounts.get(caller);
    if (account === undefined) {
      account = { left: BURST, atMs: now };
      if (this.#accounts.size === CALLERS_MAX) {
        const [first] = this.#accounts.keys();
        this.#accounts.delete(first!);
      }
      this.#accounts.set(caller, account);
    }
    this.#earn(account, now);
    account.left = Math.max(0, account.left - 1);
  }

  #earn(account: Account, now: number): void {
    // A clock that went back earns nothing, and starts anew from there.
    const passedMs = Math.max(0, now - account.atMs);
    account.left = Math.min(BURST, account.left + (passedMs * PER_SECOND) / 1000);
    account.atMs = now;
  }
}
