import { readEntry } from '../../pipeline/cache/cache-entry.ts';
import { factsOf, findRun } from '../../pipeline/record/find-run.ts';
import { executionOf, tasksOf } from '../../pipeline/record/past-runs.ts';
import { artifactsOf, curvesOf, figuresOf } from '../../pipeline/record/run-details.ts';
import { labelsOf, type RowSource, type SourceTask, type TaskResult } from '../../pipeline/table/source-task.ts';
import type { Workspace } from '../workspace.ts';

/** A run of the record as what a row of a table draws on: nothing is run. Fails for a run that is not recorded. */
export function recordedSource(workspace: Workspace, written: string): RowSource {
  const { database, cache } = workspace;
  const run = findRun(database, written);
  const { experiment } = factsOf(database, run);
  const figures = figuresOf(database, run);
  const artifacts = artifactsOf(database, run);
  const needs = new Map(
    experiment.tasks.map(({ id, inputs }) => [
      id,
      Object.values(inputs)
        .flat()
        .flatMap((input) =>
          experiment.tasks.filter((other) => input.startsWith(`${other.id}:`)).map((other) => other.id),
        ),
    ]),
  );
  const nameOf = (id: string): string => `${written}: ${id}`;
  const tasks = tasksOf(database, run).map(({ task, stage, key, outcome }): SourceTask => {
    const own = artifacts.filter((artifact) => artifact.task === task);
    const ownFigures = figures.filter((figure) => figure.task === task);
    const isThere = key !== null && (outcome === 'done' || outcome === 'cached');
    const result: TaskResult | undefined = !isThere
      ? undefined
      : {
          key,
          run: executionOf(database, key)?.run ?? run,
          figures: ownFigures,
          outputs: Object.fromEntries(own.map(({ port, digest }) => [port, digest])),
          document: readEntry(cache.entryFolder(key), key)?.keyDocument,
          get curves(): TaskResult['curves'] {
            // Asked later: a run that begins meanwhile opens the database again.
            const execution = executionOf(workspace.database, key);
            return (
              execution && curvesOf(workspace.database, execution.run).filter((each) => each.task === execution.task)
            );
          },
        };
    return {
      ...{ name: nameOf(task), id: task, stage, result },
      labels: labelsOf(task),
      matrix: {},
      upstream: [...upstreamOf(task, needs)].map(nameOf),
      missing: result === undefined ? `not run: ${task} of ${written} ${outcome ?? 'was not reached'}` : '',
    };
  });
  return { owner: `the run ${written}`, tasks };
}

function upstreamOf(task: string, needs: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set(needs.get(task));
  // A set visits what is added while it is walked.
  for (const each of found) for (const next of needs.get(each) ?? []) found.add(next);
  return found;
}
