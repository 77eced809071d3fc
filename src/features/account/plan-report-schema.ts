import * as z from "zod/mini";
import { COMPARISON_STATES } from "../../domain/resource/compare-resources.js";
import { RESOURCE_TYPE_NAMES } from "../../domain/resource/resource-types.js";
import { described } from "../../domain/schema/fields.js";
import {
  countField,
  definition,
  flagField,
  jsonValue,
  textField,
  textOrNull,
} from "../../domain/schema/output-fields.js";

const STATES_TEXT =
  "How the resource differs. `both`: both sides have changed since the last pull or push, or a first pull or push is missing.";

/** The fields that name a resource. */
export const RESOURCE_FIELDS = {
  resource: textField("The name of the resource, such as `workflows/welcome`."),
  type: described(z.enum(RESOURCE_TYPE_NAMES as never), "The kind of resource.") as z.ZodMiniType<string>,
  id: textField("The key, or the ID of a translation or schema."),
};

/** The fields that name the account. */
export const SCOPE_FIELDS = {
  account: textField("The slug of the account."),
  environment: textField("The environment of the account."),
  branch: textOrNull("The branch of the account, or null."),
};

export const stateField = () => described(z.enum(COMPARISON_STATES), STATES_TEXT);

const documentChangeSchema = definition(
  "documentChange",
  z.object({
    kind: described(z.enum(["added", "removed", "changed", "moved"]), "The kind of change."),
    step: textOrNull("The ref of the step that contains the value, or null."),
    path: textField("The path of the value in the step or in the resource; empty for a step."),
    before: jsonValue("The value before; null for an added one."),
    after: jsonValue("The value after; null for a removed one."),
  }),
);

const plannedResourceSchema = z.object({
  ...RESOURCE_FIELDS,
  state: stateField(),
  uncommitted: flagField("Whether the account's version has changes that are not committed."),
  has_base: flagField("Whether an earlier pull or push saw the resource, so that the changed side is known."),
  changes: described(
    z.array(documentChangeSchema),
    "The changes that a pull would make in the files for `new_there`, `changed_there` and `deleted_there`, or a push in the account for the other states.",
  ),
});

const missingReferenceSchema = z.object({
  kind: described(z.enum(["channel", "channel_group", "variable", "category"]), "The kind of the missing part."),
  name: textField("Its key or name."),
  resources: described(z.array(z.string()), "The resources of the project that name it."),
});

/** The schema of what `knock plan --json` prints. */
export const planReportSchema = z.object({
  ...SCOPE_FIELDS,
  resources: described(
    z.array(plannedResourceSchema),
    "The resources that differ or have uncommitted changes, in the order of a push.",
  ),
  push_order: described(z.array(z.string()), "The names of the resources that a push would send, in order."),
  missing: described(
    z.array(missingReferenceSchema),
    "The parts that the project's resources name and the account lacks.",
  ),
  incomplete_push: described(
    z.nullable(
      z.object({
        pushed: described(z.array(z.string()), "The resources that the account has received."),
        not_pushed: described(z.array(z.string()), "The resources that it has not received."),
        not_committed: described(z.array(z.string()), "The resources that were to be committed and are not."),
      }),
    ),
    "A push that was interrupted or refused, which `knock push --resume` continues, or null.",
  ),
  notes: described(z.array(z.string()), "The known gaps of the comparison, one sentence each."),
  summary: described(
    z.object({
      push: countField("The number of resources that a push would send."),
      pull: countField("The number of resources that a pull would write or delete."),
      conflicts: countField("The number of resources that both sides have changed."),
      unchanged: countField("The number of equal resources."),
      uncommitted: countField("The number of resources with changes in the account that are not committed."),
    }),
    "The totals.",
  ),
});

/** The result of `knock plan`. */
export type PlanReport = z.infer<typeof planReportSchema>;
export type PlannedResource = PlanReport["resources"][number];
export type PlannedChange = PlannedResource["changes"][number];
