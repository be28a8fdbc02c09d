/** Characters of one line that are looked at: go's own lines are far shorter, and a hostile one costs no more. */
export const LINE_LIMIT = 16_384;
/** Lines that one raw line is taken apart into, at most. */
const PARTS_LIMIT = 64;
/** Prefixes before one line: a container in a job in a runner has three. */
const PREFIX_LIMIT = 8;

const ANSI =
  /\u001b(?:\[[0-9;:?]{0,40}[ -/]{0,4}[@-~]|\][^\u0007\u001b]{0,300}(?:\u0007|\u001b\\)|[()][0-9A-B])/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/**
 * What other programs write before a line. All are anchored, bounded, and take at least one character.
 * A space is taken with a prefix only as far as the program itself writes it: what follows may be go's own indentation.
 */
const PREFIXES: readonly RegExp[] = [
  /^\ufeff/,
  // The runner's log file, docker logs -t, kubectl logs --timestamps, GitLab (`00O `, `01E+`).
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d) (?:\d\d[OE][ +])?/,
  // Cloud Foundry indents the timestamp, and names process and stream behind it: `[STG/0] ERR `.
  /^ {2,4}(?=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{2}[+-]\d{4} \[)/,
  /^\[[A-Z]{2,10}(?:\/[\w-]{1,40}){1,4}\] {1,3}(?:OUT|ERR) /,
  // Jenkins; the Open Build Service, which counts seconds.
  /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z\] /,
  /^\[ {0,6}\d{1,6}s\] /,
  // gh run view --log: job, step, timestamp.
  /^[^\t]{1,120}\t[^\t]{1,120}\t(?=\ufeff?\d{4}-\d\d-\d\dT)/,
  /^##\[(?:error|warning|notice|debug|group)\]/,
  /^::(?:error|warning|notice|debug)(?: [^:]{0,200})?::/,
  // The runner's `##[error]` as its web page shows it, before what go and tar write.
  /^ {0,4}Error: (?=go: |\S{1,400}\.go:\d{1,7}:\d{1,7}: |\S{0,200}tar(?:\.exe)?: )/,
  // BuildKit, with and without the time; docker build's `build #15 4.619 `.
  /^(?:build )?#\d{1,5} (?:\d{1,6}\.\d{1,4} )?/,
  // BuildKit's excerpt after a failure.
  /^\d{1,6}\.\d{2,4} (?=\S|\s{2,8}\S|\t)/,
  // docker compose and act: `service-1  | `, `[workflow/job]   | `.
  /^(?:\[[^\]]{1,120}\]|[\w.-]{1,60})\s{1,12}\| /,
  /^\| /,
  // PowerShell names the program that wrote to standard error.
  /^go(?:\.exe)? : (?=\S)/,
];

/** One cleaned line. */
export interface LogLine {
  readonly text: string;
  /** Of the raw line, from 1. */
  readonly number: number;
}

/** A field of the indented JSON of `go mod download -json`, which names the module beside the error. */
const FIELD = /^\t"(Path|Version)": "([^"\s]{1,400})",?$/;

/** Yields the cleaned lines of a log; an error in indented JSON comes with the module of its object before it. */
export function* readLogLines(lines: Iterable<string>): Generator<LogLine> {
  let number = 0;
  let module: ModuleFields = {};
  for (const raw of lines) {
    number++;
    const isError = ERROR_FIELD.test(raw.slice(0, 200));
    for (const [index, text] of cleanLine(raw).entries()) {
      module = readField(text, module);
      yield { number, text: isError && index === 0 ? withModule(text, module) : text };
    }
  }
}

type ModuleFields = Readonly<Record<string, string>>;

/** An object begins and ends with a brace in a line of its own. */
function readField(text: string, before: ModuleFields): ModuleFields {
  if (text === '{' || text === '}') return {};
  const [, name, value] = FIELD.exec(text) ?? [];
  return name === undefined || value === undefined ? before : { ...before, [name]: value };
}

const ERROR_FIELD = /\t"Error": "/;

function withModule(text: string, { Path: path, Version: version }: ModuleFields): string {
  const isNamed = path === undefined || version === undefined || text.includes(`${path}@${version}`);
  return isNamed ? text : `${path}@${version}: ${text}`;
}

/**
 * Returns the lines that a raw log line holds, without colours, timestamps and the prefixes of other programs; the texts
 * of JSON output come out of their strings. Indentation stays, for it is part of go's messages. Pure, in linear time.
 */
export function cleanLine(raw: string): readonly string[] {
  const parts = raw
    .slice(0, LINE_LIMIT)
    .trimEnd()
    .split(/\r\n|\r|\n/, PARTS_LIMIT);
  return parts.flatMap((part) => unpack(withoutPrefixes(part.replace(ANSI, '').replace(CONTROL, ''))));
}

function withoutPrefixes(line: string): string {
  let rest = line;
  for (let count = 0; count < PREFIX_LIMIT; count++) {
    const before = rest;
    for (const prefix of PREFIXES) rest = rest.replace(prefix, '');
    if (rest === before) break;
  }
  return rest.trimEnd();
}

/** JSON of go comes as one object per line (`go build -json`, `go test -json`), or indented with a field per line. */
function unpack(line: string): readonly string[] {
  if (line.startsWith('{') && line.endsWith('}')) return textsOfObject(line);
  const field = /^\s{1,16}"(?:Error|Err)": ("(?:[^"\\]|\\.)*"),?$/.exec(line)?.[1];
  if (field !== undefined) return linesOf(parseText(field));
  // Linters quote what go wrote: stderr: go: downloading ...\ngo: ...
  if (line.includes('\\n') && /\bgo: /.test(line))
    return linesOf(line.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\"', '"'));
  return [line];
}

function textsOfObject(line: string): readonly string[] {
  const object = parseObject(line);
  if (object === undefined) return [line];
  const { Action: action, Output: output, Test: test } = object;
  if (typeof action === 'string' && typeof output === 'string') {
    // What a test prints is the user's, whatever it says.
    return test === undefined ? linesOf(output) : [];
  }
  const isOfGo = typeof object['Path'] === 'string' || typeof object['ImportPath'] === 'string';
  return isOfGo && typeof object['Error'] === 'string' ? linesOf(object['Error']) : [];
}

function linesOf(text: string): readonly string[] {
  return text
    .replace(/\n$/, '')
    .split('\n', PARTS_LIMIT)
    .map((line) => line.replace(CONTROL, '').trimEnd());
}

function parseText(json: string): string {
  const value = parseJson(json);
  return typeof value === 'string' ? value : '';
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(json);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return;
  }
}
