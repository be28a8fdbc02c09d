import type { WantedFile } from '../../src/go/wanted-set.ts';
import { type Placed, place } from '../../src/modcache/placing.ts';
import type { Staging } from '../../src/modcache/staging.ts';
import type { SyntheticModule } from './modules.ts';

/** A wanted file of a module, as go.sum has it, with the bytes that a proxy serves. */
export interface Serving {
  readonly file: WantedFile;
  readonly bytes: Uint8Array;
}

/** Returns the three files of a module: mod, info, zip. */
export function servingsOf(module: SyntheticModule): readonly [Serving, Serving, Serving] {
  const { path, version } = module;
  const wanted = (kind: WantedFile['kind'], hashes: readonly string[], bytes: Uint8Array): Serving => ({
    file: { module: { path, version }, kind, hashes, disclosure: 'public' },
    bytes,
  });
  return [
    wanted('mod', [module.modHash], Buffer.from(module.mod)),
    wanted('info', [], Buffer.from(module.info)),
    wanted('zip', [module.zipHash], module.zip),
  ];
}

/** Stages and places one after the other; returns what became of each. */
export async function placeAll(staging: Staging, servings: readonly Serving[]): Promise<readonly Placed[]> {
  const results: Placed[] = [];
  for (const { file, bytes } of servings) {
    results.push(await place(staging, await staging.stage(bytes), file));
  }
  return results;
}
