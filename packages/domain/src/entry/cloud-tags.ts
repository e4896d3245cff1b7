import type { CloudProvider } from '../egg.ts';
import type { RunnerEntry } from './runner-entry.ts';

/** What a machine carries in its cloud, so that it is found again whatever happened to our state. */
export interface MachineOwner {
  readonly installation: string;
  readonly egg: string;
  readonly runnerId: string;
  /** Of Yandex Cloud: machines of another one are not seen. */
  readonly folder?: string | undefined;
}

/** Tags of a runner's resources. Labels of Yandex Cloud know small letters only, up to 63 of them. */
export function cloudTags(provider: CloudProvider, owner: MachineOwner): Readonly<Record<string, string>> {
  const tags = {
    'polar-gosling-installation': owner.installation,
    'polar-gosling-egg': owner.egg,
    'polar-gosling-runner': owner.runnerId,
    ...(owner.folder === undefined ? {} : { 'polar-gosling-folder': owner.folder }),
  };
  if (provider !== 'yandex') return tags;
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, yandexLabel(value)]));
}

/** Whose a machine is, by the tags of its entry; what an earlier release did not tag is absent. */
export function ownerOf({
  tags,
}: Pick<RunnerEntry, 'tags'>): Partial<Pick<MachineOwner, 'installation' | 'folder'>> {
  const installation = tags['polar-gosling-installation'];
  const folder = tags['polar-gosling-folder'];
  return {
    ...(installation === undefined ? {} : { installation }),
    ...(folder === undefined ? {} : { folder }),
  };
}

function yandexLabel(value: string): string {
  return value
    .toLowerCase()
    .replace(/[^-_0-9a-z]/g, '-')
    .slice(0, 63);
}
