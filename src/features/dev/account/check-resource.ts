import { createDocumentError } from "../../../domain/findings/document-error.js";
import type { ResourceDocument } from "../../../domain/resource/resource-document.js";
import { isStorableId } from "../../../domain/resource/resource-id.js";
import { getResourceType, type ResourceType } from "../../../domain/resource/resource-types.js";
import { findLayoutErrors, findPartialErrors } from "../../../engine/compile/compile-texts.js";
import { compileValidTemplates } from "../../../engine/compile/compile-workflow.js";
import { findGuideErrors } from "../../../engine/guides/compile-guide.js";
import { type ErrorDetail, KnockError } from "../../../errors/knock-error.js";
import type { DocumentLayer } from "../../../project/document-layer.js";
import type { ProjectLocation } from "../../../project/find-project.js";
import { formatDisplayPath } from "../../../project/format-display-path.js";
import { openKeyedResources } from "../../../project/keyed-resources.js";
import { openProject, type Project } from "../../../project/open-project.js";
import { readGuides, readMessageType } from "../../../project/read-guides.js";
import { isJsonObject, type Json, toPointer } from "../../../util/json.js";
import { CandidateLayer } from "./account-trees.js";

/** The names of kinds in errors of the project's reader, where they differ from the account's. */
const OWNERS: Partial<Record<ResourceType, string>> = { email_layout: "layout" };

const getErrorCode = (type: ResourceType) => (type === "workflow" ? "workflow_invalid" : "invalid_params");

/** Throws `invalid_params` for an ID that cannot be the name of a resource's file, such as a path. */
function checkId({ type, id }: ResourceDocument): void {
  if (isStorableId({ type, id })) return;
  const { label, mainFile } = getResourceType(type);
  const message =
    mainFile === null
      ? `is not the ID of a ${label}`
      : "must contain only lowercase letters, digits, hyphens and underscores";
  throw new KnockError("invalid_params", `key ${message}: ${JSON.stringify(id)}`, {
    details: [{ pointer: "/key", message, value: id }],
  });
}

/** Returns a detail for each field that refers to a file. Only files of a project may: an account has no other files. */
function* findFileReferences(value: Json, path: readonly PropertyKey[] = []): Generator<ErrorDetail> {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* findFileReferences(item, [...path, index]);
  if (!isJsonObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    if (key.endsWith("@") && key !== "@") {
      const message = `refers to a file: send its text as ${JSON.stringify(key.slice(0, -1))}`;
      yield { pointer: toPointer([...path, key]), message };
    }
    yield* findFileReferences(child, [...path, key]);
  }
}

/** Reads the candidate, so that its errors are reported to the project, and returns the errors of its templates. */
async function readCandidate(
  project: Project,
  { type, id, content }: ResourceDocument,
  cwd: string,
): Promise<readonly KnockError[]> {
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  switch (type) {
    case "workflow": {
      const workflow = await project.workflow(id);
      return workflow === null ? [] : (await compileValidTemplates(workflow, project)).errors;
    }
    case "email_layout": {
      const layout = await project.emailLayout(id);
      return layout === null ? [] : findLayoutErrors(layout);
    }
    case "partial": {
      const partial = await project.partial(id);
      return partial === null ? [] : findPartialErrors(partial);
    }
    case "message_type":
      await readMessageType(openKeyedResources(project, displayPath), id, project.onInvalid);
      return [];
    case "guide": {
      const { guides, errors } = await readGuides(project, await project.environment(), cwd);
      const guide = guides.find(({ key }) => key === id);
      const error = errors.get(id);
      return [...(guide === undefined ? [] : findGuideErrors(guide)), ...(error === undefined ? [] : [error])];
    }
    case "audience":
      await project.audiences();
      return [];
    case "translation":
      await project.translations();
      return [];
    case "schema":
      if (Array.isArray(content.properties)) return [];
      return [
        createDocumentError("invalid_params", `schema "${id}"`, [
          { pointer: "/properties", message: "must be a list" },
        ]),
      ];
  }
}

/**
 * Checks a document within a tree as `knock validate` checks files. Throws `invalid_params` or `workflow_invalid` with a JSON
 * pointer for each finding.
 */
export async function checkResource(
  document: ResourceDocument,
  layer: DocumentLayer,
  { location, cwd }: { location: ProjectLocation; cwd: string },
): Promise<void> {
  checkId(document);
  const { type, id } = document;
  const name = `${OWNERS[type] ?? getResourceType(type).label} "${id}"`;
  const references = [...findFileReferences(document.content)];
  if (references.length > 0) throw createDocumentError(getErrorCode(type), name, references);
  const found: KnockError[] = [];
  const onInvalid = (error: KnockError): void => void found.push(error);
  const project = openProject({ ...location, documents: new CandidateLayer(layer, document), onInvalid }, cwd);
  try {
    found.push(...(await readCandidate(project, document, cwd)));
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    found.push(error);
  }
  // Errors of other resources and of the environment are not those of the document.
  const own = found.filter(({ message }) => message.startsWith(name));
  const details = new Map<string, ErrorDetail>();
  for (const error of own) for (const detail of toDetails(error, type)) details.set(JSON.stringify(detail), detail);
  if (details.size > 0)
    throw createDocumentError(getErrorCode(type), name, [...details.values()], own.find(({ hint }) => hint)?.hint);
}

/** Returns the details of an error. Those of a translation are within the text of its content. */
function toDetails({ details, message }: KnockError, type: ResourceType): readonly ErrorDetail[] {
  const all = details.length > 0 ? details : [{ pointer: "", message }];
  if (type !== "translation") return all;
  return all.map((detail) =>
    detail.pointer === "/content"
      ? detail
      : { pointer: "/content", message: `${detail.pointer.slice(1).replaceAll("/", ".")} ${detail.message}`.trim() },
  );
}
