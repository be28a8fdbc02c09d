import { GoRuleError } from '../go/go-rule-error.ts';
import { compareGoVersions, isValidGoVersion, toolchainGoVersion } from '../go/go-version.ts';
import type { GoproxyEntry } from '../go/goproxy.ts';
import { isGoDefault, parseGosumdb } from '../go/gosumdb.ts';
import { findPublicProxy, PROXY_GOLANG_ORG, type PublicProxy } from './public-proxies.ts';
import type { Figures } from './verdict.ts';

/** The addresses of Go's checksum database; both have the same key (cmd/go/internal/modfetch/sumdb.go, dbDial). */
export type SumdbHost = 'sum.golang.org' | 'sum.golang.google.cn';

/** Past every proxy: with a URL go does not ask the proxies for /sumdb/…/supported (dbClient.initBase). */
const PINNED = 'sum.golang.org https://sum.golang.org';

/** What decides about GOSUMDB. */
export interface SumdbSituation {
  /** The input `gosumdb`: `auto` or a value. */
  readonly setting: string;
  /** The effective GOSUMDB as it was before any use of this action in the job. */
  readonly effective: string;
  /** The entries of GOPROXY as they will be; undefined when GOPROXY is policy, which is left alone altogether. */
  readonly chain: readonly GoproxyEntry[] | undefined;
}

/** The situation with the answers to {@link sumdbQuestions} and what the probe saw. */
export interface SumdbInput extends SumdbSituation {
  readonly answers: ReadonlyMap<SumdbHost, 'answers' | 'fails'>;
  /** Whether a proxy of the chain offers the database, by the probe; the built-in table tells where it does not. */
  readonly offers: (entry: GoproxyEntry) => Figures['sumdb'] | undefined;
  /** GOVERSION as go prints it, or without `go`; undefined when there is no go. */
  readonly goVersion?: string;
}

/** What becomes of GOSUMDB. */
export interface SumdbDecision {
  /** The value to set; absent: it stays as it is. Never `off`. */
  readonly gosumdb?: string;
  readonly reason: string;
  readonly warnings: readonly string[];
}

/** Returns the databases to ask, in order: the second only when the first fails. None when nothing depends on them. */
export function sumdbQuestions(situation: SumdbSituation): readonly SumdbHost[] {
  return staysBecause(situation) === undefined ? ['sum.golang.org', 'sum.golang.google.cn'] : [];
}

/**
 * Returns the GOSUMDB of DESIGN §3.3. `auto` acts only on Go's default beside a chain of public proxies with another than
 * proxy.golang.org in it. The warning about a Go version that a lying proxy can fool comes only when checksums travel
 * through a public proxy that is not Go's; a proxy that the user runs is no third party.
 */
export function decideSumdb(input: SumdbInput): SumdbDecision {
  const choice = chooseSumdb(input);
  const warnings = findThirdPartyWarning(input, choice.gosumdb ?? input.effective);
  return { ...choice, warnings };
}

/**
 * Says whether this Go version takes forged answers of the checksum database: CVE-2026-42501 and GO-2026-6179, fixed in
 * 1.25.13, 1.26.6 and 1.27rc3. False for what is no version, such as a development build.
 */
export function isFooledByLyingProxy(goVersion: string): boolean {
  const version = toolchainGoVersion(goVersion) ?? goVersion;
  if (!isValidGoVersion(version)) return false;
  const below = (limit: string): boolean => compareGoVersions(version, limit) < 0;
  if (below('1.26')) return below('1.25.13');
  return below('1.27') ? below('1.26.6') : below('1.27rc3');
}

function chooseSumdb(input: SumdbInput): Omit<SumdbDecision, 'warnings'> {
  if (input.setting !== 'auto') return chooseGiven(input.setting);
  const stays = staysBecause(input);
  if (stays !== undefined) return { reason: stays };
  if (input.answers.get('sum.golang.org') === 'answers') {
    return {
      gosumdb: PINNED,
      reason:
        'sum.golang.org answers, and is asked itself: else all checksum traffic would go through the first proxy that offers it.',
    };
  }
  if (input.answers.get('sum.golang.google.cn') === 'answers') {
    return {
      gosumdb: 'sum.golang.google.cn',
      reason: 'sum.golang.org does not answer; sum.golang.google.cn is the same database with the same key.',
    };
  }
  return {
    reason:
      'No address of the checksum database answers, so go asks it through the proxies, as it does by default.',
  };
}

function chooseGiven(setting: string): Omit<SumdbDecision, 'warnings'> {
  if (setting === 'off') return { reason: 'GOSUMDB=off is never set: use the input gonosumdb.' };
  return { gosumdb: setting, reason: 'GOSUMDB is set as the input gosumdb says.' };
}

/** Why `auto` changes nothing; undefined when it may. */
function staysBecause({ setting, effective, chain }: SumdbSituation): string | undefined {
  if (setting !== 'auto') return 'GOSUMDB is given by the input gosumdb.';
  if (!isGoDefault(effective)) return "GOSUMDB stays: it is not Go's default, so somebody has set it.";
  if (chain === undefined) return 'GOSUMDB stays, as GOPROXY does.';
  const proxies = chain.filter(isSource);
  const known = proxies.map(publicProxyOf);
  if (known.includes(undefined)) {
    return 'GOSUMDB stays: not all proxies of the chain are public, and a private one may be the only way to the database.';
  }
  if (known.every((proxy) => proxy === undefined || isGoOwn(proxy))) {
    return 'GOSUMDB stays: no proxy but proxy.golang.org is in the chain.';
  }
  return undefined;
}

function findThirdPartyWarning(input: SumdbInput, gosumdb: string): readonly string[] {
  const { goVersion } = input;
  if (goVersion === undefined || !isFooledByLyingProxy(goVersion)) return [];
  const through = thirdPartyOf(input, gosumdb);
  if (through === undefined) return [];
  return [
    `${goVersion.replace(/^(?=\d)/, 'go')} believes forged checksums (CVE-2026-42501, GO-2026-6179), and checksums that are not in go.sum come through ${through.name}. Use Go 1.25.13, 1.26.6 or later.`,
  ];
}

/** The public proxy, not Go's, that go would ask for checksums: by an address in GOSUMDB, else the first that offers them. */
function thirdPartyOf({ chain, offers }: SumdbInput, gosumdb: string): PublicProxy | undefined {
  const location = locationOf(gosumdb);
  if (location === 'unused') return undefined;
  if (location !== undefined) {
    const base = new URL(location);
    base.pathname = base.pathname.replace(/\/sumdb\/.*$/, '');
    return thirdParty(findPublicProxy(base));
  }
  const first = (chain ?? []).filter(isSource).find((entry) => serves(entry, offers));
  return first === undefined ? undefined : thirdParty(publicProxyOf(first));
}

/** By the probe; the table tells where it did not ask. */
function serves(entry: Source, offers: SumdbInput['offers']): boolean {
  const seen = offers(entry) ?? 'not-asked';
  return (seen === 'not-asked' ? publicProxyOf(entry)?.sumdb : seen) === 'serves';
}

/** The URL in GOSUMDB; undefined for none, `unused` when go asks no database or refuses the value. */
function locationOf(gosumdb: string): URL | undefined | 'unused' {
  try {
    const parsed = parseGosumdb(gosumdb);
    return parsed.kind === 'off' ? 'unused' : parsed.url;
  } catch (error) {
    if (error instanceof GoRuleError) return 'unused';
    throw error;
  }
}

type Source = Extract<GoproxyEntry, { readonly url: URL }>;

function isSource(entry: GoproxyEntry): entry is Source {
  return entry.kind === 'proxy' || entry.kind === 'file';
}

function publicProxyOf(entry: Source): PublicProxy | undefined {
  return findPublicProxy(entry.url);
}

function thirdParty(proxy: PublicProxy | undefined): PublicProxy | undefined {
  return proxy === undefined || isGoOwn(proxy) ? undefined : proxy;
}

function isGoOwn(proxy: PublicProxy): boolean {
  return proxy.base === PROXY_GOLANG_ORG;
}
