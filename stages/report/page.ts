import { humanDuration } from '../../src/core/human.ts';
import type { Lineage } from '../../src/stage-api/lineage.ts';
import { hoverScript } from '../../src/kit/draw/hover-script.ts';
import { type Html, joinHtml, markup } from '../../src/kit/draw/html.ts';
import { fixed, groupedInteger } from '../../src/kit/draw/number-text.ts';
import { drawTable } from '../../src/kit/draw/table.ts';
import { renderPage } from '../../src/kit/draw/page.ts';
import { pageStyle } from '../../src/kit/draw/page-style.ts';
import { alignmentSection } from './alignment-section.ts';
import { comparisonSection } from './comparison-section.ts';
import { identificationSection } from './identification-section.ts';
import type { Identification } from './read-identifications.ts';
import type { Alignment, Training, Verification } from './read-inputs.ts';
import { programSection, type Measured } from './program-section.ts';
import { reportStyle } from './report-style.ts';
import type { SampleIdentity } from './sample-faces.ts';
import { parameterSection, taskSection } from './task-section.ts';
import { trainingSection } from './training-section.ts';
import { verificationSection } from './verification-section.ts';

export interface ReportContent {
  /** Empty: the name of the experiment. */
  readonly title: string;
  readonly lineage: Lineage;
  readonly trainings: readonly Training[];
  readonly verifications: readonly Verification[];
  readonly alignments: readonly Alignment[];
  readonly identifications: readonly Identification[];
  readonly measured: readonly Measured[];
  readonly faces: readonly SampleIdentity[];
}

/** The whole page as one text: no request to anywhere, readable without its script, the same for the same content. */
export function renderReport(content: ReportContent): string {
  const { lineage, trainings, verifications, alignments, identifications, measured, faces } = content;
  const { name, summary } = lineage.experiment;
  const title = content.title === '' ? name : content.title;
  const sections = [
    verificationSection(verifications),
    identificationSection(identifications),
    trainingSection(trainings),
    programSection(measured),
    alignmentSection(alignments),
    facesSection(faces),
    comparisonSection(lineage),
    taskSection(lineage),
    parameterSection(lineage),
    recordSection(lineage),
  ].filter((section) => section !== undefined);
  const body = markup`<header>
<h1>${title}</h1>
${summary === '' ? undefined : markup`<p class="summary">${summary}</p>`}
${keyFigures(content)}
${contentsOf(sections)}
</header>
<main>
${joinHtml(sections, '\n')}
</main>
<footer>Experiment “${name}”, ${colophon(lineage)}.</footer>`;
  return renderPage({ title, styles: [pageStyle, reportStyle], body, script: hoverScript });
}

/** Links to the sections of a page that is more than a screen long. */
function contentsOf(sections: readonly Html[]): Html | undefined {
  const links = sections.flatMap(({ text }) => {
    const [, id, title] = /<section id="([\w-]+)">\s*<h2>([^<]*)<\/h2>/.exec(text) ?? [];
    return id === undefined || title === undefined ? [] : [markup`<li><a href="#${id}">${title}</a></li>`];
  });
  if (links.length < 3) return undefined;
  return markup`<nav aria-label="sections">
    <ul>
      ${links}
    </ul>
  </nav>`;
}

/** So many accuracies stand in large figures; of more the best does. */
const mostFigures = 3;

/** What one wants to know first, in large figures. */
function keyFigures({ verifications, trainings, lineage }: ReportContent): Html {
  const isMany = verifications.length > mostFigures;
  const best = isMany
    ? verifications.toSorted((one, other) => other.result.accuracy - one.result.accuracy).slice(0, 1)
    : verifications;
  const accuracies = best.map(({ name, result }) => ({
    value: markup`${fixed(result.accuracy, 3)} <small>± ${fixed(result.deviation, 3)}</small>`,
    label: `${isMany ? `best of ${verifications.length}: ` : ''}accuracy on ${verifications.length > 1 ? `${name}, ` : ''}${groupedInteger(result.pairs)} pairs`,
  }));
  const steps = trainings.slice(0, 1).map(({ facts: { steps, batch, identities } }) => ({
    value: markup`${groupedInteger(steps)}`,
    label: [
      batch === undefined ? 'steps' : `steps of ${batch} images`,
      ...(identities === undefined ? [] : [`${groupedInteger(identities)} people`]),
    ].join(', '),
  }));
  const totalMs = lineage.tasks.reduce((sum, task) => sum + task.durationMs, 0);
  const time = { value: markup`${humanDuration(totalMs)}`, label: `of computing in ${tasksText(lineage)}` };
  const figures = [...accuracies, ...steps, ...(lineage.tasks.length > 0 ? [time] : [])];
  return markup`<dl class="figures">
    ${figures.map(
      ({ value, label }) =>
        markup`<div>
          <dt>${label}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function facesSection(faces: readonly SampleIdentity[]): Html | undefined {
  if (faces.length === 0) return undefined;
  const sheets = faces.map(
    ({ name, images }) =>
      markup`<li>
        <div>${images.map((source) => markup`<img src="${source}" alt="${name}" />`)}</div>
        <span>${name.replaceAll('_', ' ')}</span>
      </li>`,
  );
  return markup`<section id="faces">
    <h2>Faces</h2>
    <figure class="faces">
      <ul>
        ${sheets}
      </ul>
      <figcaption>
        <b>Samples.</b> Up to four images of each of ${faces.length} people, spread evenly over all people by name.
      </figcaption>
    </figure>
  </section>`;
}

function recordSection({ record }: Lineage): Html | undefined {
  if (record === undefined) return undefined;
  const columns = [
    { title: 'what', cell: ([name]: readonly [string, string]) => name },
    { title: '', cell: ([, text]: readonly [string, string]) => text },
  ];
  return markup`<section id="run">
    <h2>This run</h2>
    ${drawTable(record, columns, markup`<b>Record.</b> As faceflow keeps it in the folder of the run.`)}
  </section>`;
}

function colophon(lineage: Lineage): string {
  const engines = new Set(
    lineage.tasks.flatMap(({ engine }) => (engine === null ? [] : [`${engine.name} ${engine.version}`])),
  );
  const seeds = new Set(lineage.tasks.flatMap(({ seed }) => (seed === null ? [] : [seed])));
  const parts = [tasksText(lineage), ...engines];
  if (seeds.size > 0) parts.push(`seed ${[...seeds].join(', ')}`);
  return parts.join(', ');
}

function tasksText({ tasks }: Lineage): string {
  return `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`;
}
