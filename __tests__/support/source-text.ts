import { createCipheriv, createHash } from 'node:crypto';

const WORDS = 500;
/** The higher, the oftener the same words come, and the better the text packs. */
const SKEW = 3;
/** Words are drawn for so many bytes of text; beyond that they come again, too far apart for deflate to see it. */
const DRAWN_BYTES = 2 ** 18;
const FIRST = ['b', 'd', 'f', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'z', 'st'];
const SECOND = ['a', 'e', 'i', 'o', 'u', 'er', 'on', 'al', 'it', 'en'];

/** So many times smaller does deflate make pieces of SOURCE_FILE_BYTES of the text, about; Go's own sources are near it. */
export const SOURCE_RATIO = 3.53;
/** Size of a usual source file. */
export const SOURCE_FILE_BYTES = 16 << 10;

/**
 * Returns `bytes` of lines of words that deflate packs as it does source files, where a repeated line would come to a
 * hundredth and be unpacked at a speed that no real module allows. The same key gives the same bytes.
 */
export function makeSourceText(key: string, bytes: number): Buffer {
  const drawn = drawText(key, Math.min(bytes, DRAWN_BYTES));
  const text = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += drawn.length) drawn.copy(text, at);
  return text;
}

function drawText(key: string, bytes: number): Buffer {
  const vocabulary = Array.from({ length: WORDS }, (_, index) => word(index));
  const random = randomBytes(key, bytes);
  const lines: string[] = [];
  let length = 0;
  for (let at = 0; length < bytes; at += 2) {
    const share = random.readUInt16LE(at) / 2 ** 16;
    const next = vocabulary[Math.floor(WORDS * share ** SKEW)] ?? '';
    const end = at % 16 === 14 ? '\n\t' : ' ';
    lines.push(next, end);
    length += next.length + end.length;
  }
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

/** Two bytes a word, and no word is as short as one byte with the space behind it. */
function randomBytes(key: string, bytes: number): Buffer {
  const secret = createHash('sha256').update(key).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', secret, Buffer.alloc(16)).update(Buffer.alloc(bytes + 2));
}

/** As long as names in source files are. */
function word(index: number): string {
  const syllables = [];
  for (let left = WORDS + index * 101; left > 0; left = Math.floor(left / 13)) {
    syllables.push(FIRST[left % FIRST.length], SECOND[left % SECOND.length]);
  }
  return syllables.join('');
}
