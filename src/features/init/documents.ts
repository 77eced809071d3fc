import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { createdProjectSchema } from "../../output/documents/project.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("init", "Created project", "The files of the project.", createdProjectSchema),
];
