import { Rollback } from '@polar-gosling/api-contract';
import { describe, it, type TestContext } from 'vitest';
import { runAtTerminal, runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

const view = Rollback.parse({
  egg_name: 'app',
  action: 'pin',
  dry_run: true,
  before: { machine_hash: 'm2', git_commit: 'bbbbbbbbbbbb' },
  after: { machine_hash: 'm1', git_commit: 'aaaaaaaaaaaa' },
  deployment: { id: 'd1', state: 'succeeded' },
  changes: [
    { path: 'resources.memory_mib', before: 2048, after: 1024, machine: true },
    { path: 'runner.image', before: 'node:24', machine: true },
  ],
  runners: { kept: [], replaced: ['r1', 'r2'], drained: ['r3'], leaving: [] },
});
const egg = {
  kind: 'egg',
  status: 'active',
  config: {},
  config_hash: 'c',
  machine_hash: 'm',
  git_commit: 'a',
  source_file: 'x',
  synced_at: '2026-01-01T00:00:00Z',
  created_at: '2026-01-01T00:00:00Z',
};
const nothing = {
  status: 409,
  code: 'ROLLBACK_NOTHING',
  detail: 'egg new has nothing to go back to: it is new',
};

async function anApi({ onTestFinished }: TestContext, more: Parameters<typeof startFakeApi>[0] = {}) {
  const api = await startFakeApi({
    'GET /eggs': { items: ['app', 'new', 'gone'].map((name) => ({ ...egg, name })) },
    'POST /eggs/app/rollback': view,
    'POST /eggs/new/rollback': nothing,
    ...more,
  });
  onTestFinished(api.close);
  const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'a-write-token-of-the-api' };
  const asked = () => api.requests.filter(({ line }) => line.startsWith('POST')).map(({ body }) => body);
  return { asked, env, run: (...args: string[]) => runCli(['rollback', ...args], { env }) };
}

describe.concurrent('gosling rollback', { timeout: 90_000 }, () => {
  it('says what it will do before it does it', async (test) => {
    const { run, asked } = await anApi(test);

    const { code, stderr } = await run('--egg', 'app', '--to', 'aaaaaaaa', '--yes');

    test.expect(code).toBe(0);
    test.expect(stderr).toContain('from the machines of bbbbbbbb to those of aaaaaaaa');
    test.expect(stderr).toContain('resources.memory_mib: 2048 → 1024');
    test.expect(stderr).toContain('runner.image: "node:24" → -');
    test.expect(stderr).toContain('2 runners replaced, a share at a time');
    test.expect(stderr).toContain('1 runner replaced after their jobs');
    test.expect(stderr).toContain('app is pinned; gosling rollback --egg app --unpin lifts it');
    test.expect(asked()).toEqual([
      { to: 'aaaaaaaa', unpin: false, dry_run: true },
      { to: 'aaaaaaaa', unpin: false, dry_run: false },
    ]);
  });

  it('changes nothing without a yes, and nothing when it is only asked what it would do', async (test) => {
    const { run, asked, env } = await anApi(test);

    const unasked = await run('--egg', 'app');
    const dry = await run('--egg', 'app', '--dry-run', '--json');
    const answers = [['change app?', 'n']] as const;
    const refused = await runAtTerminal(['rollback', '--egg', 'app'], { env, answers });

    test.expect([unasked.code, dry.code, refused.code]).toEqual([64, 0, 130]);
    test.expect(JSON.parse(dry.stdout).items).toMatchObject([{ egg_name: 'app', dry_run: true }]);
    test.expect(asked()).toEqual(Array.from({ length: 3 }, () => ({ unpin: false, dry_run: true })));
  });

  it('says by which plan a long-lived set goes back, before it does', async (test) => {
    const set = {
      ...view,
      egg_name: 'rift',
      changes: [],
      runners: { ...view.runners, replaced: [], drained: [] },
    };
    const plan = { id: 'p9', created_at: '2026-01-01T00:00:00Z', summary: { add: 1, change: 2, destroy: 3 } };
    const answer = (body: object) => anApi(test, { 'POST /eggs/rift/rollback': body });
    const armed = await answer({ ...set, plan });
    const made = await answer({ ...set, plan: null });

    const [withPlan, without] = [
      await armed.run('--egg', 'rift', '--yes'),
      await made.run('--egg', 'rift', '--dry-run'),
    ];

    const way = 'rift: from commit bbbbbbbb to aaaaaaaa, by';
    test.expect(withPlan.stderr).toContain(`${way} the armed plan p9: 1 to add, 2 to change, 3 to destroy`);
    test.expect(without.stderr).toContain(`${way} a plan that is made then`);
    test.expect([withPlan.code, without.code]).toEqual([0, 0]);
  });

  it('says with 6 that there is nothing to go back to, with 5 that there is no such Egg', async (test) => {
    const { run } = await anApi(test);

    const [fresh, missing] = [await run('--egg', 'new'), await run('--egg', 'other')];

    test.expect([fresh.code, missing.code]).toEqual([6, 5]);
    test.expect(fresh.stderr).toContain('it is new');
    test.expect(fresh.stderr).toContain('code ROLLBACK_NOTHING');
  });

  it('does all that it can with --all, and says with 8 that some could not', async (test) => {
    const { run } = await anApi(test);

    const { code, stdout, stderr } = await run('--all', '--unpin', '--yes', '--json');

    test.expect(code).toBe(8);
    test.expect(stderr).toContain('new: egg new has nothing to go back to');
    test.expect(JSON.parse(stdout)).toMatchObject({
      items: [{ egg_name: 'app' }],
      refused: [{ egg_name: 'new', code: 'ROLLBACK_NOTHING' }, { egg_name: 'gone' }],
    });
  });

  it('must be told which Egg, and what', async (test) => {
    const { run, asked } = await anApi(test);

    const told = [
      await run(),
      await run('--all', '--egg', 'app'),
      await run('--egg', 'app', '--to', '-1', '--unpin'),
    ];

    test.expect(told.map(({ code }) => code)).toEqual([64, 64, 64]);
    test
      .expect(told.map(({ stderr }) => stderr))
      .toEqual([
        test.expect.stringContaining('no Egg is named; give --egg NAME, or --all'),
        test.expect.stringContaining('--egg and --all exclude each other; give one of them'),
        test.expect.stringContaining('--to and --unpin exclude each other; give one of them'),
      ]);
    test.expect(asked()).toEqual([]);
  });
});
