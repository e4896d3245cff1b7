import { apiErrors } from '../errors.ts';
import { type Fields, type FieldValues, flag, integer, oneOf, text, texts } from '../http/fields.ts';
import { type Runner, runnerAccessLevels } from '../state/runner.ts';

/** What may be said about a runner when it is made and later. */
export const runnerFields: Fields = {
  description: text,
  paused: flag,
  locked: flag,
  run_untagged: flag,
  tag_list: texts,
  access_level: oneOf(runnerAccessLevels),
  maximum_timeout: integer,
  maintenance_note: text,
};

/** Writes the given fields, with GitLab's checks. */
export function applyRunnerFields(runner: Runner, body: FieldValues): void {
  const tags = body.texts('tag_list') ?? runner.tags;
  const runsUntagged = body.flag('run_untagged') ?? runner.runsUntagged;
  const maximumTimeout = body.integer('maximum_timeout') ?? runner.maximumTimeout;
  const note = body.text('maintenance_note') ?? runner.maintenanceNote;
  if (tags.length === 0 && !runsUntagged) {
    throw apiErrors.badRequest({
      text: 'tags_list can not be empty when runner is not allowed to pick untagged jobs',
    });
  }
  if (tags.length > 50) throw apiErrors.badRequest({ text: 'tags_list is too long (maximum is 50 tags)' });
  if (maximumTimeout !== undefined && maximumTimeout < 600) {
    throw apiErrors.badRequest({
      text: 'maximum_timeout needs to be at least 10 minutes',
    });
  }
  if ((note?.length ?? 0) > 1024) {
    throw apiErrors.badRequest({ text: 'maintenance_note is too long (maximum is 1024 characters)' });
  }
  runner.tags = [...new Set(tags)];
  runner.runsUntagged = runsUntagged;
  runner.maximumTimeout = maximumTimeout;
  runner.maintenanceNote = note;
  runner.description = body.text('description') ?? runner.description;
  runner.isPaused = body.flag('paused') ?? runner.isPaused;
  runner.isLocked = body.flag('locked') ?? runner.isLocked;
  runner.accessLevel = body.text('access_level') ?? runner.accessLevel;
}
