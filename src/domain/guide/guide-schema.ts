import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { conditionGroupSchema } from "../condition/condition-schema.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import {
  anyObject,
  choice,
  described,
  distinct,
  flag,
  nonEmptyString,
  optional,
  requiredText,
  rule,
  schemaReference,
  serviceField,
  stringUpTo,
  text,
  wholeNumber,
} from "../schema/fields.js";

import { GUIDE_SCOPES } from "./guide.js";

const isActivationList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

/**
 * The schema of a `guide.json` whose text files have been inserted (section 13 of the format). It is built when the
 * first guide is read.
 */
export const guideSchema = once(() => {
  const time = z.string().check(
    z.refine((value) => parseTimestamp(value) !== undefined, {
      error: ({ input }) => `must be an ISO 8601 time, found ${JSON.stringify(input)}`,
    }),
  );
  // Files that were pulled from the service have these fields in `__readonly` (F-021, F-024).
  const state = {
    active: flag("Whether the guide is active if neither time is set (default: true)."),
    active_from: described(optional(time), "Time at which the guide becomes active, in ISO 8601."),
    active_until: described(optional(time), "Time at which the guide stops being active, in ISO 8601."),
    semver: text("The version of the guide (default: 0.0.1).", "1.2.0"),
  };
  const step = z.strictObject({
    ref: requiredText("The name of the step, unique in this guide."),
    name: text("The display name."),
    schema_key: requiredText("The key of the step's message type."),
    schema_semver: requiredText("The version of the message type."),
    schema_variant_key: requiredText('The key of the message type\'s variant, such as "default".'),
    values: described(optional(anyObject()), "Values of the variant's fields by key (Liquid).", {
      title: "History is here",
    }),
    json_schema: serviceField(),
  });
  const pattern = z
    .strictObject({
      directive: choice(["allow", "block"], "Whether the guide may be shown there (default: allow)."),
      pathname: described(optional(nonEmptyString()), 'URL pattern for the path, such as "/pages/*".'),
      search: described(optional(nonEmptyString()), "URL pattern for the query string.", "tab=history"),
    })
    .check(
      rule(({ pathname, search }, report) => {
        if ((pathname ?? search ?? null) === null) report([], "must have a pathname, a search, or both");
      }),
    );
  const patterns = (description: string) => described(optional(z.array(pattern)), description);
  const goal = z.strictObject({
    goal_key: requiredText("The key of the goal.", "activation"),
    attribution_window_days: described(optional(wholeNumber(1, 30)), "The attribution window of the goal, in days.", 7),
  });
  const guide = z.strictObject({
    $schema: schemaReference(),
    name: described(stringUpTo(255), "The display name."),
    channel_key: requiredText("The key of the in-app guide channel."),
    steps: described(
      z.array(step).check(z.minLength(1, { error: "must have at least one step" }), distinct("ref", "step")),
      "The steps that users see, in order. Each has the content of a message type.",
    ),
    description: described(optional(stringUpTo(280)), "The purpose of the guide."),
    tags: described(optional(z.array(z.string())), 'Tags that group guides in the dashboard, such as "onboarding".'),
    goal_attachment: described(optional(goal), "The goal of the guide."),
    target_audience_key: described(
      optional(nonEmptyString()),
      'The audience that can see the guide, such as "beta-testers". null: all users, or those that a guide step of a workflow adds.',
    ),
    tenancy_strict_mode: flag(
      "Whether the tenant of the request must be that of the membership in an audience. false: members see the guide in every tenant (default: false).",
    ),
    scope: choice(
      GUIDE_SCOPES,
      "Whether users see the guide once (global), or once in each tenant (per_tenant): archiving it in one tenant then leaves it in the others (default: global).",
    ),
    target_property_conditions: described(optional(conditionGroupSchema()), "Conditions that a user must meet."),
    activation_url_patterns: patterns("URLs on which the guide may be shown (default: all)."),
    activation_location_rules: patterns("Former name of activation_url_patterns."),
    ...state,
    __readonly: described(optional(z.looseObject(state)), "Written by the hosted service. Takes precedence."),
    key: text("The key of the guide: the name of its folder.", "history-is-here"),
    type: serviceField(),
    valid: serviceField(),
    guide_audience_conditions: serviceField(),
    environment: serviceField(),
    created_at: serviceField(),
    updated_at: serviceField(),
    sha: serviceField(),
  });
  return described(
    guide.check(
      rule(({ activation_url_patterns: patterns, activation_location_rules: rules }, report) => {
        if (isActivationList(patterns) && isActivationList(rules))
          report(["activation_location_rules"], "cannot be combined with activation_url_patterns");
      }),
      rule((value, report) => {
        const readonly = isJsonObject(value.__readonly) ? value.__readonly : {};
        const at = (name: string): unknown => parseTimestamp({ ...value, ...readonly }[name]);
        const [from, until] = [at("active_from"), at("active_until")];
        if (typeof from !== "number" || typeof until !== "number" || from < until) return;
        const path = "active_until" in readonly ? ["__readonly", "active_until"] : ["active_until"];
        report(path, "must be after active_from");
      }),
    ),
    "An in-app guide: content that is shown to users inside an application.",
  );
});

/** A checked `guide.json`. */
export type GuideFile = z.output<ReturnType<typeof guideSchema>>;
