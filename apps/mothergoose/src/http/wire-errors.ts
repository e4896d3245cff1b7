import { defineErrors } from '@polar-gosling/kernel';

/** Bytes that are no HTTP request. */
export const wireErrors = defineErrors('HTTP', {
  malformed: { message: () => 'this is no well-formed HTTP request', http: 400, retry: 'never' },
  slow: { message: () => 'the request did not come in time', http: 408, retry: 'backoff' },
  headersTooLarge: { message: () => 'the headers are too long', http: 431, retry: 'never' },
});
