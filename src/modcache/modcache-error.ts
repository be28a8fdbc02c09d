/** Why a file could not be placed; the stable `code` of a {@link ModCacheError}. */
export type ModCacheCode =
  /** No space or quota is left. */
  | 'modcache-disk-full'
  | 'modcache-read-only'
  | 'modcache-no-permission'
  /** Another program holds the file (Windows), also after the retries. */
  | 'modcache-busy'
  /** GOMODCACHE is no absolute path: go refuses that too. */
  | 'modcache-not-absolute'
  /** A link where go makes directories and files: nothing is written through it. */
  | 'modcache-corrupt-link'
  /** A file where go makes a directory, or the other way round. */
  | 'modcache-corrupt-entry'
  | 'modcache-name-too-long'
  /** `cache` and `cache/download` are on different devices, so that nothing can be renamed between them. */
  | 'modcache-other-device'
  /** Any other error of the file system; `cause` has it. */
  | 'modcache-failed'
  /** The content is not what go.sum names. */
  | 'modcache-wrong-hash'
  /** The content is no module zip that can be hashed. */
  | 'modcache-broken-zip'
  /** The content is no info file as go writes it, or one for another version. */
  | 'modcache-wrong-info'
  | 'modcache-too-large';

/**
 * Says why a file was not placed. The message is one sentence that may quote a path below GOMODCACHE, so it passes the
 * report room before it is shown.
 */
export class ModCacheError extends Error {
  override readonly name = 'ModCacheError';
  readonly code: ModCacheCode;
  /** The hash of the content, when that is what is wrong. */
  readonly found: string | undefined;

  constructor(code: ModCacheCode, message: string, options: ErrorOptions & { readonly found?: string } = {}) {
    super(message, options);
    this.code = code;
    this.found = options.found;
  }

  /** Whether what was fetched is to blame, and not the module cache: then another proxy may serve it rightly. */
  get isContent(): boolean {
    return CONTENT_CODES.has(this.code);
  }
}

const CONTENT_CODES: ReadonlySet<ModCacheCode> = new Set([
  'modcache-wrong-hash',
  'modcache-broken-zip',
  'modcache-wrong-info',
  'modcache-too-large',
]);

const CODES: Readonly<Record<string, readonly [ModCacheCode, string]>> = {
  ENOSPC: ['modcache-disk-full', 'no space is left'],
  EDQUOT: ['modcache-disk-full', 'the disk quota is used up'],
  EROFS: ['modcache-read-only', 'the file system is read-only'],
  EACCES: ['modcache-no-permission', 'permission is denied'],
  EPERM: ['modcache-no-permission', 'the operation is not permitted'],
  EBUSY: ['modcache-busy', 'another program holds it'],
  ELOOP: ['modcache-corrupt-link', 'there is a link'],
  ENOTDIR: ['modcache-corrupt-entry', 'a directory is expected and there is something else'],
  EISDIR: ['modcache-corrupt-entry', 'a file is expected and there is a directory'],
  EEXIST: ['modcache-corrupt-entry', 'a directory is expected and there is something else'],
  ENOTEMPTY: ['modcache-corrupt-entry', 'a file is expected and there is a directory'],
  ENAMETOOLONG: ['modcache-name-too-long', 'the name is too long for the file system'],
  EXDEV: ['modcache-other-device', 'cache and cache/download are on different devices'],
};

/** Returns the `code` of an error of node:fs, such as `ENOENT`; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Says whether the module cache or the file system below it is to blame, and not a fault of ours. */
export function isOfModCache(error: unknown): boolean {
  return error instanceof ModCacheError || /^E[A-Z0-9]+$/.test(systemCode(error) ?? '');
}

/** Returns an error of node:fs, met while `target` was written, as a ModCacheError; one that is one already as it is. */
export function asModCacheError(error: unknown, target: string): ModCacheError {
  if (error instanceof ModCacheError) return error;
  const system = systemCode(error) ?? 'unknown error';
  const [code, why] = CODES[system] ?? ['modcache-failed', 'the file system refuses'];
  // The reason first: a path can be longer than what is shown.
  return new ModCacheError(code, `${why} (${system}): ${target} cannot be written`, { cause: error });
}

/** Returns the error for a link found below GOMODCACHE. */
export function linkError(target: string): ModCacheError {
  return new ModCacheError(
    'modcache-corrupt-link',
    `the module cache is corrupt: ${target} is a link, and nothing is written through links there`,
  );
}
