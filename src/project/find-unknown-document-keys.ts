import { audienceSchema } from "../domain/audience/audience-schema.js";
import { broadcastSchema } from "../domain/audience/broadcast-schema.js";
import { guideSchema } from "../domain/guide/guide-schema.js";
import { messageTypeSchema } from "../domain/guide/message-type-schema.js";
import { findUnknownKeys } from "../domain/schema/check-document.js";
import type { Finding } from "../domain/schema/finding.js";
import { layoutSchema } from "../domain/template/layout-schema.js";
import { partialSchema } from "../domain/template/partial-schema.js";
import type { JsonObject } from "../util/json.js";

/** The documents whose unknown keys are warnings, by their folder: the name of the file and its schema. */
const DOCUMENTS = {
  audiences: { file: "audience.json", schema: audienceSchema },
  broadcasts: { file: "broadcast.json", schema: broadcastSchema },
  guides: { file: "guide.json", schema: guideSchema },
  layouts: { file: "layout.json", schema: layoutSchema },
  "message-types": { file: "message_type.json", schema: messageTypeSchema },
  partials: { file: "partial.json", schema: partialSchema },
};

export type DocumentFolder = keyof typeof DOCUMENTS;

/** Returns the file name of the documents in a folder. */
export const getDocumentFileName = (folder: DocumentFolder): string => DOCUMENTS[folder].file;

/** Returns the unknown keys of a document in one of the project's folders. */
export function findUnknownDocumentKeys(folder: DocumentFolder, raw: JsonObject): Finding[] {
  return findUnknownKeys(DOCUMENTS[folder].schema(), raw);
}
