import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoRoom, type DemoRoom } from './support/demo.ts';

const stages = [
  'Nest initialised and pushed',
  'OpenTofu',
  'MotherGoose up, first sync',
  'push hook, sync at commit',
  'registration and webhook created',
  'pipeline starts, job pending',
  'job hook, matched',
  'OpenTofu plan, guard, apply',
  'runner boots, trades its one-time token',
  'job runs',
  'runner idle, pruned by UglyFox',
  'OpenTofu removes it',
];
const lastHint = 'Ctrl-C ends the demo';

let room: DemoRoom;

beforeEach(() => {
  room = createDemoRoom();
});
afterEach(() => room.remove());

describe('the demo', { timeout: 90_000 }, () => {
  it('shows each stage in order with the log of the job, exits 0 and leaves nothing', async () => {
    const demo = room.type('./gosling demo --once');

    const code = await demo.ended();

    const done = [...demo.data().matchAll(/^✓ ([^:(]+?)(?::.*)? \(\d+\.\ds\)$/gm)].map(([, name]) => name);
    expect(code, demo.output()).toBe(0);
    expect(done).toEqual(stages);
    expect(demo.data()).toMatch(
      /│ Hello from a runner that did not exist a moment ago\n[^✓]*│ Job succeeded/,
    );
    expect(demo.data()).not.toContain('✗');
    expect(await room.left()).toEqual([]);
  });

  it('stays up for other terminals until Ctrl-C, which is its normal end', async () => {
    const demo = room.type('./gosling demo');
    const shown = await demo.shows(lastHint);
    const [, url = ''] = /status page: (\S+)/.exec(shown) ?? [];
    const [, ...hints] = /^ {2}(export .*)\n {2}(.*status)\n {2}(.*why .*)$/m.exec(shown) ?? [];

    const login = await fetch(url);
    const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
    const page = await fetch(new URL('/', url), { headers: { cookie } });
    const stranger = await fetch(new URL('/', url));
    const other = room.type(`${hints[0]}\n${hints[1]}\n${hints[2]}`);
    const otherCode = await other.ended();
    const inFiles = await room.canaries.scan();
    demo.interrupt();
    const code = await demo.ended();

    expect(hints).toHaveLength(3);
    expect([login.status, page.status, stranger.status]).toEqual([200, 200, 401]);
    expect(await page.text()).toContain('demo');
    expect(otherCode, other.output()).toBe(0);
    expect(other.data()).toMatch(/demo +active +0\/2 +0 +0/);
    expect(other.data()).toContain('it has ended');
    const met = ['runner/bootstrap-token', 'runner/agent-token', 'api-keys/cli-admin', 'store/keyring'];
    expect([...room.canaries.known()]).toEqual(expect.arrayContaining(met));
    expect(inFiles).toEqual([]);
    expect(code, demo.output()).toBe(0);
    expect(await room.left()).toEqual([]);
  });

  it.each([
    ['the apply', 'OpenTofu plan, guard, apply'],
    ['the boot of the runner', 'runner boots'],
    ['the job', 'job runs'],
  ])('leaves nothing when it is interrupted in %s', async (_moment, stage) => {
    const demo = room.type('./gosling demo');
    await demo.shows(`… ${stage}`);

    demo.interrupt();
    const code = await demo.ended();

    expect(code, demo.output()).toBe(0);
    expect(demo.output()).toContain('interrupted');
    expect(demo.output()).not.toMatch(/error|at file:/);
    expect(await room.left()).toEqual([]);
  });

  it('exits with 130 when it was to end by itself and is interrupted before', async () => {
    const demo = room.type('./gosling demo --once');
    await demo.shows(`… ${stages[3]}`);

    demo.interrupt();

    expect(await demo.ended()).toBe(130);
    expect(await room.left()).toEqual([]);
  });

  it('draws on a terminal, and ends there by Ctrl-C as well', async () => {
    const demo = room.type('./gosling demo', { screen: 'tty' });
    await demo.shows(lastHint);

    demo.interrupt();
    const code = await demo.ended();

    const lines = demo.output().split('\n');
    expect(code, demo.output()).toBe(0);
    expect(demo.output()).toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] job runs \d\.\ds/);
    expect(demo.output()).toContain('\u001b[1A\u001b[2K');
    const done = lines.flatMap((line) => /✓ ([^:]+?)(?::.*)? \d+\.\ds\r$/.exec(line)?.[1] ?? []);
    expect(done).toEqual(stages);
    expect(await room.left()).toEqual([]);
  });

  it('tells the same as JSON lines', async () => {
    const demo = room.type('./gosling demo --json');
    await demo.shows('"event":"up"');

    demo.interrupt();
    const code = await demo.ended();

    const events = demo
      .data()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const done = events.filter(({ event }) => event === 'done').map(({ name }) => name);
    expect(code, demo.output()).toBe(0);
    expect(done).toEqual(stages);
    expect(events.find(({ event }) => event === 'line')?.detail).toContain('│');
    expect(events.at(-1)).toMatchObject({
      event: 'up',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
      data_dir: expect.stringContaining(room.dir),
      job_url: expect.stringContaining('/-/jobs/'),
    });
  });

  it('names the setting that is wrong before it starts anything', async () => {
    const demo = room.type('./gosling demo', { env: { GOSLING_LISTEN: 'everywhere' } });

    const code = await demo.ended();

    expect(code).toBe(1);
    expect(demo.output()).toContain('GOSLING_LISTEN: host:port');
    expect(await room.left()).toEqual([]);
  });
});
