import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { annotateResource } from "../../src/domain/resource/extractable-fields.js";
import { toContent } from "../../src/domain/resource/resource-document.js";
import { RESOURCE_TYPE_NAMES, RESOURCE_TYPES, type ResourceType } from "../../src/domain/resource/resource-types.js";
import { isJsonObject, type JsonObject } from "../../src/util/json.js";

/** The resources of one environment or branch, by path such as `workflows/hello`, and the paths whose changes are not committed. */
interface Tree {
  working: Map<string, JsonObject>;
  committed: Map<string, JsonObject>;
}

/** A response of a fault; null closes the connection. */
type Fault = { status: number; body: unknown; headers?: Record<string, string> } | null;

export interface ManagementStub {
  url: string;
  /** Returns the content of an environment, or of a branch. */
  tree(name?: string): Tree;
  /** Changes a resource as the dashboard does: without a commit, unless `commit` is set. Null deletes it. */
  edit(path: string, content: JsonObject | null, options?: { commit?: boolean; tree?: string }): void;
  /** The requests that change something, such as `PUT /v1/workflows/hello`. */
  writes: string[];
  /** Decides whether a request fails. */
  onRequest: ((method: string, path: string) => Fault | undefined) | null;
  close(): Promise<void>;
}

export const STUB_TOKEN = "knock_st_0123456789abcdef";

const NOT_FOUND = {
  status: 404,
  body: { code: "resource_missing", message: "not found", status: 404, type: "api_error" },
};

/** Starts a small management API with one account in memory. It has what `plan`, `pull` and `push` need. */
export async function startManagementStub(names: Record<string, string[]> = {}): Promise<ManagementStub> {
  const trees = new Map<string, Tree>();
  const stub: ManagementStub = {
    url: "",
    writes: [],
    onRequest: null,
    tree(name = "development") {
      const known = trees.get(name) ?? { working: new Map(), committed: new Map() };
      trees.set(name, known);
      return known;
    },
    edit(path, content, { commit = false, tree = "development" } = {}) {
      const { working, committed } = stub.tree(tree);
      for (const map of commit ? [working, committed] : [working])
        if (content === null) map.delete(path);
        else map.set(path, content);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://localhost");
    const method = request.method ?? "GET";
    const fault = stub.onRequest?.(method, url.pathname + url.search);
    if (fault === null) return void response.destroy();
    const isKnown = request.headers.authorization === `Bearer ${STUB_TOKEN}`;
    const result =
      fault ??
      (isKnown
        ? handle(method, url, chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString()))
        : { status: 401, body: { code: "authentication_error", message: "The token is not valid", status: 401 } });
    if (method !== "GET" && result.status < 400) stub.writes.push(`${method} ${url.pathname}${url.search}`);
    response.writeHead(result.status, { "content-type": "application/json", ...result.headers });
    response.end(result.status === 204 ? "" : JSON.stringify(result.body));
  }

  function handle(method: string, { pathname, searchParams: query }: URL, body: JsonObject): NonNullable<Fault> {
    const [, , kind = "", key = "", action] = pathname.split("/").map(decodeURIComponent);
    if (kind === "whoami")
      return { status: 200, body: { account_slug: "lark", account_name: "Lark", type: "service_token" } };
    const type = RESOURCE_TYPE_NAMES.find((name) => RESOURCE_TYPES[name].path === kind);
    const scope = query.get("branch") ?? query.get("environment") ?? "development";
    if (type !== undefined) return handleResource(type, method, key, action, query, body, stub.tree(scope));
    if (kind === "commits" && method === "PUT" && key === "") {
      const path = `${RESOURCE_TYPES[query.get("resource_type") as ResourceType].folder}/${query.get("resource_id")}`;
      const { working, committed } = stub.tree(scope);
      committed.set(path, working.get(path) ?? {});
      return { status: 200, body: { result: "success" } };
    }
    if (kind in names) return toPage((names[kind] as string[]).map((name) => ({ key: name, name })));
    return NOT_FOUND;
  }

  function handleResource(
    type: ResourceType,
    method: string,
    key: string,
    action: string | undefined,
    query: URLSearchParams,
    body: JsonObject,
    tree: Tree,
  ): NonNullable<Fault> {
    const { folder } = RESOURCE_TYPES[type];
    if (method === "GET") {
      const source = query.get("hide_uncommitted_changes") === "true" ? tree.committed : tree.working;
      const entries = [...source].filter(([path]) => path.startsWith(`${folder}/`));
      return toPage(entries.map(([path, content]) => toEntry(type, path.slice(folder.length + 1), content)));
    }
    const content = body[type];
    if (!isJsonObject(content))
      return { status: 422, body: { code: "invalid_params", message: "no content", status: 422 } };
    const namespace = query.get("namespace");
    const tenant = query.get("tenant");
    const id = type === "translation" ? `${tenant ? `${tenant}~` : ""}${namespace ? `${namespace}.` : ""}${key}` : key;
    if (content.name === "invalid")
      return {
        status: 422,
        body: {
          code: "invalid_params",
          message: "The workflow is invalid",
          status: 422,
          errors: [{ field: "steps[0].template.subject", message: "is missing" }],
        },
      };
    if (action !== "validate")
      tree.working.set(`${folder}/${id}`, type === "translation" ? (content as JsonObject) : toContent(type, content));
    return { status: 200, body: { [type]: toEntry(type, id, content) } };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stub;
}

const toPage = (entries: JsonObject[]): NonNullable<Fault> => ({
  status: 200,
  body: { entries, page_info: { after: null, before: null, page_size: 100 } },
});

function toEntry(type: ResourceType, id: string, content: JsonObject): JsonObject {
  if (type !== "translation") return annotateResource(type, { key: id, ...content, valid: true, sha: "1" });
  const [tenant, rest] = id.includes("~") ? (id.split("~") as [string, string]) : [null, id];
  const dot = rest.lastIndexOf(".");
  return {
    locale_code: rest.slice(dot + 1),
    namespace: dot < 0 ? "" : rest.slice(0, dot),
    ...(tenant === null ? {} : { tenant }),
    format: content.format ?? "json",
    content: content.content ?? "",
  };
}
