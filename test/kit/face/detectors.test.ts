import { trainingEngine } from '../../../src/kit/net/engines/choose-engine.ts';
import { inferShapes } from '../../../src/kit/net/graph/infer-shapes.ts';
import { proposalNetwork } from '../../../src/kit/net/mtcnn/cascade-graphs.ts';
import { openSession } from '../../../src/kit/net/sessions/open-session.ts';
import { randomParameters } from '../net/backends/small-networks.ts';
import { detectorSuite, drawnImage } from './detector-suite.ts';
import { proposalDetector } from './proposal-detector.ts';

const images = [drawnImage(40, 30, 1), drawnImage(25, 33, 2)];

detectorSuite(
  'proposals',
  async () => {
    const graph = proposalNetwork({ height: 12, width: 12 });
    const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 3) };
    const options = { engine: trainingEngine('cpu').identity, threads: 1 };
    return proposalDetector(await openSession({ kind: 'graph', model, file: 'pnet.model' }, options), 0.5);
  },
  images,
);
