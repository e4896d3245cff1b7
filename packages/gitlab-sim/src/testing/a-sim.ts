import type { Clock } from '@polar-gosling/kernel';
import { createSystemClock } from '@polar-gosling/kernel';
import { createGitlabSim } from '../create-gitlab-sim.ts';
import type { GitlabSim, GitlabSimOptions } from '../gitlab-sim.ts';
import { type ApiClient, at, createApiClient } from './api-client.ts';

export interface SimUnderTest {
  readonly sim: GitlabSim;
  readonly api: ApiClient;
  readonly url: string;
  readonly projectId: number;
  /** Makes a runner by the REST API. */
  newRunner(fields?: object): Promise<{ id: number; token: string }>;
}

export const helloYaml = 'hello:\n  script: echo hello\n  tags: [linux]\n';

/** A listening simulator with one project `demo/app`, whose owner's token the client sends. */
export async function aSim(options: GitlabSimOptions & { ciYaml?: string } = {}): Promise<SimUnderTest> {
  const { ciYaml, ...simOptions } = options;
  const sim = createGitlabSim(simOptions);
  const { url } = await sim.listen();
  sim.addUser({ username: 'ann' });
  const token = sim.addToken({ user: 'ann', scopes: ['api'] });
  const { id: projectId } = sim.addProject({
    path: 'demo/app',
    ciYaml: ciYaml ?? helloYaml,
    members: { ann: 'owner' },
  });
  const api = createApiClient(url, token);
  return {
    sim,
    api,
    url,
    projectId,
    async newRunner(fields = {}) {
      const body = { runner_type: 'project_type', project_id: projectId, tag_list: ['linux'], ...fields };
      const made = await api('POST', '/user/runners', { body });
      return { id: Number(at(made.body, 'id')), token: String(at(made.body, 'token')) };
    },
  };
}

/** The host's clock, moved ahead by hand; who sleeps past the new time wakes up. */
export function aShiftableClock(): Clock & { shift(ms: number): void } {
  const clock = createSystemClock();
  let aheadMs = 0;
  let shifted = new AbortController();
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    const endsAtMs = clock.monotonic() + aheadMs + ms;
    for (let leftMs = ms; leftMs > 0; leftMs = endsAtMs - clock.monotonic() - aheadMs) {
      await clock.sleep(leftMs, AbortSignal.any([signal, shifted.signal])).catch(() => undefined);
      signal.throwIfAborted();
    }
  };
  return {
    now: () => clock.now() + aheadMs,
    monotonic: () => clock.monotonic() + aheadMs,
    sleep,
    shift: (ms) => {
      aheadMs += ms;
      shifted.abort();
      shifted = new AbortController();
    },
  };
}
