/** Packages that ship ES modules only and that CommonJS packages require: jest's require() cannot load them as they are. */
const REQUIRED_ESM_ONLY = ['content-disposition', 'cookie', 'mime', 'file-type'];

const swc = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  sourceMaps: 'inline',
};

/** @type {import('jest').Config} */
export default {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^#libs/([a-z0-9-]+)$': '<rootDir>/libs/$1/index.ts',
    '^#apps/(.*)\\.js$': '<rootDir>/apps/$1.ts',
    '^(\\.{1,2}/.*)(?<!\\.json)\\.js$': '$1',
  },
  transform: {
    '\\.ts$': ['@swc/jest', { ...swc, module: { type: 'nodenext' } }],
    [`node_modules/(${REQUIRED_ESM_ONLY.join('|')})/.*\\.js$`]: [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'ecmascript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`node_modules/(?!(${REQUIRED_ESM_ONLY.join('|')})/)`],
  testMatch: ['<rootDir>/libs/**/*.spec.ts', '<rootDir>/apps/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  // Those take minutes: npm run test:faults.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '<rootDir>/test/faults/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globalSetup: '<rootDir>/test/harness/global-setup.ts',
  globalTeardown: '<rootDir>/test/harness/global-teardown.ts',
  // In-band, which jest chooses on two cores, the modules of all files would pile up in one process.
  maxWorkers: 2,
  workerIdleMemoryLimit: '768MB',
  // What hangs is found late; what is slow on a busy machine is not taken for it.
  testTimeout: 120_000,
  collectCoverageFrom: ['libs/**/*.ts', '!libs/**/*.spec.ts', '!libs/**/index.ts'],
  coverageThreshold: { global: { lines: 90 } },
};
