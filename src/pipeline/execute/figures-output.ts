import { existsSync, readFileSync, statSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { parseFiguresFile, type FiguresFile } from '../../stage-api/figures-file.ts';
import type { StageEvent } from '../../stage-api/stage.ts';
import { failures } from './failures.ts';

/** A larger file does not hold figures. */
const maxBytes = 1 << 28;

/** What an output of the kind `figures` holds, as the events that a stage would have emitted. One that is missing is told when it is stored. */
export function eventsOfFigures(port: string, path: string): StageEvent[] {
  if (!existsSync(path)) return [];
  const { figures, curves } = readFigures(port, path);
  return [
    ...curves.flatMap(({ name, points }) =>
      points.map(([step, value]): StageEvent => ({ type: 'metric', name, value, step })),
    ),
    ...figures.map(({ name, value }): StageEvent => ({ type: 'metric', name, value })),
  ];
}

function readFigures(port: string, path: string): FiguresFile {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > maxBytes)
    return fail(failures.figuresInvalid({ port, problem: 'expected a file of JSON' }));
  try {
    return parseFiguresFile(readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error) || 'syscall' in error) throw error;
    return fail(failures.figuresInvalid({ port, problem: error.message }), error);
  }
}
