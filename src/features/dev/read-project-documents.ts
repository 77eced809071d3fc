import { existsSync } from "node:fs";
import { join } from "node:path";
import { RESOURCE_KEY } from "../../domain/resource/resource-id.js";
import { KnockError } from "../../errors/knock-error.js";
import type { BroadcastLog } from "../../ports/broadcast-service.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import { listFolder } from "../../project/list-folder.js";
import { openProject, type Project } from "../../project/open-project.js";
import { listEnvironmentNames } from "../../project/read-environment.js";
import { readProjectJson } from "../../project/read-project-text.js";
import { resolveFileReferences } from "../../project/resolve-file-references.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { ProjectDocuments } from "./emulator/project-documents.js";
import type { FollowedProject } from "./followed-project.js";

const MAIN_FILE = {
  sources: { name: "source.json", owner: "source" },
  broadcasts: { name: "broadcast.json", owner: "broadcast" },
} as const;

/** Reads a document with the texts of its files. Returns null if it is invalid, which `knock validate` explains. */
async function readDocument(
  { knockDir }: Project,
  kind: keyof typeof MAIN_FILE,
  key: string,
  displayPath: (path: string) => string,
): Promise<JsonObject | null> {
  const { name, owner } = MAIN_FILE[kind];
  const from = join(knockDir, kind, key);
  const path = join(from, name);
  if (!RESOURCE_KEY.test(key) || !existsSync(path)) return null;
  try {
    const raw = await readProjectJson(path, displayPath(path));
    const context = {
      from,
      resourceDir: from,
      displayPath: displayPath(path),
      owner,
      referencedFiles: new Set<string>(),
    };
    const document = await resolveFileReferences(raw, context);
    return isJsonObject(document) ? document : null;
  } catch (error) {
    if (error instanceof KnockError) return null;
    throw error;
  }
}

/** Reads documents for the management API from a project's current files and its store. */
export function openProjectDocuments(
  project: FollowedProject,
  broadcasts: BroadcastLog,
  cwd: string,
): ProjectDocuments {
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  return {
    async readEnvironment(slug) {
      const { knockDir } = project.current;
      if (!listEnvironmentNames({ knockDir, displayPath }).includes(slug)) return project.definitions.environment();
      return openProject({ ...project.current, environmentName: slug }, cwd).environment();
    },
    async readAll(kind) {
      const documents = new Map<string, JsonObject>();
      for (const key of listFolder(join(project.current.knockDir, kind), displayPath)) {
        const document = await readDocument(project.current, kind, key, displayPath);
        if (document !== null) documents.set(key, document);
      }
      return documents;
    },
    readBroadcastStates: () => broadcasts.readStates(),
  };
}
