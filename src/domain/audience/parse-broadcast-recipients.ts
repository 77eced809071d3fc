import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, pointerOf } from "../../util/json.js";
import { keyOf } from "../recipient/recipient.js";
import { idFault } from "../recipient/recipient-id.js";
import type { Complain } from "../shape/complain.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { describeFault } from "../shape/place.js";
import { anything, object, optional, record, type Shape } from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import type { BroadcastRecipient } from "./broadcast.js";

const id: Shape<string> = (value, path, complain): value is string => {
  const fault = typeof value === "string" ? idFault(value) : "must be a user's id";
  if (fault !== null) complain(path, fault);
  return fault === null;
};

const listed = object({ id, tenant: optional(id), data: optional(record(anything)) }, { closed: true });

/**
 * A list of users, each an id or `{ id, tenant, data }` (E-397, E-398); each pair of user and tenant counts once, the first.
 * Throws `invalid_params` with a pointer per fault.
 */
export function parseBroadcastRecipients(list: readonly Json[]): BroadcastRecipient[] {
  checkJsonShape(list as Json, "the list of recipients");
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  const found = new Map<string, BroadcastRecipient>();
  for (const [index, item] of list.entries()) {
    const path = ["recipients", index];
    if (isJsonObject(item) && item.collection !== undefined) {
      complain([...path, "collection"], "cannot be given: a broadcast is for users only");
      continue;
    }
    const one = checked(listed, typeof item === "string" ? { id: item } : item, path, complain);
    if (one === null) continue;
    const tenant = one.tenant ?? null;
    const pair = JSON.stringify([one.id, tenant]);
    if (!found.has(pair))
      found.set(pair, { key: keyOf(one.id), tenant, data: (one.data as BroadcastRecipient["data"]) ?? null });
  }
  if (list.length === 0) complain(["recipients"], "must have at least one recipient");
  const [first, ...rest] = details;
  if (first === undefined) return [...found.values()];
  throw new KnockError(
    "invalid_params",
    `the broadcast: ${describeFault(first)}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    { details, hint: 'Users, each an id or {"id":"ada","tenant":"acme","data":{…}}.' },
  );
}
