import { readFile, rm } from 'node:fs/promises';
import { parseJson } from '@polar-gosling/kernel';
import { z } from 'zod';
import { runnerErrors } from './runner-errors.ts';

const Body = z.object({
  runner_id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  egg_name: z.string().min(1),
  gosling_url: z.string().min(1),
  bootstrap_token: z.string().min(1),
});
/** A request as a description of itself: what its body was, perhaps in base64. */
const Request = z.object({ body: z.string(), isBase64Encoded: z.boolean().optional() });

/** Which runner an invocation of a shared container is. */
export interface Invocation {
  readonly runnerId: string;
  readonly eggName: string;
  readonly url: string;
  readonly bootstrapToken: string;
}

/**
 * Reads the request that this container was invoked with and removes its file, which holds the one-time token. The
 * service says that the request's data are in the file and not how: the body itself is taken, and a JSON object that
 * has it as its `body`. Fails with RUNNER_NO_INVOCATION.
 */
export async function readInvocation(path: string): Promise<Invocation> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw runnerErrors.noInvocation({ reason: 'its file cannot be read' }, { cause: error });
  });
  await rm(path, { force: true }).catch(() => undefined); // it may be a read-only mount of the service
  const given = parseJson(text);
  const request = Request.safeParse(given).data;
  const body = request === undefined ? given : parseJson(bodyOf(request));
  const parsed = Body.safeParse(body).data;
  if (parsed === undefined) throw runnerErrors.noInvocation({ reason: 'it is not one of MotherGoose' });
  return {
    runnerId: parsed.runner_id,
    eggName: parsed.egg_name,
    url: parsed.gosling_url,
    bootstrapToken: parsed.bootstrap_token,
  };
}

function bodyOf({ body, isBase64Encoded }: z.infer<typeof Request>): string {
  return isBase64Encoded === true ? Buffer.from(body, 'base64').toString() : body;
}
