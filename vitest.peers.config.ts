import { defineConfig } from 'vitest/config';

/** Comparisons with other programs: `npm run test:peers`. They bring Python packages into the user's cache folder. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
  },
});
