import type { EnvironmentFacts } from '../../src/diagnosis/environment-findings.ts';
import { fallbackValues, originOf } from '../../src/go/go-env.ts';
import { parseGoMod } from '../../src/go/go-mod.ts';
import type { MainUnit } from '../../src/go/project.ts';

/** What a test says of an environment; nothing else is set. */
export interface EnvironmentSource {
  readonly env?: Readonly<Record<string, string>>;
  /** What `go env -w` wrote. */
  readonly written?: Readonly<Record<string, string>>;
  /** What the distribution of go has for a default, beside what Go itself has. */
  readonly goroot?: Readonly<Record<string, string>>;
  readonly rest?: Partial<EnvironmentFacts>;
}

/** Returns facts with the values and origins that the product's own reading of these layers gives. */
export function environmentFacts({
  env = {},
  written = {},
  goroot = {},
  rest,
}: EnvironmentSource): EnvironmentFacts {
  const layers = { env, envFile: new Map(Object.entries(written)), platform: 'linux' } as const;
  const values = fallbackValues({ ...layers, envFile: new Map(Object.entries({ ...goroot, ...written })) });
  const origin: EnvironmentFacts['goEnv']['origin'] = (name) => originOf(name, { ...layers, values });
  return {
    goEnv: { values, envFile: layers.envFile, origin, isSet: (name) => origin(name) !== 'default' },
    env,
    platform: 'linux',
    project: { root: '/w', units: [] },
    toolchains: [],
    exported: new Set(),
    ...rest,
  };
}

/** Returns a module at the root that requires example.com/x v1.0.0. */
export function moduleUnit(modulesTxt?: string, goVersion = '1.21'): MainUnit {
  const text = `module example.com/m\n\ngo ${goVersion}\n\nrequire example.com/x v1.0.0\n`;
  const module = { directory: '.', mod: parseGoMod('go.mod', text) };
  return { kind: 'module', module, ...(modulesTxt === undefined ? {} : { vendor: { modulesTxt } }) };
}

/** vendor/modules.txt that fits to {@link moduleUnit}. */
export const FITTING = '# example.com/x v1.0.0\n## explicit; go 1.21\nexample.com/x\n';
/** One that does not. */
export const DRIFTED = '# example.com/x v1.0.1\n## explicit; go 1.21\nexample.com/x\n';

/** Environments that have every finding of findingsOfEnvironment between them. */
export const EVERY_ENVIRONMENT: readonly EnvironmentSource[] = [
  { env: { GOPROXY: 'Direct,http://u:p@a.test,https://gocenter.io,https://goproxy.cn/x,off,word' } },
  { env: { GOPROXY: 'off' }, rest: { toolchains: [wantedToolchain()] } },
  { goroot: { GOPROXY: 'direct' } },
  { env: { GO111MODULE: 'ON', GOFLAGS: 'x', GOSUMDB: 'OFF', GONOSUMCHECK: '1', HTTPS_PROXY: 'http://' } },
  { env: { GO111MODULE: 'off', GOSUMDB: 'off', GOPRIVATE: '*,a b' }, written: { GOSUMDB: 'x' } },
  { rest: { project: { root: '/w', units: [moduleUnit(DRIFTED)] } } },
];

function wantedToolchain(): EnvironmentFacts['toolchains'][number] {
  const because = { kind: 'go line', file: 'go.mod', value: '1.99.0' } as const;
  return { choice: { kind: 'download', toolchain: 'go1.99.0', version: 'v0.0.1-go1.99.0.x-y', because } };
}
