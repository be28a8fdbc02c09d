import type { WantedToolchain } from '../../src/go/toolchain-choice.ts';
import { DRIFTED, type EnvironmentSource, moduleUnit } from './environment.ts';

const TOOLCHAIN: WantedToolchain = {
  kind: 'download',
  toolchain: 'go1.99.0',
  version: 'v0.0.1-go1.99.0.linux-amd64',
  because: { kind: 'go line', file: 'go.mod', value: '1.99.0' },
};

/** By id, an environment that has the mistake. */
export const ENVIRONMENT_EXAMPLES: Readonly<Record<string, EnvironmentSource>> = {
  'goproxy-syntax': { env: { GOPROXY: 'https://proxy.example;Direct' } },
  'goproxy-insecure-credentials': { env: { GOPROXY: 'http://user:password@proxy.example,direct' } },
  'goproxy-off': { env: { GOPROXY: 'off' } },
  'goproxy-ignored': { env: { GOPROXY: 'direct,https://proxy.example' } },
  'goproxy-direct': { goroot: { GOPROXY: 'direct' } },
  'goproxy-known-dead': { env: { GOPROXY: 'https://gocenter.io,direct' } },
  'goproxy-wrong-path': { env: { GOPROXY: 'https://proxy.golang.org/mod,direct' } },
  'go-env-hidden': {
    env: { GOPROXY: 'https://proxy.example' },
    written: { GOPROXY: 'https://mirror.example,direct' },
  },
  'go-env-unread': { env: { GONOSUMCHECK: '1' } },
  'go111module-off': {
    env: { GO111MODULE: 'off' },
    rest: { project: { root: '/w', units: [moduleUnit()] } },
  },
  'go111module-setting': { env: { GO111MODULE: 'true' } },
  'goflags-setting': { env: { GOFLAGS: 'mod=mod' } },
  'sumdb-off': { env: { GOSUMDB: 'off' } },
  'sumdb-setting': { env: { GOSUMDB: 'sum.proxy.example' } },
  'goprivate-pattern': { env: { GOPRIVATE: 'https://git.example/team' } },
  'goprivate-everything': { env: { GOPRIVATE: '*' } },
  'http-proxy-setting': { env: { HTTPS_PROXY: '"http://http-proxy.example:3128"' } },
  'vendor-drift': { rest: { project: { root: '/w', units: [moduleUnit(DRIFTED)] } } },
  'toolchain-unavailable': {
    env: { GOPROXY: 'off' },
    rest: { toolchains: [{ choice: TOOLCHAIN }] },
  },
};
