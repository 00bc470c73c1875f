import { expect, test } from 'vitest';
import { verificationSection } from '../../../stages/report/verification-section.ts';
import { sampleVerification } from './sample-content.ts';

test('the table of results says of how many pairs the figures are where some could not be read, and that folds are others', () => {
  const whole = { name: 'agedb', result: sampleVerification('agedb', 1, 60) };
  const leftOut = { of: 64, pairs: [3, 4, 17, 40], images: 2, inOtherFolds: 11 };
  const part = { name: 'lfw', result: { ...sampleVerification('lfw', 2, 60), leftOut } };
  const text = (verificationSection([whole, part])?.text ?? '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  expect(text).toContain(
    'Of lfw, 4 pairs were left out, since 2 images cannot be read; folds are cut out of the others, 11 in another fold than before.',
  );
  expect(text).toMatch(/ agedb 60 0\.\d{4} .* lfw 60 of 64 0\.\d{4} /);
  expect(text).not.toContain('Of agedb');
});
