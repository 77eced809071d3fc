import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { described, distinct, matchingText, schemaReference } from "../schema/fields.js";
import { toScheduleRequest } from "./parse-schedule.js";
import type { ScheduleRequest } from "./schedule.js";
import { buildScheduleRequestSchema, workflowKeySchema } from "./schedule-schema.js";

/** An entry of a schedules file: a request for one schedule per recipient, with a key that is unique in its file. */
export interface ScheduleEntry extends ScheduleRequest {
  key: string;
}

/** The schema of a file in `schedules/`. */
export const schedulesFileSchema = once(() => {
  const workflow = described(workflowKeySchema(), "The key of the workflow.", "weekly-handover");
  const key = described(
    matchingText((value) => value.trim() !== "", "must not be empty"),
    "The name of the entry in this file. An entry that keeps its key changes its schedules instead of adding others.",
    "handover",
  );
  return described(
    z.strictObject({
      $schema: schemaReference(),
      schedules: described(
        z.array(buildScheduleRequestSchema(workflow, { key })).check(distinct("key", "entry")),
        "The schedules. The fields are those of the API, with a key.",
      ),
    }),
    "Schedules of the local store.",
  );
});

/** Parses a `schedules/*.json` file. Throws `project_invalid` with one pointer per finding. */
export function parseSchedulesFile(raw: unknown, file: string): ScheduleEntry[] {
  checkJsonShape(raw, file, "project_invalid");
  const findings = new DocumentFindings();
  const value = checkClosedDocument(schedulesFileSchema(), raw, findings.add);
  if (value === null) throw findings.toError(file, "project_invalid");
  return value.schedules.map(({ key, ...body }) => ({ key, ...toScheduleRequest(body) }));
}
