import * as z from "zod/mini";
import type { Json } from "../../util/json.js";
import { once } from "../../util/once.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";
import { toRecipientKey } from "../recipient/recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { anyObject, optional } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";
import type { BroadcastRecipient } from "./broadcast.js";

const recipientListSchema = once(() => {
  const id = z.string({ error: "must be a user's ID" }).check(
    z.refine((text) => describeInvalidId(text) === null, {
      error: ({ input }) => describeInvalidId(String(input)) ?? "",
    }),
  );
  const user = z.strictObject({
    id,
    tenant: optional(id),
    data: optional(anyObject()),
    collection: z.optional(z.never({ error: "is unsupported: broadcasts are only sent to users" })),
  });
  const recipients = z.array(unionByType("a user's ID or an object", { text: () => id, object: () => user }));
  return z.strictObject({ recipients: recipients.check(z.minLength(1, "must have at least one recipient")) });
});

/**
 * Parses a list of users, each an ID or `{ id, tenant, data }`. For each pair of user and tenant, only the first entry
 * is used. Throws `invalid_params` with one pointer per finding (E-397, E-398).
 */
export function parseBroadcastRecipients(list: readonly Json[]): BroadcastRecipient[] {
  checkJsonShape(list, "the list of recipients");
  const hint = 'Users, each an ID or {"id":"ada","tenant":"acme","data":{…}}.';
  const value = parseOrThrow(
    "the broadcast",
    (report) => checkClosedDocument(recipientListSchema(), { recipients: list }, report),
    hint,
  );
  const recipientsByPair = new Map<string, BroadcastRecipient>();
  for (const item of value.recipients) {
    const { id, tenant = null, data = null } = typeof item === "string" ? { id: item } : item;
    const pair = JSON.stringify([id, tenant]);
    if (!recipientsByPair.has(pair)) recipientsByPair.set(pair, { key: toRecipientKey(id), tenant, data: data });
  }
  return [...recipientsByPair.values()];
}
