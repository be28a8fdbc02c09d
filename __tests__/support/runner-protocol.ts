/**
 * What actions/runner makes of an action's output and files: workflow commands, file commands, defaults of inputs.
 * Written after the runner's source (2.336.0: ActionCommand.cs, ActionCommandManager.cs, FileCommandManager.cs).
 */

/** A workflow command as the runner understood it. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
  /** `::name::` (at the start of a line) or `##[name]` (anywhere in it). */
  readonly style: '::' | '##[';
}

const COMMANDS: ReadonlySet<string> = new Set([
  'set-env',
  'set-output',
  'save-state',
  'add-mask',
  'add-path',
  'add-matcher',
  'remove-matcher',
  'warning',
  'error',
  'notice',
  'debug',
  'echo',
  'group',
  'endgroup',
  'internal-set-repo-path',
  'stop-commands',
]);

/** Returns the commands in the output of a step, in order; honours stop-commands. */
export function parseCommands(output: string): readonly WorkflowCommand[] {
  const commands: WorkflowCommand[] = [];
  let stopToken: string | undefined;
  for (const line of splitLines(output)) {
    const command = parseCommand(line, stopToken);
    if (command === undefined) continue;
    if (stopToken !== undefined) {
      if (command.name === stopToken) stopToken = undefined;
      continue;
    }
    if (command.name === 'stop-commands') stopToken = command.message;
    commands.push(command);
  }
  return commands;
}

/** Splits as the runner reads a pipe (.NET's ReadLine): \n, \r\n and a lone \r end a line. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function parseCommand(line: string, stopToken: string | undefined): WorkflowCommand | undefined {
  return parseColonCommand(line, stopToken) ?? parseHashCommand(line, stopToken);
}

function isKnown(name: string, stopToken: string | undefined): boolean {
  return COMMANDS.has(name.toLowerCase()) || name === stopToken;
}

function parseColonCommand(line: string, stopToken: string | undefined): WorkflowCommand | undefined {
  const text = line.trimStart();
  if (!text.startsWith('::')) return undefined;
  const end = text.indexOf('::', 2);
  if (end < 0) return undefined;
  const { name, properties } = splitHead(text.slice(2, end), ',', unescapeProperty);
  if (!isKnown(name, stopToken)) return undefined;
  return { name, properties, message: unescapeData(text.slice(end + 2)), style: '::' };
}

function parseHashCommand(line: string, stopToken: string | undefined): WorkflowCommand | undefined {
  const start = line.indexOf('##[');
  const end = start < 0 ? -1 : line.indexOf(']', start);
  if (end < 0) return undefined;
  const { name, properties } = splitHead(line.slice(start + 3, end), ';', unescapeHash);
  if (!isKnown(name, stopToken)) return undefined;
  return { name, properties, message: unescapeHash(line.slice(end + 1)), style: '##[' };
}

function splitHead(head: string, separator: string, decode: (text: string) => string) {
  const space = head.indexOf(' ');
  const name = space < 0 ? head : head.slice(0, space);
  const properties: Record<string, string> = {};
  for (const pair of space < 0
    ? []
    : head
        .slice(space + 1)
        .trim()
        .split(separator)) {
    const equals = pair.indexOf('=');
    if (equals > 0) properties[pair.slice(0, equals)] = decode(pair.slice(equals + 1));
  }
  return { name, properties };
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function unescapeProperty(text: string): string {
  const data = text.replaceAll('%0D', '\r').replaceAll('%0A', '\n');
  return data.replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%');
}

function unescapeHash(text: string): string {
  const data = text.replaceAll('%3B', ';').replaceAll('%0D', '\r').replaceAll('%0A', '\n');
  return data.replaceAll('%5D', ']').replaceAll('%25', '%');
}

/** The pairs of a GITHUB_ENV, GITHUB_OUTPUT or GITHUB_STATE file; an error here fails the step in the runner. */
export interface FileCommands {
  readonly pairs: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
}

/** Reads `name=value` and `name<<DELIMITER` with its lines up to the delimiter; stops at the first error. */
export function parseFileCommands(file: string, text: string): FileCommands {
  const pairs: Record<string, string> = {};
  // Only on Windows does the runner take \r\n for an end of line here.
  const lines = text.replace(/^\uFEFF/, '').split(process.platform === 'win32' ? /\r?\n/ : '\n');
  if (lines.at(-1) === '') lines.pop();
  const fail = (message: string) => ({ pairs, errors: [`${file}: ${message}`] });
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) return fail(`invalid format '${line}': the name is empty`);
      pairs[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    if (heredoc < 0) return fail(`invalid format '${line}'`);
    const name = line.slice(0, heredoc);
    const delimiter = line.slice(heredoc + 2);
    if (name === '' || delimiter === '') return fail(`invalid format '${line}': name or delimiter is empty`);
    const end = lines.indexOf(delimiter, at + 1);
    if (end < 0) return fail(`invalid value: matching delimiter not found '${delimiter}'`);
    pairs[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return { pairs, errors: [] };
}

/** What of the `inputs` in an action.yml the runner's evaluation may use. */
export interface DefaultContext {
  readonly jobStatus: string;
}

/**
 * Returns the default of each input in an action.yml, with `${{ job.status }}` filled in. Reads the YAML that
 * such files are written in: two-space nesting, one-line defaults, plain or quoted; throws on anything else.
 */
export function readInputDefaults(yaml: string, context: DefaultContext): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>();
  let inside = false;
  let input = '';
  for (const line of yaml.split(/\r?\n/)) {
    if (/^\S/.test(line) && !line.startsWith('#')) inside = /^inputs:\s*(#.*)?$/.test(line);
    if (!inside) continue;
    const name = /^ {2}(\w[\w -]*):\s*(#.*)?$/.exec(line)?.[1];
    if (name !== undefined) {
      input = name;
      defaults.set(name, '');
    }
    const value = /^ {4}default:(.*)$/.exec(line)?.[1];
    if (value !== undefined) defaults.set(input, evaluate(readScalar(value.trim(), input), input, context));
  }
  return defaults;
}

function readScalar(text: string, input: string): string {
  if (text.startsWith('"')) {
    const end = /^"(?:[^"\\]|\\.)*"/.exec(text)?.[0];
    if (end !== undefined) return String(JSON.parse(end));
  } else if (text.startsWith("'")) {
    const end = /^'((?:[^']|'')*)'/.exec(text)?.[1];
    if (end !== undefined) return end.replaceAll("''", "'");
  } else if (!/^[|>&*!{[%@`]/.test(text)) {
    const plain = text.replace(/(^|\s)#.*$/, '').trim();
    return plain === '~' || plain === 'null' ? '' : plain;
  }
  throw new Error(
    `action.yml: the default of input ${input} is written in a way this reader does not know: ${text}`,
  );
}

function evaluate(text: string, input: string, context: DefaultContext): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_all, expression: string) => {
    if (expression === 'job.status') return context.jobStatus;
    throw new Error(
      `action.yml: the default of input ${input} uses ${expression}, which this runner does not know`,
    );
  });
}
