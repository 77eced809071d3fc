import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { pageListSchema, pageSchema, searchSchema } from "./docs-schemas.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("docs", "Pages", "The pages of the documentation, without words.", pageListSchema),
  describeDocument("docs", "Search results", "The sections that fit, if words are given.", searchSchema, {
    suffix: "search",
  }),
  describeDocument("docs", "Page", "The page or section, if its path is given.", pageSchema, { suffix: "page" }),
];
