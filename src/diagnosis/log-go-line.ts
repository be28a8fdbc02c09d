/** How go words the beginning of a message: what a line must have before its cause is believed. */
export type Marker = 'go' | 'file' | 'module' | 'request' | 'none';

/** A request of the go command, as its error tells it. */
export interface LoggedRequest {
  readonly url: string;
  /** Whom go asked: a module proxy, the checksum database, the host of the module itself, or where a redirect led. */
  readonly asked: 'proxy' | 'checksum-database' | 'module-host' | 'redirect-target';
  readonly host?: string;
  /** What stands behind the URL. */
  readonly cause: string;
}

/** A line of go, taken apart. */
export interface GoLine {
  readonly marker: Marker;
  /** The last module that the line names, as go prefers it: earlier ones are importers or queries. */
  readonly module?: string;
  readonly version?: string;
  /** `sumdb` for `verifying module: ` and `verifying go.mod: `, `go.sum` for `verifying path@version: `. */
  readonly verifying?: 'sumdb' | 'go.sum';
  readonly importPath?: string;
  readonly request?: LoggedRequest;
  /** What is left when module, package and the like are taken away. */
  readonly rest: string;
}

/** `path@version: ` with a host in the path, as every module that can be downloaded has one (x/mod/module, CheckPath). */
const MODULE =
  /^([\w~-][\w.~+/-]{1,400})@([\w.+<>=/-]{1,200})(?:\/go\.mod)?(?: \([\w.+-]{1,80}\))?(?: requires(?: (?!go >= )|$)|: |$)/;
/** `github.com/a/b@v1.2.3 requires` and `package imports`, whose cause stands in a later line. */
const CHAIN = / (?:requires|imports)$/;

const HEADS: readonly (readonly [RegExp, Marker])[] = [
  [/^go(?: mod download| get| install| run| build| list)?: /, 'go'],
  [/^go (?:get|install|run|build|mod tidy) [^\s:]{1,400}: /, 'go'],
  [/^(?:[A-Za-z]:)?[^:\s][^:]{0,400}\.go:\d{1,7}:\d{1,7}: /, 'file'],
  [/^build [^\s:]{1,400}: /, 'go'],
  // Without modules, and until Go 1.12 with them.
  [/^package [^\s:]{1,400}: (?=unrecognized import path ")/, 'go'],
  [/^-> /, 'go'],
];

/** Clauses that go puts between the module and the cause. */
const CLAUSES: readonly RegExp[] = [
  /^download go[\w.-]{1,60}: /,
  /^switching to go >= [\w.]{1,30}: /,
  /^invalid (?:pseudo-)?version: /,
  /^reading \S{1,400}go\.mod at revision [\w.+-]{1,200}: /,
  /^https fetch: /,
  /^loading (?:deprecation|retractions) for \S{1,400}: /,
  /^finding module for package \S{1,400}: /,
  /^cannot find module providing package [^\s:]{1,400}: (?=module )/,
  // Until Go 1.13.
  /^(?:unknown import path "[^"\s]{1,400}"|cannot load [^\s:]{1,400}): /,
  /^failed to trim cache: /,
];

/** The last line of an import chain names the package before the module. */
const PACKAGE = /^[\w~-][\w.~+-]{0,200}\/[^\s:@]{1,300}: (?=[\w~-][\w.~+/-]{1,400}@)/;
const MODULE_ALONE = /^module ([\w~-][\w.~+/-]{1,400}): /;
const IMPORT_PATH = /^unrecognized import path "([^"\s]{1,400})"(?:: | \()/;
const VERIFYING = /^verifying (module|go\.mod)?(?:: )?/;
/** A path has no space, and a quoted URL no quotation mark: the run ends there. */
const REQUEST = /^(?:Get|Head|read|reading) "?((?:https?:|file:)?\/[^\s"]{1,4000})"?: (.*)$/;
/** Until Go 1.12. */
const OLD_STATUS = /^unexpected status \((https?:\/\/[^\s()]{1,4000})\): (\d{3}.*)$/;
/** How programs that run go put its message behind their own: gopls, goctl, encore, golangci-lint. */
const WRAPPED =
  /(?:exit status \d{1,3}: (?:stderr: )?|\bstderr[:=] {0,1}|'go [^']{1,200}' failed: )(go: .*)$/;
const ANYWHERE = /(?:^|[^\w])((?:Get|read|reading) "?(?:https?|file):\/[^\s"]{1,4000}"?: .*)$/;
/** A line of testing's t.Log, which has no column. */
const TEST_LINE = /^\s*[^\s:]{1,200}_test\.go:\d{1,7}: /;

/** Returns whether the cause of the message that begins here stands in the next line: `go: a imports`, `go: a@v1 requires`. */
export function isChain(line: string): boolean {
  return CHAIN.test(line) && (line.startsWith('go: ') || /^\s/.test(line));
}

/** Returns the last line of a chain as go would write it alone: without the package, which names no module. */
export function endOfChain(line: string): string {
  const text = line.trim();
  return MODULE.test(text) ? text : `go: ${text.replace(/^[\w~-][^\s:@]{1,400}: /, '')}`;
}

/** Returns the line taken apart, or undefined where it does not begin, and holds no request, as go words them. */
export function readGoLine(line: string): GoLine | undefined {
  if (TEST_LINE.test(line)) return;
  return readFromStart(line.trimStart()) ?? readWrapped(line) ?? readRequestAnywhere(line);
}

function readWrapped(line: string): GoLine | undefined {
  const text = line.includes(' go: ') || line.includes('=go: ') ? WRAPPED.exec(line)?.[1] : undefined;
  return text === undefined ? undefined : readFromStart(text);
}

interface Reading {
  readonly marker: Marker;
  readonly rest: string;
  readonly module?: string;
  readonly version?: string;
  readonly verifying?: 'sumdb' | 'go.sum';
  readonly importPath?: string;
}

/** More clauses than go ever puts into one line. */
const STEPS = 12;

function readFromStart(line: string): GoLine | undefined {
  let reading: Reading = { marker: 'none', rest: line };
  for (let step = 0; step < STEPS; step++) {
    const next = readHead(reading) ?? readModule(reading) ?? readVerifying(reading) ?? readClause(reading);
    if (next === undefined) break;
    reading = next;
  }
  if (reading.marker === 'none' || reading.rest === '' || CHAIN.test(reading.rest)) return;
  const request = readRequest(reading.rest, reading);
  return request === undefined ? reading : { ...reading, request };
}

function readHead(reading: Reading): Reading | undefined {
  for (const [pattern, marker] of HEADS) {
    const found = pattern.exec(reading.rest);
    if (found === null) continue;
    const isFirst = reading.marker === 'none';
    // A file name in the middle of a message is part of it.
    if (!isFirst && marker !== 'go') continue;
    return {
      ...reading,
      marker: isFirst ? marker : reading.marker,
      rest: reading.rest.slice(found[0].length),
    };
  }
  return;
}

function readModule(reading: Reading): Reading | undefined {
  const found = MODULE.exec(reading.rest);
  const [all, path, version] = found ?? [];
  if (all === undefined || path === undefined || version === undefined) return readModuleAlone(reading);
  if (!path.split('/', 1)[0]?.includes('.')) return;
  return {
    ...reading,
    marker: 'module',
    module: path,
    version: version.replace(/\/go\.mod$/, ''),
    rest: reading.rest.slice(all.length),
  };
}

function readModuleAlone(reading: Reading): Reading | undefined {
  if (reading.marker === 'none') return;
  const [all, path] = MODULE_ALONE.exec(reading.rest) ?? [];
  if (all === undefined || path === undefined) return;
  return { ...reading, module: reading.module ?? path, rest: reading.rest.slice(all.length) };
}

function readVerifying(reading: Reading): Reading | undefined {
  const [all, noun] = VERIFYING.exec(reading.rest) ?? [];
  if (all === undefined) return;
  const rest = reading.rest.slice(all.length);
  if (noun !== undefined) return { ...reading, verifying: 'sumdb', rest };
  // `verifying order 17: checksum mismatch` is not go's.
  return MODULE.test(rest) ? { ...reading, marker: 'module', verifying: 'go.sum', rest } : undefined;
}

function readClause(reading: Reading): Reading | undefined {
  const named = PACKAGE.exec(reading.rest);
  if (named !== null) return { ...reading, rest: reading.rest.slice(named[0].length) };
  if (reading.marker === 'none') return;
  const [all, importPath] = IMPORT_PATH.exec(reading.rest) ?? [];
  if (all !== undefined && importPath !== undefined) {
    const rest = reading.rest.slice(all.length);
    return { ...reading, importPath, rest: all.endsWith('(') ? rest.replace(/\)$/, '') : rest };
  }
  for (const pattern of CLAUSES) {
    const found = pattern.exec(reading.rest);
    if (found !== null) return { ...reading, rest: reading.rest.slice(found[0].length) };
  }
  return;
}

/** Other programs wrap what go says: then only the URL tells that it was go who asked. */
function readRequestAnywhere(line: string): GoLine | undefined {
  if (!line.includes('/@') && !line.includes('go-get=1') && !line.includes('/sumdb/')) return;
  const text = ANYWHERE.exec(line)?.[1];
  const request = text === undefined ? undefined : readRequest(text, { marker: 'request', rest: '' });
  if (request === undefined || request.asked === 'redirect-target') return;
  return { marker: 'request', rest: text ?? '', request, ...moduleOfUrl(request.url) };
}

function readRequest(text: string, reading: Reading): LoggedRequest | undefined {
  const [, url, cause] = REQUEST.exec(text) ?? OLD_STATUS.exec(text) ?? [];
  if (url === undefined || cause === undefined) return;
  const asked = whomAsked(url, reading);
  const host = /^(?:https?):\/{1,2}(?:[^@/]{0,200}@)?([^/?#]{1,300})/.exec(url)?.[1];
  // Without a module before it, a request is go's only by its URL.
  if (asked === 'redirect-target' && reading.module === undefined) return;
  return { url, asked, cause, ...(host === undefined ? {} : { host }) };
}

function whomAsked(url: string, reading: Reading): LoggedRequest['asked'] {
  if (
    reading.verifying === 'sumdb' ||
    /\/sumdb\/[^/]{1,200}\/(?:supported$|lookup\/|tile\/|latest$)/.test(url)
  ) {
    return 'checksum-database';
  }
  if (/^https:\/\/sum\.golang\.(?:org|google\.cn)\//.test(url)) return 'checksum-database';
  if (url.endsWith('go-get=1')) return 'module-host';
  if (/\/@v\/[^/]{1,400}$|\/@latest$/.test(url)) return 'proxy';
  return reading.importPath === undefined ? 'redirect-target' : 'module-host';
}

/** Returns path and version out of `https://host/base/path/@v/version.zip`; the base, which nobody can tell, stays with the path. */
function moduleOfUrl(url: string): { readonly module?: string; readonly version?: string } {
  const found = /^https?:\/\/[^/]{1,300}\/([^?#]{1,1000})\/@v\/([^/?#]{1,300})\.(?:info|mod|zip)$/.exec(url);
  const [, path, version] = found ?? [];
  if (path === undefined || version === undefined) return {};
  const start = path.search(/(?:^|\/)[\w-]{1,100}\.[\w.-]{1,100}\//);
  const plain = plainName(path.slice(Math.max(start, 0)).replace(/^\//, ''));
  return { module: plain, version: plainName(version) };
}

/** As x/mod/module's UnescapePath, but for display only: nothing is checked. */
function plainName(text: string): string {
  return text.replaceAll('%21', '!').replace(/!([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
