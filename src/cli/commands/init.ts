import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { makeOwnFolder } from '../../core/atomic-file.ts';
import { packageFolder } from '../../core/package-folder.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';
import { writeNewStage } from '../new-stage.ts';
import { writeNew } from '../write-new.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('[file]', 'the file to write', 'experiment.yaml')
      .option('--stage <folder>', 'write a stage of your own there instead: stages/mine')
      .option('--json', 'print JSON', false);
  },

  run({ arguments: [file], options }, { workingFolder, stdout }) {
    const { stage, json } = options as { stage?: string; json: boolean };
    if (stage !== undefined) {
      const files = writeNewStage(resolve(workingFolder, stage)).map((each) => relative(workingFolder, each));
      const uses = relative(workingFolder, resolve(workingFolder, stage));
      const text = `wrote ${files.join(', ')}\n  uses: ./${uses}    in an experiment: see docs/stages.md`;
      stdout.write(`${json ? JSON.stringify({ files }) : text}\n`);
      return Promise.resolve(exitCode.done);
    }
    const path = resolve(workingFolder, String(file));
    const schema = join(packageFolder(), 'schemas/experiment.schema.json');
    makeOwnFolder(dirname(path));
    writeNew(path, startingText(basename(path, extname(path)), relative(dirname(path), schema)), 'flow init FILE');
    const shown = relative(workingFolder, path);
    const text = `wrote ${shown}\n  flow plan ${shown}    what it would do\n  flow run ${shown}     do it`;
    stdout.write(`${json ? JSON.stringify({ file: path }) : text}\n`);
    return Promise.resolve(exitCode.done);
  },
};

function startingText(name: string, schema: string): string {
  return `# yaml-language-server: $schema=${schema}
name: ${JSON.stringify(name)}
summary: Train a small network on drawn faces and verify it on people it has never seen

# Values to use in several places, or to change from outside: flow run FILE --set params.steps=300
params:
  people: 30
  steps: 20

# Each stage uses a kind of work ("flow stages" lists them, "flow stages train" explains one). "with" holds its
# parameters and its inputs: a path, or the output of another stage, which then comes first.
stages:
  faces:
    uses: synthesize
    with:
      identities: \${params.people}
      imagesPerIdentity: 10
      heldOut: 10
      pairs: 100

  pack:
    uses: face2rec
    with:
      images: \${stages.faces.outputs.images}
      list: \${stages.faces.outputs.list}
      protocol: \${stages.faces.outputs.protocol}

  train:
    uses: train
    with:
      dataset: \${stages.pack.outputs.dataset}
      network: { name: y1, embeddingSize: 128 }
      loss: { name: softmax }
      batch: 16
      schedule: { maxSteps: "\${params.steps}" }   # within { }, a reference needs quotes
    # matrix: { seed: [1, 2, 3] }    # one task of each; \${matrix.seed} is the value
    # seed: \${matrix.seed}

  verify:
    uses: verify
    with:
      model: \${stages.train.outputs.model}
      pairs: \${stages.pack.outputs.pairs}

# Changes to choose with --profile.
profiles:
  smoke:
    params: { people: 12, steps: 2 }
`;
}
