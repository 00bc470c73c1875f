import { paintWith, type Paint } from '../../core/text/paint.ts';
import { examine, type Finding } from '../examine.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';
import { showsColour } from '../shows-colour.ts';

export const command: FlowCommand = {
  declare(command) {
    command.option('--json', 'the findings as JSON').option('--workspace <folder>', 'the workspace to look at');
  },
  run({ options }, surroundings) {
    const asked: unknown = options['workspace'];
    const findings = examine(surroundings, typeof asked === 'string' ? asked : undefined);
    const paint = paintWith(showsColour(surroundings.stdout, surroundings.environment));
    const text = options['json'] === true ? JSON.stringify(findings, null, 2) : findingsText(findings, paint);
    surroundings.stdout.write(`${text}\n`);
    return Promise.resolve(findings.some(({ state }) => state === 'missing') ? exitCode.taskFailed : exitCode.done);
  },
};

function findingsText(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const mark = { ok: paint.green('ok     '), limited: paint.yellow('limited'), missing: paint.red('missing') };
  return findings
    .flatMap(({ subject, state, found, mend }) => [
      `${mark[state]}  ${subject.padEnd(width)}  ${found}`,
      ...(mend === undefined ? [] : [`${' '.repeat(width + 11)}${mend}`]),
    ])
    .join('\n');
}
