import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { errorCode, fail } from '../../src/core/failure.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import { packedFiles } from '../../src/kit/codec/insightface/property-file.ts';
import { requireAugmentations } from '../../src/kit/dataset/augmentations/index.ts';
import { requireIdentities, requireSeveralGroups } from '../../src/kit/dataset/batch-order.ts';
import { openDataLoader, type DataLoader } from '../../src/kit/dataset/data-loader.ts';
import type { SharedPeople } from '../../src/kit/face/shared-people.ts';
import { backboneOf } from '../../src/kit/net/backbones/index.ts';
import { lossOf } from '../../src/kit/net/losses/index.ts';
import { ruleOf } from '../../src/kit/net/optimizers/index.ts';
import { learningRateAt, type ScheduleChoice } from '../../src/kit/net/schedules/index.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import { licencesOfModels, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import { spreadEmbedder } from '../../src/kit/net/sessions/spread-embedder.ts';
import type { Communicator } from '../../src/kit/net/ranks/communicator.ts';
import type { Embedder } from '../../src/kit/net/sessions/inference-session.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import { writeModel } from '../../src/kit/net/model/model-folder.ts';
import type { Checkpoint } from '../../src/kit/net/training/checkpoint.ts';
import type { Return } from '../../src/kit/net/training/training-log.ts';
import { Trainer } from '../../src/kit/net/training/trainer.ts';
import type { StepInput, StepResult } from '../../src/kit/net/training/training-step.ts';
import { isOfClassifier, writeClassifier } from '../../src/kit/net/exchange/classifier.ts';
import { announce } from './announcement.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { type Best, BestModels, bestOf, verificationsSince } from './best-model.ts';
import { requireClassifierToKeep, startingClassifier } from './classifier.ts';
import { Curves } from './curves.ts';
import { EventFile } from './event-file.ts';
import { failures } from './failures.ts';
import { fittingNetwork } from './fitting-network.ts';
import { isDivergence, type Rewind, rewound, savedTraining, saveTraining } from './saved-training.ts';
import { outlineOfParts } from './set-parts.ts';
import { frozenLayers } from './frozen-layers.ts';
import { requireSteps, scheduleOf } from './schedule-steps.ts';
import { type Pretrained, pretrainedParameters } from './pretrained.ts';
import { peopleOfSets } from './people.ts';
import { Speed } from './speed.ts';
import { requireValidation, Validation } from './validation.ts';
import { requireShares } from './shares.ts';
import { Waiting } from './waiting.ts';
import { Window } from './window.ts';

type Context = StageContext<Params, Inputs, Outputs>;

const progressEveryMs = 250;

/** One training, from the start or from the checkpoint in the scratch folder, to the model. */
export class TrainingRun {
  readonly #context: Context;
  readonly #shaped: ShapedGraph;
  readonly #reader: DataLoader;
  readonly #trainer: Trainer;
  readonly #validation: Validation;
  readonly #curves: Curves;
  readonly #speed = new Speed();
  readonly #waiting = new Waiting();
  readonly #window: Window;
  readonly #schedule: ScheduleChoice;
  readonly #rewinds: number;
  readonly #returns: readonly Return[];
  readonly #bestModels: BestModels;
  readonly #pretrained: (Pretrained & { readonly classifier: readonly string[] }) | undefined;
  readonly #engine: Backend;
  /** Every rank does the same; one of them writes. */
  readonly #ranks: Communicator;
  readonly #events: EventFile | undefined;
  #people: readonly SharedPeople[] = [];
  #done: number;
  #shownAt = 0;
  #savedAt: number;

  /** `rewind`: how it begins again after it has diverged. */
  static async open(
    context: Context,
    { engine, ranks, rewind }: { engine: Backend; ranks: Communicator; rewind?: Rewind | undefined },
  ): Promise<TrainingRun> {
    requireShares(context.params, ranks.size);
    requireValidation(context.params, context.inputs.validation);
    requireSteps(context.params);
    requireClassifierToKeep(context.params);
    requireAugmentations(context.params.augment ?? {});
    const { sampling } = lossOf(context.params.loss);
    if (sampling !== undefined) requireSeveralGroups(context.params.batch, sampling);
    const isFromStart = rewind?.isFromStart === true;
    const checkpoint = isFromStart ? undefined : savedTraining(context);
    const reader = await openDataLoader({
      folders: context.inputs.dataset,
      batch: context.params.batch,
      share: ranks,
      seed: context.seed,
      mirror: context.params.mirror,
      augment: context.params.augment,
      sampling,
      orderState: checkpoint?.progress.order,
      startStep: (checkpoint?.step ?? 0) * (context.params.accumulate ?? 1),
      threads: Math.max(1, Math.min(4, context.cpus - 1)),
    });
    try {
      return new TrainingRun(context, { engine, ranks, reader, checkpoint, rewind });
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  private constructor(
    context: Context,
    parts: {
      readonly engine: Backend;
      readonly ranks: Communicator;
      readonly reader: DataLoader;
      readonly checkpoint: Checkpoint | undefined;
      readonly rewind: Rewind | undefined;
    },
  ) {
    const { params, inputs, seed, signal } = context;
    const { engine, ranks, reader, checkpoint, rewind } = parts;
    const emit = context.emit.bind(context);
    this.#context = context;
    this.#schedule = scheduleOf(params);
    this.#engine = engine;
    this.#ranks = ranks;
    this.#reader = reader;
    const [firstSet = ''] = inputs.dataset;
    requireIdentities(reader, join(firstSet, packedFiles.records));
    this.#shaped = fittingNetwork(params.network, reader, firstSet);
    this.#validation = new Validation({ paths: inputs.validation, size: reader, batch: params.batch, signal, emit });
    const pretrained =
      inputs.pretrained === undefined ? undefined : pretrainedParameters(inputs.pretrained, this.#shaped, params);
    const classifier = startingClassifier(params, inputs, { network: this.#shaped, classes: reader.identities });
    this.#pretrained = pretrained && { ...pretrained, classifier: [...classifier.keys()] };
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
      averageDecay: params.averageWeights,
      recompute: params.recompute,
      frozen: frozenLayers(params, this.#shaped),
      ranks,
      classRate: params.classRate,
      normalizesShares: (params.normalizeOver ?? params.batch) < params.batch,
      seed,
      ...(pretrained === undefined ? {} : { start: new Map([...pretrained.start, ...classifier]) }),
    });
    if (checkpoint !== undefined) this.#trainer.restore(checkpoint.state);
    this.#done = checkpoint?.step ?? 0;
    this.#bestModels = new BestModels(context.scratch);
    if (params.eventFiles === true && this.#writes)
      this.#events = new EventFile(join(context.scratch, 'events'), this.#done);
    this.#rewinds = checkpoint?.progress.rewinds ?? rewind?.rewinds ?? 0;
    this.#returns = checkpoint?.progress.returns ?? rewind?.returns ?? [];
    // A training that may go back needs one of step 0.
    this.#savedAt = checkpoint === undefined && params.onDivergence === 'rewind' ? -1 : this.#done;
    this.#curves = new Curves(emit, checkpoint?.progress.curves);
    this.#window = new Window(checkpoint?.progress.window);
    if (params.keep === 'best' && this.#best !== undefined && this.#writes)
      this.#bestModels.requireWhole(this.#best.step);
  }

  get #writes(): boolean {
    return this.#ranks.rank === 0;
  }

  /** Fails with `no-room-to-save` on a full disk; the last checkpoint is whole then. */
  async run(): Promise<void> {
    try {
      await this.#train();
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '') || !(error instanceof Error)) throw error;
      fail(failures.noRoomToSave({ error: error.message, checkpoint: Math.max(0, this.#savedAt) }), error);
    }
  }

  async #train(): Promise<void> {
    const { params, signal } = this.#context;
    announce(this.#context.emit.bind(this.#context), {
      network: params.network.name,
      shaped: this.#shaped,
      reader: this.#reader,
      pretrained: this.#pretrained,
      lossArrays: this.#trainer.lossArrayNames(),
      arithmetic: params,
      done: this.#done,
    });
    if (this.#done > 0) this.#curves.repeatKnown();
    if (this.#writes) this.#people = await this.#findPeople();
    if (this.#savedAt < 0) await this.#save();
    while (this.#done < this.#schedule.maxSteps && !this.#isOutOfPatience()) {
      await this.#step();
      // A step computes without a pause; here the worker notices an interruption.
      await setImmediate();
      if (!this.#isToStop(signal)) continue;
      await this.#save();
      signal.throwIfAborted();
      throw new TrainingStopped('another rank was told to stop');
    }
    await this.#finish();
  }

  #findPeople(): Promise<readonly SharedPeople[]> {
    return peopleOfSets({
      context: this.#context,
      engine: this.#engine,
      sets: this.#validation.sets,
      pretrained: this.#isAsPretrained() ? this.#trainer.embedder() : undefined,
    });
  }

  async close(): Promise<void> {
    this.#trainer.dispose();
    this.#events?.close();
    await this.#reader.close();
  }

  /** Nothing of the network is drawn, and no step was done. */
  #isAsPretrained(): boolean {
    return this.#done === 0 && this.#pretrained?.origin.drawn.length === 0;
  }

  async #step(): Promise<void> {
    const { params } = this.#context;
    const { accumulate = 1 } = params;
    const step = this.#done + 1;
    const learningRate = learningRateAt(params.optimizer.learningRate, this.#schedule, step) / 2 ** this.#rewinds;
    let result: StepResult | undefined;
    const [start, waited] = [performance.now(), this.#reader.waitedMs];
    const isLast = step === this.#schedule.maxSteps;
    const isLogged = step % params.logEverySteps === 0 || isLast;
    const measure = isLogged && params.eventFiles === true;
    for (let index = 0; index < accumulate; index += 1) {
      result = await this.#part({ step, learningRate, measure, part: { index, count: accumulate } });
      this.#window.add(result);
    }
    this.#done = step;
    const now = performance.now();
    this.#speed.add(params.batch * accumulate, now);
    this.#waiting.add({ waitedMs: this.#reader.waitedMs - waited, elapsedMs: now - start });
    if (isLogged) this.#log({ ...this.#window.take(), learningRate }, result?.norms);
    if (result !== undefined) this.#showProgress(result, isLast);
    if (step % params.verifyEverySteps === 0 || isLast) await this.#verify();
    if (step % params.checkpointEverySteps === 0 && !isLast) await this.#save();
  }

  #log(figures: Readonly<Record<string, number>>, norms: StepResult['norms']): void {
    this.#curves.add(this.#done, figures);
    const { batch, accumulate = 1 } = this.#context.params;
    const epochs = this.#done / Math.max(1, Math.floor(this.#reader.imageCount / (batch * accumulate)));
    this.#context.emit({ type: 'metric', name: 'epoch', value: epochs, step: this.#done });
    // How long was waited is shown, and no part of log.json.
    const waiting = this.#waiting.take();
    if (waiting !== undefined) {
      this.#context.emit({ type: 'metric', name: 'waitingForImages', value: waiting, step: this.#done });
    }
    const speed = this.#speed.perSecond();
    this.#events?.add(this.#done, {
      ...marginsOf(this.#context.params.loss),
      ...figures,
      ...(speed === undefined ? {} : { 'images/s': speed }),
      ...(norms === undefined ? {} : { embeddingNorm: norms.embedding }),
      ...(norms?.gradient === undefined ? {} : { gradientNorm: norms.gradient }),
    });
  }

  async #part(at: Pick<StepInput, 'step' | 'learningRate' | 'part' | 'measure'>): Promise<StepResult> {
    const { images, labels, positions, holes } = await this.#reader.next((pixels, count) =>
      this.#spread(this.#trainer.embedder()).embed(pixels, count),
    );
    const ids = Array.from(positions, (position) => this.#reader.idOf(position));
    return this.#trainer.step({ ...at, images, labels, holes, origin: { ids, checkpoint: this.#savedAt } });
  }

  /** How the training, which has ended with `error`, is to begin again; undefined where it is not to. */
  async rewind(error: unknown): Promise<Rewind | undefined> {
    const at = { done: this.#done, rewinds: this.#rewinds, returns: this.#returns, writes: this.#writes };
    if (!isDivergence(error)) return undefined;
    // All ranks have diverged in the same step. What one writes, the others read afterwards.
    if (!this.#writes) this.#ranks.barrier();
    const next = await rewound(this.#context, error, at);
    if (this.#writes) this.#ranks.barrier();
    return next;
  }

  async #verify(): Promise<void> {
    await this.#trainer.requireFinite();
    const accuracies = await this.#measure();
    this.#curves.add(this.#done, accuracies);
    this.#events?.add(this.#done, accuracies);
    const isBest = this.#context.params.keep === 'best' && this.#best?.step === this.#done;
    if (isBest && this.#writes) this.#bestModels.save(this.#done, this.#shaped.graph, await this.#trainer.parameters());
  }

  /** Fails with `training-diverged` where the network that is verified has embeddings that are not finite. */
  async #measure(): Promise<Record<string, number>> {
    const embedder = this.#spread(this.#trainer.resultingEmbedder());
    const watched: Embedder = {
      ...{ height: embedder.height, width: embedder.width, embeddingSize: embedder.embeddingSize },
      ...{ computesWith: embedder.computesWith, dispose: () => embedder.dispose() },
      embed: async (pixels, count) => {
        const rows = await embedder.embed(pixels, count);
        if (!rows.every(Number.isFinite)) await this.#trainer.failNotFinite(pixels, count);
        return rows;
      },
    };
    return this.#validation.measure(watched, this.#done);
  }

  /** Verification is shared among the ranks, image by image. */
  #spread(embedder: Embedder): Embedder {
    return this.#ranks.size === 1 ? embedder : spreadEmbedder(embedder, this.#ranks);
  }

  /** Of all ranks in the same step, where one is told to. */
  #isToStop(signal: AbortSignal): boolean {
    const isTold = Float32Array.of(signal.aborted ? 1 : 0);
    this.#ranks.max(isTold);
    return isTold[0] === 1;
  }

  get #best(): Best | undefined {
    return bestOf(this.#curves.log().curves, this.#context.params.bestBy);
  }

  #isOutOfPatience(): boolean {
    const { patience } = this.#context.params;
    return (
      patience !== undefined && verificationsSince(this.#curves.log().curves, this.#context.params.bestBy) >= patience
    );
  }

  #showProgress({ loss, accuracy }: StepResult, isLast: boolean): void {
    const now = performance.now();
    if (!isLast && now - this.#shownAt < progressEveryMs) return;
    this.#shownAt = now;
    const speed = this.#speed.perSecond();
    this.#context.emit({
      type: 'progress',
      done: this.#done,
      total: this.#schedule.maxSteps,
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
    await this.#trainer.requireFinite();
    this.#events?.sync();
    const order = this.#reader.orderState();
    const progress = {
      curves: this.#curves.log().curves,
      window: this.#window.sums,
      ...(order === undefined ? {} : { order }),
      ...(this.#rewinds === 0 ? {} : { rewinds: this.#rewinds, returns: this.#returns }),
    };
    const saved = { step: this.#done, trainer: this.#trainer, progress };
    if (this.#writes) await saveTraining(this.#context, saved, this.#bestModels);
    else await this.#trainer.shareState();
    this.#savedAt = this.#done;
  }

  /** Asked by all ranks, which may each have some of its rows; the first has all then. */
  async #classifierToKeep(): Promise<readonly NamedArray[] | undefined> {
    if (this.#context.params.keepClassifier !== true) return undefined;
    const arrays: NamedArray[] = [];
    for (const name of this.#trainer.lossArrayNames().filter(isOfClassifier)) {
      arrays.push(await this.#trainer.lossArray(name));
    }
    return arrays;
  }

  async #finish(): Promise<void> {
    const classifier = await this.#classifierToKeep();
    if (!this.#writes) return;
    const { params, outputs, seed } = this.#context;
    const best = params.keep === 'best' ? this.#best : undefined;
    if (params.keep === 'best' && best === undefined) {
      const message = `no verification was one to keep by bestBy: ${params.bestBy ?? 'first'}: the model is that of the last step`;
      this.#context.emit({ type: 'log', level: 'warning', message });
    }
    writeModel(outputs.model, {
      graph: this.#shaped.graph,
      parameters: best === undefined ? await this.#trainer.parameters() : this.#bestModels.read(best.step),
      origin: {
        network: { ...params.network },
        loss: { ...params.loss },
        steps: best?.step ?? this.#done,
        identities: this.#reader.identities,
        ...outlineOfParts(this.#reader.parts()),
        seed,
      },
    });
    if (classifier !== undefined) writeClassifier(outputs.model, classifier);
    const [start, people] = [this.#pretrained?.origin, this.#people];
    const log = {
      ...this.#curves.log(),
      ...(start === undefined ? {} : { start }),
      ...(this.#returns.length === 0 ? {} : { returns: this.#returns }),
      ...(people.length === 0 ? {} : { people }),
    };
    writeFileAtomic(outputs.log, `${JSON.stringify(log)}\n`);
    makeOwnFolder(outputs.events);
    this.#events?.copyTo(outputs.events);
    if (best !== undefined) this.#context.emit({ type: 'metric', name: 'bestStep', value: best.step });
    for (const name of ['loss', 'accuracy']) {
      const value = this.#curves.last(name);
      if (value !== undefined) this.#context.emit({ type: 'metric', name, value });
    }
    if (this.#rewinds > 0) this.#context.emit({ type: 'metric', name: 'rewinds', value: this.#rewinds });
    for (const event of this.#waiting.events()) this.#context.emit(event);
  }
}

/** A training ends with it that another rank was told to stop. */
export class TrainingStopped extends Error {}

/** Margins that are options of the loss, by the names of curves; one that varies is among its figures. */
function marginsOf(loss: Params['loss']): Record<string, number> {
  const options = Object.entries<unknown>({ ...loss });
  return Object.fromEntries(
    options.flatMap(([name, value]) =>
      /margin/i.test(name) && typeof value === 'number' ? [[`loss/${name}`, value] as const] : [],
    ),
  );
}
