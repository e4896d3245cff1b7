import type {
  EggCloud,
  EggConfig,
  EggDocker,
  EggResources,
  EggRunner,
  EggScope,
} from '@polar-gosling/domain';
import { eggName } from '@polar-gosling/domain/names';
import type { ConditionValues, DockerValues, GitLabValues, PoolValues } from './block-values.ts';
import { defined } from './defined.ts';
import type { MotherGooseConfig } from './nest-read.ts';
import { toPool } from './to-pool.ts';

/** What an Egg takes from the rest of the Nest. */
export interface EggContext {
  readonly name: string;
  readonly kind: EggConfig['kind'];
  readonly sourceFile: string;
  readonly embedded: boolean;
  readonly mothergoose: MotherGooseConfig['cloud'];
  readonly condition: ConditionValues | undefined;
}

/** Why a block that is sound alone gives no Egg in this Nest. */
export interface EggLack {
  readonly kind: 'lack';
  readonly code: 'FLY043' | 'FLY045' | 'FLY085';
  readonly why: string;
}

/** The effective configuration of a checked Egg, or what it lacks: fills what depends on the context. */
export function toEgg(
  values: PoolValues,
  context: EggContext,
): { readonly kind: 'ok'; readonly egg: EggConfig } | EggLack {
  const { type } = values;
  if (type === undefined) return { kind: 'lack', code: 'FLY043', why: 'has no type left' };
  if (!hasClearScopes(values)) {
    return { kind: 'lack', code: 'FLY045', why: 'has not exactly one of project_id and group_id left' };
  }
  const place = placeOf(values, context);
  if (typeof place === 'string') return { kind: 'lack', code: 'FLY085', why: place };
  const runner = toRunner(values, { type, provider: place.provider });
  const egg: EggConfig = {
    name: eggName(context.name),
    kind: context.kind,
    type,
    cloud: { ...place, ...toCloud(values.cloud) },
    resources: toResources(values.resources),
    runner,
    scopes: scopesOf(values),
    environment: { ...values.environment },
    pool: toPool(runner, context.condition),
    sourceFile: context.sourceFile,
  };
  return { kind: 'ok', egg };
}

/** Each layer is sound alone, but a patch may take away or double what the block must have once. */
function hasClearScopes({ gitlab, repositories }: PoolValues): boolean {
  const targets = [gitlab, ...(repositories?.repo ?? []).map((repo) => repo.gitlab)];
  return targets.every((one) => !one || (one.project_id === undefined) !== (one.group_id === undefined));
}

type Place = Pick<EggCloud, 'provider' | 'region'>;

/** The Egg's own cloud, else that of MG/config.fly, else this machine when embedded. */
function placeOf({ cloud }: PoolValues, { embedded, mothergoose }: EggContext): Place | string {
  const provider = cloud?.provider ?? mothergoose?.provider ?? (embedded ? 'local' : undefined);
  if (provider === undefined) return 'names no cloud, and neither its defaults nor MG/config.fly does';
  const inherited = provider === mothergoose?.provider ? mothergoose.region : undefined;
  const region = cloud?.region ?? inherited ?? (provider === 'local' ? 'local' : undefined);
  if (region === undefined) return `names no region of ${provider}, and neither does MG/config.fly`;
  return { provider, region };
}

function toCloud(cloud: PoolValues['cloud']): Omit<EggCloud, keyof Place> {
  return {
    zones: cloud?.zones ?? [],
    spot: cloud?.spot ?? 'never',
    securityGroups: cloud?.security_groups ?? [],
    sshPublicKeys: cloud?.ssh_public_keys ?? [],
    ...defined({
      image: cloud?.image,
      subnet: cloud?.subnet,
      publicIp: cloud?.public_ip,
      instanceProfile: cloud?.instance_profile,
      sshUser: cloud?.ssh_user,
    }),
  };
}

function toResources(values: PoolValues['resources']): EggResources {
  const arch = values.arch === 'amd64' || values.arch === 'arm64' ? values.arch : undefined;
  return {
    cpu: values.cpu,
    memoryMib: values.memory,
    diskGib: values.disk,
    ...defined({ instanceType: values.instance_type, arch, gpus: values.gpus }),
  };
}

/** A serverless runner takes one job; a machine of a cloud has Docker. */
function toRunner(
  { runner }: PoolValues,
  { type, provider }: Pick<EggConfig, 'type'> & Pick<EggCloud, 'provider'>,
): EggRunner {
  const timeoutMs = runner.maximum_timeout;
  return {
    tags: runner.tags,
    concurrent: runner.concurrent,
    jobsPerRunner: runner.jobs_per_runner,
    idleTimeoutMs: runner.idle_timeout,
    executor: runner.executor ?? (type === 'vm' && provider !== 'local' ? 'docker' : 'shell'),
    runUntagged: runner.run_untagged ?? runner.tags.length === 0,
    protected: runner.protected,
    locked: runner.locked,
    ...defined({
      maxJobs: runner.max_jobs ?? (type === 'serverless' ? 1 : undefined),
      maximumTimeoutS: timeoutMs === undefined ? undefined : Math.round(timeoutMs / 1_000),
      jobDurationMs: runner.job_duration,
      image: runner.image,
      docker: runner.docker && toDocker(runner.docker),
      preBuildScript: runner.pre_build_script,
      configTomlExtra: runner.config_toml_extra,
    }),
  };
}

function toDocker(values: DockerValues): EggDocker {
  return {
    privileged: values.privileged,
    volumes: values.volumes,
    allowedImages: values.allowed_images,
    ...defined({ pullPolicy: values.pull_policy, authConfigSecret: values.auth_config }),
  };
}

function scopesOf({ gitlab, repositories }: PoolValues): EggScope[] {
  const own = gitlab === undefined ? [] : [toScope(gitlab)];
  const repos = repositories?.repo ?? [];
  return [...own, ...repos.map((repo) => ({ repo: repo.label, ...toScope(repo.gitlab) }))];
}

function toScope(gitlab: GitLabValues): EggScope {
  const server = gitlab.server.toLowerCase();
  return {
    server,
    url: (gitlab.url ?? `https://${server}`).replace(/\/+$/, ''),
    scope: gitlab.group_id === undefined ? 'project' : 'group',
    // Exactly one of the two is there: `hasClearScopes`.
    scopeId: gitlab.group_id ?? gitlab.project_id ?? 0,
    ...defined({
      caFile: gitlab.ca_file,
      apiTokenSecret: gitlab.api_token_secret,
      tokenSecret: gitlab.token_secret,
      webhookSecret: gitlab.webhook_secret,
    }),
  };
}
