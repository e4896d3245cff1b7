import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const source = fileURLToPath(new URL('go', import.meta.url));
const run = promisify(execFile);

/** Builds the program around hashicorp/hcl into a folder; its path, or an error that says what is missing. */
export async function buildHcl(folder: string, signal?: AbortSignal): Promise<string> {
  const program = `${folder}/hcl`;
  // The tool chain that is here, no other; flags of the user's would change what is measured.
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false' };
  await run('go', ['build', '-o', program, '.'], { cwd: source, env, ...(signal && { signal }) });
  return program;
}

/** Why the program cannot be built on this machine; `undefined` where it can. */
export async function whyNoHcl(): Promise<string | undefined> {
  const found = await run('go', ['version'], { env: { ...process.env, GOTOOLCHAIN: 'local' } }).then(
    () => true,
    () => false,
  );
  return found ? undefined : 'there is no Go tool chain';
}
