import { isCoded } from '@polar-gosling/kernel';
import type { FastifyRequest } from 'fastify';
import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { fromWireReport, toWireBootstrap, toWireHeartbeat } from '../to-wire/agent.ts';

export function agentHandlers({
  engine: { agents },
  access,
}: HttpContext): Pick<Handlers, 'bootstrapRunner' | 'downloadGosling' | 'heartbeat'> {
  /** The engine checks these tokens; a wrong one counts against where it came from. */
  async function proven<Result>(request: FastifyRequest, call: Promise<Result>): Promise<Result> {
    try {
      return await call;
    } catch (error) {
      if (isCoded(error) && error.http === 401) throw access.refusal(request, error);
      throw error;
    }
  }

  return {
    async bootstrapRunner({ params, body, bearer, request, signal }) {
      const asked = {
        runnerId: params.id,
        token: bearer,
        goslingVersion: body.gosling_version,
        platform: body.platform,
        architecture: body.architecture,
        bootId: body.boot_id,
      };
      return toWireBootstrap(await proven(request, agents.bootstrap(asked, { signal })));
    },
    async downloadGosling({ params, query, bearer, request, signal }) {
      const asked = {
        runnerId: params.id,
        token: bearer,
        os: query.os ?? ('linux' as const),
        ...(query.arch === undefined ? {} : { arch: query.arch }),
      };
      const bytes = await proven(request, agents.gosling(asked, { signal }));
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    async heartbeat({ params, body, bearer, request, signal }) {
      const report = { runnerId: params.id, token: bearer, report: fromWireReport(body) };
      return toWireHeartbeat(await proven(request, agents.heartbeat(report, { signal })));
    },
  };
}
