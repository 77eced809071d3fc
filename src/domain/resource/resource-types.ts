import { getKeys } from "../../util/json.js";

/** How a kind of resource is stored in a project and named by the management API (CLI-320 to CLI-333). */
interface ResourceTypeInfo {
  /** The name of one resource and of several in messages. */
  label: string;
  plural: string;
  /** The folder of the kind in `knockDir`. */
  folder: string;
  /** The main file in a resource's own folder; null for kinds whose resources are single files. */
  mainFile: string | null;
  /** The path of the kind below `/v1/`. */
  path: string;
  /** The name of the JSON Schema that the official command writes into main files; null if it writes none. */
  schemaName: string | null;
  /** Fields that the service sets, which are not a part of the content. */
  readonlyFields: readonly string[];
}

/** The kinds of resources of an account, in the order in which they are pushed: each refers only to earlier ones. */
export const RESOURCE_TYPES = {
  schema: {
    label: "schema",
    plural: "schemas",
    folder: "schemas",
    mainFile: null,
    path: "schemas",
    schemaName: null,
    readonlyFields: [],
  },
  audience: {
    label: "audience",
    plural: "audiences",
    folder: "audiences",
    mainFile: "audience.json",
    path: "audiences",
    schemaName: "audience",
    readonlyFields: ["environment", "key", "created_at", "updated_at", "sha"],
  },
  translation: {
    label: "translation",
    plural: "translations",
    folder: "translations",
    mainFile: null,
    path: "translations",
    schemaName: null,
    readonlyFields: [],
  },
  partial: {
    label: "partial",
    plural: "partials",
    folder: "partials",
    mainFile: "partial.json",
    path: "partials",
    schemaName: "partial",
    readonlyFields: ["environment", "key", "valid", "created_at", "inserted_at", "updated_at", "sha"],
  },
  email_layout: {
    label: "email layout",
    plural: "email layouts",
    folder: "layouts",
    mainFile: "layout.json",
    path: "email_layouts",
    schemaName: "email-layout",
    readonlyFields: ["environment", "key", "created_at", "updated_at", "sha"],
  },
  message_type: {
    label: "message type",
    plural: "message types",
    folder: "message-types",
    mainFile: "message_type.json",
    path: "message_types",
    schemaName: "message-type",
    readonlyFields: ["key", "valid", "owner", "environment", "semver", "created_at", "updated_at", "sha"],
  },
  guide: {
    label: "guide",
    plural: "guides",
    folder: "guides",
    mainFile: "guide.json",
    path: "guides",
    schemaName: "guide",
    readonlyFields: ["key", "valid", "active", "environment", "created_at", "updated_at", "sha"],
  },
  workflow: {
    label: "workflow",
    plural: "workflows",
    folder: "workflows",
    mainFile: "workflow.json",
    path: "workflows",
    schemaName: "workflow",
    readonlyFields: ["environment", "key", "active", "valid", "created_at", "updated_at", "sha"],
  },
} as const satisfies Record<string, ResourceTypeInfo>;

export type ResourceType = keyof typeof RESOURCE_TYPES;

export const RESOURCE_TYPE_NAMES: readonly ResourceType[] = getKeys(RESOURCE_TYPES);

export const getResourceType = (type: ResourceType): ResourceTypeInfo => RESOURCE_TYPES[type];

/**
 * Identifies a resource of an account. The ID is its key; for a translation the name of its file without extension,
 * `[<tenant>~][<namespace>.]<locale>`; for a schema `user`, `tenant` or `objects/<collection>`.
 */
export interface ResourceRef {
  type: ResourceType;
  id: string;
}

/** The read-only fields that main files contain under `__readonly`. The others change without a change of the resource. */
const UNSTORED_READONLY_FIELDS: ReadonlySet<string> = new Set([
  "environment",
  "created_at",
  "inserted_at",
  "updated_at",
  "sha",
]);

/** Returns the read-only fields of a kind that its main files contain under `__readonly`, in the file's order. */
export const listStoredReadonlyFields = (type: ResourceType): string[] =>
  getResourceType(type).readonlyFields.filter((field) => !UNSTORED_READONLY_FIELDS.has(field));

/** Returns the address of the JSON Schema in a kind's main files; null if they name none (CLI-329). */
export function getSchemaUrl(type: ResourceType): string | null {
  const { schemaName } = getResourceType(type);
  return schemaName === null ? null : `https://schemas.knock.app/cli/${schemaName}.json`;
}
