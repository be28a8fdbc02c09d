import { formatModuleVersion } from '../go/version.ts';
import { publicRank } from '../proxy/public-modules.ts';
import { compareText } from './checksum-mismatch.ts';
import { CLASS_ORDER, type Finding } from './finding.ts';
import type { LogDiagnosis } from './log-diagnosis.ts';
import { endOfChain, readGoLine } from './log-go-line.ts';
import type { LogId } from './log-id.ts';
import { fillPlaceholders } from './placeholders.ts';

/** What the log does not tell. */
export interface LogFindingOptions {
  /** Default `failure`: go stopped at it. */
  readonly severity?: Finding['severity'];
  /** Whether the checksum database must not hear of this module path; default: of all but well-known public modules. */
  readonly isPrivate?: (modulePath: string) => boolean;
}

/** Lines of evidence of one finding. */
const EVIDENCE_LINES = 20;
/** Lines below go's own that are shown where other modules failed for the same cause. */
const BELOW_LINES = 6;
/** A collapsed annotation shows no more of the evidence: a longer line is told by its end first. */
const WHOLE_LINE = 75;

/** Failures that are not about the host which the line names. */
const ABOUT_NO_HOST: ReadonlySet<LogId> = new Set<LogId>([
  'disk-full',
  'goproxy-syntax',
  'http-proxy-failed',
  'http-proxy-login',
  'http-proxy-refused',
  'http-proxy-timeout',
  'http-proxy-unreachable',
  'looks-private',
  'module-cache-unwritable',
  'toolchain-unavailable',
]);

/** How go is kept from asking that host again, by whom it asked. */
const REMOVALS = {
  proxy: 'name another proxy in `proxies`',
  'redirect-target': 'name another proxy in `proxies`',
  'checksum-database': 'let another address of the database answer (`gosumdb`)',
  'module-host': 'put a proxy before `direct` in GOPROXY',
} as const satisfies Record<NonNullable<LogDiagnosis['asked']>, string>;

/** Returns what one diagnosis of a log means. Its texts are foreign and not redacted: sealReport does both. Pure. */
export function findingOfLog(diagnosis: LogDiagnosis, options: LogFindingOptions = {}): Finding {
  return findingOfGroup(diagnosis, [diagnosis], options);
}

/**
 * Returns one finding for each cause: the diagnoses that have id, host, cause and status in common. The gravest class comes
 * first, within a class what was met first. At most 20 lines of evidence each. Pure.
 */
export function findingsOfLog(
  diagnoses: readonly LogDiagnosis[],
  options: LogFindingOptions = {},
): readonly Finding[] {
  const groups = Map.groupBy(diagnoses, ({ id, host, cause, status }) => [id, host, cause, status].join(' '));
  return [...groups.values()]
    .flatMap((group) => (group[0] === undefined ? [] : [findingOfGroup(group[0], group, options)]))
    .toSorted((a, b) => CLASS_ORDER.indexOf(a.class) - CLASS_ORDER.indexOf(b.class));
}

function findingOfGroup(
  first: LogDiagnosis,
  group: readonly LogDiagnosis[],
  { severity = 'failure', isPrivate = isPerhapsPrivate }: LogFindingOptions,
): Finding {
  const { id, entry, host } = first;
  const { title, class: failureClass, fault, rerunHelps } = entry;
  const copy = copyOf(first);
  const modules = [...new Set(group.flatMap(nameOf))];
  const about = host === undefined || ABOUT_NO_HOST.has(id) ? title : `${host}: ${title}`;
  return {
    id,
    class: failureClass,
    fault,
    severity,
    title: modules.length > 1 ? `${modules.length} modules: ${about}` : about,
    evidence: evidenceOf(first, group),
    rerunHelps,
    remedy: remedyOf(first, group, isPrivate),
    ...(copy === undefined ? {} : { copy }),
    subject: modules.length === 1 ? (modules[0] ?? '') : '',
  };
}

function isPerhapsPrivate(modulePath: string): boolean {
  return publicRank(modulePath) === undefined;
}

function nameOf({ module, version }: LogDiagnosis): readonly string[] {
  if (module === undefined) return [];
  return [version === undefined ? module : formatModuleVersion({ path: module, version })];
}

/** Texts for a shell: what comes out of a log must not add a command to them. */
const PLAIN_HOST = /^\w[\w.-]{0,252}(?::\d{1,5})?$/;
const PLAIN_MODULE = /^\w[\w.~+/!@-]+$/;

/** Lines to copy hold the name of the host, and nothing else of the log; they are left out where it is no plain name. */
function copyOf({ entry, host }: LogDiagnosis): Finding['copy'] {
  if (entry.copy === undefined) return undefined;
  if (host === undefined || !PLAIN_HOST.test(host)) {
    return entry.copy.some((line) => /\{(?:host|name)\}/.test(line)) ? undefined : entry.copy;
  }
  const values = { host, name: nameOfHost(host) };
  return entry.copy.map((line) => fillPlaceholders(line, values));
}

function nameOfHost(host: string | undefined): string {
  return host !== undefined && PLAIN_HOST.test(host) ? host.replace(/:\d{1,5}$/, '') : 'HOST';
}

function remedyOf(
  { entry, host, asked }: LogDiagnosis,
  group: readonly LogDiagnosis[],
  isPrivate: (modulePath: string) => boolean,
): string {
  const compared = group.flatMap(({ module, version }) =>
    module === undefined || version === undefined || !PLAIN_MODULE.test(`${module}@${version}`)
      ? []
      : [
          {
            module: { path: module, version },
            disclosure: isPrivate(module) ? 'given-only' : 'public',
          } as const,
        ],
  );
  const filled = fillPlaceholders(entry.remedy, {
    proxy: host ?? 'the proxy',
    host: host ?? 'the host',
    name: nameOfHost(host),
    removal: REMOVALS[asked ?? 'proxy'],
    compare: compareText(compared),
  });
  return host === undefined ? filled.replace(/^the /, 'The ') : filled;
}

/** What go said of the first one, its end before the whole line when that is long; of the others one line each. */
function evidenceOf(first: LogDiagnosis, group: readonly LogDiagnosis[]): readonly string[] {
  const isLong = first.text.length > WHOLE_LINE;
  const below = first.below.slice(0, group.length > 1 ? BELOW_LINES : EVIDENCE_LINES);
  const lines = [...(isLong ? endOf(first) : []), lineOf(first), ...below, ...group.slice(1).map(lineOf)];
  if (lines.length <= EVIDENCE_LINES) return lines;
  const kept = lines.slice(0, EVIDENCE_LINES - 1);
  return [...kept, `and ${lines.length - kept.length} more lines`];
}

function lineOf({ text, count }: LogDiagnosis): string {
  return count === 1 ? text.trim() : `${text.trim()} (${count} times)`;
}

/** The cause behind the URL of a request; git's own words where they say why; nothing where that is the whole line. */
function endOf({ text, below }: LogDiagnosis): readonly string[] {
  const line = readGoLine(text) ?? readGoLine(endOfChain(text));
  // What crypto/tls says before every cause of x509 would take the place of the cause.
  const end = (line?.request?.cause ?? line?.rest ?? '').replace(/^tls: failed to verify certificate: /, '');
  const said = GIT_FAILED.test(end) ? below.find((one) => GIT_SAYS.test(one))?.trim() : end;
  return said === undefined || said === '' || said === text.trim() ? [] : [said];
}

const GIT_FAILED = /: exit status \d{1,3}:?$/;
const GIT_SAYS = /^\s{1,8}(?:fatal|error|ERROR|ssh|Host key|remote|git@[^:]{1,253})[: ]/;
