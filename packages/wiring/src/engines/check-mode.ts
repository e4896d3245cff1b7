import type { SelfCheck } from '@polar-gosling/ports/secrets';

const othersBits = 0o077;

/** A file that only the user who runs us may read. */
export function checkMode(path: string, mode: number): SelfCheck {
  const octal = (mode & 0o777).toString(8);
  if ((mode & othersBits) === 0) return { name: 'rights', ok: true, detail: `for this user only (${octal})` };
  return { name: 'rights', ok: false, detail: `open to others (${octal})`, fix: `chmod 600 ${path}` };
}
