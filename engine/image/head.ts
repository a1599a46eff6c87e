// Heads of an image, as sections of JSON: what is small, and needed as a whole.

import type { Sections } from './sections.ts';

export function headSection(head: object): Uint8Array {
  return Buffer.from(JSON.stringify(head));
}

/** @typeParam H what was written under that name, as the image's digest has shown */
export function readHead<H>(sections: Sections, name: string): H {
  // A copy: a decoder takes no shared memory.
  return JSON.parse(Buffer.from(sections.bytes(name)).toString()) as H;
}
