import { expect, it } from 'vitest';
import { catalogue } from '../../../src/core/failure.ts';
import { renderFailures } from '../../../src/core/text/failure-frame.ts';

const failures = catalogue({
  damagedList: {
    meaning: 'A list is damaged.',
    text: ({ found }: { readonly found: string }) => ({ message: `found ${found}`, hint: 'Look\u0007.' }),
    example: { found: 'x' },
  },
});

it('what a file holds does not reach the terminal as orders to it, and the squiggle stays under its place', () => {
  const sourceLine = 'a\u001b]0;title\u0007b\tc\u0000d';
  const at = { file: 'l\u001b[2J.lst', line: 1, column: 12, length: 1, sourceLine };
  const text = renderFailures([failures.damagedList({ found: '\u001b[31mred' }, at)], { colour: false });
  expect(text).toBe('l.lst:1:12 damaged-list: found red\n  a·]0;title·b→c·d\n             ~\n  Look.');
});

it('what several failures of one kind advise stands once, after the last of them', () => {
  const [a, b] = ['a', 'b'].map((found) => failures.damagedList({ found }));
  const other = catalogue({
    other: { meaning: 'Another one.', text: () => ({ message: 'c', hint: 'Look\u0007.' }), example: {} },
  });
  const text = renderFailures(
    [a, b, other.other({}), a].filter((each) => each !== undefined),
    { colour: false },
  );
  expect(text).toBe(
    'damaged-list: found a\n\ndamaged-list: found b\n  Look.\n\nother: c\n  Look.\n\ndamaged-list: found a\n  Look.',
  );
});
