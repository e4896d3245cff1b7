import { createServer, type Server } from 'node:http';
import type { BootstrapAnswer, HeartbeatAnswer, HeartbeatBody } from '@polar-gosling/api-contract';

/** MotherGoose as far as an agent meets her: two routes, answers as the test says. */
export interface FakeMotherGoose {
  readonly url: string;
  readonly reports: HeartbeatBody[];
  readonly bootstraps: { token: string | undefined; body: unknown }[];
  /** Changes what heartbeats are answered with. */
  answer(change: Partial<HeartbeatAnswer> | { status: number }): void;
  /** Answers nothing more than 503, or again as usual. */
  silence(isSilent: boolean): void;
  /** How many calls met the silence. */
  unheard(): number;
  close(): Promise<void>;
}

export async function startFakeMotherGoose(
  given: Partial<BootstrapAnswer> & { gitlab: BootstrapAnswer['gitlab'] },
): Promise<FakeMotherGoose> {
  const reports: HeartbeatBody[] = [];
  const bootstraps: FakeMotherGoose['bootstraps'] = [];
  let answer: HeartbeatAnswer = { desired: 'run', config_hash: 'c1', next_in_s: 1 };
  let status = 200;
  let isSilent = false;
  let unheard = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    const send = (code: number, value: object) => {
      const type = code < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(code, { 'content-type': type }).end(JSON.stringify(value));
    };
    const token = request.headers.authorization?.replace('Bearer ', '');
    if (isSilent) {
      unheard += 1;
      return send(503, problem(503, 'STORE_UNAVAILABLE'));
    }
    if (request.url?.endsWith('/bootstrap')) {
      bootstraps.push({ token, body });
      if (token !== 'one-time-token-1') return send(401, problem(401, 'BOOTSTRAP_USED'));
      return send(200, bootstrapAnswer(given));
    }
    if (status === 200) {
      reports.push(body);
      return send(200, answer);
    }
    return send(status, problem(status, 'AGENT_REFUSED'));
  });
  await listen(server);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    reports,
    bootstraps,
    answer(change) {
      if ('status' in change) status = change.status;
      else answer = { ...answer, ...change };
    },
    silence: (silent) => {
      isSilent = silent;
    },
    unheard: () => unheard,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function bootstrapAnswer(
  given: Partial<BootstrapAnswer> & { gitlab: BootstrapAnswer['gitlab'] },
): BootstrapAnswer {
  return {
    agent_token: 'agent-token-1',
    runner_id: '01kbrunner',
    egg_name: 'my-app',
    pool: 'apex',
    machine_hash: 'm1',
    config_hash: 'c1',
    config: { executor: 'shell', environment: { GREETING: 'hello' }, concurrent: 1, tags: [] },
    timeouts: {
      job_s: 3600,
      drain_s: 60,
      idle_poweroff_s: 3600,
      silent_accept_s: 900,
      max_life_at: '2999-01-01T00:00:00Z',
    },
    heartbeat_s: 1,
    runner_version: { want: '' },
    ...given,
  };
}

function problem(status: number, code: string): object {
  return { type: 'about:blank', title: code, status, detail: `refused: ${code}`, code, instance: '/' };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
}
