import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { parseConditionList } from "../condition/parse-conditions.js";
import { listChannelTypesWithout } from "../message/channel-types.js";
import { LIST_KNOWN_KEYS } from "../schema/describe-issue.js";
import { anyValue, described, named, optional } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";

/** The channel types that can have preferences. Guides cannot (E-135). */
const PREFERENCE_CHANNEL_TYPES = listChannelTypesWithout("isGuide");

const CONDITIONS_EXAMPLE = [{ variable: "data.urgent", operator: "equal_to", argument: "true" }];
const CONDITION_CONTEXT = { refs: null, allowsAnyScope: true };

/** The schema of a preference set. Unknown keys are errors (A-430, E-133 to E-135). */
export const preferenceSetSchema = once(() => {
  const conditions = () =>
    z.unknown().check(({ value, issues }) => {
      const report = (path: PropertyKey[], message: string): void => {
        issues.push({ code: "custom", path, message, input: value, continue: true });
      };
      if (value === undefined) report([], "is required (a list of conditions)");
      else parseConditionList(value, [], CONDITION_CONTEXT, report);
    });
  const strategy = described(anyValue(), '"replace": recipients cannot override a tenant\'s defaults.', "replace");
  const createValue = () =>
    unionByType("true, false or an object with conditions", {
      flag: () => z.boolean(),
      object: () =>
        z.looseObject({ conditions: described(conditions(), "Conditions that must all be true.", CONDITIONS_EXAMPLE) }),
    });
  const value = createValue();
  const channelTypes = named(
    z.strictObject(
      {
        ...Object.fromEntries(
          PREFERENCE_CHANNEL_TYPES.map((type) => [type, described(z.optional(value), `For ${type}.`, false)]),
        ),
        __strategy__: strategy,
      },
      LIST_KNOWN_KEYS,
    ),
    "preference_channel_types",
  );
  const channels = {
    channel_types: described(optional(channelTypes), "Whether to send, by channel type."),
    channels: described(
      optional(z.catchall(z.object({ __strategy__: strategy }), described(createValue(), "Whether to send.", false))),
      "Whether to send, by key or ID of the channel.",
    ),
  };
  const level = unionByType("true, false or an object with channel_types, channels or conditions", {
    flag: () => z.boolean(),
    object: () =>
      z.strictObject(
        {
          ...channels,
          conditions: described(optional(conditions()), "Conditions that must all be true.", CONDITIONS_EXAMPLE),
          __strategy__: strategy,
        },
        LIST_KNOWN_KEYS,
      ),
  });
  const levels = (description: string) =>
    described(
      optional(
        z.catchall(
          z.object({ __strategy__: strategy }),
          described(level, "Whether to send.", { channel_types: { email: false } }),
        ),
      ),
      description,
    );
  const set = described(
    z.strictObject(
      {
        ...channels,
        categories: levels("Whether to send, by category."),
        workflows: levels("Whether to send, by key of the workflow."),
        commercial_subscribed: described(optional(value), "Whether to send commercial messages."),
        id: described(anyValue(), "The ID of the set: default, or the ID of a tenant.", "default"),
        __persistence_strategy__: described(
          z.optional(z.enum(["merge", "replace"])),
          "merge: keep preferences that are not in the set. replace: remove them.",
        ),
      },
      LIST_KNOWN_KEYS,
    ),
    "Preferences that decide which messages are sent. Messages without a preference are sent.",
  );
  return named(set, "preference_set");
});
