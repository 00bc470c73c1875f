import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends the output with one plain line, `12 passed, 0 failed`, that any reader of logs understands, and adds the two numbers
 * to the file that FLOW_TEST_COUNTS names, for a caller of several runs.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    // A file that cannot even be loaded has no tests, and an error outside of all tests belongs to none.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const count = (wanted: string): number => states.filter((state) => state === wanted).length;
    const skipped = count('skipped');
    if (skipped > 0) process.stdout.write(`\n${skipped} skipped; their names say what they need\n`);
    const [passed, failed] = [count('passed'), count('failed') + broken];
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    const file = process.env['FLOW_TEST_COUNTS'];
    if (file !== undefined) appendFileSync(file, `${passed} ${failed}\n`);
  }
}
