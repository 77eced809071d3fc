import * as z from "zod/mini";
import { anyObject, described } from "../../../domain/schema/fields.js";
import { unionByType } from "../../../domain/schema/union-by-type.js";
import type { JsonObject } from "../../../util/json.js";
import type { Host } from "../host.js";

// The fields that several tools have. Descriptions are short, because every session of a model contains them.

const reference = (hint: string) =>
  described(unionByType("a user ID or an object", { text: () => z.string(), object: () => anyObject() }), hint);

export const workflowField = () => described(z.string(), "The workflow's key.");

export const recipientField = () =>
  reference('A user ID, {"id","collection"} of an object, or a user with properties, to identify.');

export const textField = (description: string) => z.optional(described(z.string(), description));
export const flagField = (description: string) => z.optional(described(z.boolean(), description));
export const countField = (description: string, max: number) =>
  z.optional(described(z.int().check(z.gte(1), z.lte(max)), description));

export const choiceField = <const T extends string>(values: readonly T[], description: string) =>
  described(z.enum(values as readonly [T, ...T[]]), description);

/** The fields of a trigger besides its recipients. */
export const triggerFields = () => ({
  data: z.optional(described(anyObject(), "The trigger data.")),
  actor: z.optional(reference("The user or object that caused the trigger.")),
  tenant: textField("The tenant's ID."),
});

/** The field that selects the account, if the server may read it. */
export const remoteField = ({ account }: Host): Record<string, z.ZodMiniType> =>
  account.read ? { remote: flagField("Use the account instead of the local engine.") } : {};

/** Returns the payload of a trigger as the input of a command. */
export function toPayload({ data, actor, tenant }: JsonObject, recipients: unknown): string {
  return JSON.stringify({ recipients, data, actor, tenant });
}

/** Returns a recipient as the value of a filter: `ada`, or `projects/apollo`. */
export function toRecipientFilter(recipient: unknown): string {
  if (typeof recipient === "string") return recipient;
  const { id, collection } = recipient as JsonObject;
  return collection === undefined ? String(id) : `${String(collection)}/${String(id)}`;
}
