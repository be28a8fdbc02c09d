import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** A value that go takes for an HTTP proxy without a host, on which every request fails. */
const UNUSABLE = 'unusable';

/** The HTTP proxy settings of an environment, as golang.org/x/net/http/httpproxy reads them. */
export interface HttpProxySettings {
  readonly http?: URL | typeof UNUSABLE;
  readonly https?: URL | typeof UNUSABLE;
  /** A CGI environment: HTTP_PROXY may come from a request header and is refused. */
  readonly cgi: boolean;
  readonly exempt: readonly Exemption[];
}

type Exemption =
  | { readonly kind: 'all' }
  | { readonly kind: 'addresses'; readonly list: BlockList; readonly port: string }
  | { readonly kind: 'domain'; readonly suffix: string; readonly itself: boolean; readonly port: string };

/** The way to a URL. */
export type Route =
  | { readonly kind: 'direct' }
  | { readonly kind: 'http-proxy'; readonly proxy: URL }
  /** go would fail here with this reason. */
  | { readonly kind: 'refused'; readonly why: string }
  /** go can, we cannot. */
  | { readonly kind: 'unsupported'; readonly scheme: string };

/**
 * Returns the settings of HTTP_PROXY, HTTPS_PROXY, NO_PROXY (the lower-case name where the upper-case one is empty) and
 * REQUEST_METHOD: httpproxy.FromEnvironment and config.init. Values that cannot be read at all are ignored, as there.
 */
export function readHttpProxySettings(env: Readonly<Record<string, string | undefined>>): HttpProxySettings {
  const value = (name: string) => env[name] || env[name.toLowerCase()] || '';
  const http = parseProxy(value('HTTP_PROXY'));
  const https = parseProxy(value('HTTPS_PROXY'));
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    cgi: (env['REQUEST_METHOD'] ?? '') !== '',
    exempt: parseNoProxy(value('NO_PROXY')),
  };
}

/** Returns the way to `url`: httpproxy.config.proxyForURL. Loopback addresses and `localhost` are always direct. */
export function routeTo(settings: HttpProxySettings, url: URL): Route {
  const proxy = url.protocol === 'https:' ? settings.https : settings.http;
  if (proxy === undefined) return { kind: 'direct' };
  if (url.protocol === 'http:' && settings.cgi) {
    return { kind: 'refused', why: 'HTTP_PROXY is refused in a CGI environment (REQUEST_METHOD is set)' };
  }
  if (isExempt(settings.exempt, url)) return { kind: 'direct' };
  if (proxy === UNUSABLE) {
    const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
    return { kind: 'refused', why: `${name} is set and names no host` };
  }
  const scheme = proxy.protocol.slice(0, -1);
  if (scheme !== 'http' && scheme !== 'https') return { kind: 'unsupported', scheme };
  return { kind: 'http-proxy', proxy };
}

/** Returns host and port of an HTTP proxy, for display: no userinfo. */
export function httpProxyLabel(proxy: URL): string {
  return `${proxy.hostname}:${proxy.port || (proxy.protocol === 'https:' ? '443' : '80')}`;
}

/** Returns the Proxy-Authorization value of the userinfo, undefined without one. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined;
  return basicAuthorization(decodeUserinfo(proxy.username), decodeUserinfo(proxy.password));
}

/** Returns the value of a Basic Authorization header. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function decodeUserinfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A "host[:port]" means http, like in parseProxy there; what url.Parse refuses is ignored. */
function parseProxy(value: string): URL | typeof UNUSABLE | undefined {
  if (value === '') return undefined;
  const complete = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
  const url = complete !== null && complete.host !== '' ? complete : URL.parse(`http://${value}`);
  if (url !== null && url.host !== '') return url;
  return /%(?![0-9a-f]{2})|[\0-\x1f\x7f]/i.test(value) ? undefined : UNUSABLE;
}

function isExempt(exempt: readonly Exemption[], url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost') return true;
  const family = isIP(host);
  if (family !== 0 && contains(loopback(), host)) return true;
  return exempt.some((rule) => {
    switch (rule.kind) {
      case 'all':
        return true;
      case 'addresses':
        return family !== 0 && contains(rule.list, host) && portMatches(rule.port, port);
      case 'domain':
        return family === 0 && domainMatches(rule, host) && portMatches(rule.port, port);
      default: {
        const never: never = rule;
        return never;
      }
    }
  });
}

function portMatches(wanted: string, port: string): boolean {
  return wanted === '' || wanted === port;
}

function domainMatches(rule: { readonly suffix: string; readonly itself: boolean }, host: string): boolean {
  return host.endsWith(rule.suffix) || (rule.itself && host === rule.suffix.slice(1));
}

function loopback(): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function parseNoProxy(value: string): readonly Exemption[] {
  const rules: Exemption[] = [];
  for (const raw of value.split(',')) {
    const entry = raw.trim().toLowerCase();
    if (entry === '*') return [{ kind: 'all' }];
    const rule = entry === '' ? undefined : parseExemption(entry);
    if (rule !== undefined) rules.push(rule);
  }
  return rules;
}

function parseExemption(entry: string): Exemption | undefined {
  const subnet = parseSubnet(entry);
  if (subnet !== undefined) return { kind: 'addresses', list: subnet, port: '' };
  const { host, port } = splitHostPort(entry);
  if (host === '') return undefined;
  const family = isIP(host);
  if (family !== 0) {
    const list = new BlockList();
    list.addAddress(host, family === 6 ? 'ipv6' : 'ipv4');
    return { kind: 'addresses', list, port };
  }
  const name = host.startsWith('*.') ? host.slice(1) : host;
  const itself = !name.startsWith('.');
  const suffix = itself ? `.${name}` : name;
  return { kind: 'domain', suffix: toAscii(suffix), itself, port };
}

function toAscii(suffix: string): string {
  if (/^[\0-\x7f]*$/.test(suffix)) return suffix;
  const ascii = domainToASCII(suffix.slice(1));
  return ascii === '' ? suffix : `.${ascii}`;
}

/** net.ParseCIDR. */
function parseSubnet(entry: string): BlockList | undefined {
  const match = /^(.+)\/(\d{1,3})$/.exec(entry);
  const [, address = '', bits = ''] = match ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 6 ? 128 : 32)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
  return list;
}

/** net.SplitHostPort where it succeeds, else the whole entry as the host. */
function splitHostPort(entry: string): { readonly host: string; readonly port: string } {
  const bracketed = /^\[([^\]]*)\]:([^:]*)$/.exec(entry);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' };
  const plain = /^([^:[\]]*):([^:[\]]*)$/.exec(entry);
  if (plain !== null) return { host: plain[1] ?? '', port: plain[2] ?? '' };
  return { host: entry, port: '' };
}
