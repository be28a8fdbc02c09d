import { fileName } from '../diagnosis/proxy-answers.ts';
import { formatModuleVersion } from '../go/version.ts';
import type { CacheKey } from '../modcache/cache-key.ts';
import type { RestoreOutcome } from '../modcache/restore-outcome.ts';
import type { CacheFacts, CacheIngredients } from './report.ts';

/** Wrong files that the report names; the others are counted. */
const NAMED = 100;

const NOTHING = {
  exact: false,
  modules: 0,
  files: 0,
  bytes: 0,
  archiveBytes: 0,
  ms: 0,
  entries: 0,
  refused: { 'foreign-name': 0, 'not-a-file': 0, duplicate: 0, 'too-large': 0 },
  wrong: [],
  moreWrong: 0,
} as const satisfies Omit<CacheFacts, 'status'>;

/** Returns what the report tells of restoring: the key with its ingredients, counts, and the first 100 wrong files. */
export function cacheFacts(outcome: RestoreOutcome): CacheFacts {
  switch (outcome.kind) {
    case 'skipped':
      return { status: 'skipped', reason: outcome.reason, ...keyFacts(outcome.key), ...NOTHING };
    case 'miss':
      return {
        status: 'miss',
        reason: 'no archive has this key, or begins like it',
        ...keyFacts(outcome.key),
        ...NOTHING,
      };
    case 'trouble': {
      const { key, reason, matchedKey } = outcome;
      const matched = matchedKey === undefined ? {} : { matchedKey };
      return { status: 'trouble', reason, ...keyFacts(key), ...matched, ...NOTHING };
    }
    case 'restored':
      return restoredFacts(outcome);
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

function restoredFacts(outcome: Extract<RestoreOutcome, { kind: 'restored' }>): CacheFacts {
  const { key, matchedKey, isExact, archive, archiveBytes, elapsedMs, cutShort } = outcome;
  const wrong = archive.wrong.map(({ file }) => fileName(file));
  return {
    status: 'restored',
    ...keyFacts(key),
    matchedKey,
    exact: isExact,
    modules: new Set(archive.placed.map(({ module }) => formatModuleVersion(module))).size,
    files: archive.placed.length,
    bytes: archive.bytes,
    archiveBytes,
    ms: elapsedMs,
    entries: archive.entries,
    refused: { ...NOTHING.refused, ...Object.fromEntries(archive.refused) },
    wrong: wrong.slice(0, NAMED),
    moreWrong: Math.max(0, wrong.length - NAMED),
    ...(cutShort === undefined ? {} : { cutShort }),
  };
}

function keyFacts(key: CacheKey | undefined): Pick<CacheFacts, 'primaryKey' | 'ingredients'> {
  if (key === undefined) return {};
  const { primary, prefix, ingredients } = key;
  // What stands before the suffix and its two dashes.
  const format = prefix.slice(0, prefix.length - ingredients.suffix.length - 2);
  const made: CacheIngredients = { format, ...ingredients };
  return { primaryKey: primary, ingredients: made };
}
