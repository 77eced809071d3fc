import type * as z from "zod/mini";
import type { Json } from "../../util/json.js";
import type { AudienceMembership } from "../audience/audience.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { type RecipientKey, type RecipientUpsert, TENANTS } from "../recipient/recipient.js";
import type { Subscription } from "../recipient/subscription.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { type ParsedRecipient, toRecipient } from "./parse-recipient.js";
import { toMember, toMemberBody } from "./parse-recipient-list.js";
import { recipientsFileSchema } from "./recipients-file-schema.js";

export interface RecipientsFile {
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
  audiences: { key: string; members: AudienceMembership[] }[];
}

/** Identifies the content of a recipients file by its digest, and the file itself by a stamp. */
export interface RecipientsFileMark {
  digest: string;
  /** Differs after each change of the file. Null if the file has to be read to learn whether it changed. */
  stamp: string | null;
}

type RecipientsFileSchema = ReturnType<typeof recipientsFileSchema>;

function toUpsert(value: object): RecipientUpsert {
  const { key, upsert } = toRecipient(value);
  return upsert ?? { key, properties: {} };
}

/** Returns whether an entry only names its recipient, such as `{ id: "ada", tenant: "acme" }`. */
const isEmptyUpsert = ({ properties, channel_data, preferences }: RecipientUpsert): boolean =>
  Object.keys(properties).length === 0 && !channel_data && !preferences;

function checkRecipientsFile(raw: unknown, file: string): z.infer<RecipientsFileSchema> {
  checkJsonShape(raw, file, "project_invalid");
  const findings = new DocumentFindings();
  const value = checkClosedDocument(recipientsFileSchema(), raw, findings.add);
  if (value === null) throw findings.toError(file, "project_invalid");
  return value;
}

/**
 * Parses a `recipients/*.json` file. Throws `project_invalid` with one pointer per finding.
 */
export function parseRecipientsFile(raw: unknown, file: string): RecipientsFile {
  const { users = [], objects = [], tenants = [], subscriptions = [], audiences = {} } = checkRecipientsFile(raw, file);
  const recipients = [...users, ...objects, ...tenants.map((tenant) => ({ ...tenant, collection: TENANTS }))].map(
    toUpsert,
  );
  /** Returns the recipient's key, and loads the properties that are given inline. */
  const readKey = ({ key, upsert }: Pick<ParsedRecipient, "key" | "upsert">): RecipientKey => {
    if (upsert !== null && !isEmptyUpsert(upsert)) recipients.push(upsert);
    return key;
  };
  return {
    recipients,
    subscriptions: subscriptions.map(({ object, recipient, properties }) => ({
      object: readKey(toRecipient(object)),
      recipient: readKey(toRecipient(recipient)),
      properties: properties ?? {},
    })),
    audiences: Object.entries(audiences).map(([key, members]) => ({
      key,
      members: members.map((entry) => {
        const { recipient, tenant, upsert } = toMember(toMemberBody(entry as Json));
        return { recipient: readKey({ key: recipient, upsert }), tenant };
      }),
    })),
  };
}
