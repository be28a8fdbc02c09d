import { GoRuleError } from '../go/go-rule-error.ts';
import { checkPatterns } from '../go/goprivate.ts';
import { parseGosumdb } from '../go/gosumdb.ts';
import {
  type EnvironmentFacts,
  effective,
  plainFinding,
  settingLine,
  variableFinding,
} from './environment-facts.ts';
import { beginsWith } from './environment-goproxy.ts';
import type { Finding } from './finding.ts';

const PATTERN_LISTS = ['GOPRIVATE', 'GONOPROXY', 'GONOSUMDB', 'GOINSECURE'] as const;

/**
 * Returns the mistakes in GOSUMDB and in GOPRIVATE and its kin. Source: cmd/go/internal/modfetch/sumdb.go, useSumDB and
 * dbDial; cmd/go/internal/cfg/cfg.go (GONOPROXY and GONOSUMDB are GOPRIVATE where nothing sets them); x/mod/module,
 * MatchPrefixPatterns.
 */
export function findingsOfChecksums(facts: EnvironmentFacts): readonly Finding[] {
  return [...sumdbFindings(facts), ...everythingFindings(facts), ...patternFindings(facts)];
}

/**
 * Returns why a toolchain that go has to download will not come. Source: cmd/go/internal/modfetch/sumdb.go, useSumDB (a
 * toolchain is looked up in the database whatever GOSUMDB and GONOSUMDB say, but for one file:// URL alone), and
 * cmd/go/internal/toolchain/select.go, Exec (every answer like "not found" becomes "toolchain not available").
 */
export function findingsOfToolchainDownload(facts: EnvironmentFacts): readonly Finding[] {
  const wanted = facts.toolchains.flatMap(({ choice, place }) =>
    choice.kind === 'download' && place === undefined ? [choice.toolchain] : [],
  );
  const goproxy = effective(facts, 'GOPROXY');
  const isOneFile = goproxy.startsWith('file://') && !/[,|]/.test(goproxy);
  return wanted.flatMap((toolchain): readonly Finding[] => {
    if (beginsWith(goproxy, 'off') && !facts.exported.has('GOPROXY')) {
      const title = `go has to download the toolchain ${toolchain}, and GOPROXY=off forbids it`;
      return [plainFinding({ id: 'toolchain-unavailable', severity: 'failure', title, subject: toolchain })];
    }
    if (effective(facts, 'GOSUMDB') !== 'off' || facts.exported.has('GOSUMDB') || isOneFile) return [];
    const title = `go has to download the toolchain ${toolchain}, and will not take it unchecked`;
    return [variableFinding(facts, 'GOSUMDB', { id: 'sumdb-setting', severity: 'failure', title })];
  });
}

function sumdbFindings(facts: EnvironmentFacts): readonly Finding[] {
  if (facts.exported.has('GOSUMDB')) return [];
  const value = effective(facts, 'GOSUMDB');
  if (value === 'off') return [variableFinding(facts, 'GOSUMDB', { id: 'sumdb-off', severity: 'notice' })];
  try {
    parseGosumdb(value);
    return [];
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    return [
      variableFinding(facts, 'GOSUMDB', {
        id: 'sumdb-setting',
        severity: 'warning',
        title: error.message.replace(/^GOSUMDB: /, ''),
        remedy:
          'It takes a name that go knows or a key, and perhaps a URL behind a space; or `off` in lower case.',
        consequence: 'go fails on every module that go.sum has no line for',
        // Nobody who wrote OFF is told to copy the opposite.
        copy: /^off$/i.test(value) ? [] : settingLine(facts, 'GOSUMDB', 'sum.golang.org'),
      }),
    ];
  }
}

/** go env prints GOPRIVATE for an unset GONOPROXY and GONOSUMDB: the variable that is set is the one to name. */
function everythingFindings(facts: EnvironmentFacts): readonly Finding[] {
  const setter = (name: string): string => (facts.goEnv.isSet(name) ? name : 'GOPRIVATE');
  const unproxied =
    matchesAll(effective(facts, 'GONOPROXY')) && !beginsWith(effective(facts, 'GOPROXY'), 'direct');
  const unchecked = matchesAll(effective(facts, 'GONOSUMDB')) && effective(facts, 'GOSUMDB') !== 'off';
  const isOne = unproxied && unchecked && setter('GONOPROXY') === setter('GONOSUMDB');
  const findings: Finding[] = [];
  if (unproxied) {
    const too = isOne ? ', and what go.sum does not know is downloaded unchecked' : '';
    const title = `\`*\` matches every module, so go asks no proxy of GOPROXY${too}`;
    const id = 'goprivate-everything';
    findings.push(variableFinding(facts, setter('GONOPROXY'), { id, severity: 'warning', title }));
  }
  if (unchecked && !isOne) {
    const title = '`*` matches every module, so what go.sum does not know is downloaded unchecked';
    findings.push(
      variableFinding(facts, setter('GONOSUMDB'), { id: 'sumdb-off', severity: 'notice', title }),
    );
  }
  return findings;
}

function matchesAll(patterns: string): boolean {
  return patterns.split(',').some((pattern) => /^\*+\/?$/.test(pattern));
}

/** The same pattern in several variables is one mistake. */
function patternFindings(facts: EnvironmentFacts): readonly Finding[] {
  const places = new Map<string, string[]>();
  for (const name of PATTERN_LISTS.filter((one) => facts.goEnv.isSet(one))) {
    for (const pattern of new Set(effective(facts, name).split(','))) {
      places.set(pattern, [...(places.get(pattern) ?? []), name]);
    }
  }
  return [...places].flatMap(([pattern, names]) => {
    const title = flawOf(pattern);
    if (title === undefined) return [];
    const [first = '', ...others] = names;
    const finding = variableFinding(facts, first, {
      id: 'goprivate-pattern',
      severity: 'warning',
      title,
      ...consequenceFor(names),
      copy: names.flatMap((name) => mendedLine(facts, name)),
    });
    return [others.length === 0 ? finding : { ...finding, subject: names.join(', ') }];
  });
}

function consequenceFor(names: readonly string[]): { readonly consequence?: string } {
  const isAboutProxies = names.includes('GOPRIVATE') || names.includes('GONOPROXY');
  return isAboutProxies
    ? { consequence: 'the proxies in GOPROXY are asked for the modules that it means' }
    : {};
}

function flawOf(pattern: string): string | undefined {
  try {
    checkPatterns('', pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    return error.message.replace(/^: /, '');
  }
}

/** The whole list as it was most likely meant, when every pattern in it can match then. */
function mendedLine(facts: EnvironmentFacts, name: string): readonly string[] {
  const mended = effective(facts, name)
    .replace(/[\s;]*,[\s;]*|[\s;]+/g, ',')
    .split(',')
    .filter((pattern) => pattern !== '')
    .map(mendPattern)
    .join(',');
  return mended === '' || flawOf(mended) !== undefined ? [] : settingLine(facts, name, mended);
}

function mendPattern(pattern: string): string {
  const bare = pattern.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, '').replace(/^\/+/, '');
  const [host = '', ...rest] = bare.split(/\/+/);
  const open = host.startsWith('.') ? `*${host}` : host;
  return [open.toLowerCase(), ...rest].join('/');
}
