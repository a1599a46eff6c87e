// What the control thread and its acceptors say to each other. Everything that concerns a single
// request stays within an acceptor; these are the rare things.

import type { BundleImage } from '../engine/bundle_image.ts';
import type { Address } from './address.ts';
import type { ResolvedConfig } from './config.ts';
import type { RecordMemories } from './record_memory.ts';
import type { TlsMaterial } from './tls_material.ts';

/** All that an acceptor is started with. */
export interface AcceptorPlan {
  readonly name: string;
  readonly config: ResolvedConfig;
  readonly image: BundleImage;
  /** Undefined: TCP is plaintext. */
  readonly tls: TlsMaterial | undefined;
  readonly poolThreads: number;
  /** Where it listens; ports are bound already by others when `shared`. */
  readonly listen: readonly Address[];
  readonly shared: boolean;
  /** ActiveNumbers and Counters. */
  readonly numbers: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly records: RecordMemories;
}

export type ToAcceptor =
  | { readonly kind: 'prepare'; readonly image: BundleImage }
  | { readonly kind: 'serving'; readonly value: boolean }
  | { readonly kind: 'tls'; readonly material: TlsMaterial }
  | { readonly kind: 'stop' };

export type FromAcceptor =
  | { readonly kind: 'listening'; readonly addresses: readonly Address[] }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'prepared'; readonly version: number; readonly digest: string }
  | { readonly kind: 'unprepared'; readonly version: number; readonly message: string }
  | { readonly kind: 'log'; readonly level: 'warn' | 'error'; readonly message: string }
  | { readonly kind: 'stopped' };
