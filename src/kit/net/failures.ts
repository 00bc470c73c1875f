import { catalogue } from '../../core/failure.ts';

/** The failures of networks: which engine computes them, and whether it takes them. */
export const failures = catalogue({
  // Engines, backends and sessions.
  unknownEngine: {
    meaning: 'FLOW_ENGINE names no engine.',
    text: ({ name, known }: { name: string; known: readonly string[] }) => ({
      message: `there is no engine "${name}"`,
      hint: `FLOW_ENGINE may be ${known.join(', ')}, or unset for the best one that is installed.`,
      suggest: { name, known },
    }),
    example: { name: 'tensorflo', known: ['tensorflow', 'cuda', 'onnxruntime', 'wasm', 'cpu'] },
  },
  unknownEngineChoice: {
    code: 'unknown-engine',
    meaning: 'The parameter "engine" of a stage names no engine.',
    text: ({ value, known }: { value: string; known: readonly string[] }) => ({
      message: `there is no engine ${value}`,
      hint: `The parameter "engine" may be ${known.join(', ')}.`,
    }),
    example: { value: '"onnx"', known: ['auto', 'tensorflow', 'onnxruntime', 'wasm', 'cpu'] },
  },
  engineConflict: {
    meaning: 'A stage requests one engine and FLOW_ENGINE another.',
    text: ({ stage, choice, override }: { stage: string; choice: string; override: string }) => ({
      message: `stage "${stage}" asks for the engine "${choice}", and FLOW_ENGINE for "${override}"`,
      hint: 'Unset FLOW_ENGINE, or let the stage follow it with "engine: auto".',
    }),
    example: { stage: 'verify', choice: 'tensorflow', override: 'wasm' },
  },
  engineNotInstalled: {
    meaning: 'The engine that was requested is not installed.',
    text: ({ engine, reason, remedy }: { engine: string; reason: string; remedy: string }) => ({
      message: `the engine "${engine}" was requested and is not installed: ${reason}`,
      hint: remedy,
    }),
    example: { engine: 'tensorflow', reason: 'set-up has not run here', remedy: 'Run: npm run setup.' },
  },
  engineIncomplete: {
    meaning: 'A file that set-up installed for the engine is gone.',
    text: ({ file }: { file: string }) => ({
      message: `set-up installed the tensorflow engine, but its file ${file} is gone`,
      hint: 'Run npm run setup again; FLOW_ENGINE=wasm runs without it.',
    }),
    example: { file: 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node' },
  },
  engineChanged: {
    meaning: 'Another version of the engine was loaded than the one the run was planned with.',
    text: ({ engine, planned, found }: { engine: string; planned: string; found: string }) => ({
      message: `the run was planned with engine ${engine} ${planned}, but ${found} was loaded`,
      hint: 'Run npm run setup, which tests the installed engine again; then run again.',
    }),
    example: { engine: 'cpu', planned: '1.0', found: '4.22.0' },
  },
  engineCannotLoad: {
    meaning: 'The library of the engine is installed but cannot be opened.',
    text: ({ engine, reason, remedy }: { engine: string; reason: string; remedy: string }) => ({
      message: `the ${engine} engine cannot be loaded: ${reason}`,
      hint: remedy,
    }),
    example: {
      engine: 'onnxruntime',
      reason: 'libstdc++.so.6: cannot open shared object file',
      remedy: 'Run npm ci, which installs it; FLOW_ENGINE=tensorflow or wasm runs without it.',
    },
  },
  engineCannotTrain: {
    meaning: 'onnxruntime was requested for something that trains.',
    text: () => ({
      message: 'the engine "onnxruntime" was requested, and it infers only: a stage that trains needs another',
      hint: 'Leave FLOW_ENGINE unset, and set the parameter "engine: onnxruntime" of the stages that infer.',
    }),
    example: {},
  },
  noBackend: {
    code: 'engine-cannot-train',
    meaning: 'onnxruntime runs whole networks; what executes single layers needs another engine.',
    text: () => ({
      message: 'the engine "onnxruntime" infers only, and what is to be computed needs an engine that trains',
      hint: 'FLOW_ENGINE may be tensorflow, cuda, wasm or cpu for it.',
    }),
    example: {},
  },
  onnxNotLoaded: {
    meaning: 'onnxruntime cannot load an ONNX file.',
    text: ({ provider, reason }: { provider: string; reason: string }) => ({
      message: `onnxruntime (${provider}) does not take the network: ${reason}`,
      hint: 'The file is damaged, or made of operators that onnxruntime does not have; flow inspect shows its content.',
    }),
    example: { provider: 'CPUExecutionProvider', reason: 'Load model from model.onnx failed:Protobuf parsing failed.' },
  },
  foreignNetworkDoesNotEmbed: {
    code: 'not-an-embedding',
    meaning: 'A network does not compute one row of numbers per image.',
    text: ({ problem }: { problem: string }) => ({
      message: `the network does not embed faces: ${problem}`,
      hint: 'Such a network takes images and computes a row of numbers for each; flow inspect shows inputs and outputs.',
    }),
    example: { problem: 'output "maps" should have one row per image, found shape [1, 3, 8, 8]' },
  },
  notAnImageNetwork: {
    meaning: 'The input of an ONNX file is not a batch of images.',
    text: ({ problem }: { problem: string }) => ({
      message: `the network does not take images: ${problem}`,
      hint: 'Such a network has one input of four axes with 3 channels; flow inspect shows inputs and outputs.',
    }),
    example: { problem: 'expected one input, the images, found input_ids, attention_mask' },
  },
  imageBatchMismatch: {
    meaning: 'A network cannot take images of that size, type or number of channels.',
    text: ({ input, expected, found }: { input: string; expected: string; found: string }) => ({
      message: `input "${input}" takes ${expected}, found ${found}`,
    }),
    example: { input: 'data', expected: 'images of 112 x 112 x 3', found: 'images of 96 x 96 x 3' },
  },
  networkOutputMismatch: {
    meaning: 'An output of an ONNX file is not what the file declares.',
    text: ({ output, expected, found }: { output: string; expected: string; found: string }) => ({
      message: `output "${output}" should have ${expected}, found ${found}`,
    }),
    example: { output: 'scores', expected: 'rows for each of 4 images', found: 'float32 of shape [3, 1]' },
  },
  normalizedBytes: {
    code: 'normalization-not-taken',
    meaning: 'Pixels should be normalised for a network that takes bytes.',
    text: ({ input }: { input: string }) => ({
      message: `input "${input}" takes integers 0..255 (uint8), which normalised pixels are not`,
      hint: 'Leave mean and scale out: such a network normalises its input itself.',
    }),
    example: { input: 'pixels' },
  },
  initializerNotFinite: {
    code: 'parameter-not-finite',
    meaning: 'A weight of an ONNX file is infinite or not a number.',
    text: ({ index, initializer, use }: { index: number; initializer: string; use: string }) => ({
      message: `value ${index} of initializer "${initializer}", ${use}, is not finite; a model holds finite numbers only`,
      hint: 'The training that made it has diverged.',
    }),
    example: { index: 2, initializer: 'conv0_weight', use: 'an input of node "conv0" (Conv)' },
  },

  // Losses and training.
  trainingDiverged: {
    meaning: 'The loss of a training is not a finite number any more.',
    text: ({ step, loss, learningRate }: { step: number; loss: number; learningRate: number }) => ({
      message: `the training has diverged: the loss of step ${step} is ${loss} (learning rate ${learningRate})`,
      hint: 'Lower optimizer.learningRate, or let it rise slowly with schedule.warmupSteps.',
    }),
    example: { step: 120, loss: NaN, learningRate: 0.1 },
  },
  labelBeyondClasses: {
    code: 'label-out-of-range',
    meaning: 'The data set has a label that is not below its number of identities.',
    text: ({ label, classes }: { label: number; classes: number }) => ({
      message: `the data set has the label ${label}, but ${classes} identities: labels must be 0 to ${classes - 1}`,
      hint: 'Pack the data set again; its labels and its number of identities do not belong together.',
    }),
    example: { label: 40, classes: 40 },
  },
});
