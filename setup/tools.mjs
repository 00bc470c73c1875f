import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Finds the programs that set-up runs, and names all that are missing at once, before anything is downloaded.
 *
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<{ python: string }>}
 */
export async function findTools(environment) {
  const python = await firstThatRuns([environment['PYTHON'], 'python3', 'python'], ['-m', 'pip', '--version']);
  const compiler = await firstThatRuns([environment['CXX'], 'c++', 'g++', 'clang++'], ['--version']);
  const make = await firstThatRuns([environment['MAKE'], 'make', 'gmake'], ['--version']);
  const missing = [
    ...(python === undefined ? ['Python 3 with pip'] : []),
    ...(compiler === undefined ? ['a C++ compiler'] : []),
    ...(make === undefined ? ['make'] : []),
  ];
  if (python === undefined || missing.length > 0) {
    throw new SetupFailure(
      `${missing.join(' and ')} ${missing.length === 1 ? 'was' : 'were'} not found`,
      'install it (Debian, Ubuntu: apt install python3-pip g++ make), then npm run setup',
    );
  }
  return { python };
}

/**
 * @param {readonly (string | undefined)[]} commands
 * @param {readonly string[]} args
 */
async function firstThatRuns(commands, args) {
  for (const command of commands) {
    if (command === undefined || command === '') continue;
    if ((await runCommand(command, args)).code === 0) return command;
  }
  return undefined;
}
