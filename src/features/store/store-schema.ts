import * as z from "zod/mini";
import { described, optional } from "../../domain/schema/fields.js";
import { countField, textField } from "../../domain/schema/output-fields.js";

const copiedTableSchema = z.object({
  table: textField("The name of the table."),
  rows: countField("The number of rows."),
  digest: textField("The digest of all rows, which is equal in both stores."),
});

/** The schema of what `knock store copy --json` prints. */
export const storeCopySchema = z.object({
  from: textField("The store that was read, without its password."),
  to: textField("The store that was filled, without its password."),
  rows: countField("The number of rows of all tables."),
  tables: described(z.array(copiedTableSchema), "The tables, in the order in which they were copied."),
});

/** The schema of what `knock store migrate --json` prints. */
export const migratedStoreSchema = z.object({
  store: textField("The store, without its password."),
  grants: described(optional(z.array(z.string())), "The SQL statements of --print-grants or --grant-to."),
});

export type StoreCopy = z.infer<typeof storeCopySchema>;
