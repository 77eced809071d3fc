import { isJsonObject, type JsonObject } from "../../util/json.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";
import {
  type RecipientKey,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  USERS,
} from "../recipient/recipient.js";
import { RESERVED_PROPERTIES } from "../recipient/typed-properties.js";
import { checkJsonShape } from "../shape/check-json-shape.js";
import { createInvalidParamsError, parseOrThrow } from "../shape/invalid-params-error.js";
import type { ReportFinding } from "../shape/report-finding.js";
import { parseRecipient } from "./parse-recipient.js";

/** Limits all custom properties of a recipient together, in bytes of JSON (E-052). */
const MAX_CUSTOM_BYTES = 256 * 1024;

const NOUNS: Record<string, string> = { [USERS]: "user", [TENANTS]: "tenant" };

/** Returns a recipient as errors name it: `user "ada"`, `tenant "acme"` or `object "projects/p1"`. */
function describeRecipient(key: RecipientKey): string {
  const { collection, id } = splitRecipientKey(key);
  return NOUNS[collection] ? `${NOUNS[collection]} "${id}"` : `object "${collection}/${id}"`;
}

/**
 * Returns the key of a recipient from the parts of a path or command. Throws `invalid_params` for an invalid ID
 * (E-051).
 */
export function parseRecipientKey(collection: string, id: string): RecipientKey {
  const messages = { collection: describeInvalidId(collection), id: describeInvalidId(id) };
  for (const [name, message] of Object.entries(messages)) {
    if (message === null) continue;
    const value = name === "id" ? id : collection;
    throw createInvalidParamsError(
      `the ${NOUNS[collection] ?? "object"}'s ${name} ${JSON.stringify(value)}`,
      [{ pointer: `/${name}`, message, value }],
      name === "id" && value.includes("/") ? "Give the collection and the ID of the object separately." : undefined,
    );
  }
  return toRecipientKey({ collection, id });
}

function checkSameId(body: JsonObject, key: RecipientKey, report: ReportFinding): void {
  const { collection, id } = splitRecipientKey(key);
  if (body.id !== undefined && body.id !== id) report(["id"], `must be "${id}" or absent: IDs cannot be changed`);
  if (body.collection === undefined || body.collection === collection) return;
  report(
    ["collection"],
    collection === USERS ? "is only for objects, not for users" : `must be "${collection}" or absent`,
  );
}

function checkCustomPropertySize(properties: JsonObject, report: ReportFinding): void {
  const custom = Object.fromEntries(Object.entries(properties).filter(([name]) => !RESERVED_PROPERTIES.has(name)));
  if (Buffer.byteLength(JSON.stringify(custom)) > MAX_CUSTOM_BYTES)
    report([], "has custom properties of more than 256 kB together");
}

/**
 * Parses the body of a user's, an object's or a tenant's PUT. It is an upsert, whose properties
 * are merged deeply. Throws `invalid_params` with one pointer per finding.
 */
export function parseRecipientBody(body: unknown, key: RecipientKey): RecipientUpsert {
  const documentName = describeRecipient(key);
  checkJsonShape(body, documentName);
  return parseOrThrow(documentName, (report): RecipientUpsert => {
    if (!isJsonObject(body)) {
      report([], "must be an object");
      return { key, properties: {} };
    }
    checkSameId(body, key, report);
    if (body.$trigger_data !== undefined) report(["$trigger_data"], "is only allowed for the recipients of a trigger");
    const { __typename: _typename, updated_at: _updated, ...own } = body; // fields of a response that is sent back
    const parsed = parseRecipient({ ...own, ...splitRecipientKey(key) }, report);
    const properties = parsed?.upsert?.properties ?? {};
    checkCustomPropertySize(properties, report);
    return { ...parsed?.upsert, key, properties };
  });
}
