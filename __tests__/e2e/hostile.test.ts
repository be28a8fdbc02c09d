import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { marked, type Token, type Tokens } from 'marked';
import type { Fault } from '../support/faults.ts';
import { harmOf, makeSite, readReport, type Site, traces } from '../support/job.ts';
import { makeModuleSet, writeProject } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';
import type { JobOptions, JobResult } from '../support/runner.ts';

const modules = makeModuleSet(3, { totalBytes: 30_000 });
const run = promisify(execFile);

/** Texts that a log, a summary or the runner could take for more than text; each has EVIL in it. */
const ATTACKS: readonly string[] = [
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
const ALL = ATTACKS.join(' ');

/** Our own commands, and the messages that they may have. */
const OWN_COMMANDS: ReadonlySet<string> = new Set([
  'group',
  'endgroup',
  'warning',
  'notice',
  'error',
  'add-mask',
  'debug',
]);

/** Fails when a text of somebody else became more than text. */
async function expectInert(site: Site, job: JobResult): Promise<void> {
  expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
  expect([...job.main.parseErrors, ...job.post.parseErrors]).toEqual([]);
  for (const { name, properties, message, style } of [...job.main.commands, ...job.post.commands]) {
    expect(style).toBe('::');
    expect(OWN_COMMANDS).toContain(name);
    if (name !== 'group' && name !== 'endgroup') expect(properties['title']).toMatch(/^setup-goproxy/);
    // A command inside of a command would be one in whatever quotes it.
    expect(message).not.toMatch(/::\s*\w+.*::|##\[/);
    expect(message).not.toMatch(/https?:\/\/evil|\u001b|[\u202a-\u202e\u2066-\u2069]/i);
  }
  expect(job.main.masks).toEqual([]);
  for (const [place, text] of await traces(site, job)) {
    const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]/.exec(
      text,
    );
    expect({
      place,
      bad: bad === null ? null : text.slice(Math.max(0, bad.index - 40), bad.index + 40),
    }).toEqual({ place, bad: null });
  }
  expectOwnMarkdown(job.main.summary);
}

/** Fails when the summary has anything in it that only foreign text could have brought: links, images, other HTML, fences. */
function expectOwnMarkdown(summary: string): void {
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
    if (token.type === 'heading') expect((token as Tokens.Heading).text).toBe('Go module proxy');
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

const INPUTS = { 'job-summary': 'always' } as const;

describe('what a proxy answers', () => {
  const text = (body: string, more: object = {}): readonly Fault[] => [
    { match: 'any', kind: 'status', status: 500, body, contentType: 'text/plain', ...more },
  ];
  const each = ATTACKS.map((attack) => [JSON.stringify(attack).slice(0, 40), text(attack)] as const);
  const rows: readonly (readonly [string, readonly Fault[]])[] = [
    ...each,
    ['a reason phrase', text('x', { reason: ALL.replace(/[\r\n]/g, ' ').replace(/[^\0-\xff]/g, '?') })],
    [
      'a reason phrase with a CR',
      [{ match: 'any', kind: 'raw-response', bytes: 'HTTP/1.1 500 a\r::error::EVIL\r\n\r\n' }],
    ],
    [
      'headers',
      text('x', {
        headers: { 'x-evil': '::error::EVIL', 'retry-after': '##[error]EVIL', server: '<b>EVIL</b>' },
      }),
    ],
    [
      'a Content-Type',
      [{ match: 'any', kind: 'status', status: 500, body: ALL, contentType: 'text/plain; ##[error]EVIL' }],
    ],
    ['a body of 401', [{ match: 'any', kind: 'status', status: 401, body: ALL }]],
    ['a body of 404', [{ match: 'any', kind: 'status', status: 404, body: ALL }]],
    ['an .info that is no JSON', [{ match: 'info', kind: 'not-json-info', body: ALL }]],
    ['an .info of another version', [{ match: 'info', kind: 'wrong-version-info', version: ALL }]],
    ['a page', [{ match: 'any', kind: 'html-200', html: ALL }]],
    ['a .mod', [{ match: 'mod', kind: 'status', status: 200, body: ALL }]],
    ['a zip', [{ match: 'zip', kind: 'status', status: 200, body: ALL }]],
    [
      'a Location',
      [{ match: 'any', kind: 'redirect-to', url: `https://a.invalid%0A::error::EVIL/##[error]EVIL` }],
    ],
    ['the host of a Location', [{ match: 'any', kind: 'redirect-to', url: 'https://##[error]EVIL' }]],
    [
      'the path of a Location',
      [{ match: 'any', kind: 'redirect-to', url: 'https://127.0.0.1:9/::error::EVIL|<h1>' }],
    ],
    ['a body with a NUL, cut in a character', text(`${'\u{1F600}'.repeat(80)}\0${ALL}`)],
    ['a body of 16 MiB', text(`${ALL} `.repeat(1 + (16 << 20) / ALL.length))],
  ];
  test.concurrent.each(rows)('%s', async (name, faults) => {
    await using hostile = await startProxy({ modules, faults });
    await using healthy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: { ...INPUTS, proxies: `${hostile.url}\n${healthy.url}` } });
    await expectInert(site, job);
    expect(job.main.env['GOPROXY']).toContain(healthy.url);
    // A body is told, so that what is asserted here is about something.
    if (name.startsWith('"')) expect(job.main.stdout).toContain('EVIL');
    expect(Object.keys(job.main.env).sort()).toEqual(['GOPROXY', 'SETUP_GOPROXY']);
  });
});

describe('what a repository holds', () => {
  async function play(
    prepare: (site: Site) => Promise<Partial<JobOptions> | undefined>,
    look?: (job: JobResult, site: Site) => Promise<void> | void,
  ): Promise<void> {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const more = await prepare(site);
    const job = await site.job({ ...more, inputs: { ...INPUTS, proxies: proxy.url, ...more?.inputs } });
    await expectInert(site, job);
    expect(harmOf(job)).toEqual([]);
    expect(Object.keys(job.main.env).sort()).toEqual(['GOPROXY', 'SETUP_GOPROXY']);
    for (const [place, text] of await traces(site, job)) {
      expect({ place, told: text.includes('TOP-SECRET') }).toEqual({ place, told: false });
    }
    await look?.(job, site);
  }
  const inWorkspace = (site: Site, name: string) => path.join(site.workspace, name);

  const BOTH = ['go.mod', 'go.sum'] as const;
  const asArguments = ATTACKS.map((attack) => `require "${attack}" v1.0.0\nuse "${attack}"`).join('\n');
  const asPaths = ATTACKS.map((attack) => `${attack.replace(/\s/g, '')} v1.0.0 h1:EVIL=`).join('\n');
  const contents = [
    { what: 'attacks', files: [...BOTH, 'go.work', 'vendor/modules.txt', 'go.work.sum'], text: ALL },
    { what: 'attacks as arguments', files: ['go.mod', 'go.work'], text: asArguments },
    { what: 'attacks as paths', files: ['go.sum', 'vendor/modules.txt'], text: asPaths },
    { what: 'one endless line', files: BOTH, text: 'EVIL'.repeat(1 << 20) },
    { what: 'bytes', files: BOTH, text: '\u0000\u0001\ufeff\ufffd'.repeat(1000) },
  ].flatMap(({ files, ...row }) => files.map((file) => ({ ...row, file })));
  test.concurrent.each(contents)('$file with $what', ({ file, text }) =>
    play(async (site) => {
      await mkdir(path.dirname(inWorkspace(site, file)), { recursive: true });
      await writeFile(inWorkspace(site, file), text);
      return undefined;
    }),
  );

  test.concurrent('directories and files with such names', () =>
    play(async (site) => {
      const names = ATTACKS.map((attack) => attack.replaceAll('/', '_').replaceAll('\0', '').slice(0, 80));
      for (const name of names) {
        await writeProject(inWorkspace(site, name), { modules });
        await writeFile(path.join(inWorkspace(site, name), 'go.sum'), 'EVIL line\n');
      }
      return { inputs: { 'cache-dependency-path': '**/go.sum' } };
    }));

  const FILES = ['go.mod', 'go.sum', 'go.work', 'vendor/modules.txt'] as const;
  test.concurrent.each(FILES)('%s is a link to a secret outside of the workspace', (file) =>
    play(
      async (site) => {
        const secret = site.dir.join('secret');
        await writeFile(secret, 'TOP-SECRET\nmodule TOP-SECRET\n');
        await run('rm', ['-rf', inWorkspace(site, file)]);
        await mkdir(path.dirname(inWorkspace(site, file)), { recursive: true });
        await symlink(secret, inWorkspace(site, file));
        return undefined;
      },
      async (job) => {
        const told = JSON.stringify(await readReport(job.main));
        expect(told).toContain(file);
        expect(told).toContain('inside the workspace');
      },
    ),
  );

  test.concurrent.each(FILES)('%s is a pipe that nobody writes to', (file) =>
    play(
      async (site) => {
        await run('rm', ['-rf', inWorkspace(site, file)]);
        await mkdir(path.dirname(inWorkspace(site, file)), { recursive: true });
        await run('mkfifo', [inWorkspace(site, file)]);
        return undefined;
      },
      async (job) => {
        expect(JSON.stringify(await readReport(job.main))).toContain(file);
      },
    ),
  );

  test.concurrent.each(['go.mod', 'go.sum'])('%s of 17 MiB is refused by name', (file) =>
    play(
      async (site) => {
        await writeFile(
          inWorkspace(site, file),
          'example.com/m v1.0.0 h1:TOP-SECRET=\n'.repeat((17 << 20) / 36),
        );
        return undefined;
      },
      async (job) => {
        const told = JSON.stringify(await readReport(job.main));
        expect(told).toContain(file);
        expect(told).toMatch(/16 MiB|16777216/);
      },
    ),
  );

  test.concurrent('use outside of the workspace is not followed', () =>
    play(
      async (site) => {
        await writeProject(site.dir.join('outside'), { modules, module: 'example.com/TOP-SECRET' });
        await writeFile(inWorkspace(site, 'go.work'), 'go 1.21\n\nuse ./\nuse ../outside\n');
        return undefined;
      },
      async (job) => {
        expect(JSON.stringify(await readReport(job.main))).toContain('go.work');
      },
    ));

  test.concurrent('a link to a directory outside of the workspace is not followed', () =>
    play(async (site) => {
      await writeProject(site.dir.join('outside'), { modules, module: 'example.com/TOP-SECRET' });
      await writeFile(site.dir.join('outside', 'go.sum'), 'TOP-SECRET\n');
      await symlink(site.dir.join('outside'), inWorkspace(site, 'linked'));
      return { inputs: { 'working-directory': 'linked' } };
    }));

  test.concurrent('a go.sum of 100,000 lines is read', () =>
    play(
      async (site) => {
        const hash = modules[0]!.zipHash;
        const lines = Array.from(
          { length: 100_000 },
          (_, index) => `example.com/huge${index} v1.0.0 ${hash}\n`,
        );
        await writeFile(inWorkspace(site, 'go.sum'), lines.join(''));
        return undefined;
      },
      async (job) => {
        expect((await readReport(job.main)).wanted).toBeDefined();
      },
    ));
});

test.concurrent('values of the environment', async () => {
  await using proxy = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const inline = ALL.replace(/[\0]/g, '');
  const job = await site.job({
    inputs: { ...INPUTS, proxies: proxy.url },
    env: { GOPRIVATE: inline, GOSUMDB: inline, GOFLAGS: '', SETUP_GOPROXY: inline, NO_PROXY: inline },
  });
  expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
  expect(job.main.parseErrors).toEqual([]);
  for (const { name, style } of job.main.commands) {
    expect(style).toBe('::');
    expect(OWN_COMMANDS).toContain(name);
  }
  expectOwnMarkdown(job.main.summary);
});
