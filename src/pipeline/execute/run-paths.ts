import { join } from 'node:path';

/** A task id as a file name: `verify[set=lfw]` stays readable, what a file system could trip over does not. */
export function taskFileName(task: string): string {
  return task.replaceAll(/[^\p{L}\p{N}._=,@[\]-]/gu, '_');
}

export function logFileOf(runFolder: string, task: string): string {
  return join(runFolder, 'logs', `${taskFileName(task)}.log`);
}

/** The link in a run's folder that leads to the outputs of a task in the cache. */
export function outputsLinkOf(runFolder: string, task: string): string {
  return join(runFolder, 'outputs', taskFileName(task));
}

/** Where outputs that must not be cached are kept for inspection. */
export function keptOutputsOf(runFolder: string, task: string): string {
  return join(runFolder, 'kept', taskFileName(task));
}
