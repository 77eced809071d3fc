import * as z from "zod/mini";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { AudienceMembership } from "../audience/audience.js";
import { type RecipientKey, type RecipientUpsert, TENANTS } from "../recipient/recipient.js";
import type { Subscription } from "../recipient/subscription.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { describeFault, placeOf } from "../shape/place.js";
import { detailsOf, INTERPRETED } from "../shape/zod-issues.js";
import { parseRecipient } from "./parse-recipient.js";
import { memberBody, parseMember } from "./parse-recipient-list.js";

const list = once(() => z.optional(z.array(z.record(z.string(), z.unknown()))));

const fileSchema = once(() =>
  z.strictObject({
    $schema: z.optional(z.string()),
    users: list(),
    objects: list(),
    tenants: list(),
    subscriptions: z.optional(
      z.array(
        z.strictObject({
          object: z.unknown(),
          recipient: z.unknown(),
          properties: z.optional(z.record(z.string(), z.unknown())),
        }),
      ),
    ),
    audiences: z.optional(z.record(z.string(), z.array(z.unknown()))),
  }),
);

export interface RecipientsFile {
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
  audiences: { key: string; members: AudienceMembership[] }[];
}

/** A `recipients/*.json` file (section 5 of the contract). Throws `project_invalid` with a pointer per fault. */
export function parseRecipientsFile(raw: unknown, file: string): RecipientsFile {
  checkJsonShape(raw, file, "project_invalid");
  const parsed = fileSchema().safeParse(raw, INTERPRETED);
  const details: ErrorDetail[] = parsed.success
    ? []
    : detailsOf(parsed.error.issues, raw, () => ["users", "objects", "tenants", "subscriptions", "audiences"]);
  const result: RecipientsFile = { recipients: [], subscriptions: [], audiences: [] };
  const value = parsed.success ? parsed.data : {};
  const keyAt = (item: unknown, path: PropertyKey[]): RecipientKey | null =>
    parseRecipient(item, (at, message) => details.push({ pointer: pointerOf([...path, ...at]), message }))?.key ?? null;
  const placeOfKey = new Map<RecipientKey, string>();
  const identify = (item: unknown, path: PropertyKey[]): void => {
    const recipient = parseRecipient(item, (at, message) =>
      details.push({ pointer: pointerOf([...path, ...at]), message }),
    );
    if (recipient === null) return;
    const other = placeOfKey.get(recipient.key);
    // The later would stand over the earlier without a word.
    if (other !== undefined)
      details.push({ pointer: pointerOf([...path, "id"]), message: `is the id of ${other} already` });
    placeOfKey.set(recipient.key, placeOf(pointerOf(path)));
    result.recipients.push(recipient.upsert ?? { key: recipient.key, properties: {} });
  };

  for (const [index, user] of (value.users ?? []).entries()) {
    if (user.collection !== undefined)
      details.push({
        pointer: pointerOf(["users", index, "collection"]),
        message: "a user has no collection; list it under objects",
      });
    identify(user, ["users", index]);
  }
  for (const [index, object] of (value.objects ?? []).entries()) {
    if (object.collection === undefined)
      details.push({ pointer: pointerOf(["objects", index, "collection"]), message: "is required (a string)" });
    else identify(object, ["objects", index]);
  }
  for (const [index, tenant] of (value.tenants ?? []).entries())
    identify({ ...tenant, collection: TENANTS }, ["tenants", index]);
  for (const [index, item] of (value.subscriptions ?? []).entries()) {
    const object = keyAt(item.object, ["subscriptions", index, "object"]);
    const recipient = keyAt(item.recipient, ["subscriptions", index, "recipient"]);
    if (object && recipient)
      result.subscriptions.push({ object, recipient, properties: (item.properties as JsonObject | undefined) ?? {} });
  }
  for (const [key, members] of Object.entries(value.audiences ?? {})) {
    result.audiences.push({
      key,
      members: members.flatMap((member, index) => {
        const path = ["audiences", key, index];
        const complain = (at: PropertyKey[], message: string): void => {
          // An entry that is the user itself has no "user".
          const isUser = !(isJsonObject(member) && "user" in member) && at[path.length] === "user";
          const place = isUser ? at.filter((_, position) => position !== path.length) : at;
          details.push({ pointer: pointerOf(place), message });
        };
        const parsed = parseMember(memberBody(member as Json), path, complain);
        return parsed === null ? [] : [{ recipient: parsed.recipient, tenant: parsed.tenant }];
      }),
    });
  }
  if (details.length > 0) {
    const [first, ...rest] = details as [ErrorDetail, ...ErrorDetail[]];
    throw new KnockError(
      "project_invalid",
      `${file}: ${describeFault(first)}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
      { details },
    );
  }
  return result;
}
