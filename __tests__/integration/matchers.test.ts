import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLog, type LogSink } from '../../src/runner/log.ts';
import { MATCHER_OWNERS, matcherFile, registerMatchers } from '../../src/runner/matchers.ts';
import { type JobPlace, MatcherJob } from '../support/matcher-job.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const COMMITTED = path.join(import.meta.dirname, '..', '..', 'matchers', 'go-download.json');

/** A directory as the runner downloads an action into it; `content` in place of the committed file. */
async function makeAction(temp: TempDir, content?: string, name = 'action'): Promise<string> {
  await mkdir(temp.join(name, 'matchers'), { recursive: true });
  const file = temp.join(name, 'matchers', 'go-download.json');
  await (content === undefined ? copyFile(COMMITTED, file) : writeFile(file, content));
  return temp.join(name, 'dist', 'index.js');
}

async function register(script: string, place: JobPlace = {}, enabled = true) {
  const [told, commands]: string[][] = [[], []];
  const ignore = () => undefined;
  const sink: LogSink = {
    line: (text) => told?.push(text),
    annotate: (_level, text) => told?.push(text),
    ...{ mask: ignore, startGroup: ignore, endGroup: ignore, debug: ignore },
  };
  const log = createLog(sink);
  await registerMatchers({ enabled, script, log, write: (line) => commands?.push(line) });
  const job = new MatcherJob(place);
  const issues = job.read((commands ?? []).join('\n'));
  return { told, commands, owners: job.owners, failed: job.failedCommands, issues };
}

describe('registering', () => {
  test('makes the runner read the file, and says nothing', async () => {
    await using temp = await makeTempDir();
    const { told, owners, failed } = await register(await makeAction(temp));
    expect({ told, owners, failed }).toEqual({ told: [], owners: MATCHER_OWNERS, failed: [] });
  });

  test('works below a directory with a name that a command must escape', async () => {
    await using temp = await makeTempDir();
    const { owners, failed } = await register(await makeAction(temp, undefined, '100%25 of::it'));
    expect({ owners, failed }).toEqual({ owners: MATCHER_OWNERS, failed: [] });
  });

  test('does nothing where it is switched off', async () => {
    await using temp = await makeTempDir();
    const { told, commands } = await register(await makeAction(temp), {}, false);
    expect({ told, commands }).toEqual({ told: [], commands: [] });
  });

  test('in a container job names the path that the container has, also behind a link', async () => {
    await using temp = await makeTempDir();
    await makeAction(temp, undefined, 'host');
    await symlink(temp.join('host'), temp.join('__w'), 'junction');
    const script = temp.join('__w', 'dist', 'index.js');
    expect(matcherFile(script)).toBe(temp.join('__w', 'matchers', 'go-download.json'));
    const { owners, failed } = await register(script, {
      mounts: [{ host: temp.join('host'), container: temp.join('__w') }],
    });
    expect({ owners, failed }).toEqual({ owners: MATCHER_OWNERS, failed: [] });
  });
});

test.each([
  ['cut off', '{"problemMatcher": [', 'is not JSON'],
  ['empty', '', 'is not JSON'],
  ['null', 'null', 'has other owners than this version knows'],
  ['of another shape', '{"problemMatcher": [null]}', 'has other owners than this version knows'],
  ['of another version', '{"problemMatcher": [{"owner": "x"}]}', 'has other owners than this version knows'],
  ['huge', ' '.repeat(70_000), 'is not a file of at most 65536 bytes'],
])('a file that is %s is told in one line and not registered', async (_name, content, why) => {
  await using temp = await makeTempDir();
  const { told, commands } = await register(await makeAction(temp, content));
  expect(told).toEqual([
    `Problem matchers are not registered: matchers/go-download.json of the action ${why}`,
  ]);
  expect(commands).toEqual([]);
});

test('nor is one that is not there, or a directory', async () => {
  await using temp = await makeTempDir();
  const missing = await register(temp.join('dist', 'index.js'));
  expect([missing.told?.[0], missing.commands]).toEqual([expect.stringContaining('(ENOENT)'), []]);
  await mkdir(temp.join('matchers', 'go-download.json'), { recursive: true });
  const directory = await register(temp.join('dist', 'index.js'));
  expect([directory.told?.[0], directory.commands]).toEqual([expect.stringContaining('is not a file'), []]);
});
