import { caffemodel } from './caffemodel.ts';
import { devkitList } from './devkit-list.ts';
import { featureMatrix } from './feature-matrix.ts';
import { indexFile } from './index-file.ts';
import { landmarkList } from './landmark-list.ts';
import { landmarkPoints } from './landmark-points.ts';
import { matFile } from './mat-file.ts';
import { mxnetParams } from './mxnet-params.ts';
import { mxnetSymbol } from './mxnet-symbol.ts';
import { noiseList } from './noise-list.ts';
import { npyFile } from './npy-file.ts';
import { npz } from './npz.ts';
import { onnxModel } from './onnx-model.ts';
import { packingList } from './packing-list.ts';
import { pairProtocol } from './pair-protocol.ts';
import { peopleList } from './people-list.ts';
import { propertyFile } from './property-file.ts';
import { prototxt } from './prototxt.ts';
import { recordIo } from './record-io.ts';
import { tarArchive } from './tar-archive.ts';
import { verificationSet } from './verification-set.ts';
import { weightsManifest } from './weights-manifest.ts';
import { zipArchive } from './zip-archive.ts';

/**
 * Every file format that is read and written: what stands here is sniffed, shown by `flow inspect`, documented and
 * tested against damage. In the order of sniffing: the more telling signs first.
 */
export const codecs = {
  recordIo,
  mxnetParams,
  onnxModel,
  npz,
  npyFile,
  zipArchive,
  matFile,
  tarArchive,
  verificationSet,
  featureMatrix,
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
