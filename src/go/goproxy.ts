import { GoRuleError } from './go-rule-error.ts';
import { type GoUrl, GoUrlError, parseGoUrl, requestUrl } from './go-url.ts';
import { trimSpace } from './white-space.ts';

/**
 * The separator that follows an entry: after `,` go moves on for 404 and 410 only, after `|` for any error. Empty for
 * the last entry, and where nothing but empty entries follow.
 */
export type Separator = ',' | '|' | '';

interface EntryCommon {
  /** As it was written, without white space at its ends. Holds the userinfo: a secret when there is any. */
  readonly raw: string;
  readonly separator: Separator;
}

/** One entry of a GOPROXY list; `url` holds the userinfo too. */
export type GoproxyEntry =
  | (EntryCommon & { readonly kind: 'proxy'; readonly url: URL })
  | (EntryCommon & { readonly kind: 'file'; readonly url: URL })
  | (EntryCommon & { readonly kind: 'direct' })
  | (EntryCommon & { readonly kind: 'off' });

/** A GOPROXY list together with what go does not look at. */
export interface GoproxyList {
  /** At least one. */
  readonly entries: readonly GoproxyEntry[];
  /** What stands behind the first `off` or `direct`: go never reads it. For display, see {@link redactEntry}. */
  readonly ignored: readonly string[];
}

/** What Go uses when nothing sets GOPROXY. Source: go.env of the Go distribution. */
export const DEFAULT_GOPROXY = 'https://proxy.golang.org,direct';

/**
 * Returns the entries of a GOPROXY value, in order, up to the first `off` or `direct`. Throws {@link GoRuleError}
 * `goproxy` where the go command refuses the list, and for an entry that no request could go to. The empty string is
 * refused: for go it means "not set". Source: cmd/go/internal/modfetch/proxy.go, proxyList and newProxyRepo.
 */
export function parseGoproxy(value: string): readonly GoproxyEntry[] {
  return parseGoproxyList(value).entries;
}

/** Returns what {@link parseGoproxy} does, and with it the entries that go ignores. */
export function parseGoproxyList(value: string): GoproxyList {
  const tokens = splitList(value);
  const entries: GoproxyEntry[] = [];
  for (const [index, { raw, separator }] of tokens.entries()) {
    const entry = parseGoproxyEntry(raw, index === tokens.length - 1 ? '' : separator);
    entries.push(entry);
    if (entry.kind === 'off' || entry.kind === 'direct') {
      return { entries, ignored: tokens.slice(index + 1).map((token) => redactEntry(token.raw)) };
    }
  }
  if (entries.length === 0) {
    throw new GoRuleError(
      'goproxy',
      'GOPROXY has no entries: it must be a list of https, http or file URLs, "direct" or "off"',
    );
  }
  return { entries, ignored: [] };
}

/**
 * Returns one entry of a GOPROXY list, made from a text without `,` and `|`; white space at its ends is dropped.
 * Throws {@link GoRuleError} `goproxy`; the message never holds userinfo. An entry without a scheme that has a dot,
 * colon or slash in it is https. `direct` and `off` end a list, so their separator is always empty.
 */
export function parseGoproxyEntry(text: string, separator: Separator = ''): GoproxyEntry {
  const raw = trimSpace(text);
  if (raw === 'off' || raw === 'direct') return { kind: raw, raw, separator: '' };
  if (raw === '' || /[,|]/.test(raw)) throw refusal(raw, 'it must be exactly one entry');
  if (/^(?:direct|off)$/i.test(raw)) throw refusal(raw, 'the word must be in lower case');
  // Go also takes C:\x for a path, and then refuses it for the scheme "c".
  if (/^[A-Za-z]:[\\/]/.test(raw)) throw refusal(raw, 'a directory must be written as file:///C:/…');
  const isPlain = /[.:/]/.test(raw) && !raw.includes(':/') && !raw.startsWith('/');
  try {
    const parsed = parseGoUrl(isPlain ? `https://${raw}` : raw);
    const kind = kindOf(parsed);
    return { kind, url: requestUrl(parsed), raw, separator };
  } catch (error) {
    if (error instanceof GoUrlError) throw refusal(raw, error.message);
    throw error;
  }
}

/**
 * Returns the GOPROXY value of the entries; parsing it gives the same entries. Throws {@link GoRuleError} `goproxy`
 * when there are none, or when one that is not the last has no separator (or is `direct` or `off`, which end a list).
 */
export function formatGoproxy(entries: readonly GoproxyEntry[]): string {
  if (entries.length === 0) throw new GoRuleError('goproxy', 'a GOPROXY list must have an entry');
  const last = entries.length - 1;
  return entries
    .map((entry, index) => {
      if (index === last) return entry.raw;
      if (entry.separator === '') {
        throw new GoRuleError(
          'goproxy',
          `GOPROXY entry ${quote(entry.raw)}: only the last may be without a separator`,
        );
      }
      return entry.raw + entry.separator;
    })
    .join('');
}

/** Says whether the list names no proxy that answers over the network: `off`, `direct` or `file://` entries only. */
export function isOnlyPolicy(entries: readonly GoproxyEntry[]): boolean {
  return entries.every((entry) => entry.kind !== 'proxy');
}

/** Returns the entries in groups: within a group every entry but the last is followed by a pipe. */
export function groupByPipe(entries: readonly GoproxyEntry[]): readonly (readonly GoproxyEntry[])[] {
  const groups: GoproxyEntry[][] = [];
  let open: GoproxyEntry[] | undefined;
  for (const entry of entries) {
    if (open === undefined) {
      open = [];
      groups.push(open);
    }
    open.push(entry);
    if (entry.separator !== '|') open = undefined;
  }
  return groups;
}

/**
 * Returns an entry, right or broken, for display: without anything up to the last `@`, without query and fragment,
 * without what stands in the place of a port and is no number, at most 100 characters.
 */
export function redactEntry(raw: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(raw)?.[0] ?? '';
  const at = raw.lastIndexOf('@');
  const shown = (at < 0 ? raw : scheme + raw.slice(at + 1))
    .replace(/[?#].*$/s, '')
    // https://user:secret without an @ is a host and a bad port for any parser, and a password for its author.
    .replace(
      /^((?:[A-Za-z][A-Za-z0-9+.-]*:\/\/)?(?:\[[^\]]*\]|[^/:[]*)):(?!\d*(?:\/|$))(?!\/\/).*$/s,
      '$1:…',
    );
  return shown.length > 100 ? `${shown.slice(0, 99)}…` : shown;
}

function splitList(value: string): readonly { readonly raw: string; readonly separator: Separator }[] {
  const tokens: { raw: string; separator: Separator }[] = [];
  for (const [, text = '', separator = ''] of value.matchAll(/([^,|]*)([,|]|$)/g)) {
    const raw = trimSpace(text);
    if (raw !== '') tokens.push({ raw, separator: separator as Separator });
  }
  return tokens;
}

function kindOf(parsed: GoUrl): 'proxy' | 'file' {
  switch (parsed.scheme) {
    case 'http':
    case 'https':
      return 'proxy';
    case 'file': {
      const isPath = parsed.opaque === '' && parsed.host === '' && !parsed.omitHost;
      const isBare = parsed.userinfo === undefined && parsed.query === undefined && parsed.fragment === '';
      if (isPath && isBare) return 'file';
      throw new GoUrlError('a file URL must be file:// and an absolute path, and nothing else');
    }
    case '':
      throw new GoUrlError('it must be a URL with the scheme https, http or file, "direct" or "off"');
    default:
      throw new GoUrlError('its scheme must be https, http or file');
  }
}

function refusal(raw: string, what: string): GoRuleError {
  return new GoRuleError('goproxy', `GOPROXY entry ${quote(raw)}: ${what}`);
}

function quote(raw: string): string {
  return JSON.stringify(redactEntry(raw));
}
