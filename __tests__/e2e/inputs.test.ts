import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { annotationsOf, countsOf, makeSite } from '../support/job.ts';
import { makeModuleSet } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';

const ACTION = parse(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8')) as {
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
};
const modules = makeModuleSet(2);

/** Input, a value that is not allowed, what must be quoted of it, and a word of what is allowed. */
const REFUSED: readonly (readonly [string, string, string, string])[] = [
  ['mode', 'repair', 'repair', 'diagnose'],
  ['mode', 'Setup', 'Setup', 'setup'],
  ['proxies', 'direct', 'direct', 'http'],
  ['proxies', 'https://a.example|https://b.example', 'https://a.example|', 'fallback'],
  ['proxies', 'https://a.example b', 'https://a.example b', 'white space'],
  ['proxies', 'ftp://a.example', 'ftp://a.example', 'http'],
  ['proxies', 'https://a.example/?q=1', 'https://a.example', 'query'],
  ['proxies', 'http://user:letmein99@a.example', 'a.example', 'https'],
  ['mirrors', 'https://a.example\nnone', 'none', 'standby'],
  ['mirrors', 'file:///srv/mirror', 'file:///srv/mirror', 'http'],
  ['fallback', 'pipe', 'pipe', 'any-error'],
  ['direct', 'yes', 'yes', 'auto, true and false'],
  ['goprivate', 'git.corp.example, other.example', ' ', 'white space'],
  ['gonoproxy', 'a b', 'a b', 'white space'],
  ['gonosumdb', 'a,\tb', 'a', 'white space'],
  ['gosumdb', 'off', 'off', 'gonosumdb'],
  ['gosumdb', 'my.db', 'my.db', 'key'],
  ['probe-timeout', '3', '3', '100ms to 1m'],
  ['probe-timeout', '-3s', '-3s', 'Go duration'],
  ['probe-timeout', '2m', '2m', '100ms to 1m'],
  ['prefetch', 'maybe', 'maybe', 'true'],
  ['prefetch-timeout', 'forever', 'forever', 'Go duration'],
  ['cache', 'on', 'on', 'true'],
  ['save-cache', '1', '1', 'true'],
  ['cache-dependency-path', 'a\u0001b', 'cache-dependency-path', 'control characters'],
  ['cache-suffix', 'a/b', 'a/b', '64'],
  ['working-directory', '../elsewhere', '../elsewhere', 'workspace'],
  ['working-directory', 'no-such-directory', 'no-such-directory', 'exists'],
  ['job-summary', 'sometimes', 'sometimes', 'on-failure'],
  ['problem-matchers', 'no', 'no', 'false'],
  ['fail-on', 'always', 'always', 'no-healthy-proxy'],
  ['fail-on', 'never,unverified', 'never', 'comma list'],
];

describe('an invalid input fails main before any network, and only main', () => {
  test.concurrent.each(REFUSED)('%s: %j', async (input, value, quoted, allowed) => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: proxy.url, [input]: value },
      env: { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url },
    });
    expect(job.main.exitCode).toBe(1);
    const [annotation, ...more] = annotationsOf(job.main);
    expect(more).toEqual([]);
    expect(annotation?.name).toBe('error');
    expect(annotation?.message).toContain(`'${input}'`);
    expect(annotation?.message).toContain(quoted);
    expect(annotation?.message).toContain(allowed);
    expect(annotation?.message).toMatch(/^Input '.*[^\n]$/);
    expect(annotation?.message).not.toContain('letmein99');
    expect(countsOf(proxy)).toEqual([0]);
    expect(proxy.connections).toBe(0);
    expect(job.main.env).toEqual({});
    // Outputs are never left unset, for a later expression may read them.
    expect(Object.keys(job.main.outputs).sort()).toEqual(Object.keys(ACTION.outputs).sort());
    expect(job.post.exitCode).toBe(0);
    expect(annotationsOf(job.post)).toEqual([]);
  });
});

test('every input that can be wrong is in the table', () => {
  const refused = new Set(REFUSED.map(([input]) => input));
  const missing = Object.keys(ACTION.inputs).filter((input) => !refused.has(input));
  // Internal: anything but three words means unknown.
  expect(missing).toEqual(['job-status']);
});

test.concurrent('blank inputs have their defaults, and surrounding white space does not matter', async () => {
  await using proxy = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const blank = Object.fromEntries(Object.keys(ACTION.inputs).map((input) => [input, '']));
  const job = await site.job({ inputs: { ...blank, proxies: `\n  ${proxy.url} \n`, fallback: ' auto ' } });
  expect(job.main.exitCode).toBe(0);
  expect(job.main.env['GOPROXY']).toBe(proxy.url);
});

test.concurrent('entries that unset secrets leave blank are skipped with the reason', async () => {
  await using proxy = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const job = await site.job({ inputs: { proxies: `https://:@artifactory.example/go\n\n${proxy.url}` } });
  expect(job.main.exitCode).toBe(0);
  expect(job.main.env['GOPROXY']).toBe(proxy.url);
  expect(job.main.stdout).toMatch(/artifactory\.example.*blank/);
});

test.concurrent('a job that says something unknown of its status is no invalid input', async () => {
  await using proxy = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const job = await site.job({ inputs: { proxies: proxy.url, 'job-status': 'exploded' } });
  expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
});
