import { defineErrors, type Secret } from '@polar-gosling/kernel';
import type { CallOptions } from '../call.ts';

export type { CallOptions } from '../call.ts';

/** A container that OpenTofu made, as its state names it. */
export interface StartableContainer {
  readonly id: string;
  readonly url: string;
}

/** What one runner gets: the container is the same for all with its machine hash, so this is all that is its own. */
export interface RunnerStartRequest {
  readonly container: StartableContainer;
  readonly runnerId: string;
  readonly eggName: string;
  readonly goslingUrl: string;
  readonly bootstrapToken: Secret;
}

/** Starts runners where a runner is an asynchronous invocation, which OpenTofu has no resource for. */
export interface RunnerStart {
  /**
   * Asks the cloud to run one runner; answers when the cloud has taken the request, not when the runner runs. Repeating
   * it may run a second agent, which finds its one-time token used and ends: safe, but not free. Fails with
   * RUNNER_START_NO_CONTAINER, RUNNER_START_REFUSED or RUNNER_START_UNAVAILABLE.
   */
  start(request: RunnerStartRequest, options: CallOptions): Promise<void>;
}

/** The invocation's body: what the agent in the container reads. */
export function startBodyOf(request: RunnerStartRequest): string {
  return JSON.stringify({
    runner_id: request.runnerId,
    egg_name: request.eggName,
    gosling_url: request.goslingUrl,
    bootstrap_token: request.bootstrapToken.reveal(),
  });
}

export const runnerStartErrors = defineErrors('RUNNER_START', {
  noContainer: {
    message: (p: { runnerId: string; container: string }) =>
      `runner ${p.runnerId} cannot be started: there is no container ${p.container}`,
    http: 409,
    retry: 'never',
  },
  refused: {
    message: (p: { runnerId: string; reason: string }) =>
      `the cloud refused to start runner ${p.runnerId}: ${p.reason}`,
    http: 502,
    retry: 'never',
  },
  unavailable: {
    message: (p: { runnerId: string; reason: string }) =>
      `runner ${p.runnerId} could not be started: ${p.reason}`,
    http: 503,
    retry: 'backoff',
  },
});
