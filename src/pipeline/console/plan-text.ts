import { counted } from '../../core/human.ts';
import { padText, textWidth } from '../../core/text/terminal-text.ts';
import { versionCommandOf, type Plan, type PlannedTask } from '../plan/plan.ts';
import type { ResultAnnotations } from '../record/result-annotations.ts';
import type { Paint } from '../../core/text/paint.ts';

/** A plan for programs. */
export function planJson({ experiment, tasks }: Plan): object {
  const rows = tasks.map((planned) => ({
    task: planned.task.id,
    stage: planned.task.stage,
    kind: planned.task.kind.manifest.name,
    state: planned.state,
    key: planned.state === 'unknown' ? null : planned.key,
    reasons: planned.state === 'cached' ? [] : planned.reasons,
  }));
  return { experiment: experiment.name, tasks: rows };
}

/**
 * A plan for people: one line per task and, under those that run, one per reason.
 * @param runsNothing whether programs were not asked for their version
 */
export function planText({ tasks }: Plan, paint: Paint, runsNothing: boolean): string {
  const width = Math.max(0, ...tasks.map(({ task }) => textWidth(task.id)));
  const lines = tasks.flatMap((planned) => taskLines(planned, width, paint));
  const count = (state: PlannedTask['state']): number => tasks.filter((planned) => planned.state === state).length;
  const counts = [
    counted(tasks.length, 'task'),
    `${count('cached')} cached`,
    `${count('run')} to run`,
    ...(count('unknown') > 0 ? [`${count('unknown')} to be seen once those have run`] : []),
  ];
  const unasked = runsNothing && tasks.some(({ task }) => versionCommandOf(task) !== undefined);
  const notes = unasked ? ['versions of programs were not asked and count as those of the last run'] : [];
  return [...lines, '', counts.join(', '), ...notes].join('\n');
}

function taskLines(planned: PlannedTask, width: number, paint: Paint): string[] {
  const name = padText(planned.task.id, width);
  switch (planned.state) {
    case 'cached':
      return [paint.dim(`${name}  cached`)];
    case 'run': {
      const [first, ...rest] = planned.reasons.map(({ text }) => text);
      const indent = ' '.repeat(width + '  run      '.length);
      return [`${paint.bold(name)}  ${paint.yellow('run')}      ${first ?? ''}`, ...rest.map((text) => indent + text)];
    }
    case 'unknown':
      return [`${name}  unknown  ${planned.reasons.map(({ text }) => text).join('; ')}`];
  }
}

/** What `flow accept` and `flow repeat` have recorded of a result, a phrase each. */
export function annotationTexts({ accepted, repeated }: ResultAnnotations): string[] {
  return [
    ...(accepted === undefined ? [] : [`accepted on ${accepted.at}: "${accepted.reason}"`]),
    ...(repeated === undefined
      ? []
      : [
          `repeated on ${repeated.at}: ${repeated.identical ? 'identical' : `differs in ${repeated.differing.join(', ')}`}`,
        ]),
  ];
}
