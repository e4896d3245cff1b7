import { Secret } from '@polar-gosling/kernel';
import { describe, expect, it } from 'vitest';
import type { RunnerStart, RunnerStartRequest, StartableContainer } from './index.ts';
import type { StartAnswer } from './memory.ts';

/** One cloud for one test. */
export interface RunnerStartSubject {
  readonly port: RunnerStart;
  /** A container that there is. */
  readonly container: StartableContainer;
  /** Bodies of the invocations that the cloud took. */
  taken(): readonly string[];
  /** How the cloud answers from now on. */
  answer(how: StartAnswer): void;
}

/** What every adapter of the port does. */
export function describeRunnerStartContract(suite: {
  readonly name: string;
  readonly create: () => Promise<RunnerStartSubject>;
}): void {
  const { signal } = new AbortController();
  const requestFor = (container: StartableContainer): RunnerStartRequest => ({
    container,
    runnerId: 'r1',
    eggName: 'we"b %{x}\n',
    goslingUrl: 'https://gosling.example.com',
    bootstrapToken: new Secret('one-time'),
  });

  describe(`runner start: ${suite.name}`, () => {
    it('hands the runner’s own values to the container, as they are', async () => {
      const { port, container, taken } = await suite.create();

      await port.start(requestFor(container), { signal });

      expect(taken().map((body) => JSON.parse(body))).toEqual([
        {
          runner_id: 'r1',
          egg_name: 'we"b %{x}\n',
          gosling_url: 'https://gosling.example.com',
          bootstrap_token: 'one-time',
        },
      ]);
    });

    it('sends what is repeated again: the token tells the second one to end', async () => {
      const { port, container, taken } = await suite.create();

      await port.start(requestFor(container), { signal });
      await port.start(requestFor(container), { signal });

      expect(taken()).toHaveLength(2);
    });

    it.each([
      ['refuses', 'RUNNER_START_REFUSED', 'never'],
      ['is away', 'RUNNER_START_UNAVAILABLE', 'backoff'],
    ] as const)('says so when the cloud %s', async (how, code, retry) => {
      const { port, container, taken, answer } = await suite.create();
      answer(how);

      await expect(port.start(requestFor(container), { signal })).rejects.toMatchObject({ code, retry });
      expect(taken()).toEqual([]);
    });

    it('says so when there is no such container', async () => {
      const { port, container } = await suite.create();
      const gone = { ...container, id: 'gone', url: container.url.replace(container.id, 'gone') };

      await expect(port.start(requestFor(gone), { signal })).rejects.toMatchObject({
        code: 'RUNNER_START_NO_CONTAINER',
      });
    });

    it('never tells the token in what it fails with', async () => {
      const { port, container, answer } = await suite.create();
      answer('refuses');

      const error = await port.start(requestFor(container), { signal }).catch((one: unknown) => one);

      expect(JSON.stringify(error) + String(error)).not.toContain('one-time');
    });

    it('asks nothing of the cloud when it was called off', async () => {
      const { port, container, taken } = await suite.create();

      const called = port.start(requestFor(container), { signal: AbortSignal.abort() });

      await expect(called).rejects.toThrow();
      expect(taken()).toEqual([]);
    });
  });
}
