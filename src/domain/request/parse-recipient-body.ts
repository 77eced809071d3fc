import { isJsonObject, type JsonObject } from "../../util/json.js";
import { keyOf, type RecipientKey, type RecipientUpsert, splitKey, TENANTS, USERS } from "../recipient/recipient.js";
import { idFault } from "../recipient/recipient-id.js";
import { RESERVED_PROPERTIES } from "../recipient/typed-properties.js";
import type { Complain } from "../shape/complain.js";
import { invalidParams, parseOrThrow } from "../shape/invalid-params.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { parseRecipient } from "./parse-recipient.js";

/** Custom properties together, as JSON (E-052). */
const MAX_CUSTOM_BYTES = 256 * 1024;

const NOUNS: Record<string, string> = { [USERS]: "user", [TENANTS]: "tenant" };

/** `user "ada"`, `tenant "acme"`, `object "projects/p1"`. */
function recipientName(key: RecipientKey): string {
  const { collection, id } = splitKey(key);
  return NOUNS[collection] ? `${NOUNS[collection]} "${id}"` : `object "${collection}/${id}"`;
}

/** The key of a recipient from the parts of a path or a command. Throws `invalid_params` for what is no id (E-051). */
export function recipientKey(collection: string, id: string): RecipientKey {
  const faults = { collection: idFault(collection), id: idFault(id) };
  for (const [name, fault] of Object.entries(faults)) {
    if (fault === null) continue;
    const value = name === "id" ? id : collection;
    throw invalidParams(
      `the ${NOUNS[collection] ?? "object"}'s ${name} ${JSON.stringify(value)}`,
      [{ pointer: `/${name}`, message: fault, value }],
      name === "id" && value.includes("/") ? "An object is named by collection and id, apart." : undefined,
    );
  }
  return keyOf({ collection, id });
}

function checkSameId(body: JsonObject, key: RecipientKey, complain: Complain): void {
  const { collection, id } = splitKey(key);
  if (body.id !== undefined && body.id !== id) complain(["id"], `must be "${id}" or absent: an id never changes`);
  if (body.collection === undefined || body.collection === collection) return;
  complain(
    ["collection"],
    collection === USERS ? "is for objects: a user has none" : `must be "${collection}" or absent`,
  );
}

function checkSize(properties: JsonObject, complain: Complain): void {
  const custom = Object.fromEntries(Object.entries(properties).filter(([name]) => !RESERVED_PROPERTIES.has(name)));
  if (Buffer.byteLength(JSON.stringify(custom)) > MAX_CUSTOM_BYTES)
    complain([], "has custom properties of more than 256 kB together");
}

/** The body of a user's, an object's or a tenant's PUT: an upsert, deeply merged. */
export function parseRecipientBody(body: unknown, key: RecipientKey): RecipientUpsert {
  const what = recipientName(key);
  checkJsonShape(body, what);
  return parseOrThrow(what, (complain): RecipientUpsert => {
    if (!isJsonObject(body)) {
      complain([], "must be an object");
      return { key, properties: {} };
    }
    checkSameId(body, key, complain);
    if (body.$trigger_data !== undefined) complain(["$trigger_data"], "belongs to a trigger's recipients only");
    const { __typename: _typename, updated_at: _updated, ...own } = body; // of an answer sent back
    const parsed = parseRecipient({ ...own, ...splitKey(key) }, complain);
    const properties = parsed?.upsert?.properties ?? {};
    checkSize(properties, complain);
    return { ...parsed?.upsert, key, properties };
  });
}
