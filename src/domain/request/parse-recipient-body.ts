import { isJsonObject, type JsonObject } from "../../util/json.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { parseOrThrow } from "../findings/invalid-params-error.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { type RecipientKey, type RecipientUpsert, splitRecipientKey, USERS } from "../recipient/recipient.js";
import { RESERVED_PROPERTIES } from "../recipient/typed-properties.js";
import { parseRecipient } from "./parse-recipient.js";
import { describeRecipient } from "./parse-recipient-key.js";

/** Limits all custom properties of a recipient together, in bytes of JSON (E-052). */
const MAX_CUSTOM_BYTES = 256 * 1024;

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
