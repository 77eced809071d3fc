import { type Completions, toCandidate } from "../../commands/shared/feature.js";
import { findDocsFolder, listPagePaths, toPageName } from "./pages.js";

export const COMPLETIONS: Completions = {
  options: {},
  arguments: { words: async () => listPagePaths(findDocsFolder()).map(toPageName).map(toCandidate) },
};
