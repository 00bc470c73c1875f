import type { Reporter } from '../pipeline/console/reporter.ts';
import { chooseReporter } from '../pipeline/console/choose-reporter.ts';
import type { ProcessContext } from './flow-command.ts';
import { showsColour } from './shows-colour.ts';

/** The reader of a run's events that shows them to whoever called. */
export function openReporter(json: boolean, workspace: string, surroundings: ProcessContext): Reporter {
  const { stdout, stderr, environment } = surroundings;
  return chooseReporter({
    json,
    isTerminal: stdout.isTTY && environment['TERM'] !== 'dumb' && isUnset(environment['CI']),
    colour: showsColour(stdout, environment),
    stdout,
    stderr,
    workspace,
  });
}

function isUnset(value: string | undefined): boolean {
  return value === undefined || value === '' || value === 'false';
}
