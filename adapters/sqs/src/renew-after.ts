/**
 * SQS counts each giving out and buries at its own limit, at most 1,000: what only waits for its worker, or fails for a
 * reason that time will mend, is sent anew in time.
 */
export const renewAfterReceives = 500;
