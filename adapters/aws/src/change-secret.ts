import { type Clock, type IdSource, retryDelayMs, type SecretUri } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';
import { type Fields, textOf, withField, withoutField } from './fields.ts';
import type { SecretsApi, SecretVersion } from './secrets-api.ts';

/** What becomes of a field. */
export type Outcome =
  | { readonly kind: 'keep' }
  | { readonly kind: 'set'; readonly text: string }
  | { readonly kind: 'remove' };

interface Context {
  readonly api: SecretsApi;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly role: string;
}

interface Change {
  readonly at: SecretUri;
  readonly next: (present: string | undefined) => Outcome;
  readonly signal: AbortSignal;
}

const attempts = 12;
const backOff = { attempts, baseMs: 50, capMs: 2_000 };
/** Of all fields together. */
const maxSecretBytes = 65_536;

/**
 * Changes one field and answers what is in force then. A version is made beside the one in force and put in its place
 * only if that is still the one it was made from; whoever came second reads again.
 */
export async function changeSecret(context: Context, change: Change): Promise<string | undefined> {
  const { clock, ids, role } = context;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const done = await tryChange(context, change);
    if (done !== 'again') return done.inForce;
    await clock.sleep(retryDelayMs(backOff, attempt, ids.random()), change.signal);
  }
  throw secretErrors.unwritable({ role, reason: 'others change it all the time' });
}

type Tried = 'again' | { readonly inForce: string | undefined };

async function tryChange(context: Context, { at, next, signal }: Change): Promise<Tried> {
  const { api, role } = context;
  const call = { signal, role };
  const before = await api.get({ id: at.id }, call);
  const present = before && textOf(before.fields, at.key);
  const outcome = next(present);
  if (outcome.kind === 'keep') return { inForce: present };
  const text = outcome.kind === 'set' ? outcome.text : undefined;
  const fields =
    text === undefined
      ? withoutField(before?.fields ?? {}, at.key)
      : withField(before?.fields ?? {}, at.key, text);
  if (before === undefined) return create(context, { at, fields, text, signal });
  return replace(context, { at, before, fields, text, signal });
}

interface Step {
  readonly at: SecretUri;
  readonly fields: Fields;
  /** The value that is set; `undefined` when the field is removed. */
  readonly text: string | undefined;
  readonly signal: AbortSignal;
}

async function create(context: Context, { at, fields, text, signal }: Step): Promise<Tried> {
  const { api, ids, role } = context;
  const call = { signal, role };
  const made = await api.create({ id: at.id, text: textOfFields(fields, role), token: tokenOf(ids) }, call);
  if (made === 'made') return { inForce: text };
  // Made by another meanwhile, or on its way to be deleted: brought back, it is read again.
  await api.restore(at.id, call);
  return 'again';
}

async function replace(context: Context, step: Step & { before: SecretVersion }): Promise<Tried> {
  const { api, ids, role } = context;
  const { at, before, fields, text, signal } = step;
  const call = { signal, role };
  const token = tokenOf(ids);
  const stage = `gosling-${token}`;
  const put = await api.put({ id: at.id, text: textOfFields(fields, role), token, stage }, call);
  if (put === 'missing') return 'again';
  const moved = await api.promote({ id: at.id, from: before.versionId, to: token }, call);
  await api.unstage({ id: at.id, version: token, stage }, call);
  if (moved === 'refused') {
    const current = await api.currentVersion(at.id, call);
    // Not because somebody was quicker: a repetition would be refused again.
    if (current === before.versionId)
      throw secretErrors.unwritable({
        role,
        reason: 'Secrets Manager refuses to put the new version in force',
      });
  }
  if (moved !== 'ok') return 'again';
  if (Object.keys(fields).length === 0) await deleteEmpty(context, { id: at.id, version: token, signal });
  return { inForce: text };
}

/** An empty secret costs as much as a full one. Who wrote meanwhile finds it there again. */
async function deleteEmpty(
  { api, role }: Context,
  { id, version, signal }: { id: string; version: string; signal: AbortSignal },
): Promise<void> {
  const call = { signal, role };
  await api.delete(id, call);
  const current = await api.currentVersion(id, call);
  if (current !== undefined && current !== version) await api.restore(id, call);
}

function textOfFields(fields: Fields, role: string): string {
  const text = JSON.stringify(fields);
  if (Buffer.byteLength(text) > maxSecretBytes) throw secretErrors.tooBig({ role, most: maxSecretBytes });
  return text;
}

/** The id of the new version: 32 to 64 characters. */
function tokenOf(ids: IdSource): string {
  return ids.token(30).replaceAll('_', '-');
}
