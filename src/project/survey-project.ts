import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf } from "../errors/knock-error.js";
import { contentDigest } from "../util/ids.js";
import type { JsonObject } from "../util/json.js";
import type { Project } from "./open-project.js";
import { ENTITIES } from "./webhook-entity.js";

export const SURVEYED = [
  "environment",
  "recipients",
  "audiences",
  "translations",
  "translation",
  "partial",
  "layout",
  "request",
  "workflow",
] as const;
export type SurveyedKind = (typeof SURVEYED)[number];

/** A part of a project as it is on disk: what it holds, or what is wrong with it. */
export interface Surveyed {
  kind: SurveyedKind;
  /** Null where a project has one at most. */
  key: string | null;
  /** Whose; null for the main files. */
  branch: string | null;
  /** Equal for equal contents. */
  digest: string;
  /** Names the place; null where all is well. */
  error: string | null;
  /** What a webhook is told of it; null where it is broken. */
  document: JsonObject | null;
}

/** A change of a project's part between two surveys. `mended` is one that was broken. */
export interface ProjectChange extends Surveyed {
  change: "added" | "changed" | "removed" | "broken" | "mended";
}

export type Survey = ReadonlyMap<string, Surveyed>;

function foldersIn(knockDir: string, name: string): string[] {
  try {
    return readdirSync(join(knockDir, name), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return []; // none, or told by what reads it
  }
}

/** Under which it stands in a survey. */
export function placeOf({ kind, key, branch }: Pick<Surveyed, "kind" | "key" | "branch">): string {
  return `${branch === null ? "" : `${branch}: `}${key === null ? kind : `${kind} ${key}`}`;
}

/**
 * Reads all of a project, or what a branch has of its own. What depends on an environment that cannot be read is not looked
 * at: each workflow would be found broken, and none is. A branch is asked for only where the environment can be read.
 */
export async function surveyProject(project: Project, branch: string | null = null): Promise<Survey> {
  const found = new Map<string, Surveyed>();
  async function add<T>(
    kind: SurveyedKind,
    key: string | null,
    read: () => Promise<T | null>,
    entity: (content: T) => JsonObject = () => ({}),
  ): Promise<void> {
    const place = placeOf({ kind, key, branch });
    try {
      const content = await read();
      if (content === null) return;
      const document = entity(content);
      found.set(place, { kind, key, branch, digest: contentDigest(JSON.stringify(content)), error: null, document });
    } catch (error) {
      const message = messageOf(error);
      found.set(place, { kind, key, branch, digest: contentDigest(message), error: message, document: null });
    }
  }
  /** A file each; where one cannot be read, none of them can. */
  async function addTranslations(): Promise<void> {
    try {
      for (const file of (await project.translations()).files)
        await add(
          "translation",
          file.file,
          async () => file,
          (content) =>
            ENTITIES.translation(
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
    if (found.get("environment")?.error != null) return found;
    await add("recipients", null, async () =>
      (await project.changedRecipients(new Map())).map(({ file, digest }) => [file, digest]),
    );
    await add("audiences", null, project.audiences);
  }
  const environment = (await project.environment()).name;
  if (branch === null || foldersIn(folder, "translations").length > 0) await addTranslations();
  for (const key of foldersIn(folder, "partials"))
    await add(
      "partial",
      key,
      () => project.partial(key),
      (content) => ENTITIES.partial(content, join(folder, "partials", key, "partial.json"), environment),
    );
  for (const key of foldersIn(folder, "layouts"))
    await add(
      "layout",
      key,
      () => project.emailLayout(key),
      (content) => ENTITIES.layout(content, join(folder, "layouts", key, "layout.json"), environment),
    );
  for (const key of foldersIn(folder, "requests")) await add("request", key, () => project.request(key));
  const own = new Set(branch === null ? [] : foldersIn(folder, "workflows"));
  for (const key of await project.workflowKeys().catch(() => []))
    if (branch === null || own.has(key))
      await add(
        "workflow",
        key,
        () => project.workflow(key),
        (content) => ENTITIES.workflow(content, join(folder, "workflows", key, "workflow.json"), environment),
      );
  return found;
}

/** What is different in the later of two surveys, in the order of its parts. */
export function changesBetween(before: Survey, after: Survey): ProjectChange[] {
  const changes: ProjectChange[] = [];
  for (const [place, now] of after) {
    const then = before.get(place);
    if (then?.digest === now.digest) continue;
    const isMended = then !== undefined && then.error !== null;
    const change = now.error !== null ? "broken" : isMended ? "mended" : then === undefined ? "added" : "changed";
    changes.push({ ...now, change });
  }
  // Without an environment nothing else was looked at.
  if (after.get("environment")?.error != null) return changes;
  const isUnread = ({ kind, branch }: Surveyed): boolean =>
    kind === "translation" && after.has(placeOf({ kind: "translations", key: null, branch }));
  for (const [place, then] of before) {
    if (after.has(place) || isUnread(then)) continue;
    // All translations together are only ever listed as broken.
    changes.push({ ...then, error: null, change: then.kind === "translations" ? "mended" : "removed" });
  }
  return changes;
}
