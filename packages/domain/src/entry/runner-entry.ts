import type { CloudProvider, Executor, RunnerType } from '../egg.ts';

/**
 * One runner as OpenTofu gets it: rendered once at launch, stored, repeated byte for byte. Plain JSON, the same fields
 * for every cloud; what a provider has no use for, or an earlier release did not know, is absent.
 */
export interface RunnerEntry {
  readonly runner_id: string;
  readonly egg_name: string;
  readonly name: string;
  readonly provider: CloudProvider;
  readonly type: RunnerType;
  readonly gosling_url: string;
  readonly bootstrap_token: string;
  readonly cpu: number;
  readonly memory_mib: number;
  readonly disk_gib: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly machine_hash?: string;
  /** Key and name of the container whose invocation a serverless runner on Yandex Cloud is. */
  readonly container_key?: string;
  readonly executor?: Executor;
  /** Of a container on this host: its jobs are the host's root. */
  readonly privileged?: boolean;
  readonly arch?: 'amd64' | 'arm64';
  /** Machine image of a VM, container image of a serverless or local runner. */
  readonly image?: string;
  /** EC2's instance type; the platform of Yandex Cloud. */
  readonly instance_type?: string;
  readonly gpus?: number;
  readonly region?: string;
  readonly zone?: string;
  readonly spot?: boolean;
  readonly subnet_id?: string;
  readonly security_group_ids?: readonly string[];
  readonly public_ip?: boolean;
  /** Instance profile or task role on AWS, service account on Yandex Cloud. */
  readonly role?: string;
  readonly ssh_user?: string;
  readonly ssh_public_keys?: readonly string[];
  /** The agent that the machine fetches, and what it must hash to. */
  readonly gosling?: { readonly version: string; readonly sha256: string };
  /** Life of a serverless runner, at most. */
  readonly max_seconds?: number;
  /** What serverless runners of this installation stand on. */
  readonly container?: {
    readonly cluster?: string;
    readonly execution_role?: string;
    readonly log_group?: string;
    readonly network_id?: string;
    readonly invoker?: string;
  };
}

/** What says which runners share a container; an entry of an earlier release has the machine hash for it. */
export function sharedKeyOf(entry: RunnerEntry): string | undefined {
  return entry.container_key ?? entry.machine_hash;
}

/** How the container of one shard's runners is called in its folder, where names are unique. */
export function containerName(containerKey: string, shard: number): string {
  return shard === 0 ? containerKey : `${containerKey}-${shard}`;
}
