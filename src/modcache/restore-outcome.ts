import type { ArchiveResult } from './archive-reader.ts';
import type { CacheKey } from './cache-key.ts';

/** What all outcomes have in common for which the service was asked. */
interface Asked {
  readonly key: CacheKey;
  /** Of service and store, as far as they were contacted. */
  readonly hosts: readonly string[];
}

/** What became of the archive of an earlier job. */
export type RestoreOutcome =
  /** Nobody was asked; `key` is absent where no public module is wanted. `reason` follows "cache not restored: ". */
  | { readonly kind: 'skipped'; readonly key?: CacheKey; readonly reason: string }
  /** No archive has the key, or begins like it. */
  | (Asked & { readonly kind: 'miss' })
  /** Nothing was restored; `reason` follows "cache not restored: ". */
  | (Asked & {
      readonly kind: 'trouble';
      readonly reason: string;
      /** Foreign text. */
      readonly matchedKey?: string;
    })
  | (Asked & {
      readonly kind: 'restored';
      /** Foreign text. */
      readonly matchedKey: string;
      readonly isExact: boolean;
      readonly archive: ArchiveResult;
      /** Why the rest of the archive was not read, one clause; absent when all was. */
      readonly cutShort?: string;
      /** Bytes of the archive that were downloaded. */
      readonly archiveBytes: number;
      readonly elapsedMs: number;
    });

/** What became of saving it, in post. */
export type SaveOutcome =
  | {
      readonly kind: 'saved';
      readonly key: string;
      readonly files: number;
      readonly bytes: number;
      readonly elapsedMs: number;
    }
  /** `reason` follows "cache not saved: ". */
  | { readonly kind: 'not-saved'; readonly reason: string };
