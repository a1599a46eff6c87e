// What the control thread and its acceptors say to each other. Everything that concerns a single
// request stays within an acceptor; these are the rare things.

import type { BundleImage } from '../engine/bundle_image.ts';
import type { KeyImage } from '../engine/key_image.ts';
import type { HandOffPlan } from '../workers/identity_signer.ts';
import type { Address } from './address.ts';
import type { ResolvedConfig } from './config.ts';
import type { RecordMemories } from './record_memory.ts';
import type { TlsMaterial } from './tls_material.ts';

/** All that an acceptor is started with. */
export interface AcceptorPlan {
  readonly name: string;
  readonly config: ResolvedConfig;
  readonly image: BundleImage;
  readonly keys: KeyImage;
  /** Undefined: TCP is plaintext. */
  readonly tls: TlsMaterial | undefined;
  readonly tlsVersion: number;
  readonly poolThreads: number;
  /** Where it listens; ports are bound already by others when `shared`. */
  readonly listen: readonly Address[];
  readonly shared: boolean;
  /** ActiveNumbers, SharedUsedProofs and Counters. */
  readonly numbers: SharedArrayBuffer;
  readonly used: SharedArrayBuffer;
  /** Of DPoP nonces; the same for all. */
  readonly nonceKey: Uint8Array;
  /** Undefined where it is off. */
  readonly handOff: HandOffPlan | undefined;
  readonly counters: SharedArrayBuffer;
  readonly records: RecordMemories;
}

/** To be built by every thread before it is in force. */
export type Prepare =
  | { readonly kind: 'prepare'; readonly of: 'bundle'; readonly image: BundleImage }
  | { readonly kind: 'prepare'; readonly of: 'keys'; readonly image: KeyImage };

export type ToAcceptor =
  | Prepare
  | { readonly kind: 'serving'; readonly value: boolean }
  | { readonly kind: 'tls'; readonly material: TlsMaterial; readonly version: number }
  | { readonly kind: 'stop' };

interface PreparedName {
  readonly of: Prepare['of'];
  readonly version: number;
}

export type FromAcceptor =
  | { readonly kind: 'listening'; readonly addresses: readonly Address[] }
  | { readonly kind: 'failed'; readonly message: string }
  | (PreparedName & { readonly kind: 'prepared'; readonly digest: string })
  | (PreparedName & { readonly kind: 'unprepared'; readonly message: string })
  | { readonly kind: 'log'; readonly level: 'warn' | 'error'; readonly message: string }
  | { readonly kind: 'stopped' };
