/*
 * The messages of Caffe's files (BVLC Caffe, src/caffe/proto/caffe.proto): numbers, types and names of the fields that
 * define a network and its weights. Fields that only concern training, data layers and other layer types
 * are left out: files may hold them, and they are passed over.
 */
export const enums = {
  Phase: { TRAIN: 0, TEST: 1 },
  Engine: { DEFAULT: 0, CAFFE: 1, CUDNN: 2 },
  VarianceNorm: { FAN_IN: 0, FAN_OUT: 1, AVERAGE: 2 },
  EltwiseOperation: { PROD: 0, SUM: 1, MAX: 2 },
  PoolMethod: { MAX: 0, AVE: 1, STOCHASTIC: 2 },
  RoundMode: { CEIL: 0, FLOOR: 1 },
  /** Layer types before they became text; the names are those of the messages of that time. */
  V1LayerType: {
    NONE: 0, ACCURACY: 1, BNLL: 2, CONCAT: 3, CONVOLUTION: 4, DATA: 5, DROPOUT: 6, EUCLIDEAN_LOSS: 7, FLATTEN: 8,
    HDF5_DATA: 9, HDF5_OUTPUT: 10, IM2COL: 11, IMAGE_DATA: 12, INFOGAIN_LOSS: 13, INNER_PRODUCT: 14, LRN: 15,
    MULTINOMIAL_LOGISTIC_LOSS: 16, POOLING: 17, RELU: 18, SIGMOID: 19, SOFTMAX: 20, SOFTMAX_LOSS: 21, SPLIT: 22,
    TANH: 23, WINDOW_DATA: 24, ELTWISE: 25, POWER: 26, SIGMOID_CROSS_ENTROPY_LOSS: 27, HINGE_LOSS: 28, MEMORY_DATA: 29,
    ARGMAX: 30, THRESHOLD: 31, DUMMY_DATA: 32, SLICE: 33, MVN: 34, ABSVAL: 35, SILENCE: 36, CONTRASTIVE_LOSS: 37,
    EXP: 38, DECONVOLUTION: 39,
  }, // prettier-ignore
} as const;

export type EnumName = keyof typeof enums;

/** `floats` and `doubles` are the numbers of a blob, read without a look at each where they stand in one piece. */
export type ScalarType = 'string' | 'integer' | 'float' | 'bool' | 'floats' | 'doubles';

interface FieldRule<Type extends string, Many extends boolean> {
  readonly id: number;
  readonly type: Type;
  readonly many: Many;
  /** Numbers that are written in one piece. */
  readonly packed: boolean;
}

function one<const Type extends string>(id: number, type: Type): FieldRule<Type, false> {
  return { id, type, many: false, packed: false };
}

function many<const Type extends string>(id: number, type: Type, packed = false): FieldRule<Type, true> {
  return { id, type, many: true, packed };
}

/** Parameters of layer types that both generations of layers have. */
const commonParameters = {
  ReLUParameter: { negative_slope: one(1, 'float'), engine: one(2, 'Engine') },
  DropoutParameter: { dropout_ratio: one(1, 'float') },
  EltwiseParameter: {
    operation: one(1, 'EltwiseOperation'),
    coeff: many(2, 'float'),
    stable_prod_grad: one(3, 'bool'),
  },
  ConcatParameter: { concat_dim: one(1, 'integer'), axis: one(2, 'integer') },
  SliceParameter: { slice_dim: one(1, 'integer'), slice_point: many(2, 'integer'), axis: one(3, 'integer') },
  SoftmaxParameter: { engine: one(1, 'Engine'), axis: one(2, 'integer') },
  PowerParameter: { power: one(1, 'float'), scale: one(2, 'float'), shift: one(3, 'float') },
  EngineParameter: { engine: one(1, 'Engine') },
  InnerProductParameter: {
    num_output: one(1, 'integer'),
    bias_term: one(2, 'bool'),
    weight_filler: one(3, 'FillerParameter'),
    bias_filler: one(4, 'FillerParameter'),
    axis: one(5, 'integer'),
    transpose: one(6, 'bool'),
  },
  ConvolutionParameter: {
    num_output: one(1, 'integer'),
    bias_term: one(2, 'bool'),
    pad: many(3, 'integer'),
    kernel_size: many(4, 'integer'),
    group: one(5, 'integer'),
    stride: many(6, 'integer'),
    weight_filler: one(7, 'FillerParameter'),
    bias_filler: one(8, 'FillerParameter'),
    pad_h: one(9, 'integer'),
    pad_w: one(10, 'integer'),
    kernel_h: one(11, 'integer'),
    kernel_w: one(12, 'integer'),
    stride_h: one(13, 'integer'),
    stride_w: one(14, 'integer'),
    engine: one(15, 'Engine'),
    axis: one(16, 'integer'),
    force_nd_im2col: one(17, 'bool'),
    dilation: many(18, 'integer'),
  },
  PoolingParameter: {
    pool: one(1, 'PoolMethod'),
    kernel_size: one(2, 'integer'),
    stride: one(3, 'integer'),
    pad: one(4, 'integer'),
    kernel_h: one(5, 'integer'),
    kernel_w: one(6, 'integer'),
    stride_h: one(7, 'integer'),
    stride_w: one(8, 'integer'),
    pad_h: one(9, 'integer'),
    pad_w: one(10, 'integer'),
    engine: one(11, 'Engine'),
    global_pooling: one(12, 'bool'),
    round_mode: one(13, 'RoundMode'),
  },
} as const;

export const messages = {
  ...commonParameters,
  NetParameter: {
    name: one(1, 'string'),
    layers: many(2, 'V1LayerParameter'),
    input: many(3, 'string'),
    input_dim: many(4, 'integer'),
    input_shape: many(8, 'BlobShape'),
    layer: many(100, 'LayerParameter'),
  },
  LayerParameter: {
    name: one(1, 'string'),
    type: one(2, 'string'),
    bottom: many(3, 'string'),
    top: many(4, 'string'),
    blobs: many(7, 'BlobProto'),
    include: many(8, 'NetStateRule'),
    exclude: many(9, 'NetStateRule'),
    transform_param: one(100, 'TransformationParameter'),
    concat_param: one(104, 'ConcatParameter'),
    convolution_param: one(106, 'ConvolutionParameter'),
    dropout_param: one(108, 'DropoutParameter'),
    eltwise_param: one(110, 'EltwiseParameter'),
    inner_product_param: one(117, 'InnerProductParameter'),
    pooling_param: one(121, 'PoolingParameter'),
    power_param: one(122, 'PowerParameter'),
    relu_param: one(123, 'ReLUParameter'),
    sigmoid_param: one(124, 'EngineParameter'),
    softmax_param: one(125, 'SoftmaxParameter'),
    slice_param: one(126, 'SliceParameter'),
    tanh_param: one(127, 'EngineParameter'),
    prelu_param: one(131, 'PReLUParameter'),
    reshape_param: one(133, 'ReshapeParameter'),
    flatten_param: one(135, 'FlattenParameter'),
    batch_norm_param: one(139, 'BatchNormParameter'),
    scale_param: one(142, 'ScaleParameter'),
    elu_param: one(140, 'ELUParameter'),
    input_param: one(143, 'InputParameter'),
    clip_param: one(148, 'ClipParameter'),
    norm_param: one(206, 'NormalizeParameter'),
  },
  V1LayerParameter: {
    bottom: many(2, 'string'),
    top: many(3, 'string'),
    name: one(4, 'string'),
    type: one(5, 'V1LayerType'),
    blobs: many(6, 'BlobProto'),
    concat_param: one(9, 'ConcatParameter'),
    convolution_param: one(10, 'ConvolutionParameter'),
    dropout_param: one(12, 'DropoutParameter'),
    inner_product_param: one(17, 'InnerProductParameter'),
    pooling_param: one(19, 'PoolingParameter'),
    power_param: one(21, 'PowerParameter'),
    eltwise_param: one(24, 'EltwiseParameter'),
    relu_param: one(30, 'ReLUParameter'),
    slice_param: one(31, 'SliceParameter'),
    include: many(32, 'NetStateRule'),
    exclude: many(33, 'NetStateRule'),
    tanh_param: one(37, 'EngineParameter'),
    sigmoid_param: one(38, 'EngineParameter'),
    softmax_param: one(39, 'SoftmaxParameter'),
  },
  NetStateRule: {
    phase: one(1, 'Phase'),
    min_level: one(2, 'integer'),
    max_level: one(3, 'integer'),
    stage: many(4, 'string'),
    not_stage: many(5, 'string'),
  },
  /** What data layers do to an image: (value - mean_value) * scale. */
  TransformationParameter: { scale: one(1, 'float'), mean_value: many(5, 'float') },
  BlobShape: { dim: many(1, 'integer', true) },
  BlobProto: {
    num: one(1, 'integer'),
    channels: one(2, 'integer'),
    height: one(3, 'integer'),
    width: one(4, 'integer'),
    data: one(5, 'floats'),
    shape: one(7, 'BlobShape'),
    double_data: one(8, 'doubles'),
  },
  FillerParameter: {
    type: one(1, 'string'),
    value: one(2, 'float'),
    min: one(3, 'float'),
    max: one(4, 'float'),
    mean: one(5, 'float'),
    std: one(6, 'float'),
    sparse: one(7, 'integer'),
    variance_norm: one(8, 'VarianceNorm'),
  },
  PReLUParameter: { filler: one(1, 'FillerParameter'), channel_shared: one(2, 'bool') },
  ReshapeParameter: { shape: one(1, 'BlobShape'), axis: one(2, 'integer'), num_axes: one(3, 'integer') },
  FlattenParameter: { axis: one(1, 'integer'), end_axis: one(2, 'integer') },
  BatchNormParameter: {
    use_global_stats: one(1, 'bool'),
    moving_average_fraction: one(2, 'float'),
    eps: one(3, 'float'),
  },
  ScaleParameter: {
    axis: one(1, 'integer'),
    num_axes: one(2, 'integer'),
    filler: one(3, 'FillerParameter'),
    bias_term: one(4, 'bool'),
    bias_filler: one(5, 'FillerParameter'),
  },
  InputParameter: { shape: many(1, 'BlobShape') },
  ELUParameter: { alpha: one(1, 'float') },
  ClipParameter: { min: one(1, 'float'), max: one(2, 'float') },
  /** Of the Caffe of SSD (weiliu89/caffe, branch ssd). */
  NormalizeParameter: {
    across_spatial: one(1, 'bool'),
    scale_filler: one(2, 'FillerParameter'),
    channel_shared: one(3, 'bool'),
    eps: one(4, 'float'),
  },
} as const;

export type MessageName = keyof typeof messages;

type ValueOf<Type> = Type extends 'string'
  ? string
  : Type extends 'integer' | 'float'
    ? number
    : Type extends 'bool'
      ? boolean
      : Type extends 'floats'
        ? Float32Array
        : Type extends 'doubles'
          ? readonly number[]
          : Type extends EnumName
            ? keyof (typeof enums)[Type]
            : Type extends MessageName
              ? Message<Type>
              : never;

/** A message as data; enumerations by their words. A field that is absent has Caffe's default. */
export type Message<Name extends MessageName> = {
  readonly [Field in keyof (typeof messages)[Name]]?: (typeof messages)[Name][Field] extends FieldRule<
    infer Type,
    infer Many
  >
    ? Many extends true
      ? readonly ValueOf<Type>[]
      : ValueOf<Type>
    : never;
};

export type NetParameter = Message<'NetParameter'>;
export type LayerParameter = Message<'LayerParameter'>;
export type V1LayerParameter = Message<'V1LayerParameter'>;
export type BlobProto = Message<'BlobProto'>;

/** A message by code that treats all alike. */
export interface AnyMessage {
  readonly [field: string]: AnyValue | readonly AnyValue[];
}
export type AnyValue = string | number | boolean | Float32Array | AnyMessage;

export interface AnyFieldRule {
  readonly id: number;
  readonly type: ScalarType | EnumName | MessageName;
  readonly many: boolean;
  readonly packed: boolean;
}

export function fieldsOf(name: MessageName): Readonly<Record<string, AnyFieldRule>> {
  return messages[name];
}

export function isMessageName(type: string): type is MessageName {
  return Object.hasOwn(messages, type);
}

export function isEnumName(type: string): type is EnumName {
  return Object.hasOwn(enums, type);
}

/** The words of an enumeration and their numbers. */
export function wordsOf(name: EnumName): Readonly<Record<string, number>> {
  return enums[name];
}
