import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import type { Output } from "./output.js";
import { type Listed, printList } from "./print-resources.js";
import { timeText } from "./time-text.js";

export function printMembers(page: Listed, output: Output): void {
  printList(
    page,
    {
      none: "no members",
      id: (item) => String(item.user_id),
      head: ["USER", "NAME", "TENANT", "ADDED"],
      row: (item) => [
        String(item.user_id),
        isJsonObject(item.user) && item.user.name !== null ? String(item.user.name) : "",
        item.tenant === null ? "" : String(item.tenant),
        timeText(item.added_at, output.zone),
      ],
    },
    output,
  );
}

function idOf(user: Json | undefined): string {
  return isJsonObject(user) ? String(user.id) : String(user);
}

/** The API answers with nothing: what was asked for is told. */
export function printMembersChanged(
  audience: string,
  change: "added" | "removed",
  members: readonly JsonObject[],
  output: Output,
): void {
  const items = members.map(({ user, tenant }) => ({ user_id: idOf(user), tenant: tenant ?? null }));
  if (output.verbosity.json) return output.json({ audience, [change]: items });
  if (output.verbosity.quiet) return;
  const shown = items.slice(0, 20).map(({ user_id }) => user_id);
  const more = items.length > shown.length ? `, … (${items.length})` : "";
  output.line(`${output.paint.green("✓")} ${output.paint.bold(audience)}: ${change} ${shown.join(", ")}${more}`);
}
