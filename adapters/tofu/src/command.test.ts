import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCommands } from './command.ts';
import { createRunLog } from './run-log.ts';
import { clock, never } from './test-bench.ts';

let runDir: string;

beforeEach(() => {
  runDir = realpathSync(mkdtempSync(join(tmpdir(), 'gosling-command-')));
});
afterEach(() => rmSync(runDir, { recursive: true }));

const mask = (text: string) => text.replaceAll('pg-secret', '[masked]');

function shell(onEvent: (message: string) => void = () => undefined) {
  const commands = createCommands({
    ...{ program: '/bin/sh', runDir, env: { PATH: '/usr/bin:/bin' }, clock, mask },
    ...{ hardEndAt: clock.now() + 60_000, graceMs: 1_000, lineBytes: 1_000, answerBytes: 500_000 },
    log: createRunLog(10_000, mask),
    onEvent: ({ message }) => onEvent(message),
    onStart: () => undefined,
  });
  return {
    ask: (script: string) => commands.ask(['-c', script], never),
    run: (script: string) => commands.run(['-c', script], never),
  };
}

describe('what a command prints', () => {
  it('lies in no file that has a name, where it would stay if its reader were killed', async () => {
    const script =
      'echo "pg-$0" pg-sec"ret"; echo pg-sec"ret" >&2; grep -rl pg-sec"ret" . && echo FOUND; ls | grep std; true';

    const { stdout, stderr, end } = await shell().ask(script);

    expect({ stdout, stderr, code: end.code }).toEqual({
      stdout: 'pg-/bin/sh pg-secret\n',
      stderr: '[masked]\n',
      code: 0,
    });
  });

  it('is read line by line while it is being printed, from the first to the last', async () => {
    const told: string[] = [];
    const line = (text: string) => `echo '{"@message":"${text}","type":"log"}'`;
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index} pg-secret`);

    const { end } = await shell((message) => told.push(message)).run(lines.map(line).join('\n'));

    expect(end.code).toBe(0);
    expect(told).toEqual(lines.map(mask));
  });

  it('is told once where the apply of a plan repeats what the plan has said', async () => {
    const told: string[] = [];
    const commands = shell((message) => told.push(message));
    const line = (type: string, text: string) => `echo '{"@message":"${text}","type":"${type}"}'`;
    const plan = [line('version', 'OpenTofu 1.12.6'), line('planned_change', 'a: Plan to create')];

    await commands.run([...plan, line('log', 'planned')].join('\n'));
    await commands.run([...plan, line('log', 'planned'), line('apply_start', 'a: Creating...')].join('\n'));

    expect(told).toEqual(['OpenTofu 1.12.6', 'a: Plan to create', 'planned', 'planned', 'a: Creating...']);
  });

  it('is refused as an answer where it is longer than what is read, with what was asked', async () => {
    const answer = shell().ask('head -c 500001 /dev/zero');

    await expect(answer).rejects.toMatchObject({
      code: 'TOFU_PLAN_FAILED',
      message: expect.stringMatching(/the answer to "-c" is longer than 0\.4\d* MiB/),
    });
  });

  it('as an error is read from its end, without a first line that may hold half of a secret', async () => {
    const { stderr: many } = await shell().ask('{ yes x | head -n 99999; echo the end; } >&2');
    const { stderr: one } = await shell().ask('{ head -c 99999 /dev/zero; echo; echo the end; } >&2');

    expect(many).toHaveLength(4000);
    expect(many.slice(-12)).toBe('x\nx\nthe end\n');
    expect(one).toBe('the end\n');
  });

  it('is read whole where it is longer than a read takes', async () => {
    const { stdout } = await shell().ask('i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done');

    expect(stdout.split('\n')).toHaveLength(30_001);
    expect(stdout.slice(0, 7)).toBe('line 0\n');
    expect(stdout.slice(-11)).toBe('line 29999\n');
  });
});
