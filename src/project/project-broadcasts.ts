import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Audience } from "../domain/audience/audience.js";
import type { Broadcast } from "../domain/audience/broadcast.js";
import { parseBroadcast, toBroadcastError } from "../domain/audience/parse-broadcast.js";
import type { Environment } from "../domain/environment/environment.js";
import { checkAudiences, hasAudienceReferences } from "../domain/project/check-audiences.js";
import { checkGuideKeys } from "../domain/project/check-guide-keys.js";
import { resolveChannelTypes } from "../domain/project/resolve-channel-types.js";
import { rememberTextFiles } from "../domain/template/text-files.js";
import { KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "./find-project.js";
import { formatDisplayPath } from "./format-display-path.js";
import { listFolder as listNames } from "./list-folder.js";
import { openProjectFolders } from "./project-folders.js";
import { readResource } from "./read-resource.js";
import { checkSharedTemplates, openSharedTemplates } from "./read-shared-templates.js";
import { RESOURCE_KEY } from "./resource-key.js";

interface BroadcastReferences {
  environment(): Promise<Environment>;
  audiences(): Promise<Audience[]>;
}

interface ProjectBroadcasts {
  keys(): string[];
  /** Returns the broadcast with this key, or null. Throws `project_invalid` or `workflow_invalid`. */
  read(key: string): Promise<Broadcast | null>;
}

/** Opens the broadcasts of a project, `broadcasts/<key>/broadcast.json`. They are read again for each call (decision 18). */
export function openProjectBroadcasts(
  location: ProjectLocation,
  cwd: string,
  { environment, audiences }: BroadcastReferences,
): ProjectBroadcasts {
  const { knockDir } = location;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const listEntries = (folder: string): string[] => listNames(folder, displayPath);
  const shared = openSharedTemplates(openProjectFolders(location, displayPath), displayPath);
  const folder = join(knockDir, "broadcasts");
  const getFile = (key: string): string => join(folder, key, "broadcast.json");
  const keys = (): string[] =>
    listEntries(folder)
      .filter((key) => existsSync(getFile(key)))
      .sort();

  async function read(key: string): Promise<Broadcast | null> {
    if (!keys().includes(key)) return null;
    const file = displayPath(getFile(key));
    const reason = !RESOURCE_KEY.test(key)
      ? "not a valid broadcast key: keys contain lowercase letters, digits, hyphens and underscores"
      : existsSync(join(knockDir, "workflows", key, "workflow.json"))
        ? "a workflow has the same key, which must be unique for runs, preferences and events"
        : null;
    if (reason !== null)
      throw new KnockError("project_invalid", `${file}: ${reason}`, { hint: "Rename the broadcast's folder." });
    const files = new Map<string, string>();
    return readResource(
      { path: getFile(key), displayPath: file },
      { owner: "broadcast", prefix: `broadcast "${key}": `, files },
      async (raw) => checkBroadcast(parseBroadcast(key, raw, file), { key, file, files }),
    );
  }

  /** Checks a broadcast against the rest of the project. */
  async function checkBroadcast(
    broadcast: Broadcast,
    { key, file, files }: { key: string; file: string; files: Map<string, string> },
  ): Promise<Broadcast> {
    try {
      const withChannelTypes = resolveChannelTypes(broadcast.definition, await environment());
      await checkSharedTemplates(withChannelTypes, shared);
      checkGuideKeys(withChannelTypes, () => listEntries(join(knockDir, "guides")));
      const definition = hasAudienceReferences(withChannelTypes)
        ? checkAudiences(withChannelTypes, await audiences())
        : withChannelTypes;
      rememberTextFiles(definition, files);
      return { ...broadcast, definition };
    } catch (error) {
      throw error instanceof KnockError ? toBroadcastError(key, file, error) : error;
    }
  }

  return { keys, read };
}
