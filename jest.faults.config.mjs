import everyday from './jest.config.mjs';

/**
 * The fault tests that take minutes: processes killed, databases restarted.
 * @type {import('jest').Config}
 */
export default {
  ...everyday,
  testMatch: ['<rootDir>/test/faults/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
};
