import * as z from "zod/mini";
import { described, lazySchema, matchingString, optional, requiredText, text } from "./fields.js";

/** The key of the silencers in the settings of a project or a workflow. */
export const SILENCERS_KEY = "knock:ignore";

const silencerSchema = () =>
  z.strictObject({
    code: requiredText("The code of the findings.", "undefined_variable"),
    reason: described(
      matchingString((reason) => reason.trim() !== "", "must say why the findings are acceptable"),
      "Why the findings are acceptable.",
      "Imported from the old system, which has other names.",
    ),
    path: text(
      "A glob of the files, relative to the folder of this file. Default: all files.",
      "knock/workflows/legacy-*/**",
    ),
  });

/** Returns the field with the findings of `knock validate` that a project or a workflow accepts. */
export const silencersField = () =>
  described(
    optional(lazySchema(() => z.array(silencerSchema()))),
    "Findings of `knock validate` that are not reported, each with a reason.",
  );

export type SilencerEntry = z.infer<ReturnType<typeof silencerSchema>>;
