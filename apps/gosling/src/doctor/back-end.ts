import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Health } from '@polar-gosling/api-contract';
import { deadline, isCoded, parseJson } from '@polar-gosling/kernel';
import { findAddress } from '../api.ts';
import type { CliContext } from '../cli/command.ts';
import { readProxies } from '../config.ts';
import { createHttpFetch } from '../http-fetch.ts';
import { roughly } from '../ui/ago.ts';
import { cleanLine } from '../ui/text.ts';
import { type Check, type Finding, fail, ok, skip, warn } from './check.ts';

const patienceMs = 10_000;
const mostSkewMs = 2_000;
/** The Date header counts whole seconds. */
const headerStepMs = 1_000;

export const apiCheck: Check = {
  id: 'api',
  title: 'MotherGoose',
  async look(context) {
    const answer = await ask(context);
    if ('result' in answer) return answer;
    const [down] = (answer.health?.dependencies ?? []).filter(({ ok: isOk }) => !isOk);
    if (down !== undefined) return notWorking(answer, down);
    if (answer.status === 200) return ok(answer.url);
    return warn(`${answer.url} answers ${answer.status}`, 'gosling status says what does not work');
  },
};

export const clockCheck: Check = {
  id: 'clock',
  title: 'clock',
  async look(context) {
    const answer = await ask(context);
    if ('result' in answer) return skip('needs MotherGoose');
    if (answer.date === undefined) return skip('MotherGoose tells no time');
    const apartMs = Math.abs(answer.date - answer.askedAt);
    const skewMs = Math.max(0, apartMs - headerStepMs - answer.tookMs);
    if (skewMs <= mostSkewMs) return ok('agrees with MotherGoose');
    return fail(`${roughly(skewMs)} apart from MotherGoose`, 'synchronise both clocks (NTP)');
  },
};

function notWorking(
  { url }: Answer,
  { name, detail }: NonNullable<Answer['health']>['dependencies'][number],
): Finding {
  const what = detail === undefined ? '' : `: ${cleanLine(detail)}`;
  return fail(
    `${url} runs, but its ${name} does not work${what}`,
    'gosling status shows all that hinders it',
  );
}

interface Answer {
  readonly url: string;
  readonly status: number;
  readonly health: Health | undefined;
  readonly date: number | undefined;
  readonly askedAt: number;
  readonly tookMs: number;
}

async function ask(context: CliContext): Promise<Answer | Finding> {
  const { clock, env, cwd } = context;
  if (context.flags.offline) return skip('offline');
  const address = await findAddress(context).catch((error: unknown) => {
    if (isCoded(error, 'CLI_NO_ADDRESS')) return undefined;
    throw error;
  });
  if (address === undefined) return skip('no instance here, and GOSLING_URL is not set');
  const caFile = env['GOSLING_CA_FILE'];
  const caPem = caFile ? await readFile(path.resolve(cwd, caFile), 'utf8') : undefined;
  const http = createHttpFetch({ caPem, proxies: readProxies(env) });
  const askedAt = clock.now();
  try {
    const signal = deadline(context.signal, patienceMs);
    const url = `${address.url.replace(/\/+$/, '')}/health`;
    const headers: Record<string, string> =
      address.token === undefined ? {} : { 'x-gosling-token': address.token.reveal() };
    const answer = await http.fetch(url, { method: 'GET', headers, signal, redirect: 'error' });
    const { data: health } = Health.safeParse(parseJson(await answer.text()));
    const date = Date.parse(answer.headers.get('date') ?? '');
    return {
      url: address.url,
      status: answer.status,
      health,
      date: Number.isNaN(date) ? undefined : date,
      askedAt,
      tookMs: clock.now() - askedAt,
    };
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return fail(
      `${address.url} does not answer: ${cause}`,
      'gosling up starts it; GOSLING_URL names another one',
    );
  } finally {
    await http.close();
  }
}
