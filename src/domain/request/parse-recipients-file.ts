import type * as z from "zod/mini";
import type { Json, JsonObject } from "../../util/json.js";
import type { AudienceMembership } from "../audience/audience.js";
import { type RecipientUpsert, TENANTS } from "../recipient/recipient.js";
import type { Subscription } from "../recipient/subscription.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { CHECK_ALL, type ValidDocuments } from "../schema/valid-documents.js";
import { checkJsonShape } from "../shape/check-json-shape.js";
import { toRecipient } from "./parse-recipient.js";
import { toMember, toMemberBody } from "./parse-recipient-list.js";
import { recipientsFileSchema } from "./recipients-file-schema.js";

export interface RecipientsFile {
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
  audiences: { key: string; members: AudienceMembership[] }[];
}

type RecipientsFileSchema = ReturnType<typeof recipientsFileSchema>;

function toUpsert(value: object): RecipientUpsert {
  const { key, upsert } = toRecipient(value);
  return upsert ?? { key, properties: {} };
}

function checkRecipientsFile(raw: unknown, file: string, valid: ValidDocuments): z.infer<RecipientsFileSchema> {
  if (valid.has("recipients file", raw)) return raw as z.infer<RecipientsFileSchema>;
  checkJsonShape(raw, file, "project_invalid");
  const findings = new DocumentFindings();
  const value = checkClosedDocument(recipientsFileSchema(), raw, findings.add);
  if (value === null) throw findings.toError(file, "project_invalid");
  valid.add("recipients file", raw);
  return value;
}

/**
 * Parses a `recipients/*.json` file. Throws `project_invalid` with one pointer per finding.
 */
export function parseRecipientsFile(raw: unknown, file: string, valid = CHECK_ALL): RecipientsFile {
  const {
    users = [],
    objects = [],
    tenants = [],
    subscriptions = [],
    audiences = {},
  } = checkRecipientsFile(raw, file, valid);
  return {
    recipients: [...users, ...objects, ...tenants.map((tenant) => ({ ...tenant, collection: TENANTS }))].map(toUpsert),
    subscriptions: subscriptions.map(({ object, recipient, properties }) => ({
      object: toRecipient(object).key,
      recipient: toRecipient(recipient).key,
      properties: (properties ?? {}) as JsonObject,
    })),
    audiences: Object.entries(audiences).map(([key, members]) => ({
      key,
      members: members.map((member) => {
        const { recipient, tenant } = toMember(toMemberBody(member as Json));
        return { recipient, tenant };
      }),
    })),
  };
}
