import path from 'node:path';
import { GoRuleError } from '../go/go-rule-error.ts';
import { checkModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { cachePath, zipHashPath } from './cache-entry.ts';
import { checkExtracted, distrustExtracted, readZipHash, removeEntry, removeWrong } from './distrust.ts';
import { asModCacheError } from './modcache-error.ts';
import { findMissing } from './presence.ts';
import { lookBelow } from './real-directory.ts';
import { type ContentOptions, checkContent } from './staged-content.ts';
import type { StagedFile, Staging } from './staging.ts';

export { removeWrong } from './distrust.ts';
export { ModCacheError } from './modcache-error.ts';

/** What became of a staged file: `replaced` when something wrong was in its place, `kept` when the right file was. */
export type Placed = 'placed' | 'replaced' | 'kept';

/** Options of place. */
export interface PlaceOptions extends ContentOptions {
  /**
   * The h1 that the caller has computed of a zip through the staged file's own descriptor, after its last write: then it
   * is not hashed again. One that `file` does not want counts as none.
   */
  readonly verified?: string;
}

/**
 * Verifies a staged file through its own descriptor and renames it to where go looks for it; the staged file is used up
 * in any case. Before a zip comes a `.ziphash` of ours, which makes go believe the zip and what it extracts from it.
 *
 * At any moment go finds either nothing or a whole verified file, the zip last (as modfetch/fetch.go: downloadZip has
 * it). A wrong file is removed first, of a zip with all that go believes for it (removeWrong); so is an extracted
 * directory whose `.ziphash` is not this zip's. The files of a module can be placed in any order and at the same time. Go
 * commands that run meanwhile do no harm and take none: at worst a file is fetched twice. `.lock` is not touched.
 *
 * Nothing is synced to disk, as go does not: after a loss of power the next run finds by hashing what is wrong.
 * @throws ModCacheError; with `isContent` when the staged bytes are not what is wanted, else for the module cache: nothing
 * of this file was placed then. GoRuleError for a module that go refuses. The reason of `signal`.
 */
export async function place(
  staging: Staging,
  staged: StagedFile,
  file: WantedFile,
  { verified, ...options }: PlaceOptions = {},
): Promise<Placed> {
  await using using = staged;
  const { signal } = options;
  signal?.throwIfAborted();
  checkModuleVersion(file.module);
  const target = cachePath(staging.goModCache, file);
  try {
    const hash =
      verified !== undefined && file.hashes.includes(verified)
        ? verified
        : await checkContent(using.handle, file, options);
    await staging.directories.make(path.dirname(target));
    const there = await findThere(staging, file, target);
    if (there === 'right') {
      if (file.kind === 'zip' && hash !== undefined) await ensureZipHash(staging, { file, target, hash });
      return 'kept';
    }
    signal?.throwIfAborted();
    if (file.kind === 'zip' && hash !== undefined) {
      await placeZip(staging, using, { file, target, hash, wrong: there === 'wrong' });
    } else {
      // A rename replaces a file in one step, but no directory.
      if (there === 'wrong') await removeEntry(staging, target, { onlyDirectories: true });
      await using.moveTo(target);
    }
    return there === 'wrong' ? 'replaced' : 'placed';
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof GoRuleError) throw error;
    throw asModCacheError(error, target);
  }
}

/** Says what is in the place of a file. @throws ModCacheError 'modcache-corrupt-link' */
async function findThere(
  { goModCache }: Staging,
  file: WantedFile,
  target: string,
): Promise<'nothing' | 'right' | 'wrong'> {
  const kind = await lookBelow(goModCache, target);
  if (kind === undefined) return 'nothing';
  if (kind !== 'file') return 'wrong';
  const single = { files: [file], modules: 1, privateModules: 0, problems: [], notes: [] };
  const { presentFiles } = await findMissing(goModCache, single);
  return presentFiles === 1 ? 'right' : 'wrong';
}

/** A zip with its place and hash. */
interface PlacedZip {
  readonly file: WantedFile;
  readonly target: string;
  readonly hash: string;
}

async function placeZip(
  staging: Staging,
  staged: StagedFile,
  zip: PlacedZip & { readonly wrong: boolean },
): Promise<void> {
  // What can fail for want of space comes before anything is removed.
  await using zipHash = await staging.stage(Buffer.from(zip.hash));
  if (zip.wrong) await removeWrong(staging, zip.file);
  const believed = await lookAtBelieved(staging, zip);
  if (!believed.isRight) await placeZipHash(staging, zipHash, { ...zip, ...believed });
  await staged.moveTo(zip.target);
}

/** Another run that repairs the same zip may have taken its `.ziphash` away; most have it. */
async function ensureZipHash(staging: Staging, zip: PlacedZip): Promise<void> {
  const believed = await lookAtBelieved(staging, zip);
  if (believed.isRight) return;
  await using zipHash = await staging.stage(Buffer.from(zip.hash));
  await placeZipHash(staging, zipHash, { ...zip, ...believed });
}

/** What go would believe of a zip unread. */
interface Believed {
  /** Its `.ziphash` says the zip's hash. */
  readonly isRight: boolean;
  readonly isExtracted: boolean;
}

async function lookAtBelieved(staging: Staging, { file, target, hash }: PlacedZip): Promise<Believed> {
  // In this order: a directory that is there before its `.ziphash` is none that go has just extracted.
  const isExtracted = await checkExtracted(staging, file.module);
  return { isExtracted, isRight: (await readZipHash(staging, target)) === hash };
}

async function placeZipHash(
  staging: Staging,
  zipHash: StagedFile,
  zip: Pick<PlacedZip, 'file' | 'target'> & Pick<Believed, 'isExtracted'>,
): Promise<void> {
  if (zip.isExtracted) await distrustExtracted(staging, zip.file.module);
  const target = zipHashPath(zip.target);
  await removeEntry(staging, target, { onlyDirectories: true });
  await zipHash.moveTo(target);
}
