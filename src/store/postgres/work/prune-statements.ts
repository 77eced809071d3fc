import { buildPruneStatements } from "../../rows/prune-statements.js";

/** The statements that delete the past. */
export const PRUNE_SQL = buildPruneStatements({
  bind: (position) => `$${position}`,
  list: "(SELECT unnest($1::bigint[]))",
});
