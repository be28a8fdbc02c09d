/** The parts of a URL as Go's net/url sees them; they are not decoded. */
export interface GoUrl {
  /** Lower case; empty for a relative reference. */
  readonly scheme: string;
  /** What follows `scheme:` where no slash does. */
  readonly opaque: string;
  /** The part before `@`; a secret. */
  readonly userinfo?: string;
  /** With the port. */
  readonly host: string;
  /** Whether the URL has a scheme and a path but no `//`, as in `file:/x`. */
  readonly omitHost: boolean;
  readonly path: string;
  /** Undefined without a question mark. */
  readonly query?: string;
  readonly fragment: string;
}

/** What is wrong with a URL, in words that never quote it: userinfo may be anywhere in a broken one. */
export class GoUrlError extends Error {
  override readonly name = 'GoUrlError';
}

const CONTROL = /[\x00-\x1f\x7f]/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
/** ASCII that is not allowed in a host (net/url: shouldEscape in the mode encodeHost). */
const BAD_HOST_CHARACTER = /[\x00-\x7f]/;
const HOST_CHARACTERS = /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%]/g;
/** In a host only bytes outside ASCII, and the percent sign of an IPv6 zone, may be escaped. */
const BAD_HOST_ESCAPE = /%(?!25)[0-7]/;
const USERINFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
const PORT = /^(?::\d*)?$/;

/**
 * Returns the parts of a URL. Throws {@link GoUrlError} where Go's url.Parse fails; a control character is refused in
 * the fragment too. Source: net/url, Parse, parse, parseAuthority, parseHost and unescape.
 */
export function parseGoUrl(text: string): GoUrl {
  if (CONTROL.test(text)) throw new GoUrlError('it has a control character in it');
  const [beforeFragment, fragment = ''] = cut(text, '#');
  const { scheme, rest } = splitScheme(beforeFragment);
  const [beforeQuery, query] = cut(rest, '?');
  const common = { scheme, fragment, ...(query === undefined ? {} : { query }) };
  if (!beforeQuery.startsWith('/')) {
    if (scheme !== '') return { ...common, opaque: beforeQuery, host: '', omitHost: false, path: '' };
    if ((beforeQuery.split('/', 1)[0] ?? '').includes(':')) {
      throw new GoUrlError('it has a colon where a scheme or a path is expected');
    }
  }
  const hasAuthority = beforeQuery.startsWith('//') && (scheme !== '' || !beforeQuery.startsWith('///'));
  const [authority, path] = hasAuthority ? splitAuthority(beforeQuery) : ['', beforeQuery];
  checkEscapes(path);
  return {
    ...common,
    ...parseAuthority(scheme, authority),
    opaque: '',
    omitHost: !hasAuthority && scheme !== '',
    path,
  };
}

/**
 * Returns the URL for our own requests, without its fragment, which is never sent. WHATWG rules resolve dot segments
 * and lower the host's case. Throws {@link GoUrlError} for a URL that go parses but no request can go to: no host, a
 * port above 65535, or a number that only some readers take for an IPv4 address.
 */
export function requestUrl(parsed: GoUrl): URL {
  const { scheme, userinfo, host, path, query } = parsed;
  if (scheme !== 'file' && host === '') throw new GoUrlError('it names no host');
  const user = userinfo === undefined ? '' : `${userinfo}@`;
  // A backslash is a plain character of a path for go, and a slash for WHATWG.
  const escapedPath = path.replaceAll('\\', '%5C');
  const search = query === undefined ? '' : `?${query}`;
  const url = URL.parse(`${scheme}://${user}${host}${escapedPath}${search}`);
  if (url === null) throw new GoUrlError('its host or port is not valid');
  const hostname = host.replace(/:\d*$/, '');
  if (/^\d+\.\d+\.\d+\.\d+$/.test(url.hostname) && url.hostname !== hostname) {
    throw new GoUrlError(
      'its host is a number that is not an IPv4 address in its usual form, like 192.0.2.1',
    );
  }
  return url;
}

function splitScheme(text: string): { scheme: string; rest: string } {
  if (text.startsWith(':')) throw new GoUrlError('it has no scheme before its colon');
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (match === null) return { scheme: '', rest: text };
  return { scheme: (match[1] ?? '').toLowerCase(), rest: text.slice(match[0].length) };
}

function splitAuthority(text: string): readonly [string, string] {
  const slash = text.indexOf('/', 2);
  return slash < 0 ? [text.slice(2), ''] : [text.slice(2, slash), text.slice(slash)];
}

function parseAuthority(scheme: string, authority: string): { host: string; userinfo?: string } {
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  checkHost(scheme, host);
  if (at < 0) return { host };
  const userinfo = authority.slice(0, at);
  if (!USERINFO.test(userinfo)) {
    throw new GoUrlError('its user name or password has a character that must be percent-encoded');
  }
  checkEscapes(userinfo);
  return { host, userinfo };
}

function checkHost(scheme: string, host: string): void {
  const bracket = host.lastIndexOf('[');
  const end = host.lastIndexOf(']');
  if (bracket > 0 || (bracket === 0 && end < 0))
    throw new GoUrlError('its IPv6 address is not inside brackets');
  const strict = scheme === 'http' || scheme === 'https';
  const colon = strict ? host.indexOf(':') : host.lastIndexOf(':');
  const portAt = bracket === 0 ? end + 1 : colon;
  if (portAt >= 0 && !PORT.test(host.slice(portAt))) throw new GoUrlError('its port is not a number');
  checkEscapes(host);
  if (BAD_HOST_ESCAPE.test(host) || BAD_HOST_CHARACTER.test(host.replace(HOST_CHARACTERS, ''))) {
    throw new GoUrlError('its host has a character that is not allowed there');
  }
}

function checkEscapes(text: string): void {
  if (BAD_ESCAPE.test(text))
    throw new GoUrlError('it has a percent sign that two hexadecimal digits do not follow');
}

function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
