import { terminalText } from '../core/text/paint.ts';
import { PlainLines, type PlainLinesOptions } from '../pipeline/console/plain-lines.ts';
import type { Reporter } from '../pipeline/console/reporter.ts';
import type { FlowEvent } from '../pipeline/execute/event.ts';

/** What is known of one training from its events so far. */
interface TrainingState {
  /** The latest value of each curve, and its step. */
  readonly values: Map<string, { readonly step: number; readonly value: number }>;
  speed: number | undefined;
  rate: number | undefined;
  /** The point of the curves before this one. */
  last: { readonly step: number; readonly epoch: number; readonly metric: string } | undefined;
  /** When the epoch began, as far as it was seen; milliseconds. */
  epochBegan: number;
  /** Of the set verified last, and the step, until another event comes: the best of the last set follows it. */
  verified: { readonly set: string; readonly step: number } | undefined;
  readonly highest: Map<string, number>;
}

const verification = 'verification/';
/** As the original prints its learning rate. */
const rateEverySteps = 1000;

/**
 * What `train_softmax.py` would print of the trainings of a run (insightface, src/train_softmax.py; MXNet 1.1,
 * callback.py, Speedometer; base_module.py, fit), from their events. `Batch` counts the steps done in the epoch; a line comes with each point
 * of the curves (`logEverySteps`), not before the speed is known.
 */
export class InsightFaceLines {
  readonly #trainings = new Map<string, TrainingState>();

  linesFor(event: FlowEvent): readonly string[] {
    if (event.type === 'task-ended') return this.#highest(this.#stateOf(event.task, event.at));
    if (event.type !== 'task-event') return [];
    const state = this.#stateOf(event.task, event.at);
    const own = event.event;
    if (own.type === 'progress') {
      state.speed = own.figures?.['images/s'] ?? state.speed;
      return [];
    }
    if (own.type !== 'metric' || own.step === undefined) return [];
    const { name, step, value } = own;
    const before = name.startsWith(verification) ? [] : this.#highest(state);
    state.values.set(name, { step, value });
    if (name === 'epoch') return [...before, ...this.#point(state, { step, epochs: value, now: event.at })];
    if (name.startsWith(verification)) return this.#verified(state, name.slice(verification.length), { step, value });
    return before;
  }

  #stateOf(task: string, at: number): TrainingState {
    const known = this.#trainings.get(task);
    if (known !== undefined) return known;
    const state: TrainingState = {
      ...{ values: new Map(), highest: new Map(), speed: undefined, rate: undefined, verified: undefined },
      ...{ last: undefined, epochBegan: at },
    };
    this.#trainings.set(task, state);
    return state;
  }

  /** `epochs`: passes over the data set after the step; `now` in milliseconds. */
  #point(state: TrainingState, { step, epochs, now }: { step: number; epochs: number; now: number }): string[] {
    const at = (name: string): number | undefined => {
      const found = state.values.get(name);
      return found?.step === step ? found.value : undefined;
    };
    const perEpoch = Math.max(1, Math.round(step / epochs));
    const [epoch, batch] = [Math.floor((step - 1) / perEpoch), (step - 1) % perEpoch];
    const [accuracy, loss, rate] = [at('accuracy'), at('loss'), at('learningRate')];
    const lines = this.#epochEnd(state, epoch, now);
    if (rate !== undefined && state.rate !== undefined && rate < state.rate / 5) lines.push(`lr change to ${rate}`);
    state.rate = rate;
    const metric = accuracy === undefined ? `lossvalue=${loss?.toFixed(6)}` : `acc=${accuracy.toFixed(6)}`;
    if (state.speed !== undefined) {
      const speed = `Speed: ${state.speed.toFixed(2)} samples/sec`;
      lines.push(`INFO:root:Epoch[${epoch}] Batch [${batch + 1}]\t${speed}\t${metric}`);
    }
    // Points may pass over a thousand.
    const thousand = step - (step % rateEverySteps);
    if (thousand > (state.last?.step ?? 0)) {
      const [inEpoch, ofEpoch] = [(thousand - 1) % perEpoch, Math.floor((thousand - 1) / perEpoch)];
      lines.push(`lr-batch-epoch: ${rate} ${inEpoch} ${ofEpoch}`);
    }
    state.last = { step, epoch, metric };
    return lines;
  }

  /** What MXNet prints at the end of an epoch, with the first point of the next one. */
  #epochEnd(state: TrainingState, epoch: number, now: number): string[] {
    const { last, epochBegan } = state;
    if (last === undefined || epoch === last.epoch) return [];
    state.epochBegan = now;
    const cost = ((now - epochBegan) / 1000).toFixed(3);
    const before = `INFO:root:Epoch[${last.epoch}]`;
    return [`${before} Train-${last.metric}`, `${before} Time cost=${cost}`];
  }

  #verified(state: TrainingState, set: string, { step, value }: { step: number; value: number }): string[] {
    const of = (figure: string): string => {
      const found = state.values.get(`${figure}/${set}`);
      return found?.step === step ? found.value.toFixed(figure === 'xnorm' ? 6 : 5) : 'nan';
    };
    state.verified = { set, step };
    state.highest.set(set, Math.max(value, state.highest.get(set) ?? 0));
    const place = `[${set}][${step}]`;
    return [`${place}XNorm: ${of('xnorm')}`, `${place}Accuracy-Flip: ${value.toFixed(5)}+-${of('deviation')}`];
  }

  /** The best of the last set, once it is known which one that is. */
  #highest(state: TrainingState): string[] {
    const { verified } = state;
    state.verified = undefined;
    if (verified === undefined) return [];
    return [`[${verified.step}]Accuracy-Highest: ${(state.highest.get(verified.set) ?? 0).toFixed(5)}`];
  }
}

/** A run as calm lines, its trainings as the original would have printed them. */
export class InsightFaceReporter implements Reporter {
  readonly #lines = new InsightFaceLines();
  readonly #plain: PlainLines;
  readonly #options: PlainLinesOptions;
  #several = false;

  constructor(options: PlainLinesOptions) {
    this.#options = options;
    this.#plain = new PlainLines(options);
  }

  handle(event: FlowEvent): void {
    if (event.type === 'run-started') this.#several = event.tasks.filter(({ kind }) => kind === 'train').length > 1;
    const lines = this.#lines.linesFor(event);
    // Which training says it, where there is more than one.
    const before = this.#several && 'task' in event ? `${event.task}: ` : '';
    for (const line of lines) this.#options.sink.write(`${terminalText(`${before}${line}`)}\n`);
    if (event.type !== 'task-event' || event.event.type !== 'progress') this.#plain.handle(event);
  }

  close(): Promise<void> {
    return this.#plain.close();
  }
}
