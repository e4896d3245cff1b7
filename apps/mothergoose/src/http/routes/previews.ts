import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';
import { toWirePreview } from '../to-wire/preview.ts';

/** What a Nest that is not in force would do. */
export function previewHandlers({ engine: { previews } }: HttpContext): Pick<Handlers, 'previewNest'> {
  return {
    async previewNest({ body: { files, commit }, signal }) {
      const request = { files, ...(commit === undefined ? {} : { commit }) };
      return toWirePreview(await previews.preview(request, { signal }));
    },
  };
}
