import { readFile } from 'node:fs/promises';
import type { CloudComputeSettings, ComputeSettings } from '@polar-gosling/domain';
import { type Clock, codeOf, type Masker } from '@polar-gosling/kernel';
import type { CloudMachines } from '@polar-gosling/ports/machines';
import type { RunnerStart } from '@polar-gosling/ports/runner-start';
import type { SecretStore } from '@polar-gosling/ports/secrets';
import { proxiesOf } from '../proxy-of.ts';
import { type CloudsSettings, parseClouds } from './clouds-file.ts';
import { awsEnvironment, cloudErrors, readAwsKey } from './provider-env.ts';
import { openYandexTokens } from './yandex-tokens.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Options = { readonly signal: AbortSignal };

export interface CloudsDeps {
  readonly settings: CloudsSettings;
  readonly secrets: SecretStore;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly masker: Masker;
  /** Other addresses than Yandex Cloud's own, for tests. */
  readonly yandexAt?: {
    readonly iamUrl: string;
    readonly computeUrl: string;
    readonly metadataUrl: string;
    isContainer(url: URL): boolean;
  };
}

/** What an installation can do in its clouds. */
export interface OpenedClouds {
  readonly compute: Pick<ComputeSettings, 'aws' | 'yandex'>;
  /** What the provider of a bundle gets by environment; `undefined`: that cloud is not set up. */
  environmentOf(
    provider: 'aws' | 'yandex',
    options: Options,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  readonly machines: Readonly<Partial<Record<'aws' | 'yandex', CloudMachines>>>;
  readonly runnerStart?: RunnerStart;
  close(): Promise<void>;
}

/** Reads `GOSLING_CLOUDS`: a path, or the text itself. Fails with CLOUDS_UNREADABLE or CLOUDS_WRONG. */
export async function readClouds(place: string | undefined): Promise<CloudsSettings> {
  if (place === undefined) return {};
  const isInline = place.trimStart().startsWith('{');
  const text = isInline ? place : await readText(place);
  const reading = parseClouds(text);
  if (reading.kind === 'ok') return reading.clouds;
  const shown = isInline ? 'GOSLING_CLOUDS' : place;
  throw cloudErrors.wrong({ place: shown, problems: reading.problems.join('; ') });
}

async function readText(place: string): Promise<string> {
  try {
    return await readFile(place, 'utf8');
  } catch (error) {
    throw cloudErrors.unreadable({ place, reason: codeOf(error) ?? 'it cannot be read' }, { cause: error });
  }
}

/** Opens what is set up, and nothing else: an installation without clouds loads no code of one. */
export async function openClouds(deps: CloudsDeps): Promise<OpenedClouds> {
  const aws = deps.settings.aws && (await openAws(deps, deps.settings.aws.compute));
  const yandex = deps.settings.yandex && (await openYandex(deps, deps.settings.yandex));
  const environments = { aws: aws?.environment, yandex: yandex?.environment };
  return {
    compute: Object.fromEntries(Object.entries(deps.settings).map(([name, { compute }]) => [name, compute])),
    environmentOf: async (provider, options) => environments[provider]?.(options),
    machines: { ...(aws && { aws: aws.machines }), ...(yandex && { yandex: yandex.machines }) },
    ...(yandex && { runnerStart: yandex.runnerStart }),
    close: async () => yandex?.close(),
  };
}

async function openAws(deps: CloudsDeps, { cluster, subnets }: CloudComputeSettings) {
  const { createAwsMachines } = await import('@polar-gosling/adapter-aws');
  const { secrets, environment } = deps;
  return {
    environment: async (options: Options) => awsEnvironment(await readAwsKey(secrets, options), environment),
    machines: createAwsMachines({
      regions: [...new Set(Object.keys(subnets).map(regionOf))],
      ...(cluster === undefined ? {} : { cluster }),
      proxies: proxiesOf(environment),
      async credentials(options) {
        const key = await readAwsKey(secrets, options);
        return key && { accessKeyId: key.id.reveal(), secretAccessKey: key.key.reveal() };
      },
    }),
  };
}

/** One token for the provider, the machines and the invocations: short-lived, so that no key leaves this process. */
async function openYandex(deps: CloudsDeps, settings: NonNullable<CloudsSettings['yandex']>) {
  const { createYandexMachines, createYandexRunnerStart } = await import('@polar-gosling/adapter-yandex');
  const { yandexAt } = deps;
  const { cloudId, folderId } = settings;
  const { calls, tokens } = await openYandexTokens(deps);
  return {
    environment: async (options: Options) => ({
      YC_TOKEN: (await tokens.current(options)).reveal(),
      YC_CLOUD_ID: cloudId,
      YC_FOLDER_ID: folderId,
    }),
    machines: createYandexMachines({ calls, tokens, folderId, ...yandexAt }),
    runnerStart: createYandexRunnerStart({ calls, tokens, ...yandexAt }),
    close: () => calls.close(),
  };
}

/** `eu-central-1` of `eu-central-1a`, `ru-central1` of `ru-central1-a`. */
export function regionOf(zone: string): string {
  return zone.replace(/-?[a-z]$/, '');
}
