/**
 * The kind of document that was checked. The name of a folder is for the search for likely mistakes in its documents.
 */
export type DocumentKind =
  | "knock.json"
  | "recipients file"
  | "scenario file"
  | "environment"
  | "layout"
  | "partial"
  | "audiences"
  | "broadcasts"
  | "environments"
  | "guides"
  | "layouts"
  | "message-types"
  | "partials"
  | "recipients"
  | "scenarios";

/**
 * Remembers documents without findings, so that the next process need not check them again. A document with a finding
 * or an unknown key is never added, because the report needs the schema.
 */
export interface ValidDocuments {
  has(kind: DocumentKind, document: unknown): boolean;
  add(kind: DocumentKind, document: unknown): void;
  /** Returns the ID of the version that was remembered with a valid workflow, or null. */
  findVersionId(workflowKey: string, document: unknown): string | null;
  /** Remembers a valid workflow with the ID of its version, which takes longer to compute than the rest of the parser. */
  addWorkflow(workflowKey: string, document: unknown, versionId: string): void;
  /** Returns the content that was remembered for a file with this text, or null. */
  findContent(path: string, text: string): unknown;
  /** Remembers the content of a valid file, which takes longer to parse than to read as JSON. */
  addContent(path: string, text: string, content: unknown): void;
}

/** Remembers nothing, so that every document is checked. */
export const CHECK_ALL: ValidDocuments = {
  has: () => false,
  add: () => {},
  findVersionId: () => null,
  addWorkflow: () => {},
  findContent: () => null,
  addContent: () => {},
};
