import type { Decision } from './decision.ts';
import type { ToolchainFacts } from './diagnosis/toolchain-findings.ts';
import { environmentValue } from './go/child-env.ts';
import { disclosureOf } from './go/goprivate.ts';
import { credentialsFor } from './go/netrc.ts';
import { TOOLCHAIN_MODULE, type ToolchainChoice } from './go/toolchain-choice.ts';
import type { Measuring } from './measuring.ts';
import { findToolchain } from './modcache/toolchain-presence.ts';
import { askToolchainSize } from './proxy/toolchain-size.ts';
import { goValue, type Setting } from './setting.ts';

/** What is known of the toolchains that go will want, and whom was asked for their size. */
export interface Toolchains {
  readonly facts: readonly ToolchainFacts[];
  readonly contacted: readonly string[];
}

/**
 * Looks which toolchains go will download in this job, and asks the selected proxy for their size, 2 s each. GONOPROXY
 * keeps also this name from every proxy.
 */
export async function lookAtToolchains(
  setting: Pick<Setting, 'goEnv' | 'merged' | 'toolchains'>,
  { choice }: Pick<Decision, 'choice'>,
  measuring: Pick<Measuring, 'network' | 'netrc' | 'signal'>,
): Promise<Toolchains> {
  const facts: ToolchainFacts[] = [];
  const contacted: string[] = [];
  for (const toolchain of setting.toolchains) {
    const place = await placeOf(toolchain, setting);
    const candidate = choice?.decision.selected;
    const isAsked = toolchain.kind === 'download' && place === undefined;
    if (!isAsked || candidate === undefined || disclosureOf(TOOLCHAIN_MODULE, setting.merged) !== 'public') {
      facts.push({ choice: toolchain, ...(place === undefined ? {} : { place }) });
      continue;
    }
    const { network } = await measuring.network();
    const size = await askToolchainSize({
      candidate,
      network,
      credentialsFor: (url) => credentialsFor(measuring.netrc, url),
      version: toolchain.version,
      signal: measuring.signal,
    });
    contacted.push(...size.contacted);
    facts.push({ choice: toolchain, ...(size.bytes === undefined ? {} : { bytes: size.bytes }) });
  }
  return { facts, contacted };
}

async function placeOf(
  toolchain: ToolchainChoice,
  { goEnv }: Pick<Setting, 'goEnv'>,
): Promise<ToolchainFacts['place']> {
  if (toolchain.kind !== 'download' && toolchain.kind !== 'path') return undefined;
  return await findToolchain({
    toolchain: toolchain.toolchain,
    version: toolchain.version,
    goModCache: goValue(goEnv, 'GOMODCACHE'),
    searchPath: environmentValue(process.env, 'PATH', process.platform),
    platform: process.platform,
  });
}
