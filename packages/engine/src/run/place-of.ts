import type { RunnerRow } from '@polar-gosling/ports/store';
import type { TofuWanted } from '@polar-gosling/ports/tofu';

/** Where machines are: a bundle has the provider of one cloud, in one region. */
export type Place = Pick<TofuWanted, 'provider' | 'region'>;

export function placeOf({
  cloud_provider: provider,
  region,
}: Pick<RunnerRow, 'cloud_provider' | 'region'>): Place {
  return { provider: provider === 'aws' || provider === 'yandex' ? provider : 'local', region };
}

/** This host is one place. */
export function placeName({ provider, region }: Place): string {
  return provider === 'local' ? provider : `${provider} ${region}`;
}
