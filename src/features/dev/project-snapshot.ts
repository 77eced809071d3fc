import { readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { EmailLayout } from "../../domain/template/email-layout.js";
import type { TemplatePartial } from "../../domain/template/template-partial.js";
import type { TranslationFile } from "../../domain/template/translation.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import { listFolders } from "../../project/list-folder.js";
import type { Project } from "../../project/open-project.js";
import { createEventLoopYield } from "../../util/event-loop.js";
import { computeDigest } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** Returns a resource's name and modification time, from its main file; nothing if the file was just deleted. */
function readFileAttributes(file: string): JsonObject {
  try {
    const updated_at = toIsoTime(statSync(file).mtime.getTime());
    const raw: unknown = file.endsWith(".json") ? JSON.parse(readFileSync(file, "utf8")) : null;
    return isJsonObject(raw) && typeof raw.name === "string" ? { name: raw.name, updated_at } : { updated_at };
  } catch {
    return {};
  }
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}

/**
 * Builds the documents that webhooks receive for parts of the project: the fields of the files, with the same names (A-926).
 */
const WEBHOOK_DOCUMENTS = {
  workflow({ version_id, ...content }: Workflow, file: string, environment: string): JsonObject {
    const { updated_at = null } = readFileAttributes(file);
    const fields = toJson(content) as JsonObject;
    return { __typename: "Workflow", ...fields, valid: true, sha: version_id, environment, updated_at };
  },
  layout(content: EmailLayout, file: string, environment: string): JsonObject {
    return { __typename: "EmailLayout", ...(toJson(content) as JsonObject), environment, ...readFileAttributes(file) };
  },
  partial({ key, type, content }: TemplatePartial, file: string, environment: string): JsonObject {
    return { __typename: "Partial", key, type, content, valid: true, environment, ...readFileAttributes(file) };
  },
  translation({ locale, namespace, tenant, content }: TranslationFile, file: string, environment: string): JsonObject {
    const { updated_at = null } = readFileAttributes(file);
    const format = extname(file).slice(1);
    const translation = { __typename: "Translation", locale_code: locale, namespace: namespace ?? "", tenant, format };
    return { ...translation, content: JSON.stringify(content), environment, updated_at };
  },
};

const SNAPSHOT_KINDS = [
  "environment",
  "recipients",
  "schedules",
  "audiences",
  "translations",
  "translation",
  "partial",
  "layout",
  "request",
  "workflow",
] as const;
export type SnapshotKind = (typeof SNAPSHOT_KINDS)[number];

/** The time that requests wait at once while a snapshot is read, which takes half a second for 2,000 workflows. */
const MAX_BLOCKING_MS = 2;

/** A part of a project as it is on disk: its content, or its error. */
export interface SnapshotEntry {
  kind: SnapshotKind;
  /** Null for a kind of which a project has only one. */
  key: string | null;
  /** The branch that it belongs to; null for the main files. */
  branch: string | null;
  /** Equal for equal contents. */
  digest: string;
  /** The error with its location; null if the part is valid. */
  error: string | null;
  /** Builds the document that webhooks receive. Null if the part is invalid. */
  buildDocument: (() => JsonObject) | null;
}

/** A change of a part between two snapshots. `fixed` means that the part was invalid before and is now valid. */
export interface ProjectChange extends SnapshotEntry {
  change: "added" | "changed" | "removed" | "broken" | "fixed";
}

export type ProjectSnapshot = ReadonlyMap<string, SnapshotEntry>;

/** Returns the name of an entry in a snapshot. */
export function getEntryName({ kind, key, branch }: Pick<SnapshotEntry, "kind" | "key" | "branch">): string {
  return `${branch === null ? "" : `${branch}: `}${key === null ? kind : `${kind} ${key}`}`;
}

/**
 * Reads a whole project, or the parts that a branch has of its own. If the environment cannot be read, nothing else is read,
 * because each workflow would be reported as invalid. A branch is only read if its environment can be read.
 */
export async function readProjectSnapshot(project: Project, branch: string | null = null): Promise<ProjectSnapshot> {
  const entries = new Map<string, SnapshotEntry>();
  const yieldToRequests = createEventLoopYield(MAX_BLOCKING_MS);
  async function add<T>(
    kind: SnapshotKind,
    key: string | null,
    read: () => Promise<T | null>,
    toDocument: (content: T) => JsonObject = () => ({}),
  ): Promise<void> {
    await yieldToRequests();
    const name = getEntryName({ kind, key, branch });
    try {
      const content = await read();
      if (content === null) return;
      const buildDocument = () => toDocument(content);
      const digest = computeDigest(JSON.stringify(content));
      entries.set(name, { kind, key, branch, digest, error: null, buildDocument });
    } catch (error) {
      const message = getErrorMessage(error);
      entries.set(name, { kind, key, branch, digest: computeDigest(message), error: message, buildDocument: null });
    }
  }
  /** Adds an entry for each translation file, or one entry with the error: if one file cannot be read, none can. */
  async function addTranslations(): Promise<void> {
    try {
      for (const file of (await project.translations()).files)
        await add(
          "translation",
          file.file,
          async () => file,
          (content) =>
            WEBHOOK_DOCUMENTS.translation(
              content,
              join(folder, "translations", content.locale, basename(content.file)),
              environment,
            ),
        );
    } catch (error) {
      await add("translations", null, () => Promise.reject(error));
    }
  }
  const folder = project.branchDir ?? project.knockDir;
  if (branch === null) {
    await add("environment", null, project.environment);
    if (entries.get("environment")?.error != null) return entries;
    await add("recipients", null, async () =>
      (await project.readChangedRecipients(new Map())).map(({ file, digest }) => [file, digest]),
    );
    await add("schedules", null, async () =>
      (await project.readChangedSchedules(new Map())).changed.map(({ file, digest }) => [file, digest]),
    );
    await add("audiences", null, project.audiences);
  }
  const environment = (await project.environment()).name;
  if (branch === null || listFolders(join(folder, "translations")).length > 0) await addTranslations();
  for (const key of listFolders(join(folder, "partials")))
    await add(
      "partial",
      key,
      () => project.partial(key),
      (content) => WEBHOOK_DOCUMENTS.partial(content, join(folder, "partials", key, "partial.json"), environment),
    );
  for (const key of listFolders(join(folder, "layouts")))
    await add(
      "layout",
      key,
      () => project.emailLayout(key),
      (content) => WEBHOOK_DOCUMENTS.layout(content, join(folder, "layouts", key, "layout.json"), environment),
    );
  for (const key of listFolders(join(folder, "requests"))) await add("request", key, () => project.request(key));
  const ownWorkflows = new Set(branch === null ? [] : listFolders(join(folder, "workflows")));
  for (const key of await project.workflowKeys().catch(() => []))
    if (branch === null || ownWorkflows.has(key))
      await add(
        "workflow",
        key,
        () => project.workflow(key),
        (content) => WEBHOOK_DOCUMENTS.workflow(content, join(folder, "workflows", key, "workflow.json"), environment),
      );
  return entries;
}

/** Returns the changes from one snapshot to a later one, in the order of their parts. */
export function compareSnapshots(before: ProjectSnapshot, after: ProjectSnapshot): ProjectChange[] {
  const changes: ProjectChange[] = [];
  for (const [name, now] of after) {
    const then = before.get(name);
    if (then?.digest === now.digest) continue;
    const isFixed = then !== undefined && then.error !== null;
    const change = now.error !== null ? "broken" : isFixed ? "fixed" : then === undefined ? "added" : "changed";
    changes.push({ ...now, change });
  }
  // Without an environment nothing else was read.
  if (after.get("environment")?.error != null) return changes;
  const isUnread = ({ kind, branch }: SnapshotEntry): boolean =>
    kind === "translation" && after.has(getEntryName({ kind: "translations", key: null, branch }));
  for (const [name, then] of before) {
    if (after.has(name) || isUnread(then)) continue;
    // The entry for all translations together exists only with an error.
    changes.push({ ...then, error: null, change: then.kind === "translations" ? "fixed" : "removed" });
  }
  return changes;
}
