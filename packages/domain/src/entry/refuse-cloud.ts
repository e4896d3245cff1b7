import type { EggConfig } from '../egg.ts';
import { pickRunnerType } from '../runner-type.ts';
import { type CloudComputeSettings, type ComputeSettings, subnetsIn } from './compute-settings.ts';
import { type TooMuch, tooMuchFor } from './instance-types.ts';

/** Why an installation makes no machine for an Egg in a cloud. */
export interface CloudRefusal {
  readonly code: 'CLOUD_NOT_SET_UP' | 'CLOUD_TOO_SMALL' | 'CLOUD_INCOMPLETE';
  /** What is missing, and what to do. */
  readonly detail: string;
}

/**
 * What an installation lacks to make this Egg's machines where the Egg wants them, all of it at once; `undefined`:
 * nothing. Looked at before a launch, so that none is begun that OpenTofu could only refuse.
 */
export function refuseCloud(
  egg: Pick<EggConfig, 'cloud' | 'type' | 'resources' | 'runner'>,
  installation: { readonly compute: ComputeSettings; readonly publicUrl: string | undefined },
): CloudRefusal | undefined {
  const { provider } = egg.cloud;
  if (provider === 'local') return undefined;
  const settings = installation.compute[provider];
  if (settings === undefined) {
    const detail =
      `this installation makes no machines on "${provider}": describe that cloud in GOSLING_CLOUDS ` +
      '(docs/clouds.md), or give the Egg another cloud { provider }';
    return { code: 'CLOUD_NOT_SET_UP', detail };
  }
  const tooMuch = tooMuchForEgg(egg).map(({ detail }) => detail);
  if (tooMuch.length > 0) return { code: 'CLOUD_TOO_SMALL', detail: tooMuch.join('; ') };
  const type = pickRunnerType({}, egg);
  const gaps = [
    ...(installation.publicUrl === undefined
      ? ['its machines cannot reach this host: set GOSLING_PUBLIC_URL']
      : []),
    ...(type === 'vm' ? agentGaps(egg, installation.compute) : containerGaps(egg, settings)),
    ...(type === 'vm' || provider === 'aws' ? subnetGaps(egg, settings) : []),
  ];
  return gaps.length === 0 ? undefined : { code: 'CLOUD_INCOMPLETE', detail: gaps.join('; ') };
}

/** What this Egg asks for that its cloud has not in one machine. */
export function tooMuchForEgg(
  egg: Pick<EggConfig, 'cloud' | 'type' | 'resources' | 'runner'>,
): readonly TooMuch[] {
  return tooMuchFor({ provider: egg.cloud.provider, type: pickRunnerType({}, egg) }, egg.resources);
}

function agentGaps({ resources }: Pick<EggConfig, 'resources'>, { gosling }: ComputeSettings): string[] {
  const arch = resources.arch ?? 'amd64';
  if (gosling?.sha256[arch] !== undefined) return [];
  const install = `gosling tofu install VERSION --of gosling --platform linux_${arch} --use`;
  return [`there is no agent that a machine could fetch: publish one with ${install}`];
}

function containerGaps({ cloud }: Pick<EggConfig, 'cloud'>, settings: CloudComputeSettings): string[] {
  const { provider } = cloud;
  const at = (name: string) => `GOSLING_CLOUDS ${provider}.${name}`;
  const isAws = provider === 'aws';
  return [
    ...((cloud.image ?? settings.runnerImage)
      ? []
      : [`no container image: set cloud { image } or ${at('runner_image')}`]),
    ...(isAws && !settings.cluster ? [`no ECS cluster: set ${at('cluster')}`] : []),
    ...(isAws && !settings.executionRole ? [`no execution role: set ${at('execution_role')}`] : []),
    ...(!isAws && !settings.invoker ? [`no service account that invokes: set ${at('invoker')}`] : []),
  ];
}

/** Each zone that a launch may choose needs its subnet; a machine in a zone without one cannot be planned. */
function subnetGaps({ cloud }: Pick<EggConfig, 'cloud'>, settings: CloudComputeSettings): string[] {
  if (cloud.subnet !== undefined) return [];
  const subnets = subnetsIn(settings.subnets, cloud.region);
  const places = cloud.zones.length === 0 ? [cloud.region] : cloud.zones;
  const without = cloud.zones.length === 0 && Object.keys(subnets).length > 0 ? [] : places;
  const gaps = without.filter((place) => !Object.hasOwn(subnets, place));
  if (gaps.length === 0) return [];
  return [
    `no subnet in ${gaps.join(', ')}: set cloud { subnet } or GOSLING_CLOUDS ${cloud.provider}.subnets`,
  ];
}
