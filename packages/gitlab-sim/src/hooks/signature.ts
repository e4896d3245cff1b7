import { createHmac } from 'node:crypto';

/** `webhook-signature` of a message: Standard Webhooks, HMAC-SHA256 over `id.timestamp.body`. */
export function signWebhook(
  signingToken: string,
  message: { id: string; timestamp: string; body: string },
): string {
  const key = Buffer.from(signingToken.replace(/^whsec_/, ''), 'base64');
  const signed = `${message.id}.${message.timestamp}.${message.body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

/** Is it `whsec_` and the base64 of 32 bytes, as GitLab demands? */
export function isSigningToken(text: string): boolean {
  return /^whsec_[A-Za-z0-9+/]{43}=$/.test(text);
}
