import { isCoded } from '@polar-gosling/kernel';
import type { SelfCheck } from '@polar-gosling/ports/secrets';
import { type CloudsDeps, openClouds, regionOf } from './open-clouds.ts';

const names = { aws: 'AWS', yandex: 'Yandex Cloud' } as const;
const nobody = 'doctor';

/** Asks each cloud that is set up for a machine that nobody has: are the credentials in force, may they look? */
export async function checkClouds(
  deps: CloudsDeps,
  options: { readonly signal: AbortSignal },
): Promise<readonly SelfCheck[]> {
  const clouds = await openClouds(deps);
  const checks: SelfCheck[] = [];
  try {
    for (const provider of ['aws', 'yandex'] as const) {
      const compute = clouds.compute[provider];
      const machines = clouds.machines[provider];
      if (compute === undefined || machines === undefined) continue;
      const [zone = ''] = Object.keys(compute.subnets).toSorted();
      const subnet = compute.subnets[zone];
      const machine = {
        ...({ runnerId: nobody, name: nobody, installation: nobody, type: 'vm' } as const),
        region: regionOf(zone),
        ...(subnet === undefined ? {} : { subnet }),
        ...(compute.folderId === undefined ? {} : { folder: compute.folderId }),
      };
      if (provider === 'aws' && machine.region === '') {
        const detail = 'no subnet is named, so no region is known to ask in';
        checks.push({ name: names[provider], ok: false, detail, fix: 'set aws.subnets in GOSLING_CLOUDS' });
        continue;
      }
      checks.push(await look(names[provider], () => machines.status(machine, options)));
    }
  } finally {
    await clouds.close();
  }
  return checks;
}

async function look(name: string, ask: () => Promise<unknown>): Promise<SelfCheck> {
  try {
    await ask();
    return { name, ok: true, detail: 'answers, and its machines may be looked at' };
  } catch (error) {
    if (!isCoded(error)) throw error;
    const fix = `see ${name} in docs/clouds.md: credentials, rights, the way out of this host`;
    return { name, ok: false, detail: error.message, fix };
  }
}
