/** A public Go module proxy of the built-in table. */
export interface PublicProxy {
  readonly name: string;
  /** Base URL as a user writes it in GOPROXY, without a trailing slash. */
  readonly base: string;
  readonly aliases: readonly string[];
  readonly operator: string;
  readonly role: 'primary' | 'secondary' | 'regional' | 'opt-in';
  readonly region: string;
  /** Whether `<base>/sumdb/sum.golang.org/supported` answers 200. */
  readonly sumdb: 'serves' | 'none' | 'unknown';
  /** Where each fact was read, with its date. */
  readonly evidence: readonly string[];
}

/** A base URL that is written in many lists and is no usable Go module proxy. */
export interface DeadProxy {
  readonly base: string;
  /** One clause that goes on after "it". */
  readonly why: string;
  readonly evidence: readonly string[];
}

/** The proxy of Go's default, and the only one that is asked for what go.sum does not pin. */
export const PROXY_GOLANG_ORG = 'https://proxy.golang.org';

/** The public proxies that we know, by role. Nothing here is ever contacted because it is in the table. */
export const PUBLIC_PROXIES: readonly PublicProxy[] = [
  {
    name: 'proxy.golang.org',
    base: PROXY_GOLANG_ORG,
    aliases: ['https://proxy.golang.org/cached-only'],
    operator: 'Google, the Go team',
    role: 'primary',
    region: 'world-wide but mainland China',
    sumdb: 'none',
    evidence: [
      'go.env of the Go distribution: GOPROXY=https://proxy.golang.org,direct',
      'https://go.dev/ref/mod#checksum-database: go asks /sumdb/sum.golang.org/supported; it answers 404 here (build logs of 2026)',
      'https://github.com/golang/go/issues/80655: 403 is a security block or a country rule (2026-08)',
    ],
  },
  {
    name: 'goproxy.cn',
    base: 'https://goproxy.cn',
    aliases: [],
    operator: 'Qiniu Cloud',
    role: 'secondary',
    region: 'world-wide, for mainland China',
    sumdb: 'serves',
    evidence: [
      'https://github.com/goproxy/goproxy.cn: README, "fully supports proxying checksum databases" (read 2026)',
      'https://github.com/goproxy/goproxy.cn: source, answers 404 for transient upstream failures (read 2026)',
    ],
  },
  {
    name: 'mirrors.aliyun.com',
    base: 'https://mirrors.aliyun.com/goproxy',
    aliases: [],
    operator: 'Alibaba Cloud',
    role: 'regional',
    region: 'mainland China',
    sumdb: 'unknown',
    evidence: ['https://github.com/RubyMetric/chsrc: in its list of Go mirrors (2025-07-12)'],
  },
  {
    name: 'mirrors.cloud.tencent.com',
    base: 'https://mirrors.cloud.tencent.com/go',
    aliases: [],
    operator: 'Tencent Cloud',
    role: 'regional',
    region: 'mainland China',
    sumdb: 'unknown',
    evidence: ['https://github.com/RubyMetric/chsrc: in its list of Go mirrors (2025-07-12)'],
  },
  {
    name: 'repo.huaweicloud.com',
    base: 'https://repo.huaweicloud.com/repository/goproxy',
    aliases: ['https://mirrors.huaweicloud.com/repository/goproxy'],
    operator: 'Huawei Cloud',
    role: 'opt-in',
    region: 'mainland China',
    sumdb: 'none',
    evidence: ['https://github.com/RubyMetric/chsrc/issues/227: no checksum database (2025-07-11)'],
  },
  {
    name: 'goproxy.io',
    base: 'https://goproxy.io',
    aliases: ['https://proxy.golang.com.cn'],
    operator: 'oiooj and the goproxy.io community',
    role: 'opt-in',
    region: 'world-wide, for mainland China',
    sumdb: 'serves',
    evidence: [
      'https://github.com/goproxyio/goproxy: source of its sumdb handler (read 2026)',
      'https://github.com/goproxyio/goproxy/issues/209: served wrong tiles (2023-02)',
    ],
  },
];

/** Base URLs that were shut down, moved, or never were Go module proxies. */
export const DEAD_PROXIES: readonly DeadProxy[] = [
  {
    base: 'https://gocenter.io',
    why: 'was shut down on 2021-05-01',
    evidence: ['https://www.infoq.com/news/2021/02/jfrog-jcenter-bintray-closure (2021-02)'],
  },
  {
    base: 'https://athens.azurefd.net',
    why: 'was an experiment, last seen working in 2021',
    evidence: [
      'https://github.com/gomods/athens/issues/1053',
      'https://github.com/gomods/athens/issues/1372',
    ],
  },
  {
    base: 'https://gonexus.dev',
    why: 'was a demonstration, last mentioned in 2020',
    evidence: ['no mention after 2020 found (searched 2026)'],
  },
  {
    base: 'https://goproxy.baidu.com',
    why: 'answers 200 to every path',
    evidence: ['https://github.com/goproxy/goproxy/issues/15'],
  },
  {
    base: 'https://goproxy.bj.bcebos.com',
    why: 'has had an expired certificate since 2022-01',
    evidence: ['https://github.com/coolsnowwolf/lede/issues/8614 (2022-01)'],
  },
  {
    base: 'https://mirrors.huaweicloud.com/goproxy',
    why: 'asks for a login and answers 418; the path is /repository/goproxy now',
    evidence: ['https://github.com/RubyMetric/chsrc/issues/227 (2025-07-11)'],
  },
  {
    base: 'https://mirrors.cloud.tencent.com/golang',
    why: 'serves Go distributions; the module proxy is at /go',
    evidence: ['public build scripts of 2026 that confuse the two'],
  },
  {
    base: 'https://mirrors.tuna.tsinghua.edu.cn/goproxy',
    why: 'is in machine-written lists only; the university documents no Go module proxy',
    evidence: ['no primary source found (searched 2026)'],
  },
  {
    base: 'https://goproxy.ustc.edu.cn',
    why: 'is in machine-written lists only; the university documents no Go module proxy',
    evidence: ['https://github.com/ustclug/discussions/issues/527: even the Go SDK mirror went (2025-12)'],
  },
  {
    base: 'https://goproxy.com.cn',
    why: 'is in no primary source',
    evidence: ['no primary source found (searched 2026)'],
  },
];

/**
 * Returns the public proxy whose base or alias the URL is. Userinfo, query, one trailing slash and http instead of https
 * make no difference: who hears of a module path is the same.
 */
export function findPublicProxy(url: URL): PublicProxy | undefined {
  const wanted = baseKey(url);
  return PUBLIC_PROXIES.find(({ base, aliases }) => isAmong([base, ...aliases], wanted));
}

/** Returns what is known against the URL as a Go module proxy, compared as in {@link findPublicProxy}. */
export function findDeadProxy(url: URL): DeadProxy | undefined {
  const wanted = baseKey(url);
  return DEAD_PROXIES.find(({ base }) => isAmong([base], wanted));
}

function isAmong(bases: readonly string[], wanted: string | undefined): boolean {
  return wanted !== undefined && bases.some((base) => baseKey(new URL(base)) === wanted);
}

/** Undefined for what is no web URL, or has a port that is not its scheme's own. */
function baseKey(url: URL): string | undefined {
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  if (!isWeb || url.port !== '') return undefined;
  return url.hostname.replace(/\.$/, '') + url.pathname.replace(/\/$/, '');
}
