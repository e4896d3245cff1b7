import { isCoded } from '@polar-gosling/kernel';
import { type Check, type Finding, ok, skip, warn } from './check.ts';

type Cloud = 'aws' | 'yandex';

/** Whether OpenTofu can launch machines of the clouds here while it removes others. */
export const memoryCheck: Check = {
  id: 'memory',
  title: 'memory for OpenTofu',
  async look({ env }) {
    const place = env['GOSLING_CLOUDS'];
    if (!place) return skip('no cloud is set up: runs on this host need little');
    const { lackOfMemoryMib, readClouds } = await import('@polar-gosling/wiring');
    try {
      const { aws, yandex } = await readClouds(place);
      return findMemory(
        [...(aws ? ['aws' as const] : []), ...(yandex ? ['yandex' as const] : [])],
        lackOfMemoryMib,
      );
    } catch (error) {
      if (!isCoded(error)) throw error;
      return skip('the clouds could not be read');
    }
  },
};

/** `lackOf`: MiB that this host lacks. */
export function findMemory(clouds: readonly Cloud[], lackOf: (cloud: Cloud) => number): Finding {
  const short = clouds.filter((cloud) => lackOf(cloud) > 0);
  if (short.length === 0) return ok('enough to launch machines while others are removed');
  const lacks = Math.max(...short.map(lackOf));
  return warn(
    `too little for two runs at once (${short.join(', ')}): while a removal hangs nothing is launched there`,
    `give this host, or the memory limit of gosling, ${lacks} MiB more (docs/clouds.md)`,
  );
}
