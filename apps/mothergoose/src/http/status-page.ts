import {
  pageMediaType,
  renderPage,
  renderRefusal,
  type StatusView,
  styleSheet,
} from '@polar-gosling/dashboard';
import type { Caller } from '@polar-gosling/engine';
import { isCoded, mapLimit } from '@polar-gosling/kernel';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { HttpContext } from './context.ts';
import { isLocalReader, localReader } from './local-reader.ts';
import { signalOf } from './request-signal.ts';
import { toWireCiJob } from './to-wire/ci-job.ts';
import { toWireEggStatus } from './to-wire/egg.ts';
import { toWireHealth } from './to-wire/health.ts';
import { toWireRunner } from './to-wire/runner.ts';
import { toTime } from './to-wire/time.ts';

const pagePath = '/';
const stylePath = '/assets/style.css';
export const statusPagePaths = [pagePath, stylePath];

const pageSize = { limit: 100 };
const readsAtOnce = 4;

/** The page a person opens first: what runs, what waits and why. It holds nothing secret and works without scripts. */
export function mountStatusPage(app: FastifyInstance, context: HttpContext): void {
  app.get(pagePath, async (request, reply) => {
    const signal = signalOf(reply, context.limits.answerTimeoutMs);
    protectPage(reply);
    if (isLocalReader(request, context.listen)) {
      context.access.spendOfSource(request);
      return renderPage(await readView(context, localReader, signal));
    }
    try {
      const caller = await context.access.authenticate(request, { signal });
      return renderPage(await readView(context, caller, signal));
    } catch (error) {
      if (!isCoded(error, 'HTTP_UNAUTHORIZED')) throw error;
      reply.code(401).header('www-authenticate', 'Bearer realm="gosling"');
      return renderRefusal();
    }
  });
  app.get(stylePath, async (request, reply) => {
    context.access.spendOfSource(request);
    return reply.type('text/css; charset=utf-8').send(styleSheet);
  });
}

function protectPage(reply: FastifyReply): void {
  reply.type(pageMediaType);
  reply.header(
    'content-security-policy',
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  reply.header('x-frame-options', 'DENY');
}

async function readView(context: HttpContext, caller: Caller, signal: AbortSignal): Promise<StatusView> {
  const { queries } = context.engine;
  const [eggs, runners, waiting, health] = await Promise.all([
    queries.eggs(caller, pageSize, { signal }),
    queries.runners(caller, pageSize, { signal }),
    queries.ciJobs(caller, { ...pageSize, state: 'waiting' }, { signal }),
    queries.health({ signal }),
  ]);
  const shown = eggs.items.filter(({ kind }) => kind === 'egg' || kind === 'bucket');
  const statuses = await mapLimit(shown, { limit: readsAtOnce, signal }, ({ name }, inner) =>
    queries.eggStatus(caller, name, { signal: inner }),
  );
  return {
    shownAt: toTime(context.clock.now()),
    eggs: statuses.flatMap((status) => (status === undefined ? [] : [toWireEggStatus(status)])),
    runners: runners.items.filter(({ row }) => row.state !== 'terminated').map(toWireRunner),
    waiting: waiting.items.map(toWireCiJob),
    hasMore: [eggs, runners, waiting].some(({ cursor }) => cursor !== undefined),
    health: toWireHealth(health, { version: context.version, isKnownCaller: caller.eggs === undefined }),
  };
}
