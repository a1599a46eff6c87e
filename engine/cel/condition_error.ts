// A mistake in the text of a condition, found when it is loaded.

const SHOWN_MAX = 64;

/** User text in a message, cut where it is long. */
export function shown(text: string, max = SHOWN_MAX): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

export interface ConditionError {
  readonly message: string;
  /** UTF-16 offset into the text. */
  readonly offset: number;
  readonly expected?: string;
  readonly suggestion?: string;
}
