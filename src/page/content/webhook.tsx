import { type JsonObject, objectsIn } from "../lib/json.js";
import { Code } from "../parts/basics.js";

function pretty(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

export function Webhook({ content }: { content: JsonObject }) {
  const query = objectsIn(content.query_params).map(({ key, value }) => `${String(key)}=${String(value)}`);
  const headers = objectsIn(content.headers).map(({ key, value }) => `${String(key)}: ${String(value)}`);
  const line = `${String(content.method ?? "").toUpperCase()} ${String(content.url ?? "")}${query.length > 0 ? `?${query.join("&")}` : ""}`;
  return (
    <>
      <Code value={[line, ...headers].join("\n")} label="The request" />
      <Code value={pretty(content.body ?? "")} label="Its body" />
    </>
  );
}
