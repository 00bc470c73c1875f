import type { Command } from 'commander';
import type { Call, ProcessContext } from './flow-command.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** Declares `--workspace` and `--json`, which every command that only looks at what is there has. */
export function declareWorkspaceOptions(command: Command): void {
  command
    .option('--workspace <folder>', 'the folder that holds runs/ (default: here)')
    .option('--json', 'print JSON', false);
}

/** Opens the workspace of a call, hands it over, and closes it however that ends. */
export async function inWorkspace<T>(
  call: Call,
  surroundings: ProcessContext,
  act: (workspace: Workspace) => T | Promise<T>,
): Promise<T> {
  const workspace = openWorkspace(surroundings, call.options['workspace'] as string | undefined);
  try {
    return await act(workspace);
  } finally {
    workspace.close();
  }
}

/** Prints one answer: as JSON where that was asked for, and as text otherwise. */
export function answer(
  call: Call,
  surroundings: ProcessContext,
  { json, text }: { json: unknown; text: string },
): void {
  surroundings.stdout.write(`${call.options['json'] === true ? JSON.stringify(json, null, 2) : text}\n`);
}
