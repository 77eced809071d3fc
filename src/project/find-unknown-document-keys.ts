import { audienceSchema } from "../domain/audience/audience-schema.js";
import { broadcastSchema } from "../domain/audience/broadcast-schema.js";
import { guideSchema } from "../domain/guide/guide-schema.js";
import { messageTypeSchema } from "../domain/guide/message-type-schema.js";
import { findUnknownKeys } from "../domain/schema/check-document.js";
import type { Finding } from "../domain/schema/finding.js";
import { layoutSchema } from "../domain/template/layout-schema.js";
import { partialSchema } from "../domain/template/partial-schema.js";
import type { JsonObject } from "../util/json.js";
import { MAIN_FILES } from "./main-files.js";

/** The schemas of the documents whose unknown keys are warnings, by their folder. */
const SCHEMAS = {
  audiences: audienceSchema,
  broadcasts: broadcastSchema,
  guides: guideSchema,
  layouts: layoutSchema,
  "message-types": messageTypeSchema,
  partials: partialSchema,
};

export type DocumentFolder = keyof typeof SCHEMAS;

/** Returns the file name of the documents in a folder. */
export const getDocumentFileName = (folder: DocumentFolder): string => MAIN_FILES[folder];

/** Returns the unknown keys of a document in one of the project's folders. */
export function findUnknownDocumentKeys(folder: DocumentFolder, raw: JsonObject): Finding[] {
  return findUnknownKeys(SCHEMAS[folder](), raw);
}
