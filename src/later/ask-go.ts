import { CLASS_ORDER } from '../diagnosis/finding.ts';
import { diagnoseLog, type LogDiagnosis } from '../diagnosis/log-diagnosis.ts';
import type { Environment } from '../go/child-env.ts';
import { GoCommandError, type GoEnd, runGoToItsEnd } from '../go/go-command.ts';
import { checkModuleVersion, formatModuleVersion, type ModuleVersion } from '../go/version.ts';
import { type DownloadResult, linesOfResults, readResults } from './download-json.ts';
import { type KnownHashes, makeScratchModule } from './scratch-module.ts';

/** What go came to that was asked for one module. */
export type GoAnswer =
  | { readonly kind: 'downloaded'; readonly elapsedMs: number }
  | {
      readonly kind: 'failed';
      /** The one about the module, the gravest when there are several; undefined when nothing was recognised. */
      readonly diagnosis: LogDiagnosis | undefined;
      /** What go said, as it says it, at most 40 lines; foreign text. */
      readonly lines: readonly string[];
      readonly elapsedMs: number;
    }
  | { readonly kind: 'timeout'; readonly elapsedMs: number }
  | { readonly kind: 'no-go'; readonly reason: string };

/** What is asked, and how. */
export interface GoQuestion {
  readonly module: ModuleVersion;
  /** Without a hash go asks the checksum database, as it does in the job. */
  readonly hashes: KnownHashes;
  /** Exists and is private; the caller removes it with all that is in it. */
  readonly directory: string;
  /** The whole environment of the job. */
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const KEPT_BYTES = 64 << 10;
const KEPT_LINES = 40;

/**
 * Returns what `go mod download` comes to for one module version, in a main module and a module cache of its own, asked
 * as the job's go commands ask: the same GOPROXY, GOSUMDB, GOPRIVATE and the rest, logins and HTTP proxies. A toolchain
 * (golang.org/toolchain) is downloaded and verified like any module, and not run. Outside `directory` go writes only the
 * counters that it keeps of its own runs. It has ended with all its processes when this settles.
 * @throws GoRuleError for a module that go would refuse; the signal's reason when that is aborted; errors of the file
 * system when the directory cannot be written.
 */
export async function askGo(question: GoQuestion): Promise<GoAnswer> {
  const { module, hashes, timeoutMs, signal } = question;
  checkModuleVersion(module);
  signal.throwIfAborted();
  const scratch = await makeScratchModule(module, hashes, question);
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  try {
    const args = ['mod', 'download', '-json', formatModuleVersion(module)];
    const end = await runGoToItsEnd(args, { ...scratch, timeoutMs, signal, keptBytes: KEPT_BYTES });
    return readEnd(end, module, elapsed());
  } catch (error) {
    if (!(error instanceof GoCommandError)) throw error;
    if (error.why === 'timeout') return { kind: 'timeout', elapsedMs: elapsed() };
    return { kind: 'no-go', reason: error.message };
  }
}

function readEnd(end: GoEnd, module: ModuleVersion, elapsedMs: number): GoAnswer {
  const results = readResults(end.stdout);
  if (end.exitCode === 0 || results.some((result) => isComplete(result, module))) {
    return { kind: 'downloaded', elapsedMs };
  }
  const lines = linesOfGo(end, results);
  return { kind: 'failed', diagnosis: gravestAbout(diagnoseLog(lines), module), lines, elapsedMs };
}

/**
 * A module for a newer go than this one is downloaded and verified before go looks at that (modfetch: Download); the job,
 * whose GOTOOLCHAIN need not be `local` as ours is, may have a newer go for it.
 */
function isComplete({ path, version, zip, sum, error }: DownloadResult, module: ModuleVersion): boolean {
  const isIt = path === module.path && version === module.version;
  return isIt && zip !== '' && sum !== '' && / requires go >= \S+ \(running go /.test(error);
}

/** JSON names the module also where the bare message does not; a fatal error is on standard error alone. */
function linesOfGo({ stdout, stderr }: GoEnd, results: readonly DownloadResult[]): readonly string[] {
  const said = results.length > 0 ? linesOfResults(results) : stdout.split('\n');
  const lines = [...said, ...stderr.split('\n')].map((line) => line.trimEnd());
  return lines.filter((line) => line !== '').slice(0, KEPT_LINES);
}

/**
 * Returns the diagnosis to tell for a module: one that names it before one that names none, which comes before one that
 * names another; among those the gravest class, then what was said first. Pure.
 */
export function gravestAbout(
  diagnoses: readonly LogDiagnosis[],
  { path, version }: ModuleVersion,
): LogDiagnosis | undefined {
  const distance = (one: LogDiagnosis) => {
    if (one.module === undefined) return 1;
    return one.module === path && (one.version ?? version) === version ? 0 : 2;
  };
  const weight = (one: LogDiagnosis) => CLASS_ORDER.indexOf(one.entry.class);
  return diagnoses.toSorted((a, b) => distance(a) - distance(b) || weight(a) - weight(b))[0];
}
