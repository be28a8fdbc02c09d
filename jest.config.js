// Three projects, so that each can run alone: unit (tables, no I/O), integration (real servers, real go),
// e2e (the committed bundle, run as the runner runs it).
const project = (displayName, testTimeout) => ({
  displayName,
  testEnvironment: 'node',
  roots: [`<rootDir>/__tests__/${displayName}`],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  // tsc rewrites './x.ts' to './x.js' on emit; the sources stay TypeScript here.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  transform: {
    '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }],
  },
  testTimeout,
});

export default {
  projects: [project('unit', 10_000), project('integration', 60_000), project('e2e', 120_000)].map(
    // jest 30 takes testTimeout only at the top level; setup gives each project its own.
    ({ testTimeout, ...rest }) => ({ ...rest, globals: { TEST_TIMEOUT_MS: testTimeout } }),
  ),
  testTimeout: 120_000,
  // One less than the cores is the default: the tests wait more than they work, and two cores would be one worker.
  maxWorkers: '100%',
};
