import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import type { FacePair } from '../../src/kit/codec/lists/face-pair.ts';
import { pairProtocol, peopleInPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import type { FolderIdentity } from '../../src/kit/dataset/image-folder.ts';
import { type FirstImage, requireEqualSize, storedImage } from '../../src/kit/image/image-file.ts';
import { choosePairs, type FoldPairs, pairsOfEachFold } from './choose-pairs.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import type { FoldImage, ImagePair } from './draw-pairs.ts';
import { hardPairsOf } from './embed-people.ts';
import { failures } from './failures.ts';
import { dealPeople, eligiblePeople } from './hold-out.ts';
import { openPeople, type PeopleSource } from './people-source.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Makes a verification set of a folder of images or a packed set; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const source = openPeople(context.inputs);
  try {
    await makePairs(context, source);
  } finally {
    source.close();
  }
};

async function makePairs(context: Context, source: PeopleSource): Promise<void> {
  const { inputs, outputs, params, seed } = context;
  const eligible = eligiblePeople(source.identities, params, source.place);
  const folds = dealPeople(eligible, params, Random.derive(seed, 'make-pairs people'));
  const pairs = pairsOfEachFold(folds, { ...params, folder: source.place });
  const hard = Math.round(params.hardShare * pairs);
  const model = (): string => inputs.model ?? fail(failures.needsModel(params));
  const hardOf = hard === 0 ? [] : await hardPairsOf(context, model(), { folds, source });
  const chosen = folds.map((people, fold) => {
    return namedPairs(choosePairs({ people, pairs, hard, hardPairs: hardOf[fold], seed, fold }), people, fold + 1);
  });
  const facePairs = chosen.flat().map((pair, place): FacePair => {
    const [left, right] = [pair.left, pair.right].map(({ name, file }) => source.faceOf(name, file));
    if (left === undefined || right === undefined) throw new Error('a pair has two images');
    return { left, right, same: pair.same, fold: pair.fold, line: place + 2 };
  });
  await writePairs(outputs.pairs, source, chosen.flat());
  const protocol = { folds: folds.length, pairsPerFold: pairs, pairs: facePairs };
  writeFileAtomic(outputs.protocol, pairProtocol.encode(protocol));
  describe(context, {
    held: folds.flat().length,
    inPairs: peopleInPairs(facePairs).size,
    pairs: facePairs.length,
    hard,
  });
}

interface NamedFile {
  readonly name: string;
  readonly file: string;
}

interface NamedPair {
  readonly left: NamedFile;
  readonly right: NamedFile;
  readonly same: boolean;
  readonly fold: number;
}

/** First those of the same person, as in the folds of LFW. */
function namedPairs({ same, different }: FoldPairs, people: readonly FolderIdentity[], fold: number): NamedPair[] {
  const fileOf = ({ person, image }: FoldImage): NamedFile => {
    const { name = '', images = [] } = people[person] ?? {};
    return { name, file: images[image] ?? '' };
  };
  const named = (isSame: boolean) => (pair: ImagePair) => {
    return { left: fileOf(pair[0]), right: fileOf(pair[1]), same: isSame, fold };
  };
  return [...same.map(named(true)), ...different.map(named(false))];
}

/** The bytes of the images verbatim, all of one size. */
async function writePairs(path: string, source: PeopleSource, pairs: readonly NamedPair[]): Promise<void> {
  const bytesOf = new Map<string, Uint8Array>();
  const keyOf = ({ name, file }: NamedFile): string => `${name}/${file}`;
  const named = pairs.flatMap(({ left, right }) => [left, right]);
  let first: FirstImage | undefined;
  for (const { name, file: image } of new Map(named.map((each) => [keyOf(each), each])).values()) {
    const { read, ...origin } = source.imageOf(name, image);
    const { bytes, ...size } = await storedImage(Uint8Array.from(read()), origin);
    first ??= { path: origin.file, ...size };
    requireEqualSize(size, origin.file, first);
    bytesOf.set(keyOf({ name, file: image }), bytes);
  }
  const images = named.map((each) => bytesOf.get(keyOf(each)) ?? new Uint8Array());
  writeVerificationSet(path, { images, same: pairs.map(({ same }) => same) });
}

interface Figures {
  readonly held: number;
  readonly inPairs: number;
  readonly pairs: number;
  readonly hard: number;
}

function describe(context: Context, { held, inPairs, pairs, hard }: Figures): void {
  const { folds } = context.params;
  const ofEach = pairs / folds / 2;
  const chosen = hard === 0 ? '' : `, ${hard} of each kind in each fold chosen by the model`;
  const people = inPairs < held ? `${inPairs} of ${held} people who were held out` : `${held} people`;
  const message = `${pairs} pairs of ${people}: ${ofEach} of the same person and ${ofEach} of different people in each of ${folds} folds${chosen}`;
  context.emit({ type: 'log', level: 'info', message });
  context.emit({ type: 'metric', name: 'people', value: inPairs });
  context.emit({ type: 'metric', name: 'pairs', value: pairs });
}
