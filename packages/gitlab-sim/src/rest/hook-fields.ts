import { apiErrors } from '../errors.ts';
import { isSigningToken } from '../hooks/signature.ts';
import { type Fields, type FieldValues, flag, objects, oneOf, required, text } from '../http/fields.ts';
import { type Hook, type HookTrigger, hookTriggers } from '../state/hook.ts';

const common: Fields = {
  name: text,
  description: text,
  token: text,
  signing_token: text,
  enable_ssl_verification: flag,
  push_events_branch_filter: text,
  branch_filter_strategy: oneOf(['wildcard', 'regex', 'all_branches']),
  custom_headers: objects,
  ...Object.fromEntries(hookTriggers.map((trigger) => [trigger, flag])),
};

export const createHookFields: Fields = { ...common, url: required(text) };
/** GitLab says `url` is required here too; its OpenAPI file does not. Both are taken. */
export const updateHookFields: Fields = { ...common, url: text };

/**
 * Writes the fields of a create or update. GitLab's trap is kept: an update without `token` clears the secret,
 * and so does another `url`.
 */
export function applyHookFields(hook: Hook, body: FieldValues): void {
  const url = body.text('url') ?? hook.url;
  if (!/^https?:\/\/[^/]/.test(url)) throw apiErrors.unprocessable({ text: 'Invalid url given' });
  const signingToken = body.text('signing_token');
  if (signingToken !== undefined && !isSigningToken(signingToken)) {
    throw apiErrors.unprocessable({ text: 'Signing token must be whsec_ and the base64 of 32 bytes' });
  }
  const isMoved = url !== hook.url;
  hook.url = url;
  hook.token = body.text('token') || undefined;
  hook.signingToken = signingToken ?? (isMoved ? undefined : hook.signingToken);
  hook.name = body.text('name') ?? hook.name;
  hook.description = body.text('description') ?? hook.description;
  hook.isSslVerified = body.flag('enable_ssl_verification') ?? hook.isSslVerified;
  hook.pushBranchFilter = body.text('push_events_branch_filter') ?? hook.pushBranchFilter;
  hook.branchFilterStrategy = body.text('branch_filter_strategy') ?? hook.branchFilterStrategy;
  hook.triggers = new Set(
    hookTriggers.filter((trigger: HookTrigger) => body.flag(trigger) ?? hook.triggers.has(trigger)),
  );
  hook.customHeaders = readCustomHeaders(body) ?? hook.customHeaders;
}

function readCustomHeaders(body: FieldValues): ReadonlyMap<string, string> | undefined {
  const headers = body.objects('custom_headers');
  return headers && new Map(headers.map(({ key, value }) => [String(key), String(value ?? '')]));
}
