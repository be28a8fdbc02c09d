import type { FileHandle } from 'node:fs/promises';
import { GoRuleError } from '../go/go-rule-error.ts';
import { hashGoMod, hashZip as hashHere, type ZipHasher } from '../go/h1.ts';
import { parseObject } from '../go/json-object.ts';
import { formatModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { MAX_BYTES } from './cache-entry.ts';
import { ModCacheError } from './modcache-error.ts';

/** Options of checkContent. */
export interface ContentOptions {
  readonly signal?: AbortSignal;
  /** Hashes zips; default: on this thread. */
  readonly hashZip?: ZipHasher;
}

/**
 * Returns the h1 of what a descriptor holds after it was found to be what `file` wants: zip and mod by one of its hashes
 * (none allowed means none matches), info by being exactly `{"Version":…}` or `{"Version":…,"Time":…}` for its version,
 * so that go neither believes a datum of someone else's nor rewrites the file. Undefined for an info file.
 * @throws ModCacheError with `isContent` when it is something else; errors of the file system as they are.
 */
export async function checkContent(
  handle: FileHandle,
  file: WantedFile,
  { signal, hashZip = hashHere }: ContentOptions = {},
): Promise<string | undefined> {
  const { size } = await handle.stat();
  if (size > MAX_BYTES[file.kind]) {
    const limits = `it has ${size} bytes, at most ${MAX_BYTES[file.kind]} are allowed`;
    throw new ModCacheError('modcache-too-large', `${nameOf(file)} is too large: ${limits}`);
  }
  switch (file.kind) {
    case 'zip':
      return checkHash(
        await hashOfZip(handle, file, { hashZip, ...(signal === undefined ? {} : { signal }) }),
        file,
      );
    case 'mod':
      return checkHash(hashGoMod(await readAll(handle, size)), file);
    case 'info':
      return checkInfo((await readAll(handle, size)).toString('utf8'), file);
    default: {
      const never: never = file.kind;
      return never;
    }
  }
}

async function hashOfZip(
  handle: FileHandle,
  file: WantedFile,
  { signal, hashZip }: ContentOptions & { readonly hashZip: ZipHasher },
): Promise<string> {
  try {
    return (await hashZip({ handle }, signal === undefined ? {} : { signal })).hash;
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    const message = `${nameOf(file)} is broken: ${error.message}`;
    throw new ModCacheError('modcache-broken-zip', message, { cause: error });
  }
}

function checkHash(found: string, file: WantedFile): string {
  if (file.hashes.includes(found)) return found;
  const wanted = file.hashes.length === 0 ? 'nothing' : file.hashes.join(' or ');
  const message = `${nameOf(file)} has the hash ${found}, go.sum allows ${wanted}`;
  throw new ModCacheError('modcache-wrong-hash', message, { found });
}

function checkInfo(text: string, file: WantedFile): undefined {
  const info = parseObject(text);
  const Version = info?.['Version'];
  const Time = info?.['Time'];
  const time = typeof Time === 'string' ? { Time } : {};
  if (Version === file.module.version && text === JSON.stringify({ Version, ...time })) return;
  throw new ModCacheError(
    'modcache-wrong-info',
    `${nameOf(file)} is not the JSON that go writes for this version, with Version and Time alone`,
  );
}

/** Through the descriptor and from its start, whatever its position is. */
async function readAll(handle: FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(buffer, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function nameOf({ module, kind }: WantedFile): string {
  return `the ${kind} file of ${formatModuleVersion(module)}`;
}
