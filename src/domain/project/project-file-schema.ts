import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { describeInvalidAddress, describeInvalidPattern } from "../recipient/recipient-pattern.js";
import { checkedString, described, schemaReference } from "../schema/fields.js";
import { SILENCERS_KEY, silencersField } from "../schema/silencer-schema.js";

/** The schema of `recipients` in the settings of a project or a profile. */
const recipientSettingsSchema = once(() =>
  z.strictObject({
    allow: described(
      z.optional(z.array(checkedString(describeInvalidPattern))),
      "The only recipients and addresses that commands can reach or change on the remote target, and to which the local target delivers messages.",
      ["*@example.com", "user:qa-*"],
    ),
    redirect: described(
      z.optional(checkedString(describeInvalidAddress)),
      "The address to which the local target delivers all emails of channels with deliver.",
      "qa@example.com",
    ),
  }),
);

/** The schema of `settings` in `knock.json`. */
export const projectSettingsSchema = once(() => {
  const text = (description: string, example?: unknown) => described(z.optional(z.string()), description, example);
  return z.strictObject({
    target: described(
      z.optional(z.enum(["local", "remote"])),
      "The target of commands: local is the embedded engine, remote is the API. Default: local.",
    ),
    base_url: text("The URL of the API. Default: https://api.knock.app.", "https://api.knock.app"),
    profile: text("The profile whose API key and settings are used.", "staging"),
    branch: text("The branch to use, on both targets.", "shorter-emails"),
    store: text(
      "The local store: a file, relative to this one, :memory:, or the URL of a PostgreSQL database.",
      ".knock-local/store.db",
    ),
    environment: text(
      "The name of a file in environments/, without .json, that overrides environment.json.",
      "production",
    ),
    recipients: described(z.optional(recipientSettingsSchema()), "Limits whom commands can reach."),
    [SILENCERS_KEY]: silencersField(),
  });
});

/** The schema of a `knock.json` (F-001, F-002). */
export const projectFileSchema = once(() => {
  const error = "must be the path of the folder with workflows/";
  return described(
    z.strictObject({
      $schema: schemaReference(),
      knockDir: described(
        z.string({ error }).check(z.refine((path) => path.trim() !== "", { error })),
        "The folder with workflows/ and the other resources, relative to this file.",
      ),
      settings: described(
        z.optional(projectSettingsSchema()),
        "Settings of this project. Flags and environment variables take precedence.",
      ),
    }),
    "The root of a project.",
  );
});

export type ProjectFile = z.infer<ReturnType<typeof projectFileSchema>>;
export type ProjectSettings = z.infer<ReturnType<typeof projectSettingsSchema>>;
