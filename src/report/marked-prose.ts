import { inertCodeSpan, inertName, inertProse } from './foreign-text.ts';

/**
 * Returns a sentence of ours as Markdown: as {@link inertProse}, and what stands between backquotes becomes one code span.
 * Backquotes in a foreign name only move the borders of spans: every piece is inert by itself.
 */
export function inertMarked(text: string, limit?: number): string {
  const pieces = inertName(text, limit).split('`');
  const isSpan = (index: number) => index % 2 === 1 && index < pieces.length - 1;
  return pieces.reduce((made, piece, index) => {
    const next = isSpan(index) ? inertCodeSpan(piece, limit) : between(piece, limit);
    // Two spans that touch would be read as one with longer delimiters.
    return made.endsWith('`') && next.startsWith('`') ? `${made} ${next}` : `${made}${next}`;
  }, '');
}

/** Punctuation that touches a span, and the spaces, stay as they are; all else is prose. */
function between(piece: string, limit: number | undefined): string {
  const [, before = '', body = '', after = ''] =
    /^((?:[.,;)]{0,3}:(?= |$)|[.,;)]{0,3}) ?)(.*?)( ?\(?)$/s.exec(piece) ?? [];
  const prose = body === '' ? '' : inertProse(body, limit);
  return `${before}${prose}${after}`;
}
