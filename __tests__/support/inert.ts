import { expect } from '@jest/globals';
import { marked, type Token, type Tokens } from 'marked';
import { type Site, traces } from './job.ts';
import type { JobResult } from './runner.ts';

/** Texts that a log, a summary or the runner could take for more than text; each has EVIL in it. */
export const ATTACKS: readonly string[] = [
  '##[add-mask]EVIL',
  'x ##[error]EVIL',
  '::error::EVIL',
  '::set-output name=report::EVIL',
  'a\r::set-env name=GOPROXY::EVIL',
  'a\n::add-path::EVIL',
  'a\u2028::warning::EVIL',
  ':\u200b:error:\u200b:EVIL',
  '%0A::error::EVIL%0D%0A##[warning]EVIL',
  '::stop-commands::EVIL',
  '\u001b[2J\u001b]8;;https://evil.example\u0007EVIL\u001b]8;;\u0007\u009b31m',
  '\u202eLIVE\u202c \u2066EVIL\u2069\u0000\b\b',
  '| EVIL | [x](https://evil.example) |\n|---|---|',
  '```\n# EVIL\n```mermaid\ngraph TD; A[EVIL]-->B\n```',
  '~~~\nEVIL\n</details><h1>EVIL</h1>',
  '<img src=x onerror=EVIL><script>EVIL</script><!-- EVIL',
  '[EVIL](javascript:alert(1)) ![EVIL](https://evil.example/p.png) <https://evil.example>',
  '[EVIL]: https://evil.example "x"',
  '@EVIL-team EVIL/repo#1 GH-1 https://evil.example/EVIL www.evil.example',
  '`EVIL` **EVIL** $\\EVIL$ :EVIL: \\`EVIL',
];
/** Our own commands, and the messages that they may have. */
export const OWN_COMMANDS: ReadonlySet<string> = new Set([
  'group',
  'endgroup',
  'warning',
  'notice',
  'error',
  'add-mask',
  'debug',
  'add-matcher',
  'remove-matcher',
]);
/** Those have no title, for they show nothing. */
const SILENT: readonly string[] = ['group', 'endgroup', 'add-matcher', 'remove-matcher'];

/** Fails when a text of somebody else became more than text. */
export async function expectInert(site: Site, job: JobResult): Promise<void> {
  expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
  expect([...job.main.parseErrors, ...job.post.parseErrors]).toEqual([]);
  for (const { name, properties, message, style } of [...job.main.commands, ...job.post.commands]) {
    expect(style).toBe('::');
    expect(OWN_COMMANDS).toContain(name);
    if (!SILENT.includes(name)) expect(properties['title']).toMatch(/^setup-goproxy/);
    // A command inside of a command would be one in whatever quotes it.
    expect(message).not.toMatch(/::\s*\w+.*::|##\[/);
    expect(message).not.toMatch(/https?:\/\/evil|\u001b|[\u202a-\u202e\u2066-\u2069]/i);
  }
  expect(job.masks).toEqual([]);
  for (const [place, text] of await traces(site, job)) {
    const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]/.exec(
      text,
    );
    expect({
      place,
      bad: bad === null ? null : text.slice(Math.max(0, bad.index - 40), bad.index + 40),
    }).toEqual({ place, bad: null });
  }
  for (const { summary } of [job.main, job.post]) expectOwnMarkdown(summary);
}

/** Of the main step and of the post step of a failed job. */
const HEADINGS: readonly string[] = [
  'Go module proxy',
  'Go module downloads failed in this job',
  'Go module downloads failed in this job, and work now: a re-run helps',
];

/** Fails when the summary has anything in it that only foreign text could have brought: links, images, other HTML, fences. */
export function expectOwnMarkdown(summary: string): void {
  const tokens: Token[] = [];
  void marked.walkTokens(marked.lexer(summary, { gfm: true }), (token) => {
    tokens.push(token);
  });
  const kinds = new Set(tokens.map(({ type }) => type));
  for (const kind of ['link', 'image', 'def']) expect(kinds).not.toContain(kind);
  for (const token of tokens) {
    if (token.type === 'html') {
      expect(token.raw.trim()).toMatch(/^(?:<details><summary>[A-Za-z ,]+<\/summary>|<\/details>)$/);
    }
    if (token.type === 'code') expect((token as Tokens.Code).lang).toBe('text');
    if (token.type === 'heading') expect(HEADINGS).toContain((token as Tokens.Heading).text);
    if (token.type === 'text' && 'tokens' in token === false)
      expect(token.raw).not.toMatch(/@\w|https?:\/\/|www\.\w/);
  }
  // Every row of a table has as many cells as its head.
  for (const token of tokens) {
    if (token.type !== 'table') continue;
    const { header, rows } = token as Tokens.Table;
    for (const row of rows) expect(row.length).toBe(header.length);
  }
  const details = tokens.filter(({ type, raw }) => type === 'html' && raw.includes('details'));
  expect(details.filter(({ raw }) => raw.includes('</details>')).length * 2).toBe(details.length);
}
