/** What a training reads: which packed set, in which batches, from which step on. */
export interface TrainingReaderOptions {
  /** Folder of the packed set: train.rec, train.idx (or none: it is rebuilt in memory), property or dataset.json. */
  readonly folder: string;
  /** Images per batch. */
  readonly batch: number;
  /** Decides the order of each epoch and which images are mirrored; 32-bit unsigned. */
  readonly seed: number;
  /** Flip each image left to right with probability 1/2. */
  readonly mirror: boolean;
  /** Number of the first batch to deliver, counted from 0 over all epochs; default 0. */
  readonly startStep?: number;
  /** Worker threads that decode; 0 decodes in the calling thread. Default 0. Never changes what is delivered. */
  readonly threads?: number;
}

/** One batch. Valid until the next one is asked for: its memory is used again. */
export interface TrainingBatch {
  /** Counted from 0 over all epochs. */
  readonly step: number;
  /** NHWC, [batch, height, width, 3], RGB, 0..255. */
  readonly images: Uint8Array;
  /** Class of each image, [batch], from 0. */
  readonly labels: Int32Array;
}

/** An open packed training set, as an endless sequence of batches. */
export interface TrainingReader extends AsyncIterable<TrainingBatch> {
  readonly identities: number;
  readonly imageCount: number;
  readonly height: number;
  readonly width: number;
  /** floor(imageCount / batch): the last incomplete batch of an epoch is dropped. */
  readonly batchesPerEpoch: number;
  /** The next batch. Rejects with a FailureError that names file and offset where a record or its picture is damaged. */
  next(): Promise<TrainingBatch>;
  /** Ends the worker threads. */
  close(): Promise<void>;
}

/** Opens a packed set for training. Fails if the set holds fewer images than one batch. */
export function openTrainingReader(options: TrainingReaderOptions): Promise<TrainingReader> {
  throw new Error(`openTrainingReader is not there yet (${options.folder})`);
}
