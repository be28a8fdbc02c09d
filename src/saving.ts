import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { formatModuleVersion } from './go/version.ts';
import { layOutArchive } from './modcache/archive-root.ts';
import { cacheable, keyOf } from './modcache/cache-key.ts';
import { ModCacheError } from './modcache/modcache-error.ts';
import { findAbsent } from './modcache/presence.ts';
import type { SaveOutcome } from './modcache/restore-outcome.ts';
import { decideSave, type SaveFacts, savingTimeMs } from './modcache/save-policy.ts';
import { removalBudget, removeTree, removeTreeNow } from './modcache/tree-removal.ts';
import { bundleBeside } from './runner/bundles.ts';
import { saveInProcess } from './runner/cache-save.ts';
import { findCacheService } from './runner/cache-service.ts';
import type { StepContext } from './runner/finish.ts';
import type { Inputs } from './runner/inputs.ts';
import { readRunFacts } from './runner/run-facts.ts';
import type { CacheState } from './runner/state.ts';
import { goValue, readProjectSetting } from './setting.ts';

/** What the step may take on top: hashing, and the longest that saving itself may. */
const SAVE_MS = 12 * 60_000;

/**
 * Saves the module cache of W unless the rules say otherwise; what is saved was hashed a moment before. Trouble of any
 * kind is an outcome; only the signal of the step is thrown.
 */
export async function saveModuleCache(
  inputs: Inputs,
  state: CacheState,
  workspace: string,
  context: StepContext,
): Promise<SaveOutcome> {
  const facts = await factsOf(inputs, state);
  const first = decideSave(facts);
  if (!first.save) return notSaved(first.reason);
  context.allowMore(SAVE_MS);
  const setting = await readProjectSetting(inputs, workspace, context.signal);
  const key = keyOf(setting.wanted.files, inputs.cacheSuffix);
  const goModCache = goValue(setting.goEnv, 'GOMODCACHE');
  const absent = new Set(await findAbsent(goModCache, setting.wanted, { signal: context.signal }));
  const left = new Set(state.leftToGo);
  const lacking = cacheable([...absent]).filter(({ module }) => !left.has(formatModuleVersion(module)));
  const second = decideSave({
    ...facts,
    set: {
      ...facts.set,
      state: lacking.length > 0 ? 'incomplete' : facts.set.state,
      changed: key.primary !== state.primaryKey,
    },
  });
  if (!second.save) return notSaved(second.reason);
  const files = cacheable(setting.wanted.files).filter((file) => !absent.has(file));
  return await saveFiles({ goModCache, files, key: key.primary }, context);
}

async function factsOf(inputs: Inputs, state: CacheState): Promise<SaveFacts> {
  const service = findCacheService(process.env);
  return {
    cache: inputs.cache,
    saveCache: inputs.saveCache,
    mode: inputs.mode,
    job: inputs.jobStatus,
    run: await readRunFacts(process.env),
    service: {
      available: service.kind !== 'none',
      writable: service.kind !== 'none' && service.writable,
    },
    set: {
      state: state.primaryKey === '' ? 'empty' : 'complete',
      wasComplete: state.wasComplete,
      changed: false,
    },
    primaryKey: state.primaryKey,
    matchedKey: state.matchedKey === '' ? undefined : state.matchedKey,
    isMatchBroken: state.isMatchBroken,
  };
}

interface Saving {
  readonly goModCache: string;
  readonly files: Parameters<typeof layOutArchive>[0]['files'];
  readonly key: string;
}

async function saveFiles({ goModCache, files, key }: Saving, context: StepContext): Promise<SaveOutcome> {
  const { signal, closing } = context;
  const temp = process.env['RUNNER_TEMP'] ?? '';
  if (temp === '') return notSaved('RUNNER_TEMP is not set');
  const root = await mkdtemp(path.join(temp, 'setup-goproxy-save-'));
  const forget = closing.removeAtEnd(() => removeTreeNow(root, removalBudget()));
  try {
    const layout = await layOutArchive({ goModCache, files, root, signal });
    const startedAt = performance.now();
    const saved = await saveInProcess({
      root,
      key,
      script: bundleBeside('save.js'),
      timeoutMs: savingTimeMs(layout.bytes),
      closing,
      signal,
    });
    if (saved.kind === 'not-saved') return saved;
    return { kind: 'saved', key, ...layout, elapsedMs: performance.now() - startedAt };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ModCacheError) return notSaved(error.message);
    throw error;
  } finally {
    await removeTree(root, removalBudget());
    forget();
  }
}

function notSaved(reason: string): SaveOutcome {
  return { kind: 'not-saved', reason };
}
