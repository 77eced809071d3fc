import { CORE_DOCUMENTS } from "../output/documents/core-documents.js";
import type { OutputDocument } from "../output/documents/describe-document.js";
import { errorDocumentSchema } from "../output/documents/error.js";
import { CORE_FILE_SCHEMAS, type PublishedSchema } from "../project/file-schemas.js";
import { FEATURES } from "./features.js";

const ERROR: OutputDocument = {
  name: "error",
  command: null,
  title: "Error",
  description: "The last line of standard error if a command fails.",
  schema: errorDocumentSchema,
  place: "standard error",
};

/** Loads every JSON document that the program prints. The published schemas, their page and the tests use this table. */
export async function loadOutputDocuments(): Promise<readonly OutputDocument[]> {
  const ofFeatures = await Promise.all(FEATURES.map((feature) => feature.loadDocuments()));
  const documents = [...CORE_DOCUMENTS, ...ofFeatures.flat(), ERROR];
  // A feature may print documents of a core command.
  const commands = new Set(documents.map(({ command }) => command));
  return [...commands].flatMap((command) => documents.filter((document) => document.command === command));
}

/** Loads the formats of a project's files, by the name of their published JSON Schema. */
export async function loadFileSchemas(): Promise<Readonly<Record<string, PublishedSchema>>> {
  const ofFeatures = await Promise.all(FEATURES.map((feature) => feature.loadFileSchemas?.()));
  return Object.assign({}, CORE_FILE_SCHEMAS, ...ofFeatures);
}
