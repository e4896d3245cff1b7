import { type Clock, createSystemClock, createSystemIds } from '@polar-gosling/kernel';
import { accountActions } from './actions/account-actions.ts';
import { ciActions } from './actions/ci-actions.ts';
import { viewActions } from './actions/view-actions.ts';
import { apiRoutes } from './api-routes.ts';
import { dropSilentJobs } from './ci/job-lifecycle.ts';
import { controlRoutes } from './control/control-routes.ts';
import { createWakeups } from './coordinator/wakeups.ts';
import { createFaults } from './faults.ts';
import type { GitlabSim, GitlabSimOptions } from './gitlab-sim.ts';
import { createHookDispatcher } from './hooks/dispatcher.ts';
import { publishEvents } from './hooks/publish-events.ts';
import { createListener } from './http/listener.ts';
import { createSimEvents, type SimContext, type SimSettings } from './sim-context.ts';
import { createWorld } from './state/world.ts';

const defaults: SimSettings = {
  version: '19.4.1',
  longPollMs: 0,
  jobSilenceMs: 60_000,
  traceIntervalS: 3,
  autoDisableHooks: true,
  hookTimeoutMs: 10_000,
  hookCaPem: undefined,
};

/** A GitLab with nothing in it but the administrator `root`. It keeps everything in memory. */
export function createGitlabSim(options: GitlabSimOptions = {}): GitlabSim {
  const clock = options.clock ?? createSystemClock();
  const end = new AbortController();
  const listeners = createListener();
  const context: SimContext = {
    world: createWorld(),
    clock,
    ids: options.ids ?? createSystemIds(clock),
    settings: { ...defaults, ...options },
    faults: createFaults(),
    events: createSimEvents(),
    jobQueue: createWakeups(clock),
    signal: end.signal,
    baseUrl: listeners.url,
  };
  const dispatcher = createHookDispatcher(context);
  publishEvents(context, dispatcher);
  const watching = watchSilence(context, clock);
  const sim: GitlabSim = {
    ...accountActions(context),
    ...ciActions(context),
    ...viewActions(context),
    listen: (to = {}) => {
      const api = apiRoutes(context, dispatcher).map((route) => ({ ...route, path: `/api/v4${route.path}` }));
      const control = options.withControlApi ? controlRoutes(sim) : [];
      return listeners.listen(context, [...api, ...control], to);
    },
    async close() {
      end.abort();
      await listeners.close();
      await Promise.all([watching, dispatcher.idle()]);
    },
    url: listeners.url,
    now: clock.now,
    hooksIdle: dispatcher.idle,
  };
  sim.addUser({ username: 'root', name: 'Administrator', isAdmin: true });
  return sim;
}

/** Looks for silent runners a few times within the allowed silence. */
async function watchSilence(context: SimContext, clock: Clock): Promise<void> {
  const everyMs = Math.max(50, Math.min(5_000, context.settings.jobSilenceMs / 4));
  while (!context.signal.aborted) {
    dropSilentJobs(context);
    // The only failure of a sleep is the end of the simulator.
    await clock.sleep(everyMs, context.signal).catch(() => undefined);
  }
}
