import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends the output with one plain line, `12 passed, 0 failed`, that any reader of logs understands. For a caller of several
 * runs it adds the two numbers to the file that FLOW_TEST_COUNTS names, and what failed, with the first lines of its error,
 * to the one that FLOW_TEST_FAILURES names: there it is read at the end, however much is printed in between.
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
    const failures = process.env['FLOW_TEST_FAILURES'];
    if (failures !== undefined) appendFileSync(failures, failed === 0 ? '' : told(modules, errors));
  }
}

/** Failed tests by file and name, files that could not be loaded, and errors outside of all tests. */
function told(modules: readonly TestModule[], errors: readonly unknown[]): string {
  const lines: string[] = [];
  const add = (where: string, found: readonly unknown[]): void => {
    const text = found
      .map((error) => (error instanceof Object && 'message' in error ? String(error.message) : String(error)))
      .join('\n');
    lines.push(
      `FAILED ${where}`,
      ...text
        .split('\n')
        .slice(0, 30)
        .map((line) => `    ${line}`),
    );
  };
  for (const module of modules) {
    if (module.errors().length > 0) add(module.moduleId, module.errors());
    for (const test of module.children.allTests('failed'))
      add(`${module.moduleId} > ${test.fullName}`, test.result().errors ?? []);
  }
  if (errors.length > 0) add('outside of all tests', errors);
  return `${lines.join('\n')}\n`;
}
