import type { FileHandle } from 'node:fs/promises';
import { GoRuleError } from '../go/go-rule-error.ts';
import { hashGoMod, hashZip as hashHere, type ZipHasher } from '../go/h1.ts';
import { openRegular } from '../go/regular-file.ts';
import { formatModuleVersion } from '../go/version.ts';
import type { WantedFile, WantedSet } from '../go/wanted-set.ts';
import {
  asLook,
  cachePath,
  type Found,
  type Look,
  lookAtAll,
  MAX_BYTES,
  zipHashPath,
} from './cache-entry.ts';
import { mapLimited } from './map-limited.ts';

export { cachePath, type Found, MAX_BYTES } from './cache-entry.ts';

/** A wanted file that is there but is not what go.sum says, or not a file at all: it is fetched and replaced. */
export interface WrongFile {
  readonly file: WantedFile;
  readonly found: Found;
}

/** What the module cache holds of a wanted set. Each wanted file is present, missing or wrong. */
export interface Presence {
  /** Not there, or not readable (then a note says so); in the order of the set. */
  readonly missing: readonly WantedFile[];
  readonly wrong: readonly WrongFile[];
  readonly presentFiles: number;
  /** Bytes that were hashed. */
  readonly checkedBytes: number;
  /** `empty`: the set wants nothing; `none`: nothing of it is present. */
  readonly wholeness: 'complete' | 'partial' | 'none' | 'empty';
  readonly notes: readonly string[];
}

/** Returns the files that have to be fetched: the missing and the wrong ones. */
export function toFetch(presence: Presence): readonly WantedFile[] {
  return [...presence.missing, ...presence.wrong.map(({ file }) => file)];
}

const HASH_WORKERS = 4;

/**
 * Returns the wanted files that certainly have to be fetched, by a look at names, types and sizes only: absent ones,
 * links anywhere below cache/download, what is no regular file or too large. Quick, reads nothing; a file that it does
 * not return can still be wrong.
 * @throws the reason of `signal` when it aborts; nothing else.
 */
export async function findAbsent(
  goModCache: string,
  wanted: Pick<WantedSet, 'files'>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly WantedFile[]> {
  const looks = await lookAtAll(goModCache, wanted, signal);
  return wanted.files.filter((_, index) => looks[index]?.kind !== 'regular');
}

/**
 * Returns what the cache holds of a wanted set, by content: zip and mod are hashed and compared with the h1 of go.sum,
 * never believed by their `.ziphash`; an info file must be a JSON object for the version that its name says. Nothing is
 * read through a link below cache/download. Files that cannot be read are missing, with a note.
 * @throws the reason of `signal` when it aborts; nothing else.
 */
export async function findMissing(
  goModCache: string,
  wanted: WantedSet,
  { signal, hashZip = hashHere }: { readonly signal?: AbortSignal; readonly hashZip?: ZipHasher } = {},
): Promise<Presence> {
  const looks = await lookAtAll(goModCache, wanted, signal);
  const verdicts = await mapLimited(wanted.files, HASH_WORKERS, signal, async (file, index) => {
    const look = looks[index] ?? { kind: 'absent' };
    return look.kind === 'regular'
      ? await check(goModCache, file, { bytes: look.bytes, signal, hashZip })
      : look;
  });
  return summarize(wanted, verdicts);
}

/** What its content says of one wanted file. */
type Verdict = Exclude<Look, { kind: 'regular' }> | { readonly kind: 'present'; readonly bytes: number };

/** How zips are hashed. */
interface HashPorts {
  readonly signal: AbortSignal | undefined;
  readonly hashZip: ZipHasher;
}

async function check(
  goModCache: string,
  file: WantedFile,
  { bytes, ...ports }: HashPorts & { readonly bytes: number },
): Promise<Verdict> {
  try {
    const found = await findWrong(cachePath(goModCache, file), file, ports);
    return found === undefined ? { kind: 'present', bytes } : { kind: 'wrong', found };
  } catch (error) {
    ports.signal?.throwIfAborted();
    if (error instanceof GoRuleError)
      return { kind: 'wrong', found: { kind: 'broken-zip', why: error.message } };
    return asLook(error);
  }
}

/** An h1 has 47 characters; more than a line of it is none. */
const ZIP_HASH_BYTES = 256;

/** Opens a file that was regular a moment ago, not through a link put there since, and looks at its content. */
async function findWrong(
  absolute: string,
  file: WantedFile,
  { signal, hashZip }: HashPorts,
): Promise<Found | undefined> {
  await using handle = await openRegular(absolute);
  if (handle === undefined) return { kind: 'not-a-file' };
  switch (file.kind) {
    case 'info':
      return checkInfo(await readBounded(handle, MAX_BYTES.info), file.module.version);
    case 'mod':
      return checkHash(hashGoMod(await readBounded(handle, MAX_BYTES.mod)), file);
    case 'zip': {
      const { hash } = await hashZip({ handle }, signal === undefined ? {} : { signal });
      return checkHash(hash, file) ?? (await checkZipHash(zipHashPath(absolute), hash));
    }
    default: {
      const never: never = file.kind;
      return never;
    }
  }
}

function checkHash(hash: string, { hashes }: WantedFile): Found | undefined {
  return hashes.includes(hash) ? undefined : { kind: 'hash', hash };
}

/**
 * Without a `.ziphash`, or with one that has not the length of an h1, go hashes the zip itself; one that says otherwise it
 * believes, and refuses the module (modfetch/fetch.go: checkMod, isValidSum).
 */
async function checkZipHash(zipHash: string, hash: string): Promise<Found | undefined> {
  let said: string;
  try {
    await using handle = await openRegular(zipHash);
    if (handle === undefined) return { kind: 'zip-hash' };
    said = (await readBounded(handle, ZIP_HASH_BYTES)).toString('latin1').trim();
  } catch (error) {
    return asLook(error).kind === 'absent' ? undefined : { kind: 'zip-hash' };
  }
  return said === hash || said.length !== hash.length ? undefined : { kind: 'zip-hash' };
}

function checkInfo(bytes: Buffer, version: string): Found | undefined {
  let info: unknown;
  try {
    info = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { kind: 'wrong-info' };
  }
  if (typeof info !== 'object' || info === null || !('Version' in info)) return { kind: 'wrong-info' };
  if (hasOtherSpelling(info)) return { kind: 'wrong-info' };
  if (info.Version === version) return undefined;
  return typeof info.Version === 'string'
    ? { kind: 'wrong-info', version: info.Version }
    : { kind: 'wrong-info' };
}

/**
 * Go takes `version` and `Ver\u017fion` for the same field as `Version`, the last one counts (encoding/json: foldName):
 * with one of them beside it, go resolves another version than what is read here. The upper case has every letter that
 * Go folds, and a few more.
 */
function hasOtherSpelling(info: object): boolean {
  return Object.keys(info).some((key) => key !== 'Version' && key.toUpperCase() === 'VERSION');
}

async function readBounded(handle: FileHandle, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.min((await handle.stat()).size, maxBytes));
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function summarize(wanted: WantedSet, verdicts: readonly Verdict[]): Presence {
  const missing: WantedFile[] = [];
  const wrong: WrongFile[] = [];
  const notes: string[] = [];
  let presentFiles = 0;
  let checkedBytes = 0;
  for (const [index, file] of wanted.files.entries()) {
    const verdict = verdicts[index] ?? { kind: 'absent' };
    switch (verdict.kind) {
      case 'present':
        presentFiles++;
        checkedBytes += verdict.bytes;
        break;
      case 'wrong':
        wrong.push({ file, found: verdict.found });
        break;
      case 'unreadable':
        missing.push(file);
        notes.push(
          `the ${file.kind} file of ${formatModuleVersion(file.module)} in the module cache cannot be read (${verdict.code})`,
        );
        break;
      case 'absent':
        missing.push(file);
        break;
      default: {
        const never: never = verdict;
        return never;
      }
    }
  }
  const wholeness = wholenessOf(wanted.files.length, presentFiles);
  return { missing, wrong, presentFiles, checkedBytes, wholeness, notes };
}

function wholenessOf(wantedFiles: number, presentFiles: number): Presence['wholeness'] {
  if (wantedFiles === 0) return 'empty';
  if (presentFiles === wantedFiles) return 'complete';
  return presentFiles === 0 ? 'none' : 'partial';
}
