import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Audience } from "../domain/audience/audience.js";
import type { Broadcast } from "../domain/audience/broadcast.js";
import { asBroadcastFault, parseBroadcast } from "../domain/audience/parse-broadcast.js";
import type { Environment } from "../domain/environment/environment.js";
import { checkAudiences, namesAudiences } from "../domain/project/check-audiences.js";
import { checkGuideKeys } from "../domain/project/check-guide-keys.js";
import { resolveChannelTypes } from "../domain/project/resolve-channel-types.js";
import { rememberTextFiles } from "../domain/template/text-files.js";
import { KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "./find-project.js";
import { namesIn as listNames } from "./names-in.js";
import { projectFolders } from "./project-folders.js";
import { readResource } from "./read-resource.js";
import { checkShared, sharedTemplates } from "./shared-templates.js";
import { shownPath } from "./shown-path.js";

/** F-008. */
const KEY = /^[a-z0-9_-]+$/;

interface Beside {
  environment(): Promise<Environment>;
  audiences(): Promise<Audience[]>;
}

export interface ProjectBroadcasts {
  keys(): string[];
  /** Null for none of that key. Throws `project_invalid`, `workflow_invalid`. */
  read(key: string): Promise<Broadcast | null>;
}

/** `broadcasts/<key>/broadcast.json` of a project, read anew at each asking (decision 18). */
export function projectBroadcasts(
  location: ProjectLocation,
  cwd: string,
  { environment, audiences }: Beside,
): ProjectBroadcasts {
  const { knockDir } = location;
  const shown = (path: string): string => shownPath(cwd, path);
  const namesIn = (folder: string): string[] => listNames(folder, shown);
  const shared = sharedTemplates(projectFolders(location, shown), shown);
  const folder = join(knockDir, "broadcasts");
  const fileOf = (key: string): string => join(folder, key, "broadcast.json");
  const keys = (): string[] =>
    namesIn(folder)
      .filter((key) => existsSync(fileOf(key)))
      .sort();

  async function read(key: string): Promise<Broadcast | null> {
    if (!keys().includes(key)) return null;
    const file = shown(fileOf(key));
    const unfit = !KEY.test(key)
      ? "not a broadcast's key: keys hold lower-case letters, digits, hyphens and underscores"
      : existsSync(join(knockDir, "workflows", key, "workflow.json"))
        ? "a workflow has this key: runs, preferences and events are told apart by it"
        : null;
    if (unfit !== null)
      throw new KnockError("project_invalid", `${file}: ${unfit}`, { hint: "Rename the broadcast's folder." });
    const files = new Map<string, string>();
    return readResource(
      { path: fileOf(key), shown: file },
      { owner: "broadcast", begin: `broadcast "${key}": `, files },
      async (raw) => checked(parseBroadcast(key, raw, file), { key, file, files }),
    );
  }

  /** Held against the rest of the project. */
  async function checked(
    broadcast: Broadcast,
    { key, file, files }: { key: string; file: string; files: Map<string, string> },
  ): Promise<Broadcast> {
    try {
      const typed = resolveChannelTypes(broadcast.definition, await environment());
      await checkShared(typed, shared);
      checkGuideKeys(typed, () => namesIn(join(knockDir, "guides")));
      const definition = namesAudiences(typed) ? checkAudiences(typed, await audiences()) : typed;
      rememberTextFiles(definition, files);
      return { ...broadcast, definition };
    } catch (error) {
      throw error instanceof KnockError ? asBroadcastFault(key, file, error) : error;
    }
  }

  return { keys, read };
}
