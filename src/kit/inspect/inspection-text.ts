import { renderFailures } from '../../core/text/failure-frame.ts';
import { plainText } from '../../core/text/terminal-text.ts';
import { textTable } from '../../core/text/text-table.ts';
import { shownValue, type Inspection } from './inspection.ts';

const barWidth = 40;

/** An inspection as text for people, ending without a line feed. */
export function renderInspection(inspection: Inspection, colour: boolean): string {
  const { title, summary, damage, imagesPerIdentity } = inspection;
  // The content of a file must not reach the terminal as orders to it.
  const path = plainText(inspection.path);
  const notes = inspection.notes.map(plainText);
  const facts = inspection.facts.map(({ name, value }) => ({
    name: plainText(name),
    value: typeof value === 'string' ? plainText(value) : value,
  }));
  const sections = [
    `${path}: ${title}${summary === '' ? '' : `\n${summary}`}`,
    textTable(facts.map(({ name, value }) => [`  ${name}`, shownValue(value)])).join('\n'),
    ...(imagesPerIdentity === undefined || imagesPerIdentity.length === 0 ? [] : [renderHistogram(imagesPerIdentity)]),
    notes.map((note) => `  ${note}`).join('\n'),
    damage.length === 0 ? '' : `Damage:\n${renderFailures(damage, { colour })}`,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

/** An inspection as JSON: images are left out. */
export function inspectionJson({ samples, ...rest }: Inspection): object {
  return { ...rest, samples: samples.map(({ caption }) => caption) };
}

function renderHistogram(bars: NonNullable<Inspection['imagesPerIdentity']>): string {
  const largest = Math.max(...bars.map(({ identities }) => identities));
  const rows = bars.map(({ range, identities }) => [
    `  ${range}`,
    shownValue(identities),
    '█'.repeat(identities === 0 ? 0 : Math.max(1, Math.round((identities / largest) * barWidth))),
  ]);
  return `  images per identity: identities\n${textTable(rows).join('\n')}`;
}
