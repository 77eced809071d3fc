// Changes of a project, of which solutions are composed.
import { editJson, pathOf, writeText } from "../project.mjs";

export const write = (path, text) => (folder) => writeText(folder, path, text);

export const inWorkflow = (key, change) => (folder) => editJson(folder, pathOf(key), change);

export const all =
  (...changes) =>
  (folder) => {
    for (const change of changes) change(folder);
  };
