import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { described, optional, rule } from "../schema/fields.js";

const TYPES_WITH_IDENTIFIER: readonly unknown[] = ["workflow", "category", "channel"];

/**
 * The schema of `preference_center` in `environment.json`, which has the settings of the service's dashboard (A-447,
 *
 */
export const preferenceCenterSchema = once(() => {
  const text = (description: string, example?: unknown) => described(optional(z.string()), description, example);
  const row = z
    .strictObject({
      type: described(
        z.enum(["workflow", "channel", "category", "channel_types", "commercial_subscribed"]),
        "The kind of preference that the row controls.",
      ),
      name: described(z.string(), "The display name.", "Product news"),
      identifier: text("The key of the workflow, the category or the channel.", "marketing"),
      description: text("The description below the name.", "News about the product."),
      channel_types: described(optional(z.array(z.string())), "The channel types in the row. Default: all.", [
        "email",
        "push",
      ]),
    })
    .check(
      rule(({ type, identifier }, report) => {
        if (TYPES_WITH_IDENTIFIER.includes(type) && !identifier)
          report(["identifier"], `is required for a row of type ${String(type)}`);
      }),
    );
  const config = z.strictObject({
    title: text("The title of the page.", "Your notifications"),
    body: text("The text below the title.", "Choose what you want to hear about."),
    rows: described(optional(z.array(row)), "The preferences that recipients can change."),
    show_account_name: described(
      optional(z.boolean()),
      "Whether the page shows the name of the account. Default: false.",
    ),
  });
  return z.strictObject({
    enabled: described(optional(z.boolean()), "Whether the page is served. Default: true."),
    config: described(optional(config), "The content of the page."),
  });
});

export type PreferenceCenterFile = z.infer<ReturnType<typeof preferenceCenterSchema>>;
