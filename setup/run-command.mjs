import { spawn } from 'node:child_process';

/**
 * @typedef {object} CommandResult
 * @property {number | null} code exit code; null where the command could not be started or was killed
 * @property {string} output standard output and standard error, as they came
 */

/**
 * Runs a command to its end without a shell. A command that does not exist is a result like any other.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number }} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, { cwd, env, timeoutMs = 60_000 } = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
    child.on('error', (error) => {
      resolve({ code: null, output: `${output}${error.message}\n` });
    });
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}
