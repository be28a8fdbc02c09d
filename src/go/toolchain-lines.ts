import { compareGoVersions, toolchainGoVersion } from './go-version.ts';
import type { MainUnit } from './project.ts';

/** The highest go line of some units, and the toolchain that go will want for them unless the local one is as new. */
export interface ToolchainWish {
  readonly goVersion?: string;
  readonly toolchain?: string;
}

/**
 * Returns what the go and toolchain lines of the units ask for, the highest where there are several. Only go.work counts
 * in a workspace; `toolchain default` asks for nothing; a language version from 1.21 on means its first release
 * (cmd/go/internal/toolchain/select.go, Select and modGoToolchain).
 */
export function toolchainWish(units: readonly MainUnit[]): ToolchainWish {
  let goVersion: string | undefined;
  let toolchain: string | undefined;
  for (const unit of units) {
    const file = unit.kind === 'module' ? unit.module.mod : unit.work;
    if (file.go !== undefined) goVersion = higher(goVersion, file.go);
    const wanted = wantedToolchain(file);
    if (wanted === undefined) continue;
    const best = higher(toolchain === undefined ? undefined : goVersionOf(toolchain), goVersionOf(wanted));
    if (best === goVersionOf(wanted)) toolchain = wanted;
  }
  return {
    ...(goVersion === undefined ? {} : { goVersion }),
    ...(toolchain === undefined ? {} : { toolchain }),
  };
}

const TOOLCHAIN = /^go1(?:\.[0-9]+){1,2}(?:[a-z]+[0-9]+)?(?:-[A-Za-z0-9._-]+)?$/;

function wantedToolchain({
  go,
  toolchain,
}: {
  readonly go?: string;
  readonly toolchain?: string;
}): string | undefined {
  if (toolchain === 'default') return undefined;
  // The parser takes any text behind "go1."; only what go could download is worth passing on.
  const named = toolchain !== undefined && TOOLCHAIN.test(toolchain) ? toolchain : undefined;
  if (go === undefined) return named;
  if (named !== undefined && compareGoVersions(goVersionOf(named), go) >= 0) return named;
  const isLanguage = /^1\.[0-9]+$/.test(go) && compareGoVersions(go, '1.21') >= 0;
  return `go${go}${isLanguage ? '.0' : ''}`;
}

function goVersionOf(toolchain: string): string {
  return toolchainGoVersion(toolchain) ?? '';
}

function higher(a: string | undefined, b: string): string {
  return a !== undefined && compareGoVersions(a, b) >= 0 ? a : b;
}
