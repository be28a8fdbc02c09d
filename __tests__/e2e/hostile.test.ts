import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { Fault } from '../support/faults.ts';
import { ATTACKS, expectInert, expectOwnMarkdown, OWN_COMMANDS } from '../support/inert.ts';
import { harmOf, makeSite, readReport, type Site, traces } from '../support/job.ts';
import { makeModuleSet, writeProject } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';
import type { JobOptions, JobResult } from '../support/runner.ts';

const modules = makeModuleSet(3, { totalBytes: 30_000 });
const run = promisify(execFile);

const ALL = ATTACKS.join(' ');
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
