import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail, FailureError } from '../../src/core/failure.ts';
import type { AlignmentFile } from '../../src/kit/face/alignment-result.ts';
import type { Detector } from '../../src/kit/face/detectors/detector.ts';
import { openThreadedDetector } from '../../src/kit/face/detectors/threaded-detector.ts';
import { licencesOf, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { alignPhotographs } from './align-photographs.ts';
import { AlignmentSummary, strangeResidual, type AlignmentCounts } from './alignment-summary.ts';
import { arrangementOf, choosePhotographs } from './choose-photographs.ts';
import { ContactSheet } from './contact-sheet.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { RecordFile, type FaceRecord } from './face-record.ts';
import { failures } from './failures.ts';
import type { Photographs, Survey } from './photograph.ts';
import { withFiles } from './read-photographs.ts';
import { settingsOf, type Settings } from './settings.ts';
import { writeList } from './write-list.ts';

/** How often the stage reports that it can resume from here. */
const checkpointMs = 5000;
/** Of files that were passed over, as many are named. */
const namedFiles = 3;

type Context = StageContext<Params, Inputs, Outputs>;

/** Finds and aligns faces; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, scratch } = context;
  const settings = settingsOf(params);
  const photographs = choosePhotographs(inputs, settings);
  const survey = photographs.survey();
  if (survey.count === 0) {
    fail(failures.nothingToAlign({ layout: arrangementOf(inputs, settings) }, { file: inputs.list ?? inputs.images }));
  }
  warnOfIgnored(context, survey);
  const images = join(scratch, 'images');
  makeOwnFolder(images);
  const records = new RecordFile(join(scratch, 'faces.ndjson'), images);
  const sheet = new ContactSheet(join(scratch, 'thumbnails'), params.samples);
  const summary = new AlignmentSummary();
  try {
    await alignAll(context, { settings, photographs, count: survey.count, images, records, sheet, summary });
  } finally {
    records.close();
  }
  if (summary.written === 0) {
    const reasons = [...summary.reasons].map(([code, count]) => `${count} ${code}`).join(', ');
    fail(failures.nothingAligned({ images: summary.images, reasons }, { file: inputs.list ?? inputs.images }));
  }
  const { identities } = writeList(outputs.list, linesOf(records.path));
  copyFileSync(records.path, outputs.faces);
  writeFileAtomic(outputs.alignment, `${JSON.stringify(alignmentOf(summary, sheet, identities))}\n`);
  // Both folders are the task's own, next to each other.
  renameSync(images, outputs.images);
  describe(context, summary, identities);
};

interface Work {
  readonly settings: Settings;
  readonly photographs: Photographs;
  readonly count: number | undefined;
  readonly images: string;
  readonly records: RecordFile;
  readonly sheet: ContactSheet;
  readonly summary: AlignmentSummary;
}

/** Continues after the records that are there. */
async function alignAll(context: Context, work: Work): Promise<void> {
  const { settings, photographs, count, images, records, sheet, summary } = work;
  const begin = records.known.length;
  for (const [index, record] of records.known.entries()) {
    summary.add(record);
    sheet.consider(index, record);
  }
  if (begin > 0) info(context, `continuing after ${begin} images`);
  const progress = new WorkProgress(context, 'images', count);
  let detector: Detector | undefined;
  const openOnce = async (): Promise<Detector> => (detector ??= await open(context, settings));
  let saidAt = performance.now();
  try {
    const remaining = after(withFiles(photographs.all(), settings.encoding), begin);
    const aligning = alignPhotographs({
      ...{ photographs: remaining, settings, folder: images },
      ...{ detector: openOnce, signal: context.signal },
    });
    for (let index = 0; index < begin; index += 1) await progress.step();
    for await (const { record, shown, failure } of aligning) {
      if (failure !== undefined && context.params.strict) throw new FailureError([failure]);
      sheet.consider(summary.images, record, shown);
      summary.add(record);
      records.add(record);
      warnOfRecord(context, record);
      await progress.step();
      if (performance.now() - saidAt < checkpointMs) continue;
      saidAt = performance.now();
      context.emit({ type: 'checkpoint', step: summary.images });
    }
    progress.end();
  } finally {
    await detector?.dispose();
  }
}

async function open(context: Context, { detector }: Settings): Promise<Detector> {
  const { engine, cpus, inputs } = context;
  const opened = await openThreadedDetector(detector, { engine, threads: cpus, weights: inputs.weights });
  const notice = researchNotice(licencesOf(Object.values(opened.identity.weights)));
  if (notice !== undefined) warn(context, notice);
  info(context, `looking for faces with ${opened.identity.name} on ${opened.computesWith}`);
  return opened;
}

function* after<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let passed = 0;
  for (const item of items) {
    if (passed >= count) yield item;
    passed += 1;
  }
}

/** The content of alignment.json, which the stage report shows. */
function alignmentOf(summary: AlignmentSummary, sheet: ContactSheet, identities: number): AlignmentFile {
  const counts = { ...summary.counts(), identities };
  return { format: 'faceflow-alignment', version: 1, counts, sheet: sheet.groups() };
}

function* linesOf(path: string): Generator<FaceRecord> {
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') yield JSON.parse(line) as FaceRecord;
}

/** A line for every image that is not simply aligned. */
function warnOfRecord(context: Context, { image, problem, residual = 0, pointsOutside, frames }: FaceRecord): void {
  if (problem !== undefined) warn(context, `left out ${image}: ${problem}`);
  if (residual > strangeResidual) {
    warn(
      context,
      `${image}: the points are ${residual.toFixed(1)} pixels from the template on average: a face from the side, or none`,
    );
  }
  if (pointsOutside !== undefined)
    warn(context, `${image}: ${pointsOutside} of the five points are outside of the image`);
  if (frames !== undefined) warn(context, `${image}: it is animated; of its ${frames} images the first was taken`);
}

function warnOfIgnored(context: Context, { ignored }: Survey): void {
  if (ignored.length === 0) return;
  const shown = ignored.slice(0, namedFiles).join(', ');
  const more = ignored.length > namedFiles ? ' ...' : '';
  const what = ignored.length === 1 ? 'file is no image of the set and is' : 'files are no images of the set and are';
  warn(context, `${ignored.length} ${what} passed over: ${shown}${more}`);
}

/** Figures, and the sum of what became of the images. */
function describe(context: Context, summary: AlignmentSummary, identities: number): void {
  const counts: AlignmentCounts = { ...summary.counts(), identities };
  for (const [name, value] of Object.entries(counts)) context.emit({ type: 'metric', name, value });
  const shown = ['aligned', 'cropped', 'listed without points', 'left out'].map(
    (name) => `${counts[name] ?? 0} ${name}`,
  );
  info(context, `${summary.images} images: ${shown.join(', ')}`);
}

function info(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'info', message });
}

function warn(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'warning', message });
}
