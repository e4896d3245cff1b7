import type { FetchLike } from '@polar-gosling/api-contract';
import { deadline } from '@polar-gosling/kernel';

const patienceMs = 3_000;

/** Takes this machine's manager off its registration in GitLab; the registration itself stays. */
export async function removeManager(
  gitlab: { readonly url: string; readonly token: string; readonly system_id: string },
  options: { readonly fetch: FetchLike; readonly signal: AbortSignal },
): Promise<number> {
  const answer = await options.fetch(`${gitlab.url}/api/v4/runners/managers`, {
    method: 'DELETE',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: gitlab.token, system_id: gitlab.system_id }),
    signal: deadline(options.signal, patienceMs),
    redirect: 'error',
  });
  return answer.status;
}
