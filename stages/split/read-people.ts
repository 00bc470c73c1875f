import { pairProtocol, peopleInPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile, readHead } from '../../src/kit/codec/read-file.ts';
import { readFilledLines } from '../../src/kit/codec/text-lines.ts';

/** The people of a list: of a pair protocol, as packing stages and make-pairs hold them out, or a name a line. */
export function readPeople(file: string): ReadonlySet<string> {
  if (pairProtocol.sniff(readHead(file), file)) return peopleInPairs(decodeFile(pairProtocol, file).pairs);
  const names = new Set<string>();
  for (const { text } of readFilledLines(file, 'list of people')) names.add(text.trim());
  return names;
}
