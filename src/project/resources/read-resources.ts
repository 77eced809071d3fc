import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LocalResource } from "../../domain/resource/build-resource-files.js";
import { parseTranslationId, type ResourceDocument, toContent } from "../../domain/resource/resource-document.js";
import { isStorableId, MAX_ID_BYTES, RESOURCE_KEY } from "../../domain/resource/resource-id.js";
import { getResourceType, type ResourceRef, type ResourceType } from "../../domain/resource/resource-types.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { listFolder } from "../list-folder.js";
import { readProjectJson, readProjectText } from "../read-project-text.js";
import { readRawText, resolveFileReferences } from "../resolve-file-references.js";

/** A resource of the project with its files, by path in its folder. */
export interface ProjectResource extends ResourceDocument, LocalResource {}

/** The folders of a project's resources. */
interface ResourceFolders {
  knockDir: string;
  displayPath(path: string): string;
}

/** The kinds of references that {@link resolveFileReferences} knows, by kind of resource. */
const OWNERS = {
  workflow: "workflow",
  email_layout: "layout",
  partial: "partial",
  guide: "guide",
  message_type: "message type",
  audience: "audience",
} as const;

/**
 * Returns the folder of a resource; for kinds without main files the folder that contains its file. Throws `usage` for an ID that is
 * not a valid file name.
 */
export function getResourceFolder(knockDir: string, { type, id }: ResourceRef): string {
  if (!isStorableId({ type, id }))
    throw new KnockError("usage", `${getResourceType(type).label} ${JSON.stringify(id)} has no valid name for a file`, {
      hint: `Keys have up to ${MAX_ID_BYTES} lowercase letters, digits, hyphens and underscores. Rename it in the account.`,
    });
  const { folder } = getResourceType(type);
  if (type === "translation") return join(knockDir, folder, parseTranslationId(id).locale);
  return type === "schema" ? dirname(join(knockDir, folder, `${id}.json`)) : join(knockDir, folder, id);
}

/** Returns the IDs of a kind's resources, in order. Hidden files, invalid keys and other files are ignored. */
export function listResourceIds({ knockDir, displayPath }: ResourceFolders, type: ResourceType): string[] {
  const { folder, mainFile } = getResourceType(type);
  const root = join(knockDir, folder);
  const list = (path: string): string[] => listFolder(path, displayPath).filter((name) => !name.startsWith("."));
  if (mainFile !== null)
    return list(root)
      .filter((key) => RESOURCE_KEY.test(key) && existsSync(join(root, key, mainFile)))
      .sort();
  if (type === "translation") return listTranslationIds(root, list).sort();
  const toId = (name: string): string[] => (name.endsWith(".json") ? [name.slice(0, -".json".length)] : []);
  const objects = list(root).includes("objects") ? list(join(root, "objects")).flatMap(toId) : [];
  return [...list(root).flatMap(toId), ...objects.map((name) => `objects/${name}`)].sort();
}

function listTranslationIds(root: string, list: (path: string) => string[]): string[] {
  return list(root).flatMap((locale) => {
    const names = listFiles(join(root, locale), list);
    return names.filter((name) => /\.(json|po)$/.test(name)).map((name) => name.replace(/\.(json|po)$/, ""));
  });
}

/** Returns the names in a folder; none for a file. */
function listFiles(path: string, list: (path: string) => string[]): string[] {
  try {
    return list(path);
  } catch (error) {
    if (error instanceof KnockError) return [];
    throw error;
  }
}

/**
 * Reads a resource with all of its texts. Returns null if it does not exist. Throws `project_invalid` or `workflow_invalid` if its
 * JSON or a reference is invalid; the content is not checked.
 */
export async function readResourceFiles(
  folders: ResourceFolders,
  { type, id }: ResourceRef,
): Promise<ProjectResource | null> {
  const folder = getResourceFolder(folders.knockDir, { type, id });
  const { mainFile } = getResourceType(type);
  if (type === "translation") return readTranslation(folders, id, folder);
  const name = mainFile ?? `${id.slice(id.lastIndexOf("/") + 1)}.json`;
  const path = join(folder, name);
  if (!existsSync(path)) return null;
  const displayPath = folders.displayPath(path);
  const raw = await readProjectJson(path, displayPath, type === "workflow" ? "workflow_invalid" : undefined);
  if (!isJsonObject(raw)) throw new KnockError("project_invalid", `${displayPath}: must be an object`);
  const files = new Map<string, string>([[name, readRawText(path)]]);
  const resolved =
    type === "schema"
      ? raw
      : await resolveFileReferences(raw, {
          from: folder,
          resourceDir: folder,
          displayPath,
          owner: OWNERS[type],
          referencedFiles: new Set(),
          rawTexts: files,
        });
  return { type, id, raw, content: toContent(type, resolved as JsonObject), files };
}

async function readTranslation(
  { displayPath }: ResourceFolders,
  id: string,
  folder: string,
): Promise<ProjectResource | null> {
  const name = [`${id}.json`, `${id}.po`].find((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) return null;
  const path = join(folder, name);
  const format = name.endsWith(".po") ? "po" : "json";
  const content =
    format === "po"
      ? readProjectText(path, displayPath(path))
      : JSON.stringify(await readProjectJson(path, displayPath(path)));
  const { locale, namespace, tenant } = parseTranslationId(id);
  const document: JsonObject = { locale_code: locale, namespace: namespace ?? "", format, content };
  if (tenant !== null) document.tenant = tenant;
  return { type: "translation", id, raw: document, content: document, files: new Map([[name, readRawText(path)]]) };
}
