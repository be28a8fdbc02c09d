import { GoRuleError } from './go-rule-error.ts';

/** GOFLAGS taken apart: flag name without dashes to its value, or to undefined where it has none; the last one wins. */
export interface Goflags {
  readonly flags: ReadonlyMap<string, string | undefined>;
}

/**
 * Returns the flags of a GOFLAGS value, split as cmd/internal/quoted.Split does and checked as cmd/go/internal/base/goflags.go
 * (InitGOFLAGS) does, but for unknown names, which differ between go versions.
 * @throws GoRuleError 'goflags' when go itself would refuse the value.
 */
export function parseGoflags(value: string): Goflags {
  const flags = new Map<string, string | undefined>();
  for (const [index, field] of splitQuoted(value).entries()) {
    if (!/^--?[^-=]/.test(field)) {
      // The word itself is not quoted: it can be the rest of a value that holds a secret.
      throw new GoRuleError('goflags', `word ${index + 1} of GOFLAGS is no flag: each begins with - or --`);
    }
    const flag = field.replace(/^--?/, '');
    const equals = flag.indexOf('=');
    if (equals < 0) flags.set(flag, undefined);
    else flags.set(flag.slice(0, equals), flag.slice(equals + 1));
  }
  return { flags };
}

/**
 * Returns what GOFLAGS sets -mod to; undefined when it does not, or sets it to nothing, which go takes for unset.
 * @throws GoRuleError 'goflags' for a value of GOFLAGS or of -mod that go refuses.
 */
export function modFlag(value: string): 'mod' | 'readonly' | 'vendor' | undefined {
  const mod = argumentOf(value, 'mod');
  if (mod === undefined || mod === '') return undefined;
  if (mod === 'mod' || mod === 'readonly' || mod === 'vendor') return mod;
  throw new GoRuleError('goflags', `GOFLAGS sets -mod to "${mod}": mod, readonly and vendor are allowed`);
}

/**
 * Returns the file that GOFLAGS names with -modfile, as written; undefined when it names none.
 * @throws GoRuleError 'goflags' for a value that go refuses, such as a file without the .mod extension.
 */
export function modfile(value: string): string | undefined {
  const file = argumentOf(value, 'modfile');
  if (file === undefined || file === '') return undefined;
  if (file.endsWith('.mod')) return file;
  throw new GoRuleError('goflags', `GOFLAGS sets -modfile to "${file}": the name of the file ends in .mod`);
}

function argumentOf(value: string, name: string): string | undefined {
  const { flags } = parseGoflags(value);
  if (!flags.has(name)) return undefined;
  const argument = flags.get(name);
  if (argument === undefined) throw new GoRuleError('goflags', `GOFLAGS holds -${name} without =value`);
  return argument;
}

/** cmd/internal/quoted.Split: fields between blanks, quotes only around a whole field, nothing escaped in them. */
function splitQuoted(value: string): string[] {
  const fields: string[] = [];
  let at = 0;
  while (at < value.length) {
    const char = value.charAt(at);
    if (/[ \t\r\n]/.test(char)) {
      at++;
    } else if (char === '"' || char === "'") {
      const end = value.indexOf(char, at + 1);
      if (end < 0) throw new GoRuleError('goflags', `GOFLAGS has a ${char} that is not closed`);
      fields.push(value.slice(at + 1, end));
      at = end + 1;
    } else {
      const end = /[ \t\r\n]|$/.exec(value.slice(at))?.index ?? 0;
      fields.push(value.slice(at, at + end));
      at += end;
    }
  }
  return fields;
}
