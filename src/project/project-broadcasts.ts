import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Audience } from "../domain/audience/audience.js";
import type { Broadcast } from "../domain/audience/broadcast.js";
import { parseBroadcast, toBroadcastError } from "../domain/audience/parse-broadcast.js";
import type { Environment } from "../domain/environment/environment.js";
import { checkAudiences, hasAudienceReferences } from "../domain/project/check-audiences.js";
import { checkGuideKeys } from "../domain/project/check-guide-keys.js";
import { resolveChannelTypes } from "../domain/project/resolve-channel-types.js";
import { RESOURCE_KEY } from "../domain/resource/resource-id.js";
import { rememberTextFiles } from "../domain/template/text-files.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import type { ProjectLocation } from "./find-project.js";
import { formatDisplayPath } from "./format-display-path.js";
import { openKeyedResources } from "./keyed-resources.js";
import { listFolder as listNames } from "./list-folder.js";
import { type RunCheck, readResource } from "./read-resource.js";
import { checkSharedTemplates, openSharedTemplates } from "./read-shared-templates.js";

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
  const { knockDir, onInvalid } = location;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const listEntries = (folder: string): string[] => listNames(folder, displayPath);
  const resources = openKeyedResources(location, displayPath);
  const shared = openSharedTemplates(resources, { onInvalid });
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
      { owner: "broadcast", prefix: `broadcast "${key}": `, files, onInvalid },
      async (raw, runCheck) => {
        const broadcast = parseBroadcast(key, raw, file);
        const nameBroadcast = async <T>(read: () => T | Promise<T>): Promise<T> => {
          try {
            return await read();
          } catch (error) {
            throw error instanceof KnockError ? toBroadcastError(key, file, error) : error;
          }
        };
        const definition = await nameBroadcast(async () =>
          resolveChannelTypes(broadcast.definition, await environment()),
        );
        await checkDefinition(definition, (check) => runCheck(() => nameBroadcast(check)));
        rememberTextFiles(definition, files);
        return { ...broadcast, definition };
      },
    );
  }

  /** Checks a broadcast against the rest of the project. */
  async function checkDefinition(definition: Workflow, runCheck: RunCheck): Promise<void> {
    await checkSharedTemplates(definition, shared, runCheck);
    await runCheck(() => checkGuideKeys(definition, () => resources.list("guides")));
    if (hasAudienceReferences(definition)) await runCheck(async () => checkAudiences(definition, await audiences()));
  }

  return { keys, read };
}
