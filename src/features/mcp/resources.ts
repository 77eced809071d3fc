import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
  type Variables,
} from "@modelcontextprotocol/server";
import { ERROR_CODES } from "../../errors/error-codes.js";
import { getKeys, isJsonObject, type JsonObject } from "../../util/json.js";
import type { CommandLine, Host } from "./host.js";
import { listFileSchemas, readPublishedSchema } from "./published-schemas.js";

interface Content {
  mimeType: string;
  text: string;
}

/** Runs a command for a resource. Throws a protocol error if it fails, because a resource has no error result. */
async function run(command: CommandLine & { isJson: boolean }, host: Host) {
  const { stdout, error } = await host.run(command, new AbortController().signal);
  if (error === null) return stdout;
  const hint = typeof error.hint === "string" ? ` ${error.hint}` : "";
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${String(error.message)}.${hint}`, error);
}

/** Returns the parts of a message: its plain text, and its HTML if it is an email. */
function toMessageContents(message: JsonObject): Content[] {
  const data = isJsonObject(message.content) && isJsonObject(message.content.data) ? message.content.data : {};
  const { html_body, text_body } = data;
  if (typeof html_body !== "string") return [{ mimeType: "application/json", text: JSON.stringify(data, null, 2) }];
  return [
    { mimeType: "text/plain", text: String(text_body ?? "") },
    { mimeType: "text/html", text: html_body },
  ];
}

/** Adds the resources: a workflow, a message, the schema of a file format, and the explanation of an error. */
export function addResources(server: McpServer, host: Host): void {
  const add = (
    kind: string,
    variable: string,
    description: string,
    read: (value: string) => Promise<Content[]>,
    list: (() => Promise<string[]>) | undefined,
  ): void => {
    const toResource = (name: string) => ({ uri: `knock://${kind}/${name}`, name: `${kind}/${name}` });
    const template = new ResourceTemplate(`knock://${kind}/{${variable}}`, {
      list: list && (async () => ({ resources: (await list()).map(toResource) })),
      ...(list && {
        complete: { [variable]: async (begin) => (await list()).filter((name) => name.startsWith(begin)) },
      }),
    });
    server.registerResource(kind, template, { title: `knock ${kind}`, description }, async (uri, values: Variables) => {
      const contents = await read(String(values[variable]));
      return { contents: contents.map((content) => ({ uri: uri.href, ...content })) };
    });
  };
  add(
    "workflow",
    "key",
    "A workflow: its steps, the schema of its data and its problems.",
    async (key) => [
      {
        mimeType: "application/json",
        text: await run({ words: ["workflows", "show"], arguments: [key], isJson: true }, host),
      },
    ],
    async () => (await host.findProject()).workflowKeys(),
  );
  add(
    "message",
    "id",
    "The content of a message: text and HTML of an email, JSON of others.",
    async (id) => {
      const text = await run({ words: ["messages", "show"], arguments: [id], isJson: true }, host);
      return toMessageContents(JSON.parse(text) as JsonObject);
    },
    undefined,
  );
  add(
    "schema",
    "kind",
    "The JSON Schema of a file format, such as workflow or scenario.",
    async (kind) => {
      const kinds = listFileSchemas();
      if (!kinds.includes(kind))
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `there is no schema "${kind}": use ${kinds.join(", ")}`,
        );
      return [{ mimeType: "application/schema+json", text: JSON.stringify(readPublishedSchema(kind, "file")) }];
    },
    async () => listFileSchemas(),
  );
  add(
    "error",
    "code",
    "The causes of an error code and how to fix it.",
    async (code) => [
      {
        mimeType: "text/plain",
        text: await run({ words: ["help", "error"], arguments: [code], isGlobal: true, isJson: false }, host),
      },
    ],
    async () => getKeys(ERROR_CODES),
  );
}
