/** `again`: there is more to do now; `later`: somebody or something must end first. */
export type ShardOutcome = 'idle' | 'again' | 'later' | 'busy';
