import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EventFile } from '../../stages/train/event-file.ts';
import { preparePeer, runPython, tensorboard } from './python.ts';

const { python, folder, missing, note } = preparePeer(tensorboard);

const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0})
found.Reload()
print(json.dumps({tag: [[each.step, each.value] for each in found.Scalars(tag)] for tag in found.Tags()['scalars']}))
`;

it.skipIf(missing !== undefined)(
  `TensorBoard reads the curves of a training that was killed and went on${note}`,
  () => {
    const events = join(folder, 'events');
    const first = new EventFile(events, 0);
    first.add(20, { loss: 12.5, 'images/s': 990.78, 'verification/lfw': 0.5 });
    first.add(40, { loss: 9.25 });
    first.add(60, { loss: 100 });
    first.close();
    // Its last checkpoint is that of step 40.
    const second = new EventFile(events, 40);
    second.add(60, { loss: 7, 'verification/lfw': 0.75 });
    second.close();
    expect(JSON.parse(runPython(python, script, [events]))).toEqual({
      loss: [
        [20, 12.5],
        [40, 9.25],
        [60, 7],
      ],
      'images/s': [[20, Math.fround(990.78)]],
      'verification/lfw': [
        [20, 0.5],
        [60, 0.75],
      ],
    });
  },
);
