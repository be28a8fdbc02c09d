import type { ZipHash } from '../go/h1.ts';

/** A zip to hash: a descriptor of this process, which stays open until the answer. */
export interface HashQuestion {
  readonly id: number;
  readonly fd: number;
  readonly zipBytes?: number;
  readonly unpackedBytes?: number;
}

/** What became of it. `isRule`: it is no module zip; else the file system failed. */
export type HashAnswer =
  | { readonly id: number; readonly hash: ZipHash }
  | {
      readonly id: number;
      readonly error: { readonly isRule: boolean; readonly message: string; readonly code?: string };
    };
