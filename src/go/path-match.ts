/**
 * Says whether the shell pattern matches the whole name; undefined for a malformed pattern, whatever the name is. `*`
 * and `?` do not match a slash, a class like `[^a-z]` does. It works on the bytes of UTF-8, as Go does. Source: Go's
 * path.Match.
 */
export function matchPath(pattern: string, name: string): boolean | undefined {
  try {
    return matchChunks(toBytes(pattern), toBytes(name));
  } catch (error) {
    if (error instanceof BadPattern) return undefined;
    throw error;
  }
}

class BadPattern extends Error {}

/** A string of one character per byte of its UTF-8 form. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

interface Chunk {
  /** Whether a star stands before the chunk. */
  readonly star: boolean;
  readonly chunk: string;
  readonly rest: string;
}

function matchChunks(wholePattern: string, wholeName: string): boolean {
  let pattern = wholePattern;
  let name = wholeName;
  while (pattern.length > 0) {
    const { star, chunk, rest } = scanChunk(pattern);
    if (star && chunk === '') return !name.includes('/');
    pattern = rest;
    const remainder = findChunk({ star, chunk, rest }, name);
    if (remainder === undefined) {
      checkWellFormed(pattern);
      return false;
    }
    name = remainder;
  }
  return name.length === 0;
}

/** What of the name is left behind the first place where the chunk matches; the last chunk must use all of it up. */
function findChunk({ star, chunk, rest }: Chunk, name: string): string | undefined {
  for (let skipped = 0; ; skipped++) {
    const remainder = matchChunk(chunk, name.slice(skipped));
    if (remainder !== undefined && (remainder === '' || rest !== '')) return remainder;
    if (!star || skipped >= name.length || name[skipped] === '/') return undefined;
  }
}

function checkWellFormed(pattern: string): void {
  for (let left = pattern; left.length > 0; ) {
    const { chunk, rest } = scanChunk(left);
    matchChunk(chunk, '');
    left = rest;
  }
}

function scanChunk(pattern: string): Chunk {
  const start = /^\**/.exec(pattern)?.[0].length ?? 0;
  let inClass = false;
  for (let index = start; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === '\\') index++;
    else if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (character === '*' && !inClass) {
      return { star: start > 0, chunk: pattern.slice(start, index), rest: pattern.slice(index) };
    }
  }
  return { star: start > 0, chunk: pattern.slice(start), rest: '' };
}

/** What of the text is left behind a match of the chunk at its start. Reads on after a mismatch, to find a bad pattern. */
function matchChunk(chunk: string, text: string): string | undefined {
  let left = chunk;
  let rest: string | undefined = text;
  while (left.length > 0) {
    if (rest === '') rest = undefined;
    const step = matchOne(left, rest);
    left = step.chunk;
    rest = step.rest;
  }
  return rest;
}

interface Step {
  readonly chunk: string;
  /** Undefined after a mismatch. */
  readonly rest: string | undefined;
}

function matchOne(chunk: string, text: string | undefined): Step {
  switch (chunk[0]) {
    case '[':
      return matchClass(chunk.slice(1), text);
    case '?': {
      const rest = text === undefined || text[0] === '/' ? undefined : text.slice(decodeRune(text).width);
      return { chunk: chunk.slice(1), rest };
    }
    case '\\':
      if (chunk.length === 1) throw new BadPattern();
      return matchLiteral(chunk.slice(1), text);
    default:
      return matchLiteral(chunk, text);
  }
}

function matchLiteral(chunk: string, text: string | undefined): Step {
  return { chunk: chunk.slice(1), rest: text?.[0] === chunk[0] ? text?.slice(1) : undefined };
}

function matchClass(afterBracket: string, text: string | undefined): Step {
  const { rune, width } = decodeRune(text ?? '');
  const negated = afterBracket.startsWith('^');
  let left = negated ? afterBracket.slice(1) : afterBracket;
  let matched = false;
  for (let ranges = 0; !(left.startsWith(']') && ranges > 0); ranges++) {
    const low = takeBound(left);
    const high = low.rest.startsWith('-') ? takeBound(low.rest.slice(1)) : low;
    left = high.rest;
    matched ||= low.rune <= rune && rune <= high.rune;
  }
  return { chunk: left.slice(1), rest: matched === negated ? undefined : text?.slice(width) };
}

/** One character of a class, perhaps escaped; something must follow it. */
function takeBound(text: string): { rune: number; rest: string } {
  if (text === '' || text[0] === '-' || text[0] === ']') throw new BadPattern();
  const from = text[0] === '\\' ? text.slice(1) : text;
  if (from === '') throw new BadPattern();
  const { rune, width } = decodeRune(from);
  const rest = from.slice(width);
  if ((rune === REPLACEMENT && width === 1) || rest === '') throw new BadPattern();
  return { rune, rest };
}

const REPLACEMENT = 0xfffd;

/** The first code point of bytes, or U+FFFD of width 1 when they are not UTF-8. Source: utf8.DecodeRuneInString. */
function decodeRune(bytes: string): { rune: number; width: number } {
  const lead = bytes.charCodeAt(0);
  if (bytes === '') return { rune: REPLACEMENT, width: 0 };
  if (lead < 0x80) return { rune: lead, width: 1 };
  const width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const encoded = bytes.slice(0, width);
  const text = Buffer.from(encoded, 'latin1').toString('utf8');
  if (toBytes(text) !== encoded) return { rune: REPLACEMENT, width: 1 };
  return { rune: text.codePointAt(0) ?? REPLACEMENT, width };
}
