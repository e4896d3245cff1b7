import { Run, RunList } from '@polar-gosling/api-contract';
import { describe, it, type TestContext } from 'vitest';
import { runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

const line = (number: number, message: string) => ({
  ...{ number, message, kind: 'resource', at: '2026-03-01T12:00:07Z' },
  address: 'module.runner["a"]',
});
const base = { id: 'run-1', egg_name: 'my-app', shard: 0, plan_id: null, started_at: '2026-03-01T12:00:00Z' };
const applying = Run.parse({ ...base, state: 'applying', progress: [line(1, 'Creating...')] });
const settled = Run.parse({
  ...base,
  state: 'settled',
  problem: { code: 'TOFU_APPLY_FAILED', detail: 'no capacity' },
  progress: [line(1, 'Creating...'), line(4, 'Creation errored')],
});

async function anApi({ onTestFinished }: TestContext) {
  const api = await startFakeApi({
    'GET /runs': RunList.parse({ items: [{ ...base, state: 'applying' }] }),
    'GET /runs/run-1': (times: number) => (times < 2 ? applying : settled),
    'GET /runs/run-1/log': '{"type":"version"}\n',
  });
  onTestFinished(api.close);
  const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'a-read-token-of-the-api' };
  return (...args: string[]) => runCli(args, { env });
}

describe.concurrent('gosling logs', { timeout: 90_000 }, () => {
  it('shows what the newest run of an Egg told so far', async (test) => {
    const run = await anApi(test);

    const { code, stdout, stderr } = await run('logs', '--egg', 'my-app');

    test.expect(code).toBe(0);
    test.expect(stdout).toBe('12:00:07 module.runner["a"]: Creating...\n');
    test.expect(stderr).toContain('it is applying');
  });

  it('follows a run until it is over, tells each line once, and ends with 1 when it failed', async (test) => {
    const run = await anApi(test);

    const { code, stdout, stderr } = await run('logs', 'run-1', '--follow');

    test.expect(code).toBe(1);
    test
      .expect(stdout)
      .toBe('12:00:07 module.runner["a"]: Creating...\n12:00:07 module.runner["a"]: Creation errored\n');
    test.expect(stderr).toContain('2 lines came too fast');
    test.expect(stderr).toContain('it failed: no capacity (TOFU_APPLY_FAILED)');
  });

  it('shows what the stream of events tells, and looks how the run ended when that says so', async (test) => {
    const event = (what: object) =>
      `event: run\ndata: ${JSON.stringify({ run_id: 'run-1', egg_name: 'my-app', shard: 0, ...what })}\n\n`;
    const told = ['Still creating...', 'Creation complete'].map((message, place) => line(place + 2, message));
    const api = await startFakeApi({
      'GET /runs/run-1': (times) =>
        times === 0 ? applying : Run.parse({ ...base, state: 'settled', progress: [line(1, '…'), ...told] }),
      'GET /events': async function* () {
        yield ': watching\n\n';
        for (const each of told) yield event({ line: each });
        yield event({ state: 'settled' });
        await new Promise(() => undefined); // for as long as somebody reads
      },
    });
    test.onTestFinished(api.close);
    const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'a-read-token-of-the-api' };

    const { code, stdout } = await runCli(['logs', 'run-1', '--follow', '--json'], { env });

    test.expect(code).toBe(0);
    const shown = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    test.expect(shown).toEqual([line(1, 'Creating...'), ...told]);
    test
      .expect(api.requests.map((request) => request.line))
      .toEqual(['GET /runs/run-1', 'GET /events?egg=my-app', 'GET /runs/run-1']);
  });

  it('gives all that OpenTofu said, and JSON', async (test) => {
    const run = await anApi(test);

    const full = await run('logs', 'run-1', '--full');
    const json = await run('logs', 'run-1', '--json');

    test.expect(full.stdout).toBe('{"type":"version"}\n');
    test.expect(JSON.parse(json.stdout)).toMatchObject({ id: 'run-1', progress: [{ number: 1 }] });
  });

  it('says what is no call, and that there is no such run', async (test) => {
    const run = await anApi(test);

    test.expect((await run('logs')).code).toBe(64);
    test.expect((await run('logs', 'run-1', '--egg', 'my-app')).code).toBe(64);
    test.expect((await run('logs', 'gone')).code).toBe(5);
  });
});
