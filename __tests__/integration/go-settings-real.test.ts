import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { disclosureOf, matchPrefixPatterns, mergeGoprivate } from '../../src/go/goprivate.ts';
import { parseGoproxy } from '../../src/go/goproxy.ts';
import { parseGosumdb } from '../../src/go/gosumdb.ts';
import { credentialsFor, parseNetrc } from '../../src/go/netrc.ts';
import { hasOpenssl, makeCertificates } from '../support/certificates.ts';
import { type GoResult, goEnvironment, runGo } from '../support/go.ts';
import { makeModule, writeFileProxy } from '../support/modules.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

/** Stands in for every host that is not loopback: nobody listens there, so nothing leaves this machine. */
const NOBODY = 'http://127.0.0.1:1';
const MODULE = makeModule({ path: 'example.com/x', version: 'v1.0.0' });

let temp: TempDir;
let fileProxy: string;
let counter = 0;
const servers: Server[] = [];

beforeAll(async () => {
  temp = await makeTempDir();
  await writeFileProxy(temp.join('proxy'), [MODULE]);
  fileProxy = `file://${temp.join('proxy')}`;
});
afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await temp[Symbol.asyncDispose]();
});

/** Runs go with a module cache of its own, no version control system and no way off loopback. */
function go(args: readonly string[], extra: Readonly<Record<string, string>>): Promise<GoResult> {
  const env = goEnvironment(temp.path, {
    GOMODCACHE: temp.join(`modcache${counter++}`),
    GOVCS: '*:off',
    HTTPS_PROXY: NOBODY,
    HTTP_PROXY: NOBODY,
    ...extra,
  });
  return runGo(args, { cwd: temp.path, env });
}

/** A server that answers every request with the status, and the log of names that it writes to. */
async function serve(status: number, log: string[], name: string): Promise<string> {
  const server = createServer((request, response) => {
    log.push(name || (request.url ?? ''));
    response.writeHead(status).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a GOPROXY entry is accepted or refused as go does', () => {
  // The good entry before it answers, so that go looks at the other only to check it.
  test.each([
    'https://a.test',
    'HTTPS://a.test',
    'http://a.test',
    'a.test',
    'a.test:8080',
    'localhost:8080',
    'host/path',
    './x',
    'https://u:p@a.test',
    'u:p@a.test',
    'https://u%40x:p@a.test',
    'https://a.test/x?y',
    'https://a.test/x#y',
    'https://a.test/x y',
    'https://a.test/x\\y',
    'http://[::1]:80/',
    'https://a.test:',
    'file:///x',
    'file:///C:/x',
    'file:///x#',
    'file://',
    'off',
    'direct',
    'direct,ftp://x',
    'off|noproxy',
    ' ',
    '\u00a0',
    '\u0085a.test',
    'https://a;b',
    'https://é.test',
    'https://a.test/%2Fx',
    // Refused.
    'noproxy',
    'Direct',
    'OFF',
    'ftp://a.test',
    'a.test,ftp://b.test',
    '/srv',
    '//a.test',
    'C:\\x',
    'C:/x',
    'file:x',
    'file:/x',
    'file://host/x',
    'file://C:/x',
    'file:///x?',
    'file:///x?y',
    'file:///x#y',
    'file://u@/x',
    'https:a.test',
    'https://a.test:x',
    'https://a.test:1:2',
    'https://u:p',
    'https://a b',
    'https://a\\b',
    'https://%61.test',
    'https://a.test/%zz',
    'https://u:%zz@a.test',
    'https://u:p^@a.test',
    'https://[::1',
    'https://a[::1]',
    '://a.test',
    '\ufeffdirect',
    'https://a.test/\u0001x',
    'https://a|b c',
  ])('%j', async (entry) => {
    const result = await go(['list', '-m', 'example.com/x@v1.0.0'], { GOPROXY: `${fileProxy},${entry}` });
    const parse = () => parseGoproxy(`${fileProxy},${entry}`);
    if (result.code === 0) expect(parse).not.toThrow();
    else expect(parse).toThrow(expect.objectContaining({ code: 'goproxy' }));
  });

  test.each([',', ' ', '|,'])('the list %j has no entries', async (value) => {
    const result = await go(['list', '-m', 'example.com/x@v1.0.0'], { GOPROXY: value });
    expect(result.stderr).toContain('contains no entries');
    expect(() => parseGoproxy(value)).toThrow('has no entries');
  });
});

/** Which entries are asked, by the separators that we parse and the documented rule. */
function expectedOrder(value: string, status: (raw: string) => number): readonly string[] {
  const asked: string[] = [];
  for (const entry of parseGoproxy(value)) {
    if (entry.kind !== 'proxy') break;
    asked.push(entry.raw);
    const isNotFound = [404, 410].includes(status(entry.raw));
    if (!isNotFound && entry.separator !== '|') break;
  }
  return asked;
}

test('go asks the proxies of a list in the order that the separators say', async () => {
  const statuses = { a404: 404, b410: 410, c500: 500, d403: 403 };
  const log: string[] = [];
  const urls = new Map<string, string>();
  for (const [name, status] of Object.entries(statuses)) urls.set(name, await serve(status, log, name));
  const real = (list: string) => list.replace(/\w\d+/g, (name) => urls.get(name) ?? name);
  for (const [list, expected] of [
    ['a404,c500,b410', 'a404 c500'],
    ['a404|c500|b410', 'a404 c500 b410'],
    ['c500,a404', 'c500'],
    ['c500|d403|a404,b410|', 'c500 d403 a404 b410'],
    ['d403,a404', 'd403'],
    [' b410 ,, a404 |, d403,c500', 'b410 a404 d403'],
    ['c500|,a404,b410', 'c500 a404 b410'],
    ['c500,|a404', 'c500'],
    ['a404,off,b410', 'a404'],
    ['off,a404', ''],
  ] as const) {
    log.length = 0;
    await go(['list', '-m', 'example.com/x@v1.0.0'], { GOPROXY: real(list) });
    expect([list, log.join(' ')]).toEqual([list, expected]);
    const named = new Map([...urls].map(([name, url]) => [url, name]));
    const ours = expectedOrder(real(list), (raw) => statuses[named.get(raw) as keyof typeof statuses]);
    expect([list, ours.map((raw) => named.get(raw)).join(' ')]).toEqual([list, expected]);
  }
});

describe('patterns', () => {
  let proxy: string;
  const log: string[] = [];
  beforeAll(async () => {
    proxy = await serve(404, log, '');
  });

  /** Whether go asks the proxy about the module; where it does not, it has tried version control, which is off. */
  async function isProxied(module: string, extra: Readonly<Record<string, string>>): Promise<boolean> {
    log.length = 0;
    const result = await go(['list', '-m', `${module}@v1.0.0`], { GOPROXY: proxy, ...extra });
    expect(result.code).not.toBe(0);
    return log.length > 0;
  }

  test.each([
    ['github.com', 'github.com/acme/tool'],
    ['github.com/', 'github.com/acme/tool'],
    ['github.com//', 'github.com/acme/tool'],
    ['*.com', 'github.com/acme/tool'],
    ['github.com/*', 'github.com/acme/tool'],
    ['*/acme', 'github.com/acme/tool'],
    ['github.com/acme/tool/x', 'github.com/acme/tool'],
    ['github.com/ac', 'github.com/acme/tool'],
    ['github.com/a*e', 'github.com/acme/tool'],
    ['github.com/a?me/[^a-s]ool', 'github.com/acme/tool'],
    ['github.com/Acme', 'github.com/acme/tool'],
    ['github.com/acme ', 'github.com/acme/tool'],
    ['a.test, github.com', 'github.com/acme/tool'],
    ['a.test,github.com', 'github.com/acme/tool'],
    ['[,github.com', 'github.com/acme/tool'],
    ['github.com/[a', 'github.com/acme/tool'],
    ['githu\\b.com', 'github.com/acme/tool'],
    ['https://github.com', 'github.com/acme/tool'],
    ['none', 'github.com/acme/tool'],
    [',', 'github.com/acme/tool'],
  ])('GONOPROXY=%j and %s: matched as go does', async (globs, module) => {
    expect(matchPrefixPatterns(globs, module)).toBe(!(await isProxied(module, { GONOPROXY: globs })));
  });

  test.each([
    [{ GOPRIVATE: 'github.com/acme' }],
    [{ GOPRIVATE: 'github.com/acme', GONOPROXY: 'none' }],
    [{ GOPRIVATE: 'github.com/acme', GONOPROXY: 'github.com/other' }],
    [{ GONOSUMDB: 'github.com/acme' }],
    [{ GOPRIVATE: 'github.com/acme', GONOPROXY: '' }],
  ])('with %j nobody is told what go tells no proxy', async (env: Readonly<Record<string, string>>) => {
    const disclosure = disclosureOf('github.com/acme/tool', {
      goprivate: env['GOPRIVATE'] ?? '',
      gonoproxy: env['GONOPROXY'] ?? '',
      gonosumdb: env['GONOSUMDB'] ?? '',
    });
    expect(disclosure === 'nobody').toBe(!(await isProxied('github.com/acme/tool', env)));
  });

  test('go sees what mergeGoprivate says it will see', async () => {
    const set = { goprivate: 'a.test', gonoproxy: 'none', gonosumdb: '' };
    const merged = mergeGoprivate({
      set,
      additions: { goprivate: 'b.test', gonoproxy: '', gonosumdb: 'c.test' },
    });
    const names = ['GOPRIVATE', 'GONOPROXY', 'GONOSUMDB'];
    const env = {
      GOPRIVATE: set.goprivate,
      GONOPROXY: set.gonoproxy,
      ...Object.fromEntries(merged.assignments),
    };
    const { stdout } = await go(['env', ...names], env);
    expect(stdout.trim().split('\n')).toEqual([merged.goprivate, merged.gonoproxy, merged.gonosumdb]);
  });
});

describe('a GOSUMDB value is accepted or refused as go does', () => {
  const known = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
  test.each([
    'sum.golang.org',
    known,
    'sum.golang.google.cn',
    ' sum.golang.org ',
    'sum.golang.org http://127.0.0.1:1/x',
    `${known}\thttps://a.test`,
    'sum.golang.org file:///x',
    // Refused.
    ' ',
    ' off',
    ' sum.golang.google.cn',
    'sum.golang.google.cn https://a.test',
    'sum.corp.test',
    'https://sum.golang.org',
    'sum.golang.org https://a.test b',
    'sum.golang.org https://a.test:x',
    'sum.golang.org https://a%zz',
    known.replace('033de0ae', '033DE0AE').replace('sum.', 'sun.'),
    known.replace('033de0ae', '33de0ae'),
    known.slice(0, -1),
    `${known}=`,
    known.replace('+Ac4z', '+Ac5z'),
    'sum.golang.org+033de0ae',
    'sum.golang.org+033de0ae+',
  ])('%j', async (value) => {
    const result = await go(['mod', 'download', 'example.com/x@v1.0.0'], {
      GOPROXY: fileProxy,
      GOSUMDB: value,
    });
    const isRefused = /invalid GOSUMDB|invalid sumdb name|missing GOSUMDB/.test(result.stderr);
    expect(result.code).not.toBe(0);
    const parse = () => parseGosumdb(value);
    if (isRefused) expect(parse).toThrow(expect.objectContaining({ code: 'gosumdb' }));
    else expect(parse).not.toThrow();
  });

  test('a URL behind the name is asked, past the proxy', async () => {
    const log: string[] = [];
    const url = await serve(404, log, '');
    await go(['mod', 'download', 'example.com/x@v1.0.0'], {
      GOPROXY: fileProxy,
      GOSUMDB: `sum.golang.org ${url}/db`,
    });
    expect(log).toEqual(['/db/lookup/example.com/x@v1.0.0']);
    expect(parseGosumdb(`sum.golang.org ${url}/db`)).toMatchObject({ url: new URL(`${url}/db`) });
  });
});

// Go takes SSL_CERT_FILE on Linux only, and looks up paths of machines from 1.24 on.
test('netrc logins are sent to the URLs that credentialsFor says', async () => {
  const { stdout } = await runGo(['version'], { cwd: temp.path, env: goEnvironment(temp.path) });
  const minor = Number(/go1\.(\d+)/.exec(stdout)?.[1] ?? 0);
  if (process.platform !== 'linux' || minor < 24 || !(await hasOpenssl())) {
    console.warn('skipped: needs Linux, go 1.24 or later, and openssl');
    return;
  }
  const { good, caFile } = await makeCertificates(temp.path);
  const seen: (string | undefined)[] = [];
  const server = createTlsServer({ key: good.key, cert: good.cert }, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(500).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  const netrc = temp.join('netrc');
  for (const [text, base] of [
    [`machine ${host} login u password p`, ''],
    [`machine ${host} login u password p\nmachine ${host} login v password q`, ''],
    [`machine localhost login u password p`, ''],
    [`machine ${host}/team login u password p`, '/team/sub/'],
    [`machine ${host}/team login u password p`, '/teams'],
    [`machine ${host}/team/sub login t password q machine ${host} login u password p`, '/team/sub'],
    [`default login u password p`, ''],
    [`login u password p\nmachine ${host} password q`, ''],
    [`macdef init\nmachine ${host} login m password m\n\nmachine ${host}\nlogin u\npassword p`, ''],
    [`default\nmachine ${host} login u password p`, ''],
    [`machine ${host} login u password p\r\n`, ''],
  ] as const) {
    await writeFile(netrc, text);
    seen.length = 0;
    await go(['list', '-m', 'example.com/x@v1.0.0'], {
      GOPROXY: `https://${host}${base}`,
      NETRC: netrc,
      SSL_CERT_FILE: caFile,
    });
    const expected = credentialsFor(parseNetrc(text), `https://${host}${base}/example.com/x/@v/v1.0.0.info`);
    const header =
      expected && `Basic ${Buffer.from(`${expected.user}:${expected.password}`).toString('base64')}`;
    expect([text, base, seen]).toEqual([text, base, [header]]);
  }
});
