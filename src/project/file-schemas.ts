import type * as z from "zod/mini";
import { audienceSchema } from "../domain/audience/audience-schema.js";
import { broadcastSchema } from "../domain/audience/broadcast-schema.js";
import { guideSchema } from "../domain/guide/guide-schema.js";
import { messageTypeSchema } from "../domain/guide/message-type-schema.js";
import { pricesSchema } from "../domain/pricing/prices-schema.js";
import { projectFileSchema } from "../domain/project/project-file-schema.js";
import { recipientsFileSchema } from "../domain/request/recipients-file-schema.js";
import { layoutSchema } from "../domain/template/layout-schema.js";
import { partialSchema } from "../domain/template/partial-schema.js";
import { translationSchema } from "../domain/template/translation-schema.js";
import { schedulesFileSchema } from "../domain/trigger/schedules-file.js";
import { sourceSchema } from "../domain/trigger/source-schema.js";
import { sharedRequestSchema } from "../domain/workflow/shared-request-schema.js";
import { workflowSchema } from "../domain/workflow/workflow-schema.js";
import { environmentSchema } from "./environment/environment-schema.js";

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
  prices: { title: "prices.json", schema: pricesSchema, isServiceFormat: false },
  recipients: { title: "A file of recipients/", schema: recipientsFileSchema, isServiceFormat: false },
  schedules: { title: "A file of schedules/", schema: schedulesFileSchema, isServiceFormat: false },
  source: { title: "source.json", schema: sourceSchema, isServiceFormat: true },
  translation: { title: "translation file", schema: translationSchema, isServiceFormat: false },
  request: { title: "request.json", schema: sharedRequestSchema, isServiceFormat: true },
  workflow: { title: "workflow.json", schema: workflowSchema, isServiceFormat: true },
};
