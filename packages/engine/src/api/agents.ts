import type { AgentState, Desired } from '@polar-gosling/domain';
import type { Secret } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';

export interface BootstrapRequest {
  readonly runnerId: string;
  readonly token: Secret;
  readonly goslingVersion: string;
  readonly platform: string;
  readonly architecture: string;
  readonly bootId: string;
}

/** What a runner's agent works by. */
export interface RunnerConfig {
  readonly executor: 'docker' | 'shell';
  readonly image?: string;
  /** Values of references are resolved at this moment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Jobs on this machine at once. */
  readonly concurrent: number;
  readonly maxJobs?: number;
  readonly tags: readonly string[];
  readonly docker?: object;
  readonly preBuildScript?: string;
  readonly configTomlExtra?: string;
}

export interface BootstrapAnswer {
  readonly agentToken: Secret;
  readonly runnerId: string;
  readonly eggName: string;
  readonly pool: 'apex' | 'nadir';
  readonly machineHash: string;
  readonly configHash: string;
  readonly gitlab: {
    readonly url: string;
    readonly token: Secret;
    readonly systemId: string;
    readonly caPem?: string;
  };
  readonly config: RunnerConfig;
  readonly timeouts: {
    readonly jobS: number;
    readonly drainS: number;
    readonly idlePoweroffS: number;
    readonly silentAcceptS: number;
    readonly maxLifeAt: number;
  };
  readonly heartbeatS: number;
  /** Where an agent without gitlab-runner fetches it, and what its SHA-256 must be. */
  readonly runnerVersion: { readonly want: string; readonly mirror?: string; readonly sha256?: string };
}

export interface AgentReport {
  readonly seq: number;
  readonly sentAt: number;
  readonly state: AgentState;
  readonly jobs: readonly {
    readonly server: string;
    readonly projectId: number;
    readonly jobId: number;
    readonly since: number;
  }[];
  readonly jobCount: number;
  readonly cpuUsage: number;
  readonly memoryUsage: number;
  readonly diskUsage: number;
  readonly agentVersion: string;
  readonly goslingVersion: string;
  readonly configHash: string;
  readonly failureCount: number;
  readonly lastJobAt?: number;
  readonly error?: { readonly code: string; readonly detail: string };
  readonly buffered?: readonly Omit<AgentReport, 'jobs' | 'buffered'>[];
}

export interface HeartbeatAnswer {
  readonly desired: Desired;
  readonly configHash: string;
  readonly config?: RunnerConfig;
  readonly nextInS: number;
}

export interface GoslingRequest {
  readonly runnerId: string;
  readonly token: Secret;
  readonly os: 'linux' | 'darwin' | 'windows';
  /** That of the runner's entry when not given. */
  readonly arch?: 'amd64' | 'arm64';
}

/**
 * The agent's calls; they write only `runner_agents` and `runner_metrics`.
 * Refusals are coded errors: BOOTSTRAP_USED, BOOTSTRAP_EXPIRED, BOOTSTRAP_FOREIGN (401), AGENT_UNAUTHORIZED (401),
 * AGENT_UNKNOWN, AGENT_NO_BINARY (404), AGENT_TERMINATED (410).
 */
export interface AgentCalls {
  bootstrap(request: BootstrapRequest, options: CallOptions): Promise<BootstrapAnswer>;
  /** The agent's binary, of the version in the runner's entry. The one-time token stays good. */
  gosling(request: GoslingRequest, options: CallOptions): Promise<Uint8Array>;
  heartbeat(
    request: { readonly runnerId: string; readonly token: Secret; readonly report: AgentReport },
    options: CallOptions,
  ): Promise<HeartbeatAnswer>;
}
