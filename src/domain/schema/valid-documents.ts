/** What a document was checked as. A folder's name stands for the search for likely mistakes in its documents. */
export type DocumentKind =
  | "knock.json"
  | "environment"
  | "workflow"
  | "layout"
  | "partial"
  | "audiences"
  | "broadcasts"
  | "environments"
  | "guides"
  | "layouts"
  | "message-types"
  | "partials"
  | "recipients";

/**
 * Remembers documents in which a check found nothing, so that the next process need not check them again. A document with a
 * fault or an unknown key is never added, because its report needs the schema.
 */
export interface ValidDocuments {
  has(kind: DocumentKind, document: unknown): boolean;
  add(kind: DocumentKind, document: unknown): void;
}

/** Remembers nothing: every document is checked. */
export const CHECK_ALL: ValidDocuments = { has: () => false, add: () => {} };
