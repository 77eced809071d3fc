import type * as z from "zod/mini";
import type { TYPE_LANGUAGES, typesReportSchema } from "./types-report-schema.js";

export type TypeLanguage = (typeof TYPE_LANGUAGES)[number];

/** The result of `knock types`. */
export type TypesReport = z.infer<typeof typesReportSchema>;
