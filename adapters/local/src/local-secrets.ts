import { join } from 'node:path';
import { type Clock, codeOf, isCoded, Secret } from '@polar-gosling/kernel';
import {
  type CallOptions,
  checkSecretValue,
  localName,
  roleOf,
  type SecretStore,
  secretErrors,
} from '@polar-gosling/ports/secrets';
import { decrypt, encrypt } from './aes-gcm.ts';
import { withFileLock } from './file-lock.ts';
import {
  createSecretFileReader,
  readOrMakeKey,
  type SecretEntries,
  type SecretFile,
  writeEntries,
} from './secret-file.ts';

/**
 * Secrets in one encrypted file of the data directory; its key lies in `key/`, which a backup leaves out. Several
 * processes may use it at once: each change is made under a lock, and a changed file is read again.
 */
export function createLocalSecrets(deps: { dataDir: string; clock: Clock }): SecretStore {
  const paths = localSecretPaths(deps.dataDir);
  const readSecretFile = createSecretFileReader(paths);

  const open = (content: SecretFile, reference: string): Secret | undefined => {
    const sealed = content.entries.get(reference);
    if (sealed === undefined || content.key === undefined) return undefined;
    return decryptEntry(paths.file, { key: content.key, sealed, reference });
  };

  const change = <Result>(
    options: CallOptions,
    action: (content: SecretFile) => Promise<Result>,
  ): Promise<Result> =>
    withFileLock({ path: paths.lock, clock: deps.clock, signal: options.signal }, async () =>
      action(await readSecretFile()),
    );

  const write = async (entries: SecretEntries, reference: string, value: Secret): Promise<void> => {
    const key = await readOrMakeKey(paths);
    const sealed = encrypt(key, Buffer.from(value.reveal()), reference).toString('base64');
    await writeEntries(paths.file, new Map(entries).set(reference, sealed));
  };

  return {
    async read(reference, options) {
      options.signal.throwIfAborted();
      const name = localName(reference, options.role);
      return open(await readSecretFile(), name);
    },
    async write(reference, value, options) {
      options.signal.throwIfAborted();
      const name = localName(reference, options.role);
      checkSecretValue(roleOf(reference, options), value);
      await writing(() => change(options, ({ entries }) => write(entries, name, value)));
    },
    async writeIfAbsent(reference, value, options) {
      options.signal.throwIfAborted();
      const name = localName(reference, options.role);
      checkSecretValue(roleOf(reference, options), value);
      return writing(() =>
        change(options, async (content) => {
          const present = open(content, name);
          if (present === undefined) await write(content.entries, name, value);
          return present ?? value;
        }),
      );
    },
    async remove(reference, options) {
      options.signal.throwIfAborted();
      const name = localName(reference, options.role);
      await writing(() =>
        change(options, async ({ entries }) => {
          const rest = new Map(entries);
          if (rest.delete(name)) await writeEntries(paths.file, rest);
        }),
      );
    },
    async list(prefix, options) {
      options.signal.throwIfAborted();
      const { entries } = await readSecretFile();
      return [...entries.keys()].filter((reference) => reference.startsWith(prefix)).toSorted();
    },
  };
}

/** Where they lie: who has the file and its key has every secret. */
export function localSecretPaths(dataDir: string): { file: string; key: string; lock: string } {
  return {
    file: join(dataDir, 'secrets.json.enc'),
    key: join(dataDir, 'key', 'secrets.key'),
    lock: join(dataDir, 'secrets.lock'),
  };
}

function decryptEntry(path: string, entry: { key: Uint8Array; sealed: string; reference: string }): Secret {
  try {
    const bytes = Buffer.from(entry.sealed, 'base64');
    return new Secret(decrypt(entry.key, bytes, entry.reference).toString());
  } catch (error) {
    const reason = `the entry ${entry.reference} does not open with its key`;
    throw secretErrors.damaged({ path, reason }, { cause: error });
  }
}

async function writing<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const code = codeOf(error);
    if (isCoded(error) || code === undefined) throw error;
    throw secretErrors.unwritable({ role: 'the secret file', reason: code }, { cause: error });
  }
}
