/** The time of the catalog's examples of templates (docs/internals/catalog/templates.md). */
export const TIMESTAMP = "2024-03-05T19:07:09Z";
