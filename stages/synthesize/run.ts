import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { decodeJpegFast, encodeJpeg } from '../../src/kit/image/image.ts';
import { packingList } from '../../src/kit/codec/insightface/packing-list.ts';
import { pairProtocol } from '../../src/kit/codec/lists/pair-protocol.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { buildPerson, drawFace } from './draw-face.ts';
import { failures } from './failures.ts';
import { drawIdentity } from './identity.ts';
import { planPairs } from './plan-pairs.ts';
import { drawShot } from './shot.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Draws the images, the packing list and the protocol; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, outputs, seed } = context;
  const people = Array.from({ length: params.identities }, (_, index) => personName(index));
  const trained = people.slice(0, countTrained(params));
  const heldOut = people.slice(trained.length);
  const request = { people: heldOut, imagesEach: params.imagesPerIdentity, pairs: params.pairs };
  const protocol = planPairs(request, Random.derive(seed, 'pairs'));
  await drawPeople(context, people);
  writeFileAtomic(outputs.list, packingList.encode({ form: 'face2rec2', entries: listEntries(trained, params) }));
  writeFileAtomic(outputs.protocol, pairProtocol.encode(protocol));
  const message =
    `drew ${people.length} people, ${params.imagesPerIdentity} images each: ${trained.length} to train on, ` +
    `${heldOut.length} in ${protocol.pairs.length} pairs`;
  context.emit({ type: 'log', level: 'info', message });
};

function countTrained({ identities, heldOut }: Params): number {
  if (heldOut <= identities) return identities - heldOut;
  return fail(failures.tooFewIdentities({ heldOut, identities }));
}

async function drawPeople(context: Context, people: readonly string[]): Promise<void> {
  const { params, outputs, seed, signal } = context;
  const total = people.length * params.imagesPerIdentity;
  for (const [index, name] of people.entries()) {
    // Drawing does not pause by itself; here the worker notices an interruption.
    await setImmediate();
    signal.throwIfAborted();
    const folder = join(outputs.images, name);
    makeOwnFolder(folder);
    const person = buildPerson(drawIdentity(Random.derive(seed, `identity ${name}`)));
    for (let number = 1; number <= params.imagesPerIdentity; number += 1) {
      const shot = drawShot(Random.derive(seed, `shot ${name} ${number}`), params.difficulty);
      const jpeg = encodeJpeg(drawFace(person, shot), shot.camera.jpegQuality);
      // Compressed twice, as images from the web are: by the camera, then by the alignment.
      writeFileSync(join(folder, imageFile(name, number)), encodeJpeg(decodeJpegFast(jpeg, name)));
    }
    context.emit({ type: 'progress', done: (index + 1) * params.imagesPerIdentity, total, unit: 'images' });
  }
}

function listEntries(people: readonly string[], { imagesPerIdentity }: Params) {
  return people.flatMap((name, label) =>
    Array.from({ length: imagesPerIdentity }, (_, index) => ({
      aligned: true,
      path: `${name}/${imageFile(name, index + 1)}`,
      label,
      line: label * imagesPerIdentity + index + 1,
    })),
  );
}

function personName(index: number): string {
  return `person_${String(index + 1).padStart(4, '0')}`;
}

function imageFile(name: string, number: number): string {
  return `${name}_${String(number).padStart(4, '0')}.jpg`;
}
