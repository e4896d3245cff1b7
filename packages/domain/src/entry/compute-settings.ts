export type Arch = 'amd64' | 'arm64';

/** What an installation gives to all its machines in one cloud; an Egg's own words win. */
export interface CloudComputeSettings {
  /** Subnets by zone, of all regions. */
  readonly subnets: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
  /** Container image of serverless runners: the agent and what jobs need. */
  readonly runnerImage?: string;
  /** Task role (AWS), service account (Yandex Cloud). */
  readonly role?: string;
  /** ARN of the ECS cluster. */
  readonly cluster?: string;
  /** ARN of the role that pulls images and writes logs. */
  readonly executionRole?: string;
  readonly logGroup?: string;
  readonly networkId?: string;
  /** Where machines are made (Yandex Cloud). */
  readonly folderId?: string;
  /** Service account that invokes containers. */
  readonly invoker?: string;
}

export interface ComputeSettings {
  /** The agent that machines fetch at boot, for the architectures it was published for. */
  readonly gosling?: { readonly version: string; readonly sha256: Readonly<Partial<Record<Arch, string>>> };
  readonly aws?: CloudComputeSettings;
  readonly yandex?: CloudComputeSettings;
}

/** Subnets of one region: names of zones begin with that of their region (in Fly a zone may stand for it). */
export function subnetsIn(
  subnets: CloudComputeSettings['subnets'],
  region: string,
): CloudComputeSettings['subnets'] {
  return Object.fromEntries(Object.entries(subnets).filter(([zone]) => zone.startsWith(region)));
}
