import { filterObjects, type JsonObject } from "../../util/json.js";
import { Code } from "../parts/basics.js";

function parseBody(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

export function Webhook({ content }: { content: JsonObject }) {
  const query = filterObjects(content.query_params).map(({ key, value }) => `${String(key)}=${String(value)}`);
  const headers = filterObjects(content.headers).map(({ key, value }) => `${String(key)}: ${String(value)}`);
  const line = `${String(content.method ?? "").toUpperCase()} ${String(content.url ?? "")}${query.length > 0 ? `?${query.join("&")}` : ""}`;
  return (
    <>
      <Code value={[line, ...headers].join("\n")} label="The request" />
      <Code value={parseBody(content.body ?? "")} label="Its body" />
    </>
  );
}
