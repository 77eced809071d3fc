import { existsSync } from "node:fs";
import { join } from "node:path";
import { RESOURCE_KEY } from "../domain/resource/resource-id.js";
import { parseSource } from "../domain/trigger/parse-source.js";
import type { Source } from "../domain/trigger/source.js";
import { KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "./find-project.js";
import { formatDisplayPath } from "./format-display-path.js";
import { listFolder } from "./list-folder.js";
import { readResource } from "./read-resource.js";

interface ProjectSources {
  keys(): string[];
  /** Returns the source with this key, or null. Throws `project_invalid`. */
  read(key: string): Promise<Source | null>;
}

/** Opens the sources of a project, `sources/<key>/source.json`. They are read again for each call (decision 18). */
export function openProjectSources(
  { knockDir, onInvalid }: Pick<ProjectLocation, "knockDir" | "onInvalid">,
  cwd: string,
): ProjectSources {
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const folder = join(knockDir, "sources");
  const getFile = (key: string): string => join(folder, key, "source.json");
  const keys = (): string[] =>
    listFolder(folder, displayPath)
      .filter((key) => existsSync(getFile(key)))
      .sort();
  return {
    keys,
    async read(key) {
      if (!keys().includes(key)) return null;
      const file = displayPath(getFile(key));
      if (!RESOURCE_KEY.test(key))
        throw new KnockError("project_invalid", `${file}: not a valid source key`, {
          hint: "Rename the folder. Keys contain lowercase letters, digits, hyphens and underscores.",
        });
      return readResource({ path: getFile(key), displayPath: file }, { owner: "source", onInvalid }, (raw) =>
        parseSource(key, raw, file),
      );
    },
  };
}
