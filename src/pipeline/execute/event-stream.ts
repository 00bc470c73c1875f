import type { FlowEvent } from './event.ts';

/** An event without its time, as it is said. */
export type Saying = FlowEvent extends infer Event ? (Event extends FlowEvent ? Omit<Event, 'at'> : never) : never;

export type EventReader = (event: FlowEvent) => void;

/** The stream of everything that happens in a run: stamps each event with the time and hands it to every reader in order. */
export class EventStream {
  readonly #readers: readonly EventReader[];
  readonly #now: () => number;

  constructor(readers: readonly EventReader[], now: () => number) {
    this.#readers = readers;
    this.#now = now;
  }

  say(saying: Saying): void {
    // Spreading a union loses which member it is; the value has it.
    const event = { at: this.#now(), ...saying } as FlowEvent;
    for (const reader of this.#readers) reader(event);
  }
}
