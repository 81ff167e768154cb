const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } }],
  },
};

export default {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/tests/unit/**/*.test.ts'] },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['<rootDir>/tests/{integration,replay,e2e}/**/*.test.ts'],
      globalSetup: '<rootDir>/tests/helpers/global-setup.ts',
      globalTeardown: '<rootDir>/tests/helpers/global-teardown.ts',
    },
  ],
  coverageProvider: 'v8',
  collectCoverageFrom: ['{activities,api,config,db,devices,domain,media,messaging,tiktok,workers,workflows}/**/*.ts', '!**/*.d.ts'],
  // sandbox/ and scripts/ are left out; what runs only in processes of its own (workers/, api/main.ts) counts as not covered.
  coverageThreshold: { global: { lines: 85 } },
  coverageReporters: ['text-summary', 'lcov', 'json-summary'],
  testTimeout: 60_000,
  maxWorkers: 2,
  // A worker that has run a hundred suites holds gigabytes, and each further one takes seconds.
  workerIdleMemoryLimit: '1200MB',
};
