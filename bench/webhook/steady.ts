import { Agent, request } from 'node:http';
import { deliveryBody, deliveryHeaders } from './delivery.ts';

/**
 * Sends so many deliveries a second whatever the answers do. What each took counts from when it was due, so that a
 * stall shows in all that came during it.
 */
export async function deliverSteadily(plan: {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
}): Promise<{ latencies: number[]; refused: number }> {
  const agent = new Agent({ keepAlive: true });
  const body = deliveryBody();
  const run = Math.random().toString(36).slice(2);
  const startedAt = performance.now();
  const latencies: number[] = [];
  let refused = 0;

  const send = async (number: number): Promise<void> => {
    const dueAt = startedAt + (number * 1_000) / plan.perSecond;
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(0, dueAt - performance.now()));
    });
    const headers = { ...deliveryHeaders(), 'webhook-id': `${run}-${number}`, 'content-length': body.length };
    const status = await post(plan.url, { agent, headers }, body);
    latencies.push(performance.now() - dueAt);
    if (status !== 200) refused++;
  };

  const count = plan.perSecond * plan.seconds;
  await Promise.all(Array.from({ length: count }, (_, number) => send(number)));
  agent.destroy();
  return { latencies, refused };
}

function post(
  url: string,
  options: { agent: Agent; headers: Readonly<Record<string, string | number>> },
  body: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', ...options }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
