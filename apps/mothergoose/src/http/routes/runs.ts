import { Readable } from 'node:stream';
import type { Engine } from '@polar-gosling/engine';
import type { FastifyReply } from 'fastify';
import type { HttpContext } from '../context.ts';
import type { CallOf, Handlers } from '../mount.ts';
import { toWirePage } from '../to-wire/page.ts';
import { toWireRun, toWireRunEvent, toWireRunSummary } from '../to-wire/run.ts';
import { found } from './found.ts';
import { pageRequest } from './page-request.ts';

type RunHandlers = Pick<Handlers, 'listRuns' | 'getRun' | 'runLog' | 'watchEvents'>;

/** A token that is revoked meanwhile must not watch for ever. */
const longestWatchMs = 10 * 60_000;

/** OpenTofu's runs, while they go on and afterwards. */
export function runHandlers({ engine, closing }: HttpContext): RunHandlers {
  const { queries } = engine;
  return {
    async listRuns({ caller, query, signal }) {
      const request = { ...pageRequest(query), egg: query.egg };
      return toWirePage(await queries.runs(caller, request, { signal }), toWireRunSummary);
    },
    getRun: async ({ caller, params, signal }) =>
      toWireRun(found(await queries.run(caller, params.id, { signal }), 'run')),
    async runLog({ caller, params, signal }) {
      const bytes = found(await queries.runLog(caller, params.id, { signal }), 'run, or it has no log');
      return Buffer.from(bytes).toString('utf8');
    },
    async watchEvents(call) {
      // nginx keeps answers back until they are long, where nobody says that this one is read as it comes.
      call.reply.header('x-accel-buffering', 'no');
      return Readable.from(eventStream(engine, closing, call), { objectMode: false });
    },
  };
}

async function* eventStream(
  engine: Engine,
  closing: AbortSignal,
  { caller, query, reply }: CallOf<'watchEvents'>,
): AsyncGenerator<string> {
  const seconds = query.seconds ?? longestWatchMs / 1_000;
  const signal = AbortSignal.any([AbortSignal.timeout(seconds * 1_000), closing, goneSignal(reply)]);
  // The first bytes at once: whoever waits for the answer's head is not kept waiting.
  yield ': watching\n\n';
  for await (const event of engine.events.watch(caller, { egg: query.egg }, { signal })) {
    yield event === undefined
      ? ': nothing new\n\n'
      : `event: run\ndata: ${JSON.stringify(toWireRunEvent(event))}\n\n`;
  }
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
