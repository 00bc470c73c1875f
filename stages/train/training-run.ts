import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { FailureError } from '../../src/core/failure.ts';
import type { StageContext, StageEvent } from '../../src/stage-api/stage.ts';
import { openDataLoader, type DataLoader } from '../../src/kit/dataset/data-loader.ts';
import { backboneOf } from '../../src/kit/net/backbones/index.ts';
import { lossOf } from '../../src/kit/net/losses/index.ts';
import { ruleOf } from '../../src/kit/net/optimizers/index.ts';
import { learningRateAt } from '../../src/kit/net/schedules/index.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import { licencesOfModels, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import { writeModel } from '../../src/kit/net/model/model-folder.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/kit/net/training/checkpoint.ts';
import { type StepInput, type StepResult, Trainer } from '../../src/kit/net/training/trainer.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { type Best, BestModels, bestOf } from './best-model.ts';
import { Curves } from './curves.ts';
import { fittingNetwork } from './fitting-network.ts';
import { pretrainedParameters } from './pretrained.ts';
import { Speed } from './speed.ts';
import { requireValidation, Validation } from './validation.ts';
import { Window } from './window.ts';

type Context = StageContext<Params, Inputs, Outputs>;

const progressEveryMs = 250;

const maxRewinds = 5;

/** One training, from the start or from the checkpoint in the scratch folder, to the model. */
export class TrainingRun {
  readonly #context: Context;
  readonly #shaped: ShapedGraph;
  readonly #reader: DataLoader;
  readonly #trainer: Trainer;
  readonly #validation: Validation;
  readonly #curves: Curves;
  readonly #speed = new Speed();
  readonly #window: Window;
  readonly #rewinds: number;
  readonly #bestModels: BestModels;
  #done: number;
  #shownAt = 0;
  #savedAt: number;

  static async open(context: Context, engine: Backend): Promise<TrainingRun> {
    requireValidation(context.params, context.inputs.validation);
    const checkpoint = usableCheckpoint(context);
    const reader = await openDataLoader({
      folder: context.inputs.dataset,
      batch: context.params.batch,
      seed: context.seed,
      mirror: context.params.mirror,
      sampling: lossOf(context.params.loss).sampling,
      orderState: checkpoint?.progress.order,
      startStep: (checkpoint?.step ?? 0) * (context.params.accumulate ?? 1),
      threads: Math.max(1, Math.min(4, context.cpus - 1)),
    });
    try {
      return new TrainingRun(context, { engine, reader, checkpoint });
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  private constructor(
    context: Context,
    parts: { engine: Backend; reader: DataLoader; checkpoint: Checkpoint | undefined },
  ) {
    const { params, inputs, seed, signal } = context;
    const { engine, reader, checkpoint } = parts;
    const emit = (event: StageEvent): void => {
      context.emit(event);
    };
    this.#context = context;
    this.#reader = reader;
    this.#shaped = fittingNetwork(params.network, reader, inputs.dataset);
    this.#validation = new Validation({ paths: inputs.validation, size: reader, batch: params.batch, signal, emit });
    const pretrained =
      inputs.pretrained === undefined ? undefined : pretrainedParameters(inputs.pretrained, this.#shaped);
    if (pretrained !== undefined) emit(pretrained.report);
    const notice = inputs.pretrained && researchNotice(licencesOfModels([inputs.pretrained]));
    if (notice !== undefined) emit({ type: 'log', level: 'warning', message: notice });
    this.#trainer = new Trainer({
      backend: engine,
      shaped: this.#shaped,
      weights: backboneOf(params.network).weights,
      classes: reader.identities,
      loss: lossOf(params.loss),
      optimizer: ruleOf(params.optimizer),
      clipGradient: params.clipGradient,
      seed,
      ...(pretrained === undefined ? {} : { start: pretrained.start }),
    });
    if (checkpoint !== undefined) this.#trainer.restore(checkpoint.state);
    this.#done = checkpoint?.step ?? 0;
    this.#bestModels = new BestModels(context.scratch);
    this.#rewinds = checkpoint?.progress.rewinds ?? 0;
    // A training that may go back needs one of step 0.
    this.#savedAt = checkpoint === undefined && params.onDivergence === 'rewind' ? -1 : this.#done;
    this.#curves = new Curves(emit, checkpoint?.progress.curves);
    this.#window = new Window(checkpoint?.progress.window);
  }

  async run(): Promise<void> {
    const { params, signal } = this.#context;
    this.#announce();
    if (this.#savedAt < 0) await this.#save();
    while (this.#done < params.schedule.maxSteps && !this.#isOutOfPatience()) {
      await this.#step();
      // A step computes without a pause; here the worker notices an interruption.
      await setImmediate();
      if (signal.aborted) await this.#save();
      signal.throwIfAborted();
    }
    await this.#finish();
  }

  async close(): Promise<void> {
    this.#trainer.dispose();
    await this.#reader.close();
  }

  #announce(): void {
    const { identities, imageCount, width, height } = this.#reader;
    const { parameters, multiplyAdds } = this.#shaped;
    const message =
      `${imageCount} images of ${identities} identities, ${width} x ${height}; ` +
      `${this.#context.params.network.name}: ${parameters.length} parameter arrays, ` +
      `${(multiplyAdds / 1e6).toFixed(0)} million multiply-adds`;
    this.#context.emit({ type: 'log', level: 'info', message });
    if (this.#done > 0) {
      this.#context.emit({ type: 'log', level: 'info', message: `resumes from the checkpoint of step ${this.#done}` });
    }
  }

  async #step(): Promise<void> {
    const { params } = this.#context;
    const { accumulate = 1 } = params;
    const step = this.#done + 1;
    const learningRate = learningRateAt(params.optimizer.learningRate, params.schedule, step) / 2 ** this.#rewinds;
    let result: StepResult | undefined;
    for (let index = 0; index < accumulate; index += 1) {
      result = await this.#part({ step, learningRate, part: { index, count: accumulate } });
      this.#window.add(result);
    }
    this.#done = step;
    this.#speed.add(params.batch * accumulate, performance.now());
    const isLast = step === params.schedule.maxSteps;
    if (step % params.logEverySteps === 0 || isLast) this.#curves.add(step, { ...this.#window.take(), learningRate });
    if (result !== undefined) this.#showProgress(result, isLast);
    if (step % params.verifyEverySteps === 0 || isLast) await this.#verify();
    if (step % params.checkpointEverySteps === 0 && !isLast) await this.#save();
  }

  async #part(at: Pick<StepInput, 'step' | 'learningRate' | 'part'>): Promise<StepResult> {
    const { images, labels, positions } = await this.#reader.next((pixels, count) =>
      this.#trainer.embedder().embed(pixels, count),
    );
    // Records of images are numbered from 1.
    const origin = { ids: Array.from(positions, (position) => position + 1), checkpoint: this.#savedAt };
    return this.#trainer.step({ ...at, images, labels, origin });
  }

  /**
   * Whether the training, which has ended with `error`, is to go back to its last checkpoint and on with half the rate. If so,
   * the checkpoint says it: a training that is killed after that goes on in the same way.
   */
  async rewinds(error: unknown): Promise<boolean> {
    if (this.#context.params.onDivergence !== 'rewind' || this.#rewinds >= maxRewinds) return false;
    if (!(error instanceof FailureError) || error.failures[0].code !== 'training-diverged') return false;
    const folder = checkpointFolder(this.#context);
    const checkpoint = readCheckpoint(folder);
    if (checkpoint === undefined) return false;
    const rewinds = this.#rewinds + 1;
    const progress = { ...checkpoint.progress, rewinds };
    await writeCheckpoint(folder, { ...checkpoint, state: checkpoint.state.values(), progress });
    const message =
      `${error.failures[0].message}; goes back to step ${checkpoint.step} with half the learning rate ` +
      `(${rewinds} of ${maxRewinds} times)`;
    this.#context.emit({ type: 'log', level: 'warning', message });
    return true;
  }

  async #verify(): Promise<void> {
    this.#curves.add(this.#done, await this.#validation.measure(this.#trainer.embedder()));
    const isBest = this.#context.params.keep === 'best' && this.#best?.step === this.#done;
    if (isBest) this.#bestModels.save(this.#done, this.#shaped.graph, await this.#trainer.parameters());
  }

  get #best(): Best | undefined {
    return bestOf(this.#curves.log().curves);
  }

  #isOutOfPatience(): boolean {
    const { patience } = this.#context.params;
    return patience !== undefined && (this.#best?.since ?? 0) >= patience;
  }

  #showProgress({ loss, accuracy }: StepResult, isLast: boolean): void {
    const now = performance.now();
    if (!isLast && now - this.#shownAt < progressEveryMs) return;
    this.#shownAt = now;
    const speed = this.#speed.perSecond();
    this.#context.emit({
      type: 'progress',
      done: this.#done,
      total: this.#context.params.schedule.maxSteps,
      unit: 'steps',
      figures: {
        ...(speed === undefined ? {} : { 'images/s': speed }),
        loss,
        ...(accuracy === undefined ? {} : { accuracy }),
      },
    });
  }

  async #save(): Promise<void> {
    if (this.#savedAt === this.#done) return;
    const order = this.#reader.orderState();
    const progress = {
      curves: this.#curves.log().curves,
      window: this.#window.sums,
      ...(order === undefined ? {} : { order }),
      ...(this.#rewinds === 0 ? {} : { rewinds: this.#rewinds }),
    };
    await writeCheckpoint(checkpointFolder(this.#context), {
      step: this.#done,
      state: this.#trainer.state(),
      progress,
    });
    this.#savedAt = this.#done;
    this.#bestModels.keepOnly(this.#best?.step);
    this.#context.emit({ type: 'checkpoint', step: this.#done });
  }

  async #finish(): Promise<void> {
    const { params, outputs, seed } = this.#context;
    const best = params.keep === 'best' ? this.#best : undefined;
    writeModel(outputs.model, {
      graph: this.#shaped.graph,
      parameters: best === undefined ? await this.#trainer.parameters() : this.#bestModels.read(best.step),
      origin: {
        network: { ...params.network },
        loss: { ...params.loss },
        steps: best?.step ?? this.#done,
        identities: this.#reader.identities,
        seed,
      },
    });
    writeFileAtomic(outputs.log, `${JSON.stringify(this.#curves.log())}\n`);
    if (best !== undefined) this.#context.emit({ type: 'metric', name: 'bestStep', value: best.step });
    for (const name of ['loss', 'accuracy']) {
      const value = this.#curves.last(name);
      if (value !== undefined) this.#context.emit({ type: 'metric', name, value });
    }
  }
}

/** The checkpoint in the scratch folder. One that cannot be read costs its steps, not the task. */
function usableCheckpoint(context: Context): Checkpoint | undefined {
  try {
    return readCheckpoint(checkpointFolder(context));
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    context.emit({
      type: 'log',
      level: 'warning',
      message: `starts from the beginning, the checkpoint is damaged: ${error.message}`,
    });
    return undefined;
  }
}

/** The scratch folder outlives an interruption. */
function checkpointFolder({ scratch }: Context): string {
  return join(scratch, 'checkpoint');
}
