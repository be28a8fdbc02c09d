import { environmentValue } from '../go/child-env.ts';
import { type GoUrl, GoUrlError, parseGoUrl } from '../go/go-url.ts';
import { redactEntry } from '../go/goproxy.ts';
import { readHttpProxySettings } from '../proxy/http-proxy.ts';
import { type EnvironmentFacts, plainFinding } from './environment-facts.ts';
import type { Finding } from './finding.ts';

/** The schemes of net/http, Transport.dialConn; with any other it speaks HTTP to the host. */
const SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'socks5', 'socks5h']);

/**
 * Returns the mistakes in HTTPS_PROXY and HTTP_PROXY; none with NO_PROXY=*. Source: golang.org/x/net/http/httpproxy,
 * FromEnvironment, parseProxy (what is no URL with a host is read again with `http://` before it) and config.init (what
 * cannot be read at all is ignored).
 */
export function findingsOfHttpProxy({ env, platform }: EnvironmentFacts): readonly Finding[] {
  if (readHttpProxySettings(env).exempt.some(({ kind }) => kind === 'all')) return [];
  return ['HTTPS_PROXY', 'HTTP_PROXY'].flatMap((upper) => {
    const name = environmentValue(env, upper, platform) === '' ? upper.toLowerCase() : upper;
    const value = environmentValue(env, name, platform);
    const fault = value === '' ? undefined : faultOf(value);
    if (fault === undefined) return [];
    const isFatal = fault.fails && upper === 'HTTPS_PROXY';
    return [
      plainFinding({
        id: 'http-proxy-setting',
        severity: isFatal ? 'failure' : 'warning',
        title: fault.title,
        subject: name,
        evidence: [`${name}=${JSON.stringify(redactEntry(value))} (set in the environment)`],
      }),
    ];
  });
}

function faultOf(value: string): { readonly title: string; readonly fails: boolean } | undefined {
  const whole = parse(value);
  if (whole !== undefined && whole.scheme !== '' && whole.host !== '') {
    if (hostName(whole) === '') return NO_HOST;
    if (SCHEMES.has(whole.scheme)) return undefined;
    return { title: `go knows no proxy of the kind "${whole.scheme}", and speaks HTTP to it`, fails: false };
  }
  const completed = parse(`http://${value}`);
  if (completed === undefined && whole === undefined) {
    return {
      title: 'go cannot read the value and ignores it, so nothing goes through that proxy',
      fails: false,
    };
  }
  const host = completed === undefined ? '' : hostName(completed);
  if (host === '') return NO_HOST;
  const word = host.replace(/["']/g, '');
  return SCHEMES.has(word)
    ? { title: `go reads the value as a host with the name "${word}"`, fails: true }
    : undefined;
}

const NO_HOST = { title: 'the value names no host, so every request fails', fails: true } as const;

function hostName({ host }: GoUrl): string {
  return host.replace(/:\d*$/, '');
}

function parse(text: string): GoUrl | undefined {
  try {
    return parseGoUrl(text);
  } catch (error) {
    if (error instanceof GoUrlError) return undefined;
    throw error;
  }
}
