import {
  pageMediaType,
  renderPage,
  renderRefusal,
  renderSignedIn,
  type StatusView,
  styleSheet,
} from '@polar-gosling/dashboard';
import type { Caller } from '@polar-gosling/engine';
import { isCoded, mapLimit } from '@polar-gosling/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { apiTokenOf } from './access.ts';
import type { HttpContext } from './context.ts';
import { loginPath } from './page-sessions.ts';
import { signalOf } from './request-signal.ts';
import { toWireCiJob } from './to-wire/ci-job.ts';
import { toWireEggStatus } from './to-wire/egg.ts';
import { toWireHealth } from './to-wire/health.ts';
import { toWireRunner } from './to-wire/runner.ts';
import { toTime } from './to-wire/time.ts';

const pagePath = '/';
const stylePath = '/assets/style.css';
export const statusPagePaths = [pagePath, stylePath, loginPath];

const pageSize = { limit: 100 };
const readsAtOnce = 4;

/**
 * The page a person opens first: what runs, what waits and why. It works without scripts, and is shown to a token or to
 * a browser that a one-time link has signed in: a CI job on the same machine is a stranger.
 */
export function mountStatusPage(app: FastifyInstance, context: HttpContext): void {
  app.get(pagePath, async (request, reply) => {
    const signal = signalOf(reply, context.limits.answerTimeoutMs);
    protectPage(reply);
    const token = apiTokenOf(request) ?? context.sessions.tokenOf(sessionOf(request))?.reveal();
    try {
      const caller = await context.access.authenticateAs(request, token, { signal });
      return renderPage(await readView(context, caller, signal));
    } catch (error) {
      if (!isCoded(error, 'HTTP_UNAUTHORIZED')) throw error;
      reply.code(401).header('www-authenticate', 'Bearer realm="gosling"');
      return renderRefusal();
    }
  });
  app.get(loginPath, async (request, reply) => {
    protectPage(reply);
    context.access.spendOfSource(request);
    const { code } = LoginQuery.safeParse(request.query).data ?? { code: '' };
    const signedIn = context.sessions.redeem(code);
    if (signedIn === undefined) {
      reply.code(401).header('www-authenticate', 'Bearer realm="gosling"');
      return renderRefusal();
    }
    reply.header('set-cookie', cookieOf(signedIn, request, context.listen));
    return renderSignedIn();
  });
  app.get(stylePath, async (request, reply) => {
    context.access.spendOfSource(request);
    return reply.type('text/css; charset=utf-8').send(styleSheet);
  });
}

const LoginQuery = z.object({ code: z.string().max(200) });
const cookieName = 'gosling_page';

/** Out of reach of scripts and of other sites, and of plain HTTP unless it came by that: only loopback may. */
function cookieOf(
  { session, maxAgeS }: { session: string; maxAgeS: number },
  { protocol }: Pick<FastifyRequest, 'protocol'>,
  listen: { readonly isLoopback: boolean },
): string {
  const secure = listen.isLoopback && protocol === 'http' ? '' : '; Secure';
  return `${cookieName}=${session}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}

function sessionOf(request: FastifyRequest): string {
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1) ?? '';
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
