import { MAX_DEATHS } from "../../domain/run/suspicion.js";
import type { DueTable } from "./due-tables.js";

/** Selects the rows of a table that are suspected of ending processes. Hardly any store has one. */
export const selectSuspectedRows = (table: DueTable): string =>
  `SELECT row FROM crashed_claims WHERE kind = '${table}' AND count >= ${MAX_DEATHS}`;
