import type { PublishedSchema } from "../project/file-schemas.js";
import { scenarioFileSchema } from "./scenario-schema.js";

/** The format of scenario files. */
export const FILE_SCHEMAS: Readonly<Record<string, PublishedSchema>> = {
  scenario: { title: "A file of scenarios, *.test.yaml", schema: scenarioFileSchema, isServiceFormat: false },
};
