import {
  DefaultRenderer,
  Listr,
  type ListrDefaultRendererLogLevels,
  ListrLogger,
  ProcessOutput,
  Spinner,
} from 'listr2';

export interface LiveScreenOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** The lines to show now, none wider than the terminal. */
  readonly draw: (spinner: string) => readonly string[];
}

/**
 * A region at the bottom of the terminal that is redrawn ten times a second until it is closed, by the renderer of
 * listr2. Meanwhile everything else that is written to the two streams is held back, and follows when it is closed.
 *
 * listr2 draws its own list of tasks one by one, which suits neither thousands of tasks nor progress bars; so the list
 * here is one task, the run, and the text of a frame is ours.
 */
export class LiveScreen {
  readonly #finished: Promise<unknown>;
  readonly #finish: () => void;
  readonly #release: () => void;

  constructor({ stdout, stderr, draw }: LiveScreenOptions) {
    let finish = (): void => undefined;
    const closed = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
    const processOutput = new ScreenOutput(stdout, stderr, { leaveEmptyLine: false });
    this.#release = () => {
      processOutput.release();
    };
    // For a process that ends without closing: the cursor, and what was held back (perhaps the reason).
    process.once('exit', this.#release);
    const spinner = new Spinner();
    this.#finished = new Listr([{ title: 'run', task: () => closed }], {
      renderer: rendererOf(() => draw(spinner.fetch()).join('\n')),
      rendererOptions: {
        spinner,
        // The last frame is printed by the view, when the figures of the end are known.
        clearOutput: true,
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({
          processOutput,
        }),
      },
      // The command decides what Ctrl-C means; listr2 would leave the process at once.
      registerSignalListeners: false,
    }).run();
  }

  /** Removes the region and releases the terminal. */
  async close(): Promise<void> {
    this.#finish();
    await this.#finished;
    process.off('exit', this.#release);
  }
}

function rendererOf(frame: () => string): typeof DefaultRenderer {
  return class extends DefaultRenderer {
    // Whether there is a terminal has been decided before; listr2 would look at process.stdout.
    static override nonTTY = true;

    override create(): string {
      return frame();
    }
  };
}

/** The stream that frames are written to: listr2 copies its size once, this one follows when the window is resized. */
class ScreenOutput extends ProcessOutput {
  readonly #followed: NodeJS.WriteStream;

  constructor(stdout: NodeJS.WriteStream, ...rest: [NodeJS.WriteStream, { leaveEmptyLine: boolean }]) {
    super(stdout, ...rest);
    const write = this.stream.stdout.write.bind(this.stream.stdout);
    this.#followed = Object.create(stdout, { write: { value: write } }) as NodeJS.WriteStream;
  }

  override get stdout(): NodeJS.WriteStream {
    return this.#followed;
  }
}
