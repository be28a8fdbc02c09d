import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type GoModFile, parseGoMod } from '../../src/go/go-mod.ts';
import { type GoWorkFile, parseGoWork } from '../../src/go/go-work.ts';
import type { Replacement } from '../../src/go/mod-directives.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

/** The directives that an older go does not know, by the minor version that brought them. */
const SINCE: ReadonlyMap<string, number> = new Map([
  ['godebug', 23],
  ['all directives', 23],
  ['tool', 24],
  ['ignore', 25],
]);
const goMinor = await readGoMinor();

async function readGoMinor(): Promise<number> {
  if (!(await hasGo())) return 0;
  await using temp = await makeTempDir();
  const { stdout } = await runGo(['env', 'GOVERSION'], { cwd: temp.path, env: goEnvironment(temp.path) });
  return Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0);
}

function known<T extends readonly [name: string, ...rest: unknown[]]>(rows: readonly T[]): readonly T[] {
  return rows.filter(([name]) => (SINCE.get(name) ?? 0) <= goMinor);
}

const withGo = (await hasGo()) ? describe : describe.skip;

/** A go.mod and whether the go command takes it; what it makes of it is asked of the go command. */
const GO_MODS: readonly (readonly [name: string, accepted: boolean, text: string])[] = [
  ['empty', true, ''],
  ['only blank lines and comments', true, '\n\n// a\n  // b\n\n'],
  ['module and go', true, 'module example.com/m\n\ngo 1.22.3\n'],
  ['no line end at the end', true, 'module example.com/m\ngo 1.16'],
  [
    'CRLF',
    true,
    'module example.com/m\r\n\r\ngo 1.20\r\n\r\nrequire (\r\n\texample.com/a v1.0.0 // indirect\r\n)\r\n',
  ],
  ['byte order mark', false, '\uFEFFmodule example.com/m\n'],
  ['module in a block', true, 'module (\n\texample.com/m\n)\n'],
  ['double quotes', true, 'module "example.com/m"\nrequire "example.com/a" "v1.2.3"\n'],
  ['escapes in quotes', true, 'module "example.com/\\x6d\\u006d\\155\\U0000006d"\n'],
  ['bad escape', false, 'module "example.com/\\q"\n'],
  ['surrogate escape', false, 'module "example.com/\\ud800"\n'],
  ['octal escape over 255', false, 'module "example.com/\\777"\n'],
  ['back quotes', false, 'module `example.com/m`\n'],
  ['single quotes', false, "module 'example.com/m'\n"],
  ['quote inside a word', false, 'module example.com/"m"\n'],
  ['unterminated quote', false, 'module "example.com/m\n'],
  [
    'require forms',
    true,
    'require example.com/a v1.0.0\nrequire (\n\n\texample.com/b v1.1.0 // indirect\n\t// note\n\texample.com/c/v2 v2.0.0 // indirect; why\n\texample.com/d v0.1.0 // not indirect\n\texample.com/e v0.1.0 //indirect\n\texample.com/f v0.1.0 // indirect why\n\texample.com/g v2.0.0+incompatible\n)\n',
  ],
  ['empty blocks', true, 'require (\n)\nreplace ()\nexclude ( // c\n\n)\n'],
  ['comment after block', true, 'require ( // a\n\texample.com/a v1.0.0\n) // indirect\n'],
  ['short version is made canonical', true, 'require example.com/a v1.2\n'],
  ['build metadata is dropped', true, 'require example.com/a v1.2.3+meta\n'],
  ['branch instead of a version', false, 'require example.com/a master\n'],
  ['major does not fit', false, 'require example.com/a v2.0.0\n'],
  ['major suffix does not fit', false, 'require example.com/a/v3 v2.0.0\n'],
  ['v1 as a suffix', false, 'require example.com/a/v1 v1.0.0\n'],
  [
    'gopkg.in',
    true,
    'require gopkg.in/yaml.v3 v3.0.1\nrequire gopkg.in/check.v1 v0.0.0-20161208181325-20d25e280405\nrequire gopkg.in/x.v2-unstable v2.0.0\n',
  ],
  ['gopkg.in without a version', false, 'require gopkg.in/yaml v3.0.1\n'],
  ['missing version', false, 'require example.com/a\n'],
  ['too many arguments', false, 'require example.com/a v1.0.0 v1.1.0\n'],
  ['exclude', true, 'exclude example.com/a v1.0.0\nexclude (\n\texample.com/b v1.1.0\n)\n'],
  [
    'replace forms',
    true,
    'replace example.com/a => ../a\nreplace example.com/b v1.0.0 => example.com/c v1.2.0\nreplace (\n\texample.com/d => example.com/e/v2 v2.0.0 // c\n\texample.com/f v1.0.0 => /abs/f\n\texample.com/g => "./with space"\n\texample.com/h => C:/x\n)\n',
  ],
  ['replace by a path without a version', false, 'replace example.com/a => example.com/b\n'],
  ['replace by path@version', false, 'replace example.com/a => example.com/b@v1.0.0\n'],
  ['replace by a directory with a version', false, 'replace example.com/a => ../b v1.0.0\n'],
  ['replace without an arrow', false, 'replace example.com/a example.com/b v1.0.0\n'],
  ['replace with a backslash', false, 'replace example.com/a => ..\\\\b\n'],
  [
    'retract forms',
    true,
    'module example.com/m\nretract v1.0.0 // oops\nretract [v1.1.0, v1.2.0]\nretract (\n\tv1.3.0\n\t[ v1.4.0 , v1.5.0 ]\n)\n',
  ],
  ['retract without its end', false, 'module example.com/m\nretract [v1.0.0, v1.1.0\n'],
  ['retract with more', false, 'module example.com/m\nretract v1.0.0 v1.1.0\n'],
  ['retract without a comma', false, 'module example.com/m\nretract [v1.0.0 v1.1.0]\n'],
  ['tool', true, 'tool example.com/a/cmd\ntool (\n\texample.com/b\n\t"example.com/c"\n)\n'],
  ['ignore', true, 'ignore ./node_modules\nignore (\n\tstatic\n)\n'],
  ['godebug', true, 'godebug default=go1.21\ngodebug (\n\tpanicnil=1\n\tasynctimerchan=0\n)\n'],
  ['godebug without =', false, 'godebug panicnil\n'],
  ['toolchain', true, 'go 1.21\ntoolchain go1.22.1\n'],
  ['toolchain default', true, 'toolchain default\n'],
  ['toolchain of another kind', false, 'toolchain 1.22\n'],
  ['go with v', false, 'go v1.22\n'],
  ['go with leading zero', false, 'go 1.022\n'],
  ['go release candidate', true, 'go 1.22rc1\n'],
  ['go twice', false, 'go 1.20\ngo 1.21\n'],
  ['go in a block', false, 'go (\n\t1.20\n)\n'],
  ['module twice', false, 'module a\nmodule b\n'],
  ['unknown directive', false, 'requires example.com/a v1.0.0\n'],
  ['unknown block', false, 'foo (\n\tbar\n)\n'],
  ['block with two words', false, 'require example.com/a (\n\tv1.0.0\n)\n'],
  ['parenthesis in a line', false, 'require ( example.com/a v1.0.0 )\n'],
  ['unterminated block', false, 'require (\n\texample.com/a v1.0.0\n'],
  ['text after a block', false, 'require (\n\texample.com/a v1.0.0\n) x\n'],
  ['closing parenthesis alone', false, ')\n'],
  ['block comment', false, '/* c */\nmodule example.com/m\n'],
  ['block comment in a word', false, 'module example.com/*c*/m\n'],
  ['comment in a word', true, 'module example.com//m\n'],
  ['control character', false, 'module example.com/\x01m\n'],
  ['no-break space', false, 'module example.com/m\u00A0\n'],
  ['form feed', false, 'module\fexample.com/m\n'],
  [
    'other scripts',
    true,
    'replace example.com/a => "./\u00FCber"\nreplace example.com/b => ./\u4E16\u754C\n',
  ],
  ['braces', false, 'require { example.com/a v1.0.0 }\n'],
  ['duplicate requirements', true, 'require example.com/a v1.0.0\nrequire example.com/a v1.1.0\n'],
  ['a path that is checked later', true, 'require -bad v1.0.0\n'],
];

const GO_WORKS: readonly (readonly [name: string, accepted: boolean, text: string])[] = [
  ['empty', true, ''],
  ['use forms', true, 'go 1.22\n\nuse .\nuse (\n\t./a // c\n\t"./with space"\n\t/abs\n\t../b\n)\n'],
  [
    'all directives',
    true,
    'go 1.23.0\ntoolchain go1.24.1\ngodebug default=go1.21\nuse ./a\nreplace example.com/a => ../a\nreplace example.com/b v1.0.0 => example.com/c v1.1.0\n',
  ],
  ['CRLF', true, 'go 1.22\r\nuse (\r\n\t./a\r\n)\r\n'],
  ['require is not for go.work', false, 'require example.com/a v1.0.0\n'],
  ['require block', false, 'require (\n\texample.com/a v1.0.0\n)\n'],
  ['use with two arguments', false, 'use ./a ./b\n'],
  ['go with words', false, 'go latest\n'],
  ['use in back quotes', false, 'use `./a`\n'],
];

interface GoJson {
  readonly [key: string]: unknown;
}

function modAsGo(file: GoModFile): GoJson {
  return {
    Module: { Path: file.module ?? '' },
    ...(file.go === undefined ? {} : { Go: file.go }),
    ...(file.toolchain === undefined ? {} : { Toolchain: file.toolchain }),
    Require: file.require.map(({ path: Path, version: Version, indirect }) => ({
      Path,
      Version,
      ...(indirect ? { Indirect: true } : {}),
    })),
    Exclude: file.exclude.map(({ path: Path, version: Version }) => ({ Path, Version })),
    Replace: file.replace.map(replacementAsGo),
    Retract: file.retract.map(({ low: Low, high: High }) => ({ Low, High })),
    Tool: file.tool.map(({ path: Path }) => ({ Path })),
    Ignore: file.ignore.map(({ path: Path }) => ({ Path })),
  };
}

function replacementAsGo({ old, new: target }: Replacement): GoJson {
  return {
    Old: { Path: old.path, ...(old.version === undefined ? {} : { Version: old.version }) },
    New:
      target.kind === 'directory'
        ? { Path: target.directory }
        : { Path: target.path, Version: target.version },
  };
}

function workAsGo(file: GoWorkFile): GoJson {
  return {
    ...(file.go === undefined ? {} : { Go: file.go }),
    Use: file.use.map(({ path: DiskPath }) => ({ DiskPath })),
    Replace: file.replace.map(replacementAsGo),
  };
}

/** Go's JSON tells neither godebug lines nor the toolchain of a go.work: the unit tests do. Lists that are null in it are empty; what the product does not read is left out. */
function comparable(json: GoJson, like: GoJson): GoJson {
  const lists = Object.keys(like).filter((key) => Array.isArray(like[key]));
  const known = Object.fromEntries(Object.entries(json).filter(([key]) => key in like || key === 'Go'));
  for (const key of lists) known[key] ??= [];
  if (Array.isArray(known['Retract'])) {
    known['Retract'] = known['Retract'].map(({ Low, High }) => ({ Low, High }));
  }
  return known;
}

async function readWithGo(temp: TempDir, command: 'mod' | 'work', text: string) {
  await writeFile(temp.join(`go.${command}`), text);
  return await runGo([command, 'edit', '-json'], { cwd: temp.path, env: goEnvironment(temp.path) });
}

withGo('beside the go command', () => {
  test.each(known(GO_MODS))('go.mod: %s', async (_, accepted, text) => {
    await using temp = await makeTempDir();
    const go = await readWithGo(temp, 'mod', text);
    const ours = parseGoMod('go.mod', text);
    expect({ accepted: go.code === 0, stderr: go.stderr }).toMatchObject({ accepted });
    expect(ours.problems.length === 0).toBe(accepted);
    if (accepted) expect(modAsGo(ours)).toEqual(comparable(JSON.parse(go.stdout), modAsGo(ours)));
    else {
      // Go names the line as well: the first of them is ours.
      const lines = [...go.stderr.matchAll(/go\.mod:(\d+)/g)].map((match) => Number(match[1]));
      expect(lines).toContain(ours.problems[0]?.line);
    }
  });

  test.each(known(GO_WORKS))('go.work: %s', async (_, accepted, text) => {
    await using temp = await makeTempDir();
    const go = await readWithGo(temp, 'work', text);
    const ours = parseGoWork('go.work', text);
    expect({ accepted: go.code === 0, stderr: go.stderr }).toMatchObject({ accepted });
    expect(ours.problems.length === 0).toBe(accepted);
    if (accepted) expect(workAsGo(ours)).toEqual(comparable(JSON.parse(go.stdout), workAsGo(ours)));
  });

  test('requirements and replacements of a go.mod are those of go list -m', async () => {
    await using temp = await makeTempDir();
    const text =
      'module example.com/m\ngo 1.22\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.1.0 // indirect\n)\nreplace (\n\texample.com/a => ./a\n\texample.com/b v1.1.0 => ./b\n)\n';
    await writeFile(temp.join('go.mod'), text);
    for (const name of ['a', 'b']) {
      await mkdir(temp.join(name));
      await writeFile(temp.join(name, 'go.mod'), `module example.com/${name}\ngo 1.22\n`);
    }
    const go = await runGo(['list', '-m', '-json', 'all'], { cwd: temp.path, env: goEnvironment(temp.path) });
    const listed: { Path: string; Version?: string; Indirect?: boolean; Replace?: { Path: string } }[] =
      JSON.parse(`[${go.stdout.replaceAll('}\n{', '},\n{')}]`);
    const ours = parseGoMod('go.mod', text);
    expect(ours.module).toBe(listed[0]?.Path);
    expect(ours.require.map(({ path: p, version, indirect }) => ({ p, version, indirect }))).toEqual(
      listed.slice(1).map((m) => ({ p: m.Path, version: m.Version, indirect: m.Indirect ?? false })),
    );
    const directories = new Map(ours.replace.map(({ old, new: target }) => [old.path, target]));
    for (const { Path, Replace } of listed.slice(1)) {
      expect(directories.get(Path)).toEqual({ kind: 'directory', directory: Replace?.Path });
    }
  });
});
