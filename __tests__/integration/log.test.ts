import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { runScript } from '../support/step-script.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const FILES = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;

async function runnerFiles(dir: TempDir): Promise<Record<string, string>> {
  await Promise.all(FILES.map((name) => writeFile(dir.join(name), '')));
  return { ...Object.fromEntries(FILES.map((name) => [name, dir.join(name)])), RUNNER_TEMP: dir.path };
}

/** Reads the records as the runner does: `name<<delimiter`, lines, delimiter. */
async function readRecords(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8');
  const records: Record<string, string> = {};
  const rest = text.replace(/([^<\n]+)<<([^\n]+)\n([\s\S]*?)\n\2\n/g, (_all, name, _delimiter, value) => {
    records[name] = value;
    return '';
  });
  expect(rest).toBe('');
  return records;
}

const OUTCOME = `{
  outputs: { ...NO_OUTPUTS, goproxy: 'https://bob:canary@h,direct', 'modules-fetched': 3 },
  annotations: [{ level: 'warning', title: 't,:', message: 'm https://bob:canary@h\\n::error::x' }],
  summary: '# canary\\n',
}`;
const EXPORTS = `new Map([['GOPROXY', 'https://bob:canary@h,direct'], ['GOPRIVATE', 'a\\nINJECTED=1\\nb<<c']])`;
/** As main does it: what later steps need first, then all that is told. */
const PUBLISH = (outcome: string) => `
  console.log('exported:', await publishExports(${EXPORTS}, log));
  await publish(${outcome}, log);`;

describe('the log as the runner reads it', () => {
  test('no line is a command that we did not mean', async () => {
    const script = `
      log.protect([{ user: 'bob', password: 'p%40ss' }]);
      log.info('::error::x'); log.info('a\\r::error::b'); log.info('##[error]c'); log.info('p@ss p%40ss');
      log.section({ title: 't\\n::error::', lines: ['\\u2028::error::d'] });
      log.warning('w %0A::error::e');
    `;
    const { stdout } = await runScript(script);
    const lines = stdout.split(/\r\n|\r|\n/).filter((line) => line !== '');
    const masks = lines.filter((line) => line.startsWith('::add-mask::'));
    expect(masks.map((line) => line.slice('::add-mask::'.length))).toEqual(
      expect.arrayContaining(['p@ss', 'p%2540ss']),
    );
    expect(lines.slice(0, masks.length)).toEqual(masks);
    expect(lines.slice(masks.length)).toEqual([
      ': :error: :x',
      'a : :error: :b',
      '## [error]c',
      '*** ***',
      '::group::t : :error: :',
      ' : :error: :d',
      '::endgroup::',
      '::warning::w %250A: :error: :e',
    ]);
  });
});

describe('publish', () => {
  test('sets every output, exports as go needs it, writes the summary; secrets only where go needs them', async () => {
    await using dir = await makeTempDir();
    const env = await runnerFiles(dir);
    const script = `log.protect([{ user: 'bob', password: 'canary' }]); ${PUBLISH(OUTCOME)}`;
    const { stdout } = await runScript(script, { env });
    expect(stdout).toContain('exported: true');
    expect(stdout.replace(/^::add-mask::.*$/gm, '')).not.toContain('canary');
    expect(stdout).toContain('::warning title=t%2C: ::m https://h%0A: :error: :x'.replace(': ::', '%3A::'));
    expect(await readRecords(dir.join('GITHUB_ENV'))).toEqual({
      GOPROXY: 'https://bob:canary@h,direct',
      GOPRIVATE: 'a\nINJECTED=1\nb<<c',
    });
    expect(await readRecords(dir.join('GITHUB_OUTPUT'))).toEqual({
      goproxy: 'https://h,direct',
      gosumdb: '',
      goprivate: '',
      'selected-proxy': '',
      gomodcache: '',
      'cache-hit': 'false',
      'cache-primary-key': '',
      'cache-matched-key': '',
      'modules-fetched': '3',
      'modules-failed': '0',
      'failure-class': 'none',
      report: '',
    });
    expect(await readFile(dir.join('GITHUB_STEP_SUMMARY'), 'utf8')).toBe('# ***\n');
  });

  test.each([
    ['GOFLAGS', '-insecure'],
    ['GONOSUMCHECK', '1'],
    ['GOINSECURE', '*'],
    ['GODEBUG', 'x=1'],
    ['GOSUMDB', 'off'],
    ['A=B', 'x'],
  ])('%s=%s is never exported, nor anything with it', async (name, value) => {
    await using dir = await makeTempDir();
    const env = await runnerFiles(dir);
    const map = JSON.stringify([
      ['GOPROXY', 'direct'],
      [name, value],
    ]);
    const { stdout, code } = await runScript(`console.log(await publishExports(new Map(${map}), log));`, {
      env,
    });
    expect(stdout).toMatch(/^::warning::.*\nfalse\n$/);
    expect(code).toBe(0);
    expect(await readFile(dir.join('GITHUB_ENV'), 'utf8')).toBe('');
  });

  test.each([
    ['not set', {}],
    [
      'missing',
      { GITHUB_ENV: '/nowhere/env', GITHUB_OUTPUT: '/nowhere/out', GITHUB_STEP_SUMMARY: '/nowhere/sum' },
    ],
    ...(process.platform === 'linux'
      ? [
          [
            'on a full disk',
            { GITHUB_ENV: '/dev/full', GITHUB_OUTPUT: '/dev/full', GITHUB_STEP_SUMMARY: '/dev/full' },
          ] as const,
        ]
      : []),
  ])(
    "the runner's files are %s: one warning, a line for each other, and no other command",
    async (_name, env) => {
      const { stdout, code, stderr } = await runScript(PUBLISH(`{ ...${OUTCOME}, annotations: [] }`), {
        env,
      });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.trim().split('\n')).toEqual([
        expect.stringMatching(/^::warning::The environment of later steps stays as it was: GITHUB_ENV /),
        'exported: false',
        expect.stringMatching(/^The outputs are not set: GITHUB_OUTPUT /),
        expect.stringMatching(/^There is no job summary: GITHUB_STEP_SUMMARY /),
      ]);
    },
  );

  (process.platform === 'linux' ? test : test.skip)(
    'a half-written record is taken back, for the runner would fail the step',
    async () => {
      await using dir = await makeTempDir();
      const env = await runnerFiles(dir);
      const before = `A=${'x'.repeat(1000)}\n`;
      await writeFile(dir.join('GITHUB_ENV'), before);
      const value = 'y'.repeat(2000);
      const { stdout } = await runScript(`await publishExports(new Map([['GOPROXY', '${value}']]), log);`, {
        env,
        // Files end at 1 KiB; the signal that comes with it is ignored.
        through: ['bash', '-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'bash'],
      });
      expect(stdout).toMatch(/^::warning::.*EFBIG/);
      expect(await readFile(dir.join('GITHUB_ENV'), 'utf8')).toBe(before);
    },
  );

  test.each([
    ['the last that fits', 1024 * 1024 - 10, ''],
    ['one byte too many', 1024 * 1024 - 9, 'no job summary'],
  ])('the summary file stays within 1 MiB: %s', async (_name, size, warning) => {
    await using dir = await makeTempDir();
    const env = await runnerFiles(dir);
    await writeFile(dir.join('GITHUB_STEP_SUMMARY'), 'x'.repeat(size));
    const { stdout } = await runScript(`await publishSummary('123456789\\n', log);`, { env });
    expect(stdout === '').toBe(warning === '');
    expect(stdout).toContain(warning);
    expect((await stat(dir.join('GITHUB_STEP_SUMMARY'))).size).toBe(warning === '' ? size + 10 : size);
  });
});

describe('report.json', () => {
  test('has a name of its own each time and belongs to the user alone', async () => {
    await using dir = await makeTempDir();
    const script = `log.protect([{ password: 'canary' }]); for (const n of [1, 2]) console.log(await writeReport(reportPath(), '{"n":"canary"}', log));`;
    const { stdout } = await runScript(script, { env: { RUNNER_TEMP: dir.path } });
    const files = stdout.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('::'));
    expect(new Set(files).size).toBe(2);
    for (const file of files) {
      expect(await readFile(file, 'utf8')).toBe('{"n":"***"}');
      if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });

  test.each([
    ['not set', {}],
    ['missing', { RUNNER_TEMP: '/nowhere/temp' }],
    ['a file', { RUNNER_TEMP: '/etc/passwd' }],
  ])('RUNNER_TEMP is %s: one warning and no path', async (_name, env) => {
    const { stdout, code } = await runScript(
      `console.log('<' + await writeReport(reportPath(), '{}', log) + '>');`,
      {
        env,
      },
    );
    expect(stdout).toMatch(/^::warning::report\.json is not written: .*\n<>\n$/);
    expect(code).toBe(0);
  });

  test('a file that is there already is neither followed nor overwritten', async () => {
    await using dir = await makeTempDir();
    await writeFile(dir.join('there'), 'theirs');
    await symlink(dir.join('there'), dir.join('link'));
    for (const name of ['there', 'link']) {
      const file = JSON.stringify(dir.join(name));
      const { stdout } = await runScript(`console.log('<' + await writeReport(${file}, '{}', log) + '>');`);
      expect(stdout).toMatch(/^::warning::report\.json is not written: EEXIST.*\n<>\n$/);
    }
    expect(await readFile(dir.join('there'), 'utf8')).toBe('theirs');
  });

  (process.platform === 'linux' ? test : test.skip)('what a full disk left of it is removed', async () => {
    await using dir = await makeTempDir();
    const { stdout } = await runScript(`await writeReport(reportPath(), 'x'.repeat(5000), log);`, {
      env: { RUNNER_TEMP: dir.path },
      through: ['bash', '-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'bash'],
    });
    expect(stdout).toMatch(/^::warning::report\.json is not written: EFBIG/);
    expect(await readdir(dir.path)).toEqual([]);
  });
});

test('the state reaches post', async () => {
  await using dir = await makeTempDir();
  const env = await runnerFiles(dir);
  const state = {
    schema: 1,
    mode: 'setup',
    startedAtMs: 1,
    jobSummary: 'auto',
    failureClass: 'none',
    reportFile: '',
    cache: {
      primaryKey: 'a',
      matchedKey: '',
      isMatchBroken: false,
      wasComplete: true,
      leftToGo: ['b@v1.0.0'],
    },
    told: ['0123456789abcdef'],
    failedByMain: false,
  };
  await runScript(`await saveState(${JSON.stringify(state)}, log);`, { env });
  const records = await readRecords(dir.join('GITHUB_STATE'));
  const asEnv = Object.fromEntries(Object.entries(records).map(([name, value]) => [`STATE_${name}`, value]));
  const { stdout } = await runScript('console.log(JSON.stringify(loadState()));', { env: asEnv });
  expect(JSON.parse(stdout)).toEqual(state);
});
