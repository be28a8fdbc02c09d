import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeSourceText, SOURCE_FILE_BYTES, SOURCE_RATIO } from './source-text.ts';
import { writeZip } from './zip-writer.ts';

/** What a synthetic module is made from. */
export interface ModuleSource {
  readonly path: string;
  readonly version: string;
  /** Files by their path inside the module; added to go.mod and a package file unless they name those. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly requires?: readonly { readonly path: string; readonly version: string }[];
  /** The `go` line; default 1.21, '' for none. */
  readonly goVersion?: string;
  /** More text for go.mod, after its requirements. */
  readonly goModEnd?: string;
  /** RFC 3339; default: the time of a pseudo-version, else a fixed time. */
  readonly time?: string;
  /** About this many bytes of zip; default a few hundred. */
  readonly sizeBytes?: number;
  /** About this many bytes unpacked, most of them in files like sources; only with `sizeBytes`, and above it. */
  readonly unpackedBytes?: number;
}

/** A module as a GOPROXY serves it, with the hashes of go.sum, which are computed here and not by the product. */
export interface SyntheticModule {
  readonly source: ModuleSource;
  readonly path: string;
  readonly version: string;
  readonly info: string;
  readonly mod: string;
  readonly zip: Uint8Array<ArrayBuffer>;
  readonly zipHash: string;
  readonly modHash: string;
  /** The zip line and the go.mod line. */
  readonly goSumLines: readonly [string, string];
}

/** Returns the module with its go.mod, info, zip and hashes; the same source gives the same bytes. */
export function makeModule(source: ModuleSource): SyntheticModule {
  const mod = goModText(source);
  const files = new Map<string, Uint8Array>();
  const incompatible = source.version.endsWith('+incompatible');
  if (!incompatible) files.set('go.mod', Buffer.from(mod));
  files.set('package.go', Buffer.from(packageText(source.path)));
  for (const [name, data] of Object.entries(source.files ?? {})) files.set(name, Buffer.from(data));
  addPadding(files, source);
  const prefix = `${source.path}@${source.version}/`;
  const named = [...files].map(([name, data]) => ({ name: prefix + name, data }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const zipHash = h1(named);
  const modHash = h1([{ name: 'go.mod', data: Buffer.from(mod) }]);
  const time = source.time ?? pseudoTime(source.version) ?? '2024-02-03T04:05:06Z';
  return {
    source,
    path: source.path,
    version: source.version,
    info: JSON.stringify({ Version: source.version, Time: time }),
    mod,
    zip: writeZip(named.map((file) => ({ ...file, descriptor: true }))),
    zipHash,
    modHash,
    goSumLines: [
      `${source.path} ${source.version} ${zipHash}`,
      `${source.path} ${source.version}/go.mod ${modHash}`,
    ],
  };
}

/** Returns the same path@version with other content in zip and go.mod: valid, but not what go.sum names. */
export function tamperModule(module: SyntheticModule): SyntheticModule {
  const { source } = module;
  const tampered = makeModule({
    ...source,
    files: { ...source.files, 'tampered.go': `package ${packageName(source.path)}\n\n// Tampered with.\n` },
  });
  const mod = `${module.mod}\n// tampered with\n`;
  return { ...tampered, mod, modHash: h1([{ name: 'go.mod', data: Buffer.from(mod) }]) };
}

/** Options of makeModuleSet. */
export interface ModuleSetOptions {
  /** About this many bytes of zips together; default 20 kB each. */
  readonly totalBytes?: number;
  /** About this many bytes unpacked, together, in many files like sources; default: what noise and a few lines give. */
  readonly unpackedBytes?: number;
  /** Start of each module path; default `example.com`. */
  readonly prefix?: string;
  /** Other seeds give other versions and content. */
  readonly seed?: number;
  readonly goVersion?: string;
}

/** Of these sizes relative to each other are the modules of a set: many small, few large, as in real projects. */
const WEIGHTS = [1, 1, 2, 1, 3, 1, 8, 2, 1, 20] as const;

/**
 * Returns `count` modules of all the shapes that go.sum files hold: upper-case paths, major suffixes,
 * `+incompatible` and pseudo-versions among plain ones. Deterministic in all its arguments.
 */
export function makeModuleSet(count: number, options: ModuleSetOptions = {}): readonly SyntheticModule[] {
  const { prefix = 'example.com', seed = 1, totalBytes = count * 20_000, unpackedBytes } = options;
  const weight = (index: number) => WEIGHTS[index % WEIGHTS.length] ?? 1;
  let weights = 0;
  for (let index = 0; index < count; index++) weights += weight(index);
  const shareOf = (total: number, index: number) => Math.floor((total * weight(index)) / weights);
  return Array.from({ length: count }, (_, index) =>
    makeModule({
      ...shape(index, prefix, seed),
      ...(options.goVersion === undefined ? {} : { goVersion: options.goVersion }),
      ...(unpackedBytes === undefined ? {} : { unpackedBytes: shareOf(unpackedBytes, index) }),
      sizeBytes: shareOf(totalBytes, index),
    }),
  );
}

function shape(index: number, prefix: string, seed: number): { path: string; version: string } {
  const plain = { path: `${prefix}/mod${index}`, version: `v1.${seed}.${index}` };
  switch (index % 10) {
    case 3:
      return { path: `${prefix}/Acme/Mod${index}`, version: plain.version };
    case 5:
      return { ...plain, version: `v2.${seed}.${index}+incompatible` };
    case 7:
      return { ...plain, version: `v0.0.0-20240102030405-${hex(`${seed}/${index}`).slice(0, 12)}` };
    case 8:
      return { path: `${plain.path}/v2`, version: `v2.${seed}.${index}` };
    default:
      return plain;
  }
}

/** What writeProject wrote. */
export interface Project {
  readonly directory: string;
  readonly goMod: string;
  readonly goSum: string;
}

/** Options of writeProject. */
export interface ProjectOptions {
  readonly modules: readonly SyntheticModule[];
  /** Module path of the project; default `example.com/app`. */
  readonly module?: string;
  /** Default 1.21; '' for none. */
  readonly goVersion?: string;
  /** What go.mod requires; default all of `modules`. go.sum always names all of them. */
  readonly requires?: readonly { readonly path: string; readonly version: string }[];
  /** Packages that main.go imports; default the root package of every required module. */
  readonly imports?: readonly string[];
  /** Lines of go.sum instead of the modules' own. */
  readonly goSumLines?: readonly string[];
}

/** Writes go.mod, go.sum and main.go of a program that imports the modules; makes the directory. */
export async function writeProject(directory: string, options: ProjectOptions): Promise<Project> {
  const requires = options.requires ?? options.modules;
  const goMod = goModText({
    path: options.module ?? 'example.com/app',
    requires,
    ...(options.goVersion === undefined ? {} : { goVersion: options.goVersion }),
  });
  const lines = options.goSumLines ?? options.modules.flatMap((module) => module.goSumLines).sort();
  const goSum = lines.map((line) => `${line}\n`).join('');
  const imports = options.imports ?? requires.map((module) => module.path);
  const importLines = imports.map((name) => `\t_ "${name}"\n`).join('');
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'go.mod'), goMod);
  await writeFile(path.join(directory, 'go.sum'), goSum);
  await writeFile(
    path.join(directory, 'main.go'),
    `package main\n\n${imports.length > 0 ? `import (\n${importLines})\n\n` : ''}func main() {}\n`,
  );
  return { directory, goMod, goSum };
}

/** Writes the modules as a tree that `GOPROXY=file://…` reads (also the layout of GOMODCACHE/cache/download). */
export async function writeFileProxy(directory: string, modules: readonly SyntheticModule[]): Promise<void> {
  const lists = new Map<string, string[]>();
  for (const module of modules) {
    const folder = path.join(directory, escapeName(module.path), '@v');
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, escapeName(module.version));
    await writeFile(`${file}.info`, module.info);
    await writeFile(`${file}.mod`, module.mod);
    await writeFile(`${file}.zip`, module.zip);
    lists.set(folder, [...(lists.get(folder) ?? []), module.version]);
  }
  for (const [folder, versions] of lists) {
    await writeFile(path.join(folder, 'list'), versions.map((version) => `${version}\n`).join(''));
  }
}

/** Returns a path or version as a GOPROXY URL spells it: an upper-case letter becomes `!` and the lower-case one. */
export function escapeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

/** Returns the h1 hash of files as go.sum has it: sha256 over the sorted `sha256  name` lines. */
function h1(files: readonly { readonly name: string; readonly data: Uint8Array }[]): string {
  const hash = createHash('sha256');
  for (const { name, data } of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${hex(data)}  ${name}\n`);
  }
  return `h1:${hash.digest('base64')}`;
}

function hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function goModText(
  source: Pick<ModuleSource, 'path' | 'requires' | 'goVersion' | 'goModEnd'> & { version?: string },
): string {
  // What go itself makes up for a repository without go.mod (modfetch/coderepo.go, legacyGoMod).
  if (source.version?.endsWith('+incompatible')) return `module ${source.path}\n`;
  const { goVersion = '1.21', requires = [], goModEnd = '' } = source;
  const goLine = goVersion === '' ? '' : `\ngo ${goVersion}\n`;
  const lines = requires.map(({ path: name, version }) => `\t${name} ${version}\n`).join('');
  return `module ${source.path}\n${goLine}${lines === '' ? '' : `\nrequire (\n${lines})\n`}${goModEnd}`;
}

function packageName(modulePath: string): string {
  const last =
    modulePath
      .replace(/\/v\d+$/, '')
      .split('/')
      .at(-1) ?? 'p';
  return `p${last.toLowerCase().replace(/[^a-z0-9]/g, '')}`;
}

function packageText(modulePath: string): string {
  return `// Package ${packageName(modulePath)} is synthetic.\npackage ${packageName(modulePath)}\n\n// Path is the module's path.\nconst Path = "${modulePath}"\n`;
}

/** Adds noise that does not compress (most of the zip) and text that does, as real modules have both. */
function addPadding(files: Map<string, Uint8Array>, source: ModuleSource): void {
  const size = source.sizeBytes ?? 0;
  if (size < 1000) return;
  if (source.unpackedBytes !== undefined) {
    addSources(files, source, { packed: size, unpacked: source.unpackedBytes });
    return;
  }
  files.set('testdata/noise.bin', makeNoise(source, Math.floor(size * 0.9)));
  const line = `${source.path} is a synthetic module, this line is repeated\n`;
  files.set('testdata/text.txt', Buffer.from(line.repeat(Math.ceil(size / line.length))));
}

/** So much text and so much noise that both sizes come out, by the ratio that deflate gives the text. */
function addSources(
  files: Map<string, Uint8Array>,
  source: ModuleSource,
  { packed, unpacked }: { readonly packed: number; readonly unpacked: number },
): void {
  const textBytes = Math.min(unpacked, Math.max(0, Math.floor((unpacked - packed) / (1 - 1 / SOURCE_RATIO))));
  if (unpacked > textBytes) files.set('testdata/noise.bin', makeNoise(source, unpacked - textBytes));
  const text = makeSourceText(`${source.path}@${source.version}`, textBytes);
  for (let at = 0; at < text.length; at += SOURCE_FILE_BYTES) {
    files.set(`testdata/source${at / SOURCE_FILE_BYTES}.txt`, text.subarray(at, at + SOURCE_FILE_BYTES));
  }
}

function makeNoise(source: ModuleSource, bytes: number): Buffer {
  const key = createHash('sha256').update(`${source.path}@${source.version}`).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(Math.floor(bytes)));
}

function pseudoTime(version: string): string | undefined {
  const match = /[-.](\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-[0-9a-f]{12}$/.exec(version);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}
