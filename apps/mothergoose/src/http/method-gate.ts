import { METHODS } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { httpErrors } from './http-errors.ts';

/** Every method that a path does not take answers 405 with `Allow`, also the ones Fastify has never heard of. */
export function refuseOtherMethods(
  app: FastifyInstance,
  taken: ReadonlyMap<string, readonly string[]>,
): void {
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: false });
  }
  for (const [url, own] of taken) {
    const allowed = own.includes('GET') ? [...own, 'HEAD'] : own;
    const allow = allowed.toSorted().join(', ');
    app.route({
      method: methods.filter((method) => !allowed.includes(method)),
      url,
      onRequest: async (request, reply) => {
        reply.header('allow', allow);
        throw httpErrors.methodNotAllowed({ method: request.method, allow });
      },
      handler: async () => undefined,
    });
  }
}
