import { deadline, isCoded } from '@polar-gosling/kernel';
import { openSecretStore } from '../secret-store.ts';
import { type Check, fail, ok, skip } from './check.ts';

const patienceMs = 20_000;

/** The file of the clouds, and whether each cloud takes our credentials. */
export const cloudsCheck: Check = {
  id: 'clouds',
  title: 'clouds',
  async look(context) {
    const { env, clock, masker, signal, flags } = context;
    const place = env['GOSLING_CLOUDS'];
    if (!place) return skip('none is set up (GOSLING_CLOUDS): machines are made on this host only');
    const { checkClouds, readClouds } = await import('@polar-gosling/wiring');
    const secrets = openSecretStore(context);
    try {
      const settings = await readClouds(place);
      if (flags.offline) return ok(`${Object.keys(settings).join(', ')} set up; not asked: offline`);
      const deps = { settings, secrets, environment: env, clock, masker };
      const found = await checkClouds(deps, { signal: deadline(signal, patienceMs) });
      return found.map(({ name, ok: isOk, detail, fix }) => ({
        name,
        ...(isOk ? ok(detail) : fail(detail, fix || 'see docs/clouds.md')),
      }));
    } catch (error) {
      if (!isCoded(error)) throw error;
      return fail(error.message, 'correct the file that GOSLING_CLOUDS names (docs/clouds.md)');
    } finally {
      await secrets.close();
    }
  },
};
