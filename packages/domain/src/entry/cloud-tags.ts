import type { CloudProvider } from '../egg.ts';

/** What a machine carries in its cloud, so that it is found again whatever happened to our state. */
export interface MachineOwner {
  readonly installation: string;
  readonly egg: string;
  readonly runnerId: string;
}

/** Tags of a runner's resources. Labels of Yandex Cloud know small letters only, up to 63 of them. */
export function cloudTags(provider: CloudProvider, owner: MachineOwner): Readonly<Record<string, string>> {
  const tags = {
    'polar-gosling-installation': owner.installation,
    'polar-gosling-egg': owner.egg,
    'polar-gosling-runner': owner.runnerId,
  };
  if (provider !== 'yandex') return tags;
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, yandexLabel(value)]));
}

function yandexLabel(value: string): string {
  return value
    .toLowerCase()
    .replace(/[^-_0-9a-z]/g, '-')
    .slice(0, 63);
}
