import { existsSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomes, Rig, type Ended } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

/** One task a that runs a command. */
function write(command: string, settings = ''): void {
  rig.write(
    'e.yaml',
    `name: e\nstages:\n  a:\n    uses: shell\n    with: { ${settings}outputs: { o: o }, command: ${JSON.stringify(command)} }\n`,
  );
}

const run = (environment: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  rig.flow(['run', 'e.yaml', '--json'], environment);

const result = (): string => rig.read('runs/latest/e/outputs/a/o');

describe('a command', () => {
  it.each([
    'false | gzip > "$o"',
    'echo x | false | cat > "$o"',
    '(false | cat) > "$o"',
    'x=$(false | cat); echo > "$o"',
  ])('fails if any part of its pipeline does: %s', async (command) => {
    write(command);
    const ended = await run();
    expect(outcomes(ended)).toEqual({ a: 'failed' });
    expect(rig.entries()).toEqual([]);
  });

  it.each([
    'true || false | cat; echo | cat; echo good > "$o"',
    'case a in a|b) echo good > "$o" ;; esac',
    `printf 'good\\n' | cat > "$o"`,
  ])('whose pipelines are done is done: %s', async (command) => {
    write(command);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(result()).toBe('good\n');
  });

  it('with a pipeline prints as one without', async () => {
    write(`echo 'a\\tb' > "$o"`);
    await run();
    const plain = result();
    write(`echo 'a\\tb' | cat > "$o"`);
    await run();
    expect(result()).toBe(plain);
  });

  it('that names a variable that is not set fails instead of reading nothing', async () => {
    write('echo "$outptu" > "$o"');
    const ended = await run();
    expect(outcomes(ended)).toEqual({ a: 'failed' });
    expect(ended.stdout).toContain('outptu: parameter not set');
  });

  it('may ask for bash, which is part of the key', async () => {
    write('[[ ab == a* ]] && cat <(echo good) > "$o"', 'shell: bash, ');
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(result()).toBe('good\n');
    write('false | cat > "$o"', 'shell: bash, ');
    expect(outcomes(await run())).toEqual({ a: 'failed' });
    write('true', 'shell: zsh, ');
    expect((await run()).code).toBe(2);
  });

  it('finds the same language and time zone everywhere; what else it was given is in the record', async () => {
    write('echo "$LC_ALL $LANG $${LC_COLLATE-unset} $TZ $OMP_NUM_THREADS $${EDITOR-unset}" > "$o"');
    await run({
      LC_ALL: 'de_DE.UTF-8',
      LANG: 'tr_TR',
      LC_COLLATE: 'sv_SE',
      TZ: 'Asia/Tokyo',
      OMP_NUM_THREADS: '3',
      EDITOR: 'vi',
    });
    expect(result()).toBe('C.UTF-8 C.UTF-8 unset UTC 3 unset\n');
    const [id = ''] = rig.runs();
    const { variables } = JSON.parse(rig.read(`runs/${id}/run.json`)) as { variables: Record<string, string> };
    expect(variables['OMP_NUM_THREADS']).toBe('3');
    expect(variables['PATH']).toBe(process.env['PATH']);
    expect(variables).not.toHaveProperty('EDITOR');
  });
});

describe('the command that prints the version of a program', () => {
  const version = 'version: "echo asked >> asked; cat version", ';

  it('is run by run, and by no command that says it runs nothing', async () => {
    rig.write('version', '1\n');
    write('echo > "$o"', version);
    const silent = [
      ['check', 'e.yaml'],
      ['plan', 'e.yaml'],
      ['why', 'e.yaml', 'a'],
      ['status', 'e.yaml'],
      ['run', 'e.yaml', '-n'],
    ];
    const looks = async (): Promise<string[]> => {
      const shown = [];
      for (const args of silent) shown.push((await rig.flow(args)).stdout);
      return shown;
    };
    await looks();
    expect(existsSync(rig.path('asked'))).toBe(false);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(rig.read('asked')).toBe('asked\n');
    const [, plan, why] = await looks();
    expect(rig.read('asked')).toBe('asked\n');
    expect(plan).toContain('1 task, 1 cached, 0 to run');
    expect(plan).toContain('versions of programs were not asked and count as those of the last run');
    expect(why).toContain('cached since');
    writeFileSync(rig.path('version'), '2\n');
    expect((await rig.flow(['plan', 'e.yaml', '--ask-versions'])).stdout).toContain('0 cached, 1 to run');
    expect(outcomes(await run())).toEqual({ a: 'done' });
  });

  it('finds the variables that the task does', async () => {
    write('echo > "$o"', 'version: "echo $${LC_ALL-unset} $${EDITOR-unset}", ');
    await run({ LC_ALL: 'de_DE.UTF-8', EDITOR: 'vi' });
    const [key = ''] = rig.entries();
    expect(rig.read(`runs/cache/${key}/entry.json`)).toContain('"program": "C.UTF-8 unset"');
  });
});
