import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactIn, Redactor } from '../../../src/pipeline/execute/redact.ts';

it('the longest secret is taken out where several begin, and characters of patterns are only characters', () => {
  expect(redactIn('ab abc a.c axc', ['ab', 'abc', 'a.c'])).toBe('(secret) (secret) (secret) axc');
});

it('what cannot become a secret is shown at once', () => {
  const concealer = new Redactor(['abc', 'cde']);
  expect([concealer.next('xab'), concealer.next('x abc'), concealer.next('c'), concealer.last('d')]).toEqual([
    'x',
    'abx (secret)',
    '',
    'cd',
  ]);
});

it('a text in pieces, however it is cut, is shown as the whole is', () => {
  const secrets = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 }), {
    maxLength: 4,
  });
  const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 6 }), { maxLength: 12 });
  fc.assert(
    fc.property(secrets, pieces, (hidden, printed) => {
      const concealer = new Redactor(hidden);
      const shown = printed.map((piece) => concealer.next(piece)).join('') + concealer.last();
      expect(shown).toBe(redactIn(printed.join(''), hidden));
    }),
    { numRuns: 2000 },
  );
});
