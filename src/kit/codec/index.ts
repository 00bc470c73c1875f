import { caffemodel } from './caffe/caffemodel.ts';
import { devkitList } from './megaface/devkit-list.ts';
import { featureMatrix } from './megaface/feature-matrix.ts';
import { indexFile } from './mxnet/index-file.ts';
import { landmarkList } from './lists/landmark-list.ts';
import { landmarkPoints } from './lists/landmark-points.ts';
import { matFile } from './matlab/mat-file.ts';
import { mxnetParams } from './mxnet/mxnet-params.ts';
import { mxnetSymbol } from './mxnet/mxnet-symbol.ts';
import { noiseList } from './megaface/noise-list.ts';
import { npyFile } from './numpy/npy-file.ts';
import { npz } from './numpy/npz.ts';
import { onnxModel } from './onnx/onnx-model.ts';
import { packingList } from './insightface/packing-list.ts';
import { pairProtocol } from './lists/pair-protocol.ts';
import { peopleList } from './lists/people-list.ts';
import { propertyFile } from './insightface/property-file.ts';
import { prototxt } from './caffe/prototxt.ts';
import { recordIo } from './mxnet/record-io.ts';
import { safetensors } from './torch/safetensors.ts';
import { tarArchive } from './archive/tar-archive.ts';
import { torchCheckpoint } from './torch/torch-checkpoint.ts';
import { verificationSet } from './insightface/verification-set.ts';
import { weightsManifest } from './tfjs/weights-manifest.ts';
import { zipArchive } from './archive/zip-archive.ts';

/**
 * Every file format that is read and written: what stands here is sniffed, shown by `flow inspect`, documented and
 * tested against damage. In the order of sniffing: the more telling signs first.
 */
export const codecs = {
  recordIo,
  mxnetParams,
  onnxModel,
  torchCheckpoint,
  safetensors,
  npz,
  npyFile,
  zipArchive,
  matFile,
  tarArchive,
  featureMatrix,
  verificationSet,
  caffemodel,
  prototxt,
  mxnetSymbol,
  weightsManifest,
  devkitList,
  landmarkPoints,
  indexFile,
  propertyFile,
  noiseList,
  peopleList,
  pairProtocol,
  packingList,
  landmarkList,
} as const;
