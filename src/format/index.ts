import { indexFile } from './index-file.ts';
import { packingList } from './packing-list.ts';
import { pairProtocol } from './pair-protocol.ts';
import { propertyFile } from './property-file.ts';
import { recordIo } from './record-io.ts';
import { verificationSet } from './verification-set.ts';

/** Every file format that is read and written; what stands here is sniffed by name and content, documented and tested. */
export const codecs = {
  recordIo,
  indexFile,
  propertyFile,
  verificationSet,
  pairProtocol,
  packingList,
} as const;
