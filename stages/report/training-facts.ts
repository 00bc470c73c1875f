import type { Json } from '../../src/core/digest.ts';
import { isJsonObject } from '../../src/core/json-leaves.ts';
import type { Lineage, LineageTask } from '../../src/stage-api/lineage.ts';
import type { Curve, TrainingLog } from '../../src/kit/net/training/training-log.ts';
import { groupedInteger } from '../../src/kit/draw/number-text.ts';

/** What is known of a training besides its curves; each undefined where neither its task nor what it read says so. */
export interface TrainingFacts {
  readonly network: string | undefined;
  readonly loss: string | undefined;
  readonly batch: number | undefined;
  readonly steps: number;
  readonly identities: number | undefined;
  readonly images: number | undefined;
  /** Steps after which the schedule lowers the learning rate. */
  readonly rateSteps: readonly number[];
}

/** Gathers the facts from the parameters of the task that trained and the final figures of the tasks it read from. */
export function trainingFacts(log: TrainingLog, task: LineageTask | undefined, lineage: Lineage): TrainingFacts {
  const params = task?.params ?? {};
  const read = lineage.tasks.filter(({ id }) => task?.needs.includes(id));
  const figure = (name: string): number | undefined =>
    read.flatMap(({ figures }) => figures).find((each) => each.name === name)?.value;
  const lastSteps = log.curves.map(({ points }) => points.at(-1)?.[0] ?? 0);
  return {
    network: nameIn(params['network']),
    loss: nameIn(params['loss']),
    batch: typeof params['batch'] === 'number' ? params['batch'] : undefined,
    steps: Math.max(0, ...lastSteps),
    identities: figure('identities'),
    images: figure('images'),
    rateSteps: numbersIn(params['schedule'], 'steps'),
  };
}

/** A fall of a value between two logged steps, and what it fell to. */
export interface Drop {
  readonly after: number;
  readonly step: number;
  readonly value: number;
}

/** Where a value falls by more than a quarter at once: where the schedule lowered the learning rate. */
export function drops(curve: Curve): readonly Drop[] {
  return curve.points.flatMap(([step, value], index) => {
    const [after, before] = curve.points[index - 1] ?? [0, 0];
    return value < before * 0.75 ? [{ after, step, value }] : [];
  });
}

/** The facts as a sentence, as far as they are known; `name` tells several trainings apart. */
export function trainingSentence(facts: TrainingFacts, name?: string): string {
  const { network, loss, batch, steps, identities, images } = facts;
  const subject = [
    name === undefined ? 'Network' : `${name}: network`,
    ...(network === undefined ? [] : [` ${network}`]),
    ...(loss === undefined ? [] : [` with the loss ${loss}`]),
  ].join('');
  const each = batch === undefined ? '' : ` of ${batch} images each`;
  const passes =
    batch === undefined || images === undefined || images === 0 ? '' : `: ${passesText((steps * batch) / images)}`;
  const over = images === undefined ? '' : ` over ${groupedInteger(images)} images`;
  const people = identities === undefined ? '' : ` of ${groupedInteger(identities)} people`;
  return `${subject}, ${groupedInteger(steps)} steps${each}${passes}${over}${people}.`;
}

function passesText(passes: number): string {
  return `${passes < 10 ? passes.toFixed(1) : groupedInteger(passes)} passes`;
}

/** `y1` of `{ name: 'y1', ... }`. */
function nameIn(value: Json | undefined): string | undefined {
  const name = isJsonObject(value) ? value['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function numbersIn(value: Json | undefined, name: string): readonly number[] {
  const list = isJsonObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list.filter((each) => typeof each === 'number') : [];
}
