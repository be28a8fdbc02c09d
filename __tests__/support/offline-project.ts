import type { ModuleSource } from './modules.ts';

/** A go command of a project, run in a directory relative to it; default the project's own. */
export interface GoCommand {
  readonly args: readonly string[];
  readonly in?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A regular expression that standard output must match. */
  readonly prints?: RegExp;
}

/** A project whose module downloads are prefetched, and what the go command must then do without a network. */
export interface OfflineProject {
  readonly name: string;
  /** What the proxy has. */
  readonly modules: readonly ModuleSource[];
  /** The project, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Commands that make the sums (and a vendor directory) with the proxy; default `go mod tidy`. */
  readonly prepare?: readonly GoCommand[];
  /** Other content, or undefined to remove it, once the sums are made; `read` returns what a file holds then. */
  readonly afterwards?: (read: (file: string) => string) => Readonly<Record<string, string | undefined>>;
  /** Environment of the step and of the commands. */
  readonly env?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Where build, vet, test and verify run; default the project's own directory; an empty list: only `commands`. */
  readonly buildIn?: readonly string[];
  /** Whether `go mod download` works too; not for all projects (docs/offline.md). */
  readonly downloads?: boolean;
  /** More commands that must work. */
  readonly commands?: readonly GoCommand[];
  /** Commands that need what is not prefetched, and must fail: otherwise the project shows less than it says. */
  readonly failing?: readonly GoCommand[];
  /** The zips that are fetched, as `path@version`, sorted. */
  readonly zips: readonly string[];
}

export const TIDY: readonly GoCommand[] = [{ args: ['mod', 'tidy'] }];

/** What `prepare` is when a project does not say. */
export function preparationOf({ prepare = TIDY }: OfflineProject): readonly GoCommand[] {
  return prepare;
}

/** Options of library. */
interface LibraryOptions extends Partial<ModuleSource> {
  /** Packages that the root package imports. */
  readonly imports?: readonly string[];
  /** Packages that its test imports. */
  readonly testImports?: readonly string[];
  /** Import paths of packages that it has besides, relative to the module. */
  readonly packages?: readonly string[];
}

/**
 * A module whose packages say their version, so that a test of the project can tell what was built. Of go 1.16 unless
 * the options say otherwise: go raises the go line of a main module to the highest of its dependencies.
 */
export function library(name: string, options: LibraryOptions = {}): ModuleSource {
  const { imports = [], testImports, packages = [], files = {}, ...source } = options;
  const [path = '', version = ''] = name.split('@');
  const made: Record<string, string> = { 'package.go': libraryText(version, imports) };
  for (const one of packages) made[`${one}/package.go`] = libraryText(version, []);
  if (testImports !== undefined) {
    made['package_test.go'] =
      `package lib\n\n${importText(['testing', ...testImports], '_')}\nfunc Test(*testing.T) {}\n`.replace(
        '\t_ "testing"',
        '\t"testing"',
      );
  }
  return { path, version, goVersion: '1.16', ...source, files: { ...made, ...files } };
}

export function libraryText(version: string, imports: readonly string[]): string {
  return `package lib\n\n${importText(imports, '_')}\n// Version is that of the module.\nconst Version = "${version}"\n`;
}

export function importText(imports: readonly string[], name: string): string {
  const lines = imports.map((one) => `\t${name} "${one}"\n`).join('');
  return imports.length === 0 ? '' : `import (\n${lines})\n`;
}

/** `path@version` of a requirement. */
export function requirements(...names: readonly string[]) {
  return names.map((name) => {
    const [path = '', version = ''] = name.split('@');
    return { path, version };
  });
}

/** Go files of a package `app` that imports packages, and of a test that wants them at versions. */
export function app(
  built: Readonly<Record<string, string>>,
  options: { readonly onlyTested?: Readonly<Record<string, string>>; readonly directory?: string } = {},
): Record<string, string> {
  const prefix = options.directory === undefined ? '' : `${options.directory}/`;
  const tested = Object.entries({ ...built, ...options.onlyTested });
  const imports = tested.map(([path], index) => `\tlib${index} "${path}"\n`).join('');
  const checks = tested
    .map(([path, version], index) => `\t\t{"${path}", lib${index}.Version, "${version}"},\n`)
    .join('');
  return {
    [`${prefix}app.go`]: `package app\n\n${importText(Object.keys(built), '_')}`,
    [`${prefix}app_test.go`]: `package app\n\nimport (\n\t"testing"\n\n${imports})\n
func TestVersions(t *testing.T) {
	for _, one := range []struct{ path, got, want string }{
${checks}	} {
		if one.got != one.want {
			t.Errorf("%s is %s, not %s", one.path, one.got, one.want)
		}
	}
}
`,
  };
}

export function goMod(goVersion: string, rest = '', module = 'example.com/app'): string {
  const goLine = goVersion === '' ? '' : `go ${goVersion}\n\n`;
  return `module ${module}\n\n${goLine}${rest}`;
}

export function requireText(...names: readonly string[]): string {
  return `require (\n${names.map((name) => `\t${name.replace('@', ' ')}\n`).join('')})\n`;
}
