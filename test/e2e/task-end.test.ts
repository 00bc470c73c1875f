import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, outcomes, Rig, until, type Ended } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

/** A program that does not listen to SIGTERM and writes to $o as long as it runs, for 60 s at most. */
const stubborn =
  `import os,signal,sys,time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], "w").write(str(os.getpid()))\n` +
  `for i in range(600): time.sleep(.1); open(os.environ["o"], "a").write("late\\n")\n`;

/** One task a that runs a command; $CONTROL in it is the folder where tests look. */
function write(command: string, settings = ''): void {
  rig.write('stubborn.py', stubborn);
  const text = command.replaceAll('$CONTROL', rig.control);
  rig.write(
    'e.yaml',
    `name: e\nstages:\n  a:\n    uses: shell\n${settings}    with:\n      outputs: { o: o }\n      command: ${JSON.stringify(text)}\n`,
  );
}

async function pidIn(name: string): Promise<number> {
  const file = `${rig.control}/${name}`;
  await until(() => existsSync(file) && readFileSync(file, 'utf8').trim() !== '', `${name} has begun`);
  return Number(readFileSync(file, 'utf8'));
}

/** Processes of this machine that have the scratch folder of a task of this workspace. */
function leftOver(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return isAlive(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`scratch=${rig.folder}/`);
      } catch {
        return false;
      }
    });
}

const ways = {
  'in the background': 'python3 stubborn.py $CONTROL/pid &',
  'in a session of its own': 'setsid python3 stubborn.py $CONTROL/pid &',
  'in a process group of its own': 'timeout 100 python3 stubborn.py $CONTROL/pid &',
};

describe.each(Object.entries(ways))('what a task leaves %s', (_, start) => {
  const command = `${start} while [ ! -s $CONTROL/pid ]; do sleep 0.05; done; `;

  it('is gone before its result is looked at', async () => {
    write(`${command} echo good > "$o"`);
    expect(outcomes(await rig.flow(['run', 'e.yaml', '--json']))).toEqual({ a: 'done' });
    expect(leftOver()).toEqual([]);
    await sleep(300);
    expect((await rig.flow(['cache', 'verify'])).code).toBe(0);
  });

  it('is gone when it has failed', async () => {
    write(`${command} exit 3`);
    expect((await rig.flow(['run', 'e.yaml'])).code).toBe(1);
    expect(leftOver()).toEqual([]);
  });

  it('is gone after the second interruption', async () => {
    write(`${command} echo > $CONTROL/ready; sleep 100`);
    const running = rig.start(['run', 'e.yaml']);
    await until(() => existsSync(`${rig.control}/ready`));
    running.process.kill('SIGINT');
    await until(() => rig.eventsSoFar().includes('stopping: running tasks'));
    expect(leftOver()).not.toEqual([]);
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(leftOver()).toEqual([]);
  });

  it('is gone soon after the runner was killed', async () => {
    write(`${command} echo > $CONTROL/ready; sleep 100`);
    const running = rig.start(['run', 'e.yaml']);
    await until(() => existsSync(`${rig.control}/ready`));
    running.process.kill('SIGKILL');
    await until(() => leftOver().length === 0);
  });
});

describe('a task that is stopped', () => {
  it('has ended when everything it has started has, so that the next attempt writes alone', async () => {
    write(
      `if [ ! -e $CONTROL/first ]; then touch $CONTROL/first; python3 -c 'import signal,sys,time; signal.signal(15, signal.SIG_IGN); [(time.sleep(.2), open(sys.argv[1],"a").write("written by the first attempt\\n")) for i in range(30)]' "$o"; fi; echo good > "$o"; sleep 0.5`,
      '    timeout: 4 s\n    retries: { times: 1, wait: 1 ms }\n',
    );
    expect(outcomes(await rig.flow(['run', 'e.yaml', '--json']))).toEqual({ a: 'done' });
    expect(rig.read('runs/latest/e/outputs/a/o')).toBe('good\n');
    expect((await rig.flow(['cache', 'verify'])).code).toBe(0);
  });

  it('is waited for while it saves', async () => {
    write(
      `python3 -c 'import os,signal,sys,time\ndef save(*_):\n    print("saving", flush=True); time.sleep(1); print("saved", flush=True); sys.exit(1)\nsignal.signal(15, save)\nopen("$CONTROL/pid", "w").write(str(os.getpid()))\ntime.sleep(60)'; echo > "$o"`,
    );
    const running = rig.start(['run', 'e.yaml']);
    const pid = await pidIn('pid');
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(isAlive(pid)).toBe(false);
    expect(rig.read('runs/latest/e/logs/a.log')).toMatch(/saving\nsaved\n/);
  });
});

describe('a task with a secret', () => {
  const secret = '    timeout: 20 s\n    env: { TOKEN: "${secret.TOKEN}" }\n';
  const run = (): Promise<Ended> => rig.flow(['run', 'e.yaml', '--json'], { TOKEN: 'correct-horse' });

  it('does not wait for a program it has left behind', async () => {
    write('setsid sleep 60 & echo hi > "$o"', secret);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(leftOver()).toEqual([]);
  });

  it('does not wait for a program that has left its environment too', async () => {
    write('env -i setsid sleep 15 & sleep 0.3; echo hi > "$o"', secret);
    const began = performance.now();
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(performance.now() - began).toBeLessThan(14_000);
  });
});

describe('a secret', () => {
  const run = (TOKEN: string): Promise<Ended> => rig.flow(['run', 'e.yaml'], { TOKEN });
  const secret = '    env: { TOKEN: "${secret.TOKEN}" }\n';

  it('of several lines is hidden line by line', async () => {
    write(
      'printf "%s" "$TOKEN" | while read -r line || [ -n "$line" ]; do echo "line: $line"; done; echo > "$o"',
      secret,
    );
    expect((await run('-----BEGIN-----\nfirst-half\r\n  second-half\nab\n')).code).toBe(0);
    const log = rig.read('runs/latest/e/logs/a.log');
    expect(log.replaceAll('\r', '')).toContain('line: (secret)\nline: (secret)\nline: (secret)\nline: ab\n');
  });

  it('that is very short is warned of, and leaves our own sentences whole', async () => {
    write('exit 3', secret);
    const ended = await run('3');
    expect(ended.stdout).toContain('warning: the secret TOKEN is so short that hiding it hides other text too');
    expect(ended.stdout).toContain('command-failed: the command ended with exit code 3');
  });
});

describe('what cannot be started', () => {
  it('says why: variables that are too long together', async () => {
    const list = `[${Array.from({ length: 1150 }, () => '"${stages.a.outputs.o}"').join(',')}]`;
    const ports = Array.from({ length: 20 }, (_, index) => `p${index}: ${index === 0 ? `&all ${list}` : '*all'}`);
    rig.write(
      'e.yaml',
      `name: many\nstages:\n  a: { uses: shell, with: { command: 'echo a > "$o"', outputs: { o: o } } }\n` +
        `  all: { uses: shell, with: { inputs: { ${ports.join(', ')} }, command: 'echo > "$o"', outputs: { o: o } } }\n`,
    );
    const ended = await rig.flow(['run', 'e.yaml', '-k']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain(
      '  not-started: the process of the task could not be started: E2BIG (spawn E2BIG)\n' +
        '    Its command and its variables together are longer than the system allows.\n',
    );
  });

  it('a list of paths that is too long for a variable is in a file, and a command that asks for the variable is told so', async () => {
    const axis = Array.from({ length: 1000 }, (_, index) => index).join(',');
    const all = (command: string): string =>
      `name: many\nparams: { s: [${axis}] }\nstages:\n  a: { uses: shell, with: { command: 'echo a > "$o"', outputs: { o: o } } }\n` +
      `  all: { uses: shell, with: { inputs: { all: [${Array.from({ length: 1600 }, () => '"${stages.a.outputs.o}"').join(',')}] }, command: '${command}', outputs: { o: o } } }\n`;
    rig.write('e.yaml', all('echo "$all" | xargs cat > "$o"'));
    const refused = await rig.flow(['run', 'e.yaml', '--json']);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('"code":"variable-too-long"');
    expect((await rig.flow(['run', 'e.yaml'])).stdout).toMatch(
      / {2}variable-too-long: the paths of input all are \d+ bytes, more than the variable \$all can hold\n {4}Read them from the file \$allList, a line each\.\n/,
    );
    rig.write('e.yaml', all('xargs cat < "$allList" > "$o"'));
    expect(outcomes(await rig.flow(['run', 'e.yaml', '--json']))).toEqual({ a: 'cached', all: 'done' });
    expect(rig.read('runs/latest/many/outputs/all/o')).toBe('a\n'.repeat(1600));
  });

  it('a command of any length is run', async () => {
    write(`${'# a long comment\n'.repeat(12_000)}echo long > "$o"`);
    expect(outcomes(await rig.flow(['run', 'e.yaml', '--json']))).toEqual({ a: 'done' });
  });

  it('tells the error of the system', async () => {
    const long = 'x'.repeat(140_000);
    write('echo > "$o"', `    env: { LONG: ${long} }\n`);
    const ended = await rig.flow(['run', 'e.yaml', '--json']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('"code":"not-started"');
    expect(ended.stdout).toContain('E2BIG');
  });
});
