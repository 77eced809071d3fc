import type * as z from "zod/mini";
import { audienceSchema } from "../audience/audience-schema.js";
import { broadcastSchema } from "../audience/broadcast-schema.js";
import { environmentSchema } from "../environment/environment-schema.js";
import { guideSchema } from "../guide/guide-schema.js";
import { messageTypeSchema } from "../guide/message-type-schema.js";
import { recipientsFileSchema } from "../request/recipients-file-schema.js";
import { layoutSchema } from "../template/layout-schema.js";
import { partialSchema } from "../template/partial-schema.js";
import { translationSchema } from "../template/translation-schema.js";
import { sourceSchema } from "../trigger/source-schema.js";
import { sharedRequestSchema } from "../workflow/shared-request-schema.js";
import { workflowSchema } from "../workflow/workflow-schema.js";
import { projectFileSchema } from "./project-file-schema.js";

/** A file format whose JSON Schema is published. */
export interface PublishedSchema {
  title: string;
  /** Builds the schema on demand, so that a command builds only the schemas of the documents that it reads. */
  schema: () => z.ZodMiniType;
  /**
   * Whether the hosted service owns the format. Its files may refer to other files and contain `__` keys (F-013,
   * F-021).
   */
  isServiceFormat: boolean;
}

/**
 * The formats of files that no feature owns, by name. Their JSON Schemas are published in `schemas/<name>.schema.json`.
 */
export const CORE_FILE_SCHEMAS: Readonly<Record<string, PublishedSchema>> = {
  audience: { title: "audience.json", schema: audienceSchema, isServiceFormat: true },
  broadcast: { title: "broadcast.json", schema: broadcastSchema, isServiceFormat: true },
  environment: { title: "environment.json", schema: environmentSchema, isServiceFormat: false },
  guide: { title: "guide.json", schema: guideSchema, isServiceFormat: true },
  knock: { title: "knock.json", schema: projectFileSchema, isServiceFormat: false },
  layout: { title: "layout.json", schema: layoutSchema, isServiceFormat: true },
  "message-type": { title: "message_type.json", schema: messageTypeSchema, isServiceFormat: true },
  partial: { title: "partial.json", schema: partialSchema, isServiceFormat: true },
  recipients: { title: "A file of recipients/", schema: recipientsFileSchema, isServiceFormat: false },
  source: { title: "source.json", schema: sourceSchema, isServiceFormat: true },
  translation: { title: "translation file", schema: translationSchema, isServiceFormat: false },
  request: { title: "request.json", schema: sharedRequestSchema, isServiceFormat: true },
  workflow: { title: "workflow.json", schema: workflowSchema, isServiceFormat: true },
};
