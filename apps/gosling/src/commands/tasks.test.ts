import { TaskList } from '@polar-gosling/api-contract';
import { describe, it, type TestContext } from 'vitest';
import { runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

const tasks = TaskList.parse({
  items: [
    {
      id: 'dead-1',
      kind: 'reconcile',
      key: 'my-app',
      trace: 't',
      reason: 'a bug in the planner',
      buried_at: '2026-01-01T00:00:00Z',
      receives: 5,
    },
  ],
  queue: { ready: 3, leased: 1, delayed: 2, buried: 1, oldest_age_s: 12 },
});

async function anApi({ onTestFinished }: TestContext) {
  const api = await startFakeApi({
    'GET /tasks': tasks,
    'POST /tasks/dead-1/redrive': { status: 'accepted' },
    'DELETE /tasks/dead-1': {},
    'DELETE /tasks/secret': { status: 403, code: 'HTTP_FORBIDDEN', detail: 'needs admin' },
  });
  onTestFinished(api.close);
  const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'an-admin-token-of-the-api' };
  const changes = () => api.requests.map(({ line }) => line).filter((line) => !line.startsWith('GET'));
  return { changes, run: (...args: string[]) => runCli(args, { env }) };
}

describe.concurrent('gosling tasks', { timeout: 90_000 }, () => {
  it('lists what was put aside with its reason, and what the queue holds', async (test) => {
    const { run } = await anApi(test);

    const { code, stdout, stderr } = await run('tasks', 'list');

    test.expect(code).toBe(0);
    test.expect(stdout).toMatch(/dead-1 +reconcile my-app +.* ago +5 +a bug in the planner/);
    test.expect(stderr).toContain('3 ready, 1 worked on, 2 delayed, 1 put aside');
    const json = JSON.parse((await run('tasks', 'list', '--json')).stdout);
    test.expect(json).toMatchObject({ queue: { ready: 3 }, items: [{ id: 'dead-1' }] });
  });

  it('puts back by id, and says with 5 that there is none, with 8 that some were not there', async (test) => {
    const { run, changes } = await anApi(test);

    const all = await run('tasks', 'redrive', '--all');
    const none = await run('tasks', 'redrive', 'gone');
    const some = await run('tasks', 'redrive', 'gone', 'dead-1', '--json');

    test.expect([all.code, none.code, some.code]).toEqual([0, 5, 8]);
    test.expect(JSON.parse(some.stdout)).toMatchObject({ done: ['dead-1'], failed: [{ id: 'gone' }] });
    test.expect(changes().filter((line) => line === 'POST /tasks/dead-1/redrive')).toHaveLength(2);
  });

  it('throws all away only when told twice', async (test) => {
    const { run, changes } = await anApi(test);

    const asked = await run('tasks', 'purge', '--all');
    test.expect(changes()).toEqual([]);
    const told = await run('tasks', 'purge', '--all', '--yes');

    test.expect([asked.code, told.code]).toEqual([64, 0]);
    test.expect(changes()).toEqual(['DELETE /tasks/dead-1']);
  });

  it('tells who may not, and what is no call at all', async (test) => {
    const { run } = await anApi(test);

    test.expect((await run('tasks', 'purge', 'secret')).code).toBe(4);
    test.expect((await run('tasks', 'redrive')).code).toBe(64);
    test.expect((await run('tasks', 'redrive', 'x', '--all')).code).toBe(64);
    test.expect((await run('tasks', 'list', '--limit', 'many')).code).toBe(64);
  });
});
