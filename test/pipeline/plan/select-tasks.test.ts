import { expect, it } from 'vitest';
import { idsNamed } from '../../../src/pipeline/plan/select-tasks.ts';

const ids = ['train', 'verify[set=lfw,size=112]', 'verify[set=lfw,size=128]', 'verify[set=cfp,size=112]', 'verifyAll'];

it.each([
  ['train', ['train']],
  ['verify', ids.slice(1, 4)],
  ['verify[lfw]', ids.slice(1, 3)],
  ['verify[set=lfw]', ids.slice(1, 3)],
  ['verify[112]', ['verify[set=lfw,size=112]', 'verify[set=cfp,size=112]']],
  ['verify[112,cfp]', ['verify[set=cfp,size=112]']],
  ['verify[set=lfw,size=112]', ['verify[set=lfw,size=112]']],
  ['verify[size=lfw]', []],
  ['verify[agedb]', []],
  ['veri', []],
])('the name %s means tasks by stage and by values of its matrix', (name, meant) => {
  expect(idsNamed(ids, name)).toEqual(meant);
});
