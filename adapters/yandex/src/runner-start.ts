import { isCoded } from '@polar-gosling/kernel';
import { type RunnerStart, runnerStartErrors, startBodyOf } from '@polar-gosling/ports/runner-start';
import { type CloudCalls, reasonOf } from './cloud-calls.ts';
import type { IamTokens } from './iam-tokens.ts';

const domain = '.containers.yandexcloud.net';

/**
 * Starts runners as asynchronous invocations of their container: a POST with the header below, answered 202 when the
 * service has taken it (serverless-containers/concepts/invoke-async). Our token goes to addresses of containers only.
 */
export function createYandexRunnerStart(deps: {
  readonly calls: CloudCalls;
  readonly tokens: IamTokens;
  /** Is this the address of a container? Default: `https://ID.containers.yandexcloud.net`. */
  readonly isContainer?: (url: URL) => boolean;
}): RunnerStart {
  const { calls, tokens, isContainer = isOfYandex } = deps;
  return {
    async start(request, { signal }) {
      signal.throwIfAborted();
      const { runnerId, container } = request;
      const url = URL.parse(container.url);
      if (url === null || !isContainer(url)) {
        throw runnerStartErrors.refused({ runnerId, reason: 'its container has no address of Yandex Cloud' });
      }
      const status = await invoke({ calls, tokens }, { url, body: startBodyOf(request) }, signal).catch(
        (error: unknown) => {
          signal.throwIfAborted();
          if (isCoded(error, 'YANDEX_UNAVAILABLE')) {
            throw runnerStartErrors.unavailable({ runnerId, reason: error.message }, { cause: error });
          }
          if (isCoded(error))
            throw runnerStartErrors.refused({ runnerId, reason: error.message }, { cause: error });
          throw runnerStartErrors.unavailable({ runnerId, reason: reasonOf(error) }, { cause: error });
        },
      );
      if (status === 202) return;
      const reason = `it answered ${status}`;
      if (status === 404) throw runnerStartErrors.noContainer({ runnerId, container: container.id });
      if (status === 429 || status >= 500) throw runnerStartErrors.unavailable({ runnerId, reason });
      throw runnerStartErrors.refused({ runnerId, reason: `${reason}${adviceFor(status)}` });
    },
  };
}

async function invoke(
  { calls, tokens }: { calls: CloudCalls; tokens: IamTokens },
  { url, body }: { url: URL; body: string },
  signal: AbortSignal,
): Promise<number> {
  const token = await tokens.current({ signal });
  const headers = {
    authorization: `Bearer ${token.reveal()}`,
    'content-type': 'application/json',
    'x-ycf-container-integration-type': 'async',
  };
  const { status } = await calls.send({ method: 'POST', url, headers, body }, { signal });
  return status;
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) {
    return '; the service account needs the role serverless-containers.containerInvoker';
  }
  return status === 200 ? ', as if it had been invoked at once and not asynchronously' : '';
}

function isOfYandex({ protocol, hostname, username, port }: URL): boolean {
  return protocol === 'https:' && hostname.endsWith(domain) && username === '' && port === '';
}
