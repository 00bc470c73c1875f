import type { PathBinding, TaskSpec } from '../experiment/experiment.ts';
import type { InputDigests } from './key-document.ts';

/** Content digests of what a task reads from outside of the experiment, by path as written there. */
export type ExternalContents = Readonly<Record<string, string>>;

/** The inputs of a task that no other task gives, each with its port and its place in the port. */
export function externalInputsOf({ inputs }: TaskSpec): ExternalInput[] {
  return Object.entries(inputs).flatMap(([port, bindings]) =>
    bindings.flatMap((binding, index) => (binding.type === 'path' ? [{ port, index, binding }] : [])),
  );
}

export interface ExternalInput {
  readonly port: string;
  readonly index: number;
  readonly binding: PathBinding;
}

/** What a task read from outside, as its key document says; undefined where it reads nothing from there. */
export function externalContents(task: TaskSpec, digests: InputDigests): ExternalContents | undefined {
  const contents = externalInputsOf(task).map(({ port, index, binding }) => [
    binding.written,
    digests[port]?.[index] ?? '',
  ]);
  return contents.length === 0 ? undefined : (Object.fromEntries(contents) as ExternalContents);
}
