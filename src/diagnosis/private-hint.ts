import { formatModuleVersion } from '../go/version.ts';
import type { FileResult } from '../prefetch/prefetch-result.ts';
import { PUBLIC_PREFIXES, publicRank } from '../proxy/public-modules.ts';
import type { Finding } from './finding.ts';
import { PREFETCH_ENTRIES } from './prefetch-entries.ts';
import { answersLine } from './proxy-answers.ts';

/** Modules named in the hint, and patterns offered. */
const NAMED = 3;

/** Hosts of everybody's repositories: only an owner on them can be private as a whole. */
const FORGES: ReadonlySet<string> = new Set([
  'github.com',
  'gitlab.com',
  'bitbucket.org',
  'codeberg.org',
  'dev.azure.com',
  'gitee.com',
  'git.sr.ht',
]);

/** Hosts of public modules only, where a pattern for the whole host would take them from the proxies. */
const PUBLIC_HOSTS: ReadonlySet<string> = new Set(PUBLIC_PREFIXES.map((prefix) => hostOf(prefix)));

/**
 * Returns one notice for all modules that public proxies answered 404 or 410 for and that go will ask the hosts of, with
 * the patterns for `goprivate` to copy; nothing where there is none. Modules that are public beyond doubt are no hint.
 */
export function privateHint(files: readonly FileResult[]): readonly Finding[] {
  const asked = files.filter(
    (one) => one.kind === 'left-to-go' && one.why === 'not-found' && one.attempts.length > 0,
  );
  const hidden = asked.filter(({ file }) => publicRank(file.module.path) === undefined);
  const modules = [...new Map(hidden.map((one) => [formatModuleVersion(one.file.module), one])).entries()];
  const first = modules[0];
  if (first === undefined) return [];
  const named = modules.slice(0, NAMED);
  const more = modules.length - named.length;
  const patterns = [...new Set(named.map(([, { file }]) => privatePattern(file.module.path)))];
  const isOne = modules.length === 1;
  return [
    {
      id: 'looks-private',
      severity: 'notice',
      ...PREFETCH_ENTRIES['looks-private'],
      ...(isOne
        ? {}
        : {
            title: `no public proxy has ${modules.length} modules, which are left to go: they look private`,
          }),
      evidence: [
        ...named.map(([name, { attempts }]) => `${name}: ${answersLine(attempts)}`),
        ...(more > 0 ? [`and ${more} more`] : []),
      ],
      copy: [`goprivate: ${patterns.join(',')}`],
      consequence: 'go asks the host of the module itself, as `direct` says',
      subject: isOne ? first[0] : '',
    },
  ];
}

/**
 * Returns a pattern for GOPRIVATE that covers the module and its neighbours: `github.com/acme/*` on a public forge, else
 * the host; the module itself on a host that serves public modules.
 */
export function privatePattern(modulePath: string): string {
  const host = hostOf(modulePath);
  const [, owner, ...rest] = modulePath.split('/');
  if (FORGES.has(host)) return rest.length === 0 ? modulePath : `${host}/${owner}/*`;
  return PUBLIC_HOSTS.has(host) ? modulePath : host;
}

function hostOf(modulePath: string): string {
  return modulePath.split('/', 1)[0] ?? modulePath;
}
