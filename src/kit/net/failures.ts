import { catalogue, type FailureText } from '../../core/failure.ts';

interface ShapedParameter {
  readonly name: string;
  readonly layer: string;
}

interface OddValue extends ShapedParameter {
  readonly index: number;
  readonly value: number;
}

/** A node of a foreign graph: its name and its operator or type. */
interface ForeignNode {
  readonly name: string;
  readonly type: string;
}

/** A name that was not found among those that exist. */
interface UnknownName {
  readonly name: string;
  readonly known: Iterable<string>;
}

const listOf = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

const howToNormalize =
  'Set it: the stage parameter "normalization", or --mean and --scale. ArcFace models of today expect mean 127.5, ' +
  'scale 0.00784313725; mean 0, scale 1 takes 0..255 as they are.';

/** What can go wrong with networks and models, member by member in the order of the folders. */
interface NoModelFacts {
  readonly titles: readonly string[];
  readonly found: string;
  /** What to do with it, if that is known. */
  readonly remedy?: string | undefined;
}

export const failures = catalogue({
  // graph
  badGraph: {
    meaning: 'The outputs of a network are not layers of it, each once.',
    text: ({ problem }: { readonly problem: string }) => ({ message: problem }),
    example: { problem: 'the network has no output' },
  },
  badLayer: {
    meaning: 'A layer is of an unknown kind, has wrong attributes, or the wrong number of inputs.',
    text: (text: FailureText) => text,
    example: { message: 'layer "conv1" (convolution): filters must be an integer of at least 1, found 0' },
  },
  duplicateLayer: {
    meaning: 'Two layers of a network have the same name.',
    text: ({ name }: { readonly name: string }) => ({ message: `two layers are named "${name}"` }),
    example: { name: 'relu1' },
  },
  duplicateParameter: {
    meaning: 'Two layers of a network have a parameter of the same name.',
    text: ({
      name,
      layers: [first, second],
    }: {
      readonly name: string;
      readonly layers: readonly [string, string];
    }) => ({
      message: `layers "${first}" and "${second}" both have a parameter "${name}"`,
    }),
    example: { name: 'conv1_weight', layers: ['conv1', 'conv2'] },
  },
  shapeMismatch: {
    meaning: 'A layer cannot take inputs of the shapes that it gets.',
    text: ({ name, kind, problem }: { readonly name: string; readonly kind: string; readonly problem: string }) => ({
      message: `layer "${name}" (${kind}) ${problem}`,
    }),
    example: { name: 'sum', kind: 'add', problem: 'cannot add [4, 8, 8] and [3, 8, 8]' },
  },
  unknownInput: {
    code: 'unknown-layer',
    meaning: 'A layer, or an output, names a layer that does not exist.',
    text({
      layer,
      kind,
      input,
      known,
    }: {
      readonly layer: string;
      readonly kind: string;
      readonly input: string;
      readonly known: Iterable<string>;
    }) {
      const message = `layer "${layer}" (${kind}) takes its input from "${input}", and no layer before it has that name`;
      return { message, suggest: { name: input, known } };
    },
    example: { layer: 'relu1', kind: 'prelu', input: 'conv', known: ['data', 'conv1'] },
  },
  unknownOutput: {
    code: 'unknown-layer',
    meaning: 'A layer, or an output, names a layer that does not exist.',
    text: ({ name, known }: UnknownName) => ({
      message: `the output of the network is to be layer "${name}", which does not exist`,
      suggest: { name, known },
    }),
    example: { name: 'fc2', known: ['conv1', 'fc1'] },
  },

  // model
  badModel: {
    meaning: 'The model.json of a model folder, or the graph in an archive, is not what it should be.',
    text: (text: FailureText) => text,
    example: { message: 'expected graph.input.width to be an integer of at least 1, found "wide"' },
  },
  missingModelFile: {
    code: 'no-model',
    meaning: 'There is no model at a path.',
    text: () => ({ message: 'a model folder holds model.json and parameters.bin; model.json is missing' }),
    example: {},
  },
  modelIncomplete: {
    meaning: 'A model folder has its model.json, but not the values of the parameters.',
    text: () => ({ message: 'the file with the values of the parameters is missing' }),
    example: {},
  },
  modelTruncated: {
    meaning: 'The file with the values of the parameters is shorter than model.json says.',
    text: ({ name, end, size }: { readonly name: string; readonly end: number; readonly size: number }) => ({
      message: `parameter "${name}" should end at byte ${end}, but the file has ${size} bytes`,
      hint: 'The file is incomplete: copy it again, or train again.',
    }),
    example: { name: 'fc1_weight', end: 4096, size: 4000 },
  },
  modelShrank: {
    code: 'model-truncated',
    meaning: 'The file with the values of the parameters is shorter than model.json says.',
    text: () => ({ message: 'the file ended while it was read' }),
    example: {},
  },
  missingParameter: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text: ({ name, layer, shape }: ShapedParameter & { readonly shape: readonly number[] }) => ({
      message: `layer "${layer}" needs parameter "${name}" of shape ${listOf(shape)}, which is missing`,
    }),
    example: { name: 'fc1_bias', layer: 'fc1', shape: [512] },
  },
  parameterShape: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text({
      name,
      layer,
      shape,
      found,
    }: ShapedParameter & {
      readonly shape: readonly number[];
      readonly found: readonly number[];
    }) {
      const place = `parameter "${name}" of layer "${layer}"`;
      return { message: `${place} must have shape ${listOf(shape)}, found ${listOf(found)}` };
    },
    example: { name: 'fc1_bias', layer: 'fc1', shape: [512], found: [256] },
  },
  strayParameter: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text: ({ name, owner }: { readonly name: string; readonly owner: string }) => ({
      message: name === '' ? 'the arrays have no names' : `parameter "${name}" belongs to no layer${owner}`,
    }),
    example: { name: 'fc7_weight', owner: ' of the symbol' },
  },
  unnamedParameters: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text: () => ({
      message: 'the arrays have no names',
      hint: 'A list of arrays was saved, not a network: save them by name (arg:NAME, aux:NAME), as save_checkpoint does.',
    }),
    example: {},
  },
  manyParameters: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text: ({ count, first }: { readonly count: number; readonly first: readonly string[] }) => ({
      message: `${count} parameters do not fit the layers: ${first.join('; ')} and others`,
      hint: 'Graph and parameters are of different networks.',
    }),
    example: { count: 512, first: ['parameter "a_weight" belongs to no layer'] },
  },
  foreignParameters: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text({
      names,
      total,
      symbol,
    }: {
      readonly names: readonly string[];
      readonly total: number;
      readonly symbol: string;
    }) {
      const few = names.slice(0, 5).map((name) => `"${name}"`);
      const stray = `${names.length} of ${total} arrays belong to no layer of ${symbol} (${few.join(', ')}, ...)`;
      return { message: `${stray}: these files do not belong together` };
    },
    example: { names: ['a_weight', 'b_weight'], total: 300, symbol: 'model-symbol.json' },
  },
  parameterNotFinite: {
    meaning: 'A parameter holds a NaN or an infinity.',
    text: ({ name, layer, index, value }: OddValue) => ({
      message: `value ${index} of parameter "${name}" of layer "${layer}" is ${value}; a model holds finite numbers only`,
      hint: 'The training that made it has diverged.',
    }),
    example: { name: 'fc1_weight', layer: 'fc1', index: 12, value: NaN },
  },
  negativeVariance: {
    meaning: 'A variance of a batch normalisation is below 0; its square root would be NaN.',
    text: ({ name, layer, index, value }: OddValue) => ({
      message: `value ${index} of parameter "${name}" of layer "${layer}" is ${value}; a variance is 0 or more`,
      hint: 'The file is damaged, or holds something else in the place of the variances.',
    }),
    example: { name: 'bn1_moving_var', layer: 'bn1', index: 0, value: -1 },
  },
  notAnEmbedding: {
    meaning: 'A network does not end in one row of numbers per image.',
    text: ({ outputs }: { readonly outputs: readonly string[] }) => ({
      message: `expected a network with one output, a row of numbers per image; this one ends in ${outputs.join(' and ')}`,
      hint:
        outputs.length > 1
          ? 'flow convert MODEL NEW-MODEL --output NAME makes a model of one of them ("outputs" of the stage convert).'
          : 'A network that verifies or is trained ends in a fully connected layer, its normalisation, or "flatten".',
    }),
    example: { outputs: ['"conv5" (convolution) of shape [512, 7, 7]'] },
  },

  // exchange: any format
  unknownModelFormat: {
    meaning: 'No model format has the name, or the extension, that was given.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `expected a model format (${known.join(', ')}), found "${name}"`,
      suggest: { name, known },
    }),
    example: { name: 'onx', known: ['folder', 'mxnet', 'onnx'] },
  },
  unknownModelExtension: {
    code: 'unknown-model-format',
    meaning: 'No model format has the name, or the extension, that was given.',
    text: ({ extension, known }: { readonly extension: string; readonly known: readonly string[] }) => ({
      message: `expected a name whose ending tells the format (${known.join(', ')}), or a folder, found "${extension}"`,
      hint: 'With a slash at its end it is a folder; --to sets the format whatever the name is.',
    }),
    example: { extension: '.pb', known: ['.onnx', '.npz'] },
  },
  noModel: {
    meaning: 'There is no model at a path.',
    text: ({ titles, found, remedy }: NoModelFacts) => ({
      message: `expected a model (${titles.join('; ')}), found ${found}`,
      hint: remedy ?? '`flow inspect` shows what a file or folder holds.',
    }),
    example: { titles: ['ONNX (.onnx)', 'NumPy archive (.npz)'], found: 'nothing there' },
  },
  noNetworkName: {
    code: 'no-model',
    meaning: 'There is no model at a path.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `expected the name of a network after the path (${known.map((each) => `#${each}`).join(', ')}), found "${name}"`,
    }),
    example: { name: 'qnet', known: ['pnet', 'rnet', 'onet'] },
  },
  optionNotTaken: {
    meaning: 'An option does not apply to the model format, or contradicts the file.',
    text({
      option,
      format,
      isRead,
      takers,
    }: {
      readonly option: string;
      readonly format: string;
      readonly isRead: boolean;
      readonly takers: readonly string[];
    }) {
      const others = `${takers.join(', ')} ${takers.length === 1 ? 'takes' : 'take'} it`;
      const use = `has no use for ${option} when a model is ${isRead ? 'read' : 'written'}`;
      return { message: `the format "${format}" ${use}; ${others}`, hint: 'Leave it out.' };
    },
    example: { option: '"epoch" (--epoch)', format: 'onnx', isRead: true, takers: ['mxnet'] },
  },
  sizeIsFixed: {
    code: 'option-not-taken',
    meaning: 'An option does not apply to the model format, or contradicts the file.',
    text: ({ side, stated, asked }: { readonly side: string; readonly stated: number; readonly asked: number }) => ({
      message: `the file fixes the ${side} of its images at ${stated}, and "input" (--input) asks for ${asked}`,
      hint: 'The option is for files that leave the size open.',
    }),
    example: { side: 'height', stated: 112, asked: 224 },
  },
  targetIsFolder: {
    code: 'bad-target',
    meaning: 'A model cannot be written to the path that was given.',
    text: ({ format, standardName }: { readonly format: string; readonly standardName: string }) => ({
      message: `expected the name of a file of the format "${format}" to be written, found a folder`,
      hint:
        standardName === ''
          ? undefined
          : `With a slash at its end the model goes into that folder, as ${standardName}.`,
    }),
    example: { format: 'npz', standardName: 'model.npz' },
  },
  targetIsSource: {
    code: 'bad-target',
    meaning: 'A model cannot be written to the path that was given.',
    text: () => ({
      message: 'expected another place for the model to be written, found the one that is read',
      hint: 'Choose another name or folder.',
    }),
    example: {},
  },
  targetFolderIsFile: {
    code: 'bad-target',
    meaning: 'A model cannot be written to the path that was given.',
    text: () => ({ message: 'expected a folder to write to, found a file', hint: 'Remove it, or write elsewhere.' }),
    example: {},
  },
  normalizationUnknown: {
    meaning: 'A foreign network takes pixels as they are, and nothing states their normalisation.',
    text: ({ layer }: { readonly layer: string }) => ({
      message: `layer "${layer}" takes the pixels as they come, and the file does not state their normalisation`,
      hint: howToNormalize,
    }),
    example: { layer: 'conv0' },
  },
  normalizedTwice: {
    code: 'normalization-not-taken',
    meaning: 'A normalisation was given for a network that cannot use it.',
    text: ({ layer, kind }: { readonly layer: string; readonly kind: string }) => ({
      message: `layer "${layer}" (${kind}) normalises the pixels; a normalisation before it would be a second one`,
      hint: 'Leave mean and scale out: the network takes 0..255 as they are.',
    }),
    example: { layer: '_minusscalar0', kind: 'minus-scalar' },
  },
  notExpressible: {
    meaning: 'A model format has nothing for a layer.',
    text: ({
      name,
      kind,
      format,
      reason,
    }: {
      readonly name: string;
      readonly kind: string;
      readonly format: string;
      readonly reason: string;
    }) => ({ message: `layer "${name}" (${kind}) ${reason}, which ${format} has no layer for` }),
    example: { name: 'gnap', kind: 'equalize-norms', format: 'Caffe', reason: 'divides by the norms of positions' },
  },
  unknownValue: {
    code: 'unknown-layer',
    meaning: 'A layer, or an output, names a layer that does not exist.',
    text: ({ name, known }: UnknownName) => ({
      message: `expected a layer or value of the network as output, found "${name}"`,
      suggest: { name, known },
    }),
    example: { name: 'fc2', known: ['fc1'] },
  },
  unsupportedTensor: {
    meaning: 'A file stores an array in a way that is not read.',
    text: (text: FailureText) => text,
    example: { message: 'tensor "fc1_weight" is of type 2, not of floats or integers' },
  },

  // exchange: NumPy
  noGraph: {
    meaning: 'A NumPy archive holds arrays, but no graph.',
    text: ({ name }: { readonly name: string }) => ({
      message: `expected an array "${name}" with the graph; the file holds arrays only`,
      hint: 'Arrays do not tell how the layers are connected: convert the model that they were taken from.',
    }),
    example: { name: 'graph.json' },
  },

  // exchange: MXNet
  severalModels: {
    meaning: 'A folder holds the checkpoints of several networks.',
    text: ({ prefixes, file }: { readonly prefixes: readonly string[]; readonly file: string }) => ({
      message: `expected the checkpoints of one network, found those of several: ${prefixes.join(', ')}`,
      hint: `Name a file of the one that is meant, as in ${file}, or move the others away.`,
    }),
    example: { prefixes: ['r50', 'y1'], file: 'models/r50-symbol.json' },
  },
  noParameters: {
    meaning: 'An MXNet checkpoint has no parameter file of the epoch.',
    text({
      name,
      epoch,
      epochs,
    }: {
      readonly name: string;
      readonly epoch: number | undefined;
      readonly epochs: readonly number[];
    }) {
      const found = epochs.length === 0 ? 'no epoch' : `epochs ${epochs.join(', ')}`;
      const wanted = epoch === undefined ? 'of some epoch' : `of epoch ${epoch}`;
      return { message: `expected ${name}-NNNN.params ${wanted} beside ${name}-symbol.json, found ${found}` };
    },
    example: { name: 'model', epoch: 3, epochs: [1, 2] },
  },

  // exchange: PyTorch
  unknownNetwork: {
    meaning: 'The tensors of a PyTorch program are not those of a network whose layers are known here.',
    text: ({ known, names, shapes }: UnknownNetworkFacts) => {
      const shown = names.slice(0, 4).map((name, index) => `${name} [${(shapes[index] ?? []).join(', ')}]`);
      const found = names.length === 0 ? 'no tensors' : `${names.length} tensors: ${shown.join(', ')}`;
      return {
        message: `expected the tensors of one of these networks (${known.join('; ')}), found ${found}${names.length > 4 ? ', ...' : ''}`,
        hint: 'Tensors do not tell how layers are connected. In the program that made them, torch.onnx.export(network, images, "model.onnx") writes a model that does.',
      };
    },
    example: {
      known: ['arcface_torch iresnet', 'AdaFace IR'],
      names: ['patch_embed.weight', 'pos_embed'],
      shapes: [
        [512, 3, 9, 9],
        [1, 144, 512],
      ],
    },
  },
  sizeOfNetwork: {
    code: 'unknown-network',
    meaning: 'The tensors of a PyTorch program are not those of a network whose layers are known here.',
    text: ({ name, inputs, channels }: SizeOfNetworkFacts) => ({
      message: `expected "${name}" to take ${channels} channels of a square map, found ${inputs} inputs`,
      hint: 'The size of the images follows from it: --input 3xHEIGHTxWIDTH sets it, as does the parameter "input" of a stage.',
    }),
    example: { name: 'fc.weight', inputs: 21504, channels: 512 },
  },

  // exchange: operators of MXNet and ONNX
  unknownOperator: {
    meaning: 'A node of a foreign network is of an operator for which there is no layer.',
    text({
      name,
      type,
      known = [],
      hint,
    }: ForeignNode & {
      readonly known?: Iterable<string>;
      readonly hint: string;
    }) {
      const message = `node "${name}" is of operator "${type}", for which there is no layer`;
      return { message, hint, suggest: { name: type, known } };
    },
    example: {
      name: 'up1',
      type: 'UpSampling',
      hint: 'Export the network as .onnx (mx.onnx.export_model), which the engine onnxruntime runs as it is; or, if what follows is not needed, name an output before that node.',
    },
  },
  unsupportedOperator: {
    meaning: 'A node of a foreign network uses an operator in a way that no layer has.',
    text: ({ name, type, expected, hint }: ForeignNode & { readonly expected: string; readonly hint?: string }) => ({
      message: `node "${name}" (${type}) must have ${expected}`,
      hint,
    }),
    example: { name: 'conv1', type: 'Conv', expected: 'dilations 1' },
  },
  outputOfOperator: {
    code: 'unsupported-operator',
    meaning: 'A node of a foreign network uses an operator in a way that no layer has.',
    text: ({ output, node }: { readonly output: number; readonly node: ForeignNode }) => ({
      message: `output ${output} of node "${node.name}" (${node.type}) is used; layers have their value only`,
    }),
    example: { output: 1, node: { name: 'bn1', type: 'BatchNorm' } },
  },
  outputIsNoLayer: {
    code: 'unsupported-operator',
    meaning: 'A node of a foreign network uses an operator in a way that no layer has.',
    text: ({ name }: { readonly name: string }) => ({ message: `output "${name}" is not the value of a layer` }),
    example: { name: 'shape' },
  },
  unsupportedInput: {
    meaning: 'An ONNX file takes something other than images.',
    text: ({ expected, found }: { readonly expected: string; readonly found: string }) => ({
      message: `expected ${expected}, found ${found}`,
    }),
    example: { expected: 'one input, the images', found: 'left, right' },
  },
  missingValue: {
    code: 'damaged-file',
    meaning: 'The content of a file contradicts itself.',
    text: ({ name, type, value }: ForeignNode & { readonly value: string }) => ({
      message: `node "${name}" (${type}) takes value "${value}", which no weight and no node before it has`,
    }),
    example: { name: 'relu1', type: 'Relu', value: 'conv1' },
  },
  nameTwice: {
    code: 'damaged-file',
    meaning: 'The content of a file contradicts itself.',
    text: ({ what, name }: { readonly what: string; readonly name: string }) => ({
      message: `two ${what} are called "${name}"`,
    }),
    example: { what: 'values', name: 'conv1_weight' },
  },
  tensorSize: {
    code: 'damaged-file',
    meaning: 'The content of a file contradicts itself.',
    text: ({
      name,
      found,
      dims,
      expected,
    }: {
      readonly name: string;
      readonly found: number;
      readonly dims: readonly number[];
      readonly expected: number;
    }) => ({ message: `tensor "${name}" has ${found} values, but its sizes ${listOf(dims)} make ${expected}` }),
    example: { name: 'fc1_weight', found: 10, dims: [3, 4], expected: 12 },
  },

  // exchange: Caffe
  noInput: {
    meaning: 'A Caffe network does not declare the images that it takes.',
    text: ({ expected, found }: { readonly expected: string; readonly found: string }) => ({
      message: `expected ${expected}, found ${found}`,
      hint: 'A .prototxt that only trains has data layers instead; take the one for deployment, or set the size of the input.',
    }),
    example: { expected: 'one input', found: 'left, right' },
  },
  severalMeans: {
    code: 'unsupported-layer',
    meaning: 'A layer of a Caffe network is of a type, or used in a way, that is not supported.',
    text: ({ means }: { readonly means: readonly number[] }) => ({
      message: `expected one mean_value for all channels in transform_param, found ${means.join(', ')}`,
      hint: 'State one mean and scale for all of them: the parameter "normalization", or --mean and --scale.',
    }),
    example: { means: [104, 117, 123] },
  },
  unsupportedLayer: {
    meaning: 'A layer of a Caffe network is of a type, or used in a way, that is not supported.',
    text: ({
      name,
      type,
      problem,
      known,
    }: ForeignNode & {
      readonly problem: string;
      readonly known?: Iterable<string>;
    }) => ({
      message: `layer "${name}" (${type}) ${problem}`,
      suggest: known && { name: type, known },
    }),
    example: { name: 'conv1', type: 'Convolution', problem: 'has dilation 2, and only 1 is supported' },
  },
  noLayers: {
    code: 'unsupported-layer',
    meaning: 'A layer of a Caffe network is of a type, or used in a way, that is not supported.',
    text: () => ({
      message: 'expected a network; no layer computes anything from the input',
      hint: 'The network of a training snapshot begins at its data layers: put the .prototxt for deployment beside it.',
    }),
    example: {},
  },
  missingWeights: {
    meaning: 'A Caffe file has no weights for a layer.',
    text({
      name,
      type,
      what,
      index,
      count,
    }: ForeignNode & {
      readonly what: string;
      readonly index: number;
      readonly count: number;
    }) {
      const found = count === 0 ? 'the file has no weights for it' : `the file has ${count} for it`;
      return {
        message: `layer "${name}" (${type}) needs ${what} as blob ${index}; ${found}`,
        hint: 'The .prototxt and the .caffemodel must be of one network, with the same names of layers.',
      };
    },
    example: { name: 'conv1', type: 'Convolution', what: 'its bias', index: 1, count: 1 },
  },
  otherNetwork: {
    meaning: 'A file holds the weights of another network of a detector than its name tells.',
    text: ({ expected, found }: { readonly expected: string; readonly found: string }) => ({
      message: `expected the weights of ${expected}, found those of ${found}`,
      hint: 'MTCNN is made of PNet (det1), RNet (det2), ONet (det3) and LNet (det4): each file must have its own name.',
    }),
    example: { expected: 'PNet', found: 'RNet' },
  },
  notMtcnnWeights: {
    meaning: 'A file is given as the weights of MTCNN, which are several.',
    text: () => ({
      message: 'expected a folder with the weights of MTCNN, or a manifest of face-api, found another file',
      hint: 'A folder of weights of MTCNN holds det1, det2 and det3; an ONNX file belongs to another detector: detector: { name: ... }.',
    }),
    example: {},
  },
  noNetworkFile: {
    meaning: 'The weights of one of the networks of a detector are missing.',
    text: ({ name, endings }: { readonly name: string; readonly endings: readonly string[] }) => ({
      message: `expected ${endings.map((ending) => name + ending).join(' or ')}, found none of them`,
      hint: 'A folder of weights of MTCNN holds det1, det2 and det3; det4, which refines points, does not come with faceflow.',
    }),
    example: { name: 'det4', endings: ['.params', '.caffemodel'] },
  },
  unknownBlob: {
    meaning: 'A layer of a Caffe network takes a value that no layer before it has.',
    text: ({ name, type, blob, known }: ForeignNode & { readonly blob: string; readonly known: Iterable<string> }) => ({
      message: `layer "${name}" (${type}) takes blob "${blob}", which no layer before it has`,
      suggest: { name: blob, known },
    }),
    example: { name: 'relu1', type: 'ReLU', blob: 'conv', known: ['data', 'conv1'] },
  },
  strayBlobs: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text: ({ name, type, read, count }: ForeignNode & { readonly read: number; readonly count: number }) => ({
      message: `layer "${name}" (${type}) takes ${read} blobs, and the file has ${count} for it`,
      hint: 'The .prototxt and the .caffemodel are of different networks, or of another Caffe whose layer does more.',
    }),
    example: { name: 'bn1', type: 'BatchNorm', read: 3, count: 5 },
  },
  blobShape: {
    code: 'parameters-mismatch',
    meaning: 'The arrays of a model do not match the parameters of its graph.',
    text({
      suffix,
      layer,
      shape,
      found,
      count,
    }: {
      readonly suffix: string;
      readonly layer: string;
      readonly shape: readonly number[];
      readonly found: readonly number[];
      readonly count: number;
    }) {
      const wrong = `${listOf(found)} with ${count} numbers`;
      return { message: `the ${suffix} of layer "${layer}" must have shape ${listOf(shape)}, found ${wrong}` };
    },
    example: { suffix: 'bias', layer: 'conv1', shape: [64], found: [32], count: 32 },
  },

  // conversion
  formatNotWritten: {
    meaning: 'Models can be read from a format, but not written to it.',
    text: ({ format, written }: { readonly format: string; readonly written: readonly string[] }) => ({
      message: `models are read from the format "${format}", but not written to it`,
      hint: `Write one of ${written.join(', ')}.`,
    }),
    example: { format: 'face-api', written: ['folder', 'mxnet', 'onnx'] },
  },
  conversionDiffers: {
    meaning: 'A converted model computes something other than the model that was read.',
    text: ({ how, found }: { readonly how: string; readonly found: string }) => ({
      message: `what was written (${how}) has ${found}`,
      hint: 'Do not use it, unless rounding explains so much: then accept it by "limit" (--limit).',
    }),
    example: { how: 'read again', found: 'no values for layer "fc1"' },
  },
  readingDiffers: {
    meaning: 'What was read of an ONNX file computes something other than onnxruntime computes of the file itself.',
    text: ({ how, found }: { readonly how: string; readonly found: string }) => ({
      message: `what was read of the file has ${found}, compared with what the file computes ${how}`,
      hint: 'Do not use what was written: faceflow has understood the file wrongly. Please report it; onnxruntime runs the file as it is.',
    }),
    example: { how: 'by onnxruntime 1.30.0', found: 'other values for layer "fc1"' },
  },
  conversionShowsNothing: {
    meaning: 'The outputs that a conversion compares are all 0, so that they show nothing.',
    text: ({ layer, how }: { readonly layer: string; readonly how: string }) => ({
      message: `layer "${layer}" is 0 everywhere for random images, before and after (${how}): the comparison shows nothing`,
      hint: 'Weights that are all 0, or activations that let nothing through. The written files stay, for inspection.',
    }),
    example: { layer: 'fc1', how: 'read again' },
  },

  // Engines, backends and sessions.
  unknownEngine: {
    meaning: 'FLOW_ENGINE names no engine.',
    text: ({ name, known }: { name: string; known: readonly string[] }) => ({
      message: `there is no engine "${name}"`,
      hint: `FLOW_ENGINE may be ${known.join(', ')}, or unset for the best one that is installed.`,
      suggest: { name, known },
    }),
    example: {
      name: 'tensorflo',
      known: ['tensorflow', 'cuda', 'webgpu', 'onnxruntime', 'onnxruntime-webgpu', 'wasm', 'cpu'],
    },
  },
  unknownEngineChoice: {
    code: 'unknown-engine',
    meaning: 'The parameter "engine" of a stage names no engine.',
    text: ({ value, known }: { value: string; known: readonly string[] }) => ({
      message: `there is no engine ${value}`,
      hint: `The parameter "engine" may be ${known.join(', ')}.`,
    }),
    example: {
      value: '"onnx"',
      known: ['auto', 'tensorflow', 'webgpu', 'onnxruntime', 'onnxruntime-webgpu', 'wasm', 'cpu'],
    },
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
  mpiCannotLoad: {
    meaning: 'The library of MPI, over which several ranks train together, cannot be opened.',
    text: ({ library, reason }: { library: string; reason: string }) => ({
      message: `MPI cannot be loaded from ${library}: ${reason}`,
      hint: 'It has to be the libmpi_abi.so of an MPI with the standard interface of MPI 5, or the libmpi.so of OpenMPI 4. Unset FLOW_MPI_LIBRARY: MPICH is fetched then. The package koffi calls it: npm ci installs that.',
    }),
    example: { library: '/opt/mpi/lib/libmpi_abi.so', reason: 'cannot open shared object file' },
  },
  engineCannotTrain: {
    meaning: 'onnxruntime was requested for something that trains.',
    text: () => ({
      message: 'the engine "onnxruntime" was requested, and it infers only: a stage that trains needs another',
      hint: 'Leave FLOW_ENGINE unset, and set the parameter "engine: onnxruntime" of the stages that infer.',
    }),
    example: {},
  },
  precisionNotComputed: {
    meaning: 'The engine does not compute with the requested precision.',
    text: ({ precision, engine }: { precision: string; engine: string }) => ({
      message: `the engine ${engine} does not compute with "precision: ${precision}"`,
      hint: 'The engine tensorflow has tf32 on NVIDIA cards and bfloat16 on processors; every engine computes with float32, which holds where precision is left out.',
    }),
    example: { precision: 'bfloat16', engine: 'wasm 4.22.0' },
  },
  xlaNotCompiled: {
    meaning: 'XLA is to compile the steps of a training, and the engine executes them kernel by kernel.',
    text: ({ engine }: { engine: string }) => ({
      message: `the engine ${engine} has no steps that "xla: true" could compile: it executes them kernel by kernel`,
      hint: 'XLA compiles steps of the engine tensorflow on processors, which are executed as graphs; leave xla out, or set FLOW_ENGINE to tensorflow.',
    }),
    example: { engine: 'wasm 4.22.0' },
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
    example: { provider: 'CPUExecutionProvider', reason: 'Load model from model.onnx failed:Protobuf parsing failed' },
  },
  layersNotOnDevice: {
    meaning: 'onnxruntime would compute layers on the processor, where a graphics processor was requested.',
    text: ({ provider }: { provider: string }) => ({
      message: `${provider} of onnxruntime has no kernels for some layers of the network`,
      hint: 'FLOW_ENGINE=onnxruntime computes all of them on processors; nothing is moved there in silence.',
    }),
    example: { provider: 'WebGpuExecutionProvider' },
  },
  onnxRunFailed: {
    code: 'onnx-not-run',
    meaning: 'onnxruntime has loaded an ONNX file, and cannot compute it.',
    text: ({ provider, reason }: { provider: string; reason: string }) => ({
      message: `onnxruntime (${provider}) cannot compute the network: ${reason}`,
      hint: 'Exporters write such files, and another program may take what is meant: the parameter "engine: tensorflow" (or wasm) reads the file with layers of faceflow, and flow convert writes what it has read as a file that onnxruntime runs.',
    }),
    example: {
      provider: 'CPUExecutionProvider',
      reason: 'Non-zero status code returned while running PRelu node. Name:"relu0"',
    },
  },
  severalOutputs: {
    code: 'not-an-embedding',
    meaning: 'A network does not compute one row of numbers per image.',
    text: ({ names }: { names: readonly string[] }) => ({
      message: `the network does not embed faces: expected one output, found ${names.join(', ')}`,
      hint: `The parameter "outputs" of a stage chooses one: outputs: [${names[0] ?? 'NAME'}]; flow convert MODEL NEW-MODEL --output ${names[0] ?? 'NAME'} makes a model of one output.`,
    }),
    example: { names: ['embedding', 'norm'] },
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
  notInColour: {
    code: 'not-an-embedding',
    meaning: 'A network does not compute one row of numbers per image.',
    text: ({ channels }: { channels: number }) => ({
      message: `the network does not embed faces: expected images of 3 channels (RGB), its input has ${channels}`,
      hint: 'Networks of grey images are read and converted, and not fed with colour images.',
    }),
    example: { channels: 1 },
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
    meaning:
      'The loss of a training, or what a step has made of its parameters, is not a finite number any more, or the loss is above a million.',
    text: ({ step, loss, largestLoss, learningRate, cause, norms, images, checkpoint }: Divergence) => ({
      message:
        `the training has diverged: the loss of step ${step} is ${loss}` +
        (loss > largestLoss ? `, above ${largestLoss}` : '') +
        ` (learning rate ${learningRate}); ${cause}` +
        (norms === undefined ? '' : `; ${normsInWords(norms)}`) +
        (images.length === 0 ? '' : `; images ${enumerated(images)}`),
      hint:
        'Lower optimizer.learningRate, let it rise slowly with schedule.warmupSteps, or limit steps with clipGradient; onDivergence: rewind goes back by itself.' +
        (checkpoint <= 0 ? '' : ` The checkpoint of step ${checkpoint} is kept.`),
    }),
    example: {
      step: 120,
      loss: NaN,
      largestLoss: 1e6,
      learningRate: 0.1,
      cause: 'layer "conv_2_dw_batchnorm" is the first whose output is not finite, its inputs and all parameters are',
      norms: { embeddings: NaN, network: 4213.2, loss: 17.3 },
      images: [17, 4, 301],
      checkpoint: 100,
    },
  },
  emptyLossRange: {
    code: 'empty-range',
    meaning: 'The smallest value of an option is larger than its largest one.',
    text: ({ low, least, high, greatest, mayBeEqual }: RangeOfLoss) => ({
      message: `expected loss.${low} to be ${mayBeEqual ? `loss.${high} at most` : `below loss.${high}`}, found ${least} and ${greatest}`,
      hint: 'Exchange the two, or leave one of them out.',
    }),
    example: { low: 'leastNorm', least: 110, high: 'greatestNorm', greatest: 10, mayBeEqual: false },
  },
  checkpointDamaged: {
    meaning: 'The checkpoint that a training is to resume from is not what was written.',
    text: ({ problem, folder }: { problem: string; folder: string }) => ({
      message: `the checkpoint of the training is damaged: ${problem}`,
      hint: `Nothing was changed: put a sound copy in its place, or remove ${folder} to start from the beginning.`,
    }),
    example: {
      problem: 'the values of "fc7_weight" are not those that were written',
      folder: 'runs/scratch/1f0c/checkpoint',
    },
  },
  lossNotDrawn: {
    meaning: 'A part of the classes is to take part in each step, and the loss needs all of them.',
    text: () => ({
      message:
        'this loss compares an image with all classes in every step: "classRate" is for losses with class centres and a softmax',
      hint: 'Choose one of them, such as arcface, cosface or adaface (docs/losses.md), or leave classRate out.',
    }),
    example: {},
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

interface Divergence {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  /** A loss above this counts as diverged though it is a number. */
  readonly largestLoss: number;
  /** Where the first value that is not finite is. */
  readonly cause: string;
  readonly norms?: Norms;
  /** Ids of the records of the batch, with their set where there are several. */
  readonly images: readonly (number | string)[];
  /** Step of the last checkpoint; 0 without one. */
  readonly checkpoint: number;
}

interface RangeOfLoss {
  /** Names of the options. */
  readonly low: string;
  readonly high: string;
  readonly least: number;
  readonly greatest: number;
  readonly mayBeEqual: boolean;
}

/** Euclidean norms of a training that diverges. */
export interface Norms {
  /** Mean of those of the batch; absent where the failure came after the step. */
  readonly embeddings?: number;
  /** Of all trained parameters together, before the update. */
  readonly network: number;
  /** Of all arrays of the loss together; 0 of a loss that has none. */
  readonly loss: number;
}

function normsInWords({ embeddings, network, loss }: Norms): string {
  const short = (norm: number): string => String(Number(norm.toPrecision(4)));
  const ofLoss = loss === 0 ? '' : `, of the arrays of the loss ${short(loss)}`;
  const ofEmbeddings = embeddings === undefined ? '' : `of the embeddings ${short(embeddings)} on average, `;
  return `norms: ${ofEmbeddings}of the parameters ${short(network)}${ofLoss}`;
}

function enumerated(ids: readonly (number | string)[]): string {
  const shown = ids.slice(0, 8).join(', ');
  return ids.length > 8 ? `${shown} and ${ids.length - 8} more` : shown;
}

interface UnknownNetworkFacts {
  readonly known: readonly string[];
  /** Of the tensors that were found. */
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
}

interface SizeOfNetworkFacts {
  readonly name: string;
  readonly inputs: number;
  readonly channels: number;
}
