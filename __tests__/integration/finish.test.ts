import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { collect, runScript } from '../support/step-script.ts';
import { makeTempDir } from '../support/temp.ts';

const step = (body: string, name = 'main', boundMs = 20_000) =>
  `await runStep({ name: '${name}', boundMs: ${boundMs}, log, body: ${body} });`;
const INPUT_ERROR = `new InputError('mode', { found: 'x', allowed: 'allowed are a and b', example: 'a' })`;
const never = 'new Promise(() => undefined)';
const isPosix = process.platform !== 'win32';

describe('how a step ends', () => {
  test.each<[string, string, number, RegExp]>([
    ['well', step('async ({ log }) => log.info("fine")'), 0, /^fine\r?\n$/],
    [
      'an invalid input fails main',
      step(`async () => { throw ${INPUT_ERROR}; }`),
      1,
      /^::error title=setup-goproxy::Input 'mode': found "x", allowed/,
    ],
    [
      'fail-on fails main',
      step(`async () => { throw new FailOnError(['unverified'], 'a.zip'); }`),
      1,
      /^::error title=setup-goproxy::fail-on: unverified: a\.zip/,
    ],
    [
      'an invalid input does not fail post',
      step(`async () => { throw ${INPUT_ERROR}; }`, 'post'),
      0,
      /^::warning::/,
    ],
    [
      'fail-on does not fail post',
      step(`async () => { throw new FailOnError(['unverified'], 'x'); }`, 'post'),
      0,
      /^::warning::/,
    ],
    [
      'a bug of ours',
      step('async () => { throw new TypeError("oops"); }'),
      0,
      /^::warning::setup-goproxy: main ended early: TypeError: oops\. The job goes on without it\./,
    ],
    [
      'a bug before the first await',
      step('() => { throw new Error("oops"); }'),
      0,
      /^::warning::.*Error: oops/,
    ],
    [
      'a system error has its code',
      step('async () => { await (await import("node:fs/promises")).open("/nowhere/x"); }'),
      0,
      /^::warning::.*ENOENT/,
    ],
    [
      'a stray rejection',
      step(`async () => { Promise.reject(new Error('stray')); await ${never}; }`),
      0,
      /^::warning::.*stray/,
    ],
    [
      'an error in a timer',
      step(`async () => { setTimeout(() => { throw new Error('late'); }, 1); await ${never}; }`),
      0,
      /^::warning::.*late/,
    ],
    [
      'an error event nobody listens to',
      step(
        `async () => { new (await import('node:events')).EventEmitter().emit('error', new Error('event')); }`,
      ),
      0,
      /^::warning::.*event/,
    ],
    [
      'something that is no error',
      step('async () => { throw { toString() { throw 1; } }; }'),
      0,
      /^::warning::.*unknown error/,
    ],
    ['undefined', step('async () => { throw undefined; }'), 0, /^::warning::.*unknown error/],
    [
      'an error whose message throws',
      step(`async () => { throw Object.defineProperty(new Error(), 'message', { get() { throw 1; } }); }`),
      0,
      /^::warning::.*unknown error/,
    ],
    [
      'a hostile message',
      step(`async () => { throw new Error('a\\r::error::b\\n##[error]c https://u:canary@h'); }`),
      0,
      /^::warning::.*a : :error: :b ## \[error\]c https:\/ \/h/,
    ],
    [
      'no end of its own',
      step(`async () => { await ${never}; }`, 'main', 300),
      0,
      /^::warning::setup-goproxy gave up its main step/,
    ],
    [
      'a server that listens',
      step(
        `async ({ log }) => { (await import('node:net')).createServer().listen(0, '127.0.0.1'); log.info('fine'); }`,
      ),
      0,
      /^fine/,
    ],
    ['an exit code that a library had set', step('async () => { process.exitCode = 7; }'), 0, /^$/],
  ])('%s', async (_name, script, code, stdout) => {
    const result = await runScript(script);
    expect(result.stderr).toBe('');
    expect(result.code).toBe(code);
    expect(result.stdout).toMatch(stdout);
    expect(result.stdout.match(/^::(?:warning|error)/gm)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(result.stdout).not.toContain('canary');
  });

  test('what is thrown after the end is not told and changes nothing', async () => {
    const body = `async () => { setTimeout(() => Promise.reject(new Error('late')), 1); throw new Error('first'); }`;
    const { code, stdout } = await runScript(step(body));
    expect([code, stdout.match(/^::warning/gm)]).toEqual([0, ['::warning']]);
  });
});

describe('a step that was given more time', () => {
  const wait = (ms: number) => `new Promise((resolve) => setTimeout(resolve, ${ms}))`;

  test('goes on beyond its own bound', async () => {
    const body = `async ({ log, allowMore }) => { allowMore(20_000); await ${wait(600)}; log.info('fine'); }`;
    const { code, stdout } = await runScript(step(body, 'main', 200));
    expect([code, stdout]).toEqual([0, 'fine\n']);
  });

  test('ends when that is over too, and says the sum', async () => {
    const body = `async ({ allowMore }) => { allowMore(600); allowMore(1200); await ${never}; }`;
    const { code, stdout } = await runScript(step(body, 'main', 200));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^::warning::setup-goproxy gave up its main step after 2 s\./);
  });

  test('is cancelled as any other', async () => {
    if (!isPosix) return;
    const body = `async ({ log, allowMore }) => { allowMore(60_000); log.info('ready'); await ${never}; }`;
    const { code } = await runScript(step(body), {
      read: async (child) => {
        child.stdout?.once('data', () => child.kill('SIGTERM'));
        return await collect(child.stdout);
      },
    });
    expect(code).toBe(143);
  });
});

describe('the output arrives whole', () => {
  const LINES = 5000;
  const script = step(
    `async ({ log }) => { for (let n = 0; n < ${LINES}; n++) log.info(n + ' ' + 'x'.repeat(300)); log.warning('last'); }`,
  );

  test.each([
    ['a reader that starts late', 700, 0],
    ['a reader that needs longer than 2 s, but is steady', 0, 300],
  ])('%s', async (_name, lateMs, pauseMs) => {
    const { code, stdout } = await runScript(script, { read: (child) => readSlowly(child, lateMs, pauseMs) });
    const lines = stdout.split(/\r?\n/);
    expect(lines.slice(0, -2).map((line) => Number(line.split(' ')[0]))).toEqual([...Array(LINES).keys()]);
    expect(lines.at(-2)).toBe('::warning::last');
    expect(code).toBe(0);
  });

  test('a reader that has gone away ends nothing: the body goes on and its failure stays one', async () => {
    const body = `async ({ log }) => { for (let n = 0; n < 100; n++) { log.info('x'.repeat(1000)); await new Promise((r) => setTimeout(r, 2)); } throw ${INPUT_ERROR}; }`;
    const { code, stderr } = await runScript(step(body), {
      read: async (child) => {
        child.stdout?.destroy();
        return '';
      },
    });
    expect([code, stderr]).toEqual([1, '']);
  });

  test('a reader that never reads does not hold the step for ever, and the failure stays one', async () => {
    const failing = step(
      `async ({ log }) => { for (let n = 0; n < ${LINES}; n++) log.info('x'.repeat(100)); throw ${INPUT_ERROR}; }`,
    );
    const { code, signal } = await runScript(failing, {
      read: async (child) => {
        await once(child, 'exit');
        child.stdout?.destroy();
        return '';
      },
    });
    expect([code, signal]).toEqual([1, null]);
  });
});

describe('what is running is ended', () => {
  test('a write is awaited', async () => {
    await using dir = await makeTempDir();
    const file = dir.join('written');
    const write = `setTimeout(300).then(() => writeFile(${JSON.stringify(file)}, 'whole'))`;
    const script = [
      `import { setTimeout } from 'node:timers/promises';`,
      `import { writeFile } from 'node:fs/promises';`,
      step(`async ({ closing }) => { closing.awaitWrite(${write}); }`),
    ].join('\n');
    expect((await runScript(script)).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe('whole');
  });

  test('a write that never ends is not', async () => {
    const { code } = await runScript(step(`async ({ closing }) => { closing.awaitWrite(${never}); }`));
    expect(code).toBe(0);
  });

  (isPosix ? test : test.skip)('what is to be removed is, after the writes and before the end', async () => {
    const write = `new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(() => { log.info('written'); resolve(); }, 50)))`;
    const body = `async ({ log, closing, signal }) => { closing.awaitWrite(${write}); closing.removeAtEnd(() => log.info('removed')); log.info('ready'); await ${never}; }`;
    const { code, stdout } = await runScript(step(body), {
      read: async (child) => {
        child.stdout?.once('data', () => child.kill('SIGINT'));
        return await collect(child.stdout);
      },
    });
    expect(code).toBe(130);
    expect(stdout.trim().split('\n')).toEqual(['ready', 'setup-goproxy: cancelled', 'written', 'removed']);
  });

  // The grandchild holds the output: the script counts as closed only when it is dead.
  const sleepers = `(await import('node:child_process')).spawn('sh', ['-c', 'sleep 60 & sleep 60'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).pid`;
  (isPosix ? test : test.skip)('children and their children are killed', async () => {
    const { code, signal } = await runScript(
      step(`async ({ closing }) => { closing.killAtEnd(${sleepers}); throw new Error('x'); }`),
    );
    expect([code, signal]).toEqual([0, null]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends main in order', async (signal, expected) => {
    if (!isPosix) return;
    const body = `async ({ log, closing, signal }) => { closing.killAtEnd(${sleepers}); signal.addEventListener('abort', () => log.info('aborted')); log.info('ready'); await ${never}; }`;
    const { code, stdout } = await runScript(step(body), {
      read: async (child) => {
        child.stdout?.once('data', () => child.kill(signal));
        return await collect(child.stdout);
      },
    });
    expect(code).toBe(expected);
    expect(stdout.trim().split('\n')).toEqual(['ready', 'aborted', 'setup-goproxy: cancelled']);
  });
});

async function readSlowly(child: ChildProcess, lateMs: number, pauseMs: number): Promise<string> {
  await wait(lateMs);
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (pauseMs > 0) await wait(pauseMs);
  }
  return text;
}
