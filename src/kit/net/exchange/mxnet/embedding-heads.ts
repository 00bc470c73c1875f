import { fail } from '../../../../core/failure.ts';
import type { MxnetEntry, MxnetSymbol } from '../../../codec/mxnet/mxnet-symbol.ts';
import { failures } from '../../failures.ts';

/**
 * The outputs to take of a symbol: those requested by name (`fc1` or, as MXNet calls values, `fc1_output`); of a
 * training checkpoint the embedding, which its classifier and loss take; of any other symbol its own heads.
 * Fails with `unknown-layer`.
 */
export function embeddingHeads(
  symbol: MxnetSymbol,
  requested: readonly string[] | undefined,
  file: string,
): readonly MxnetEntry[] {
  if (requested !== undefined) return requested.map((name) => entryNamed(symbol, name, file));
  // Training scripts return the embedding behind a BlockGrad, so that no gradient enters there, and the loss.
  const blocked = symbol.heads.flatMap(({ node }) => {
    const head = symbol.nodes[node];
    const [embedding] = head?.inputs ?? [];
    return head?.op === 'BlockGrad' && embedding !== undefined && isComputed(symbol, embedding) ? [embedding] : [];
  });
  if (blocked.length > 0) return blocked;
  const trains = symbol.heads.some(({ node }) => lossOperators.includes(symbol.nodes[node]?.op ?? ''));
  const embedding = symbol.nodes.findIndex(({ op, name }) => op !== 'null' && name === 'fc1');
  return trains && embedding >= 0 ? [{ node: embedding, output: 0, version: 0 }] : symbol.heads;
}

const lossOperators = ['SoftmaxOutput', 'Softmax', 'MakeLoss', 'make_loss', 'LinearRegressionOutput'];

function isComputed(symbol: MxnetSymbol, entry: MxnetEntry): boolean {
  return symbol.nodes[entry.node]?.op !== 'null';
}

function entryNamed(symbol: MxnetSymbol, name: string, file: string): MxnetEntry {
  const plain = name.replace(/_output$/, '');
  const node = symbol.nodes.findIndex((candidate) => candidate.op !== 'null' && candidate.name === plain);
  if (node >= 0) return { node, output: 0, version: 0 };
  const names = symbol.nodes.filter(({ op }) => op !== 'null').map((candidate) => candidate.name);
  fail(failures.unknownValue({ name: plain, known: names }, { file }));
}
