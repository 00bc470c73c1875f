import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/closing-line.ts';

/** Comparisons with other programs: `npm run test:peers`. They bring Python packages into the user's cache folder. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ['default', new ClosingLine()],
    maxWorkers: 2,
  },
});
