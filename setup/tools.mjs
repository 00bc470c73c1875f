import { runCommand } from './run-command.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Finds the programs that set-up will run, and names all that are missing at once, before anything is downloaded.
 *
 * @param {{ pip: boolean, compiler: boolean }} needed nothing is asked for that the cache makes unnecessary
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<{ python: string }>}
 */
export async function findTools(needed, environment) {
  const python = await firstThatRuns([environment['PYTHON'], 'python3', 'python'], ['-m', 'pip', '--version']);
  const compiler = await firstThatRuns([environment['CXX'], 'c++', 'g++', 'clang++'], ['--version']);
  const make = await firstThatRuns([environment['MAKE'], 'make', 'gmake'], ['--version']);
  const missing = [
    ...(python === undefined && needed.pip ? ['Python 3 with pip'] : []),
    ...(compiler === undefined && needed.compiler ? ['a C++ compiler'] : []),
    ...(make === undefined && needed.compiler ? ['make'] : []),
  ];
  if (missing.length > 0) {
    throw new SetupFailure(
      `${missing.join(' and ')} ${missing.length === 1 ? 'was' : 'were'} not found`,
      'install what is missing (Debian, Ubuntu: apt install python3-pip g++ make), then npm run setup',
    );
  }
  return { python: python ?? 'python3' };
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
