import { isJsonObject, type JsonObject, stringifyValue } from "../util/json.js";
import type { ListPage } from "./documents/lists.js";
import type { Membership } from "./documents/recipients.js";
import { formatTime } from "./format-time.js";
import type { Output } from "./output.js";
import { printList } from "./print-resources.js";

export function printMembers(page: ListPage, output: Output): void {
  printList(
    page,
    {
      emptyText: "no members",
      id: (item) => String(item.user_id),
      head: ["USER", "NAME", "TENANT", "ADDED"],
      row: (item) => [
        String(item.user_id),
        isJsonObject(item.user) && item.user.name !== null ? stringifyValue(item.user.name) : "",
        item.tenant === null ? "" : String(item.tenant),
        formatTime(item.added_at, output.zone),
      ],
    },
    output,
  );
}

function toMembership({ user, tenant }: JsonObject): Membership {
  const id = isJsonObject(user) ? user.id : user;
  return { user_id: String(id), tenant: typeof tenant === "string" ? tenant : null };
}

function formatMembers(members: readonly Membership[]): string {
  const names = members
    .slice(0, 20)
    .map(({ user_id, tenant }) => (tenant === null ? user_id : `${user_id} (${tenant})`));
  return names.join(", ") + (members.length > names.length ? `, … (${members.length})` : "");
}

function printMembershipChange(audience: string, text: string, output: Output): void {
  if (!output.verbosity.quiet) output.line(`${output.colors.green("✓")} ${output.colors.bold(audience)}: ${text}`);
}

/** Prints the members as they were requested, because the API's response is empty. */
export function printMembersAdded(audience: string, members: readonly JsonObject[], output: Output): void {
  const added = members.map(toMembership);
  if (output.verbosity.json) return output.json({ audience, added });
  printMembershipChange(audience, `added ${formatMembers(added)}`, output);
}

/**
 * Prints the members that were removed, and lists requested ones that were not members. `removed` is null on the remote
 * target, because the API's response is empty.
 */
export function printMembersRemoved(
  audience: string,
  members: readonly JsonObject[],
  removed: readonly Membership[] | null,
  output: Output,
): void {
  if (removed === null) {
    if (output.verbosity.json) return output.json({ audience, removed, not_members: null });
    return printMembershipChange(
      audience,
      `removed ${formatMembers(members.map(toMembership))} if they were members`,
      output,
    );
  }
  const removedKeys = new Set(removed.map(({ user_id, tenant }) => JSON.stringify([user_id, tenant])));
  const not_members = members
    .map(toMembership)
    .filter(({ user_id, tenant }) => !removedKeys.has(JSON.stringify([user_id, tenant])));
  if (output.verbosity.json) return output.json({ audience, removed: [...removed], not_members });
  if (removed.length > 0) printMembershipChange(audience, `removed ${formatMembers(removed)}`, output);
  else output.line(`${output.colors.bold(audience)}: nothing to remove`);
  if (not_members.length === 0) return;
  const hint = not_members.some(({ tenant }) => tenant === null)
    ? ". Add --tenant to remove a membership of a tenant"
    : "";
  output.note(`note: not a member, so ignored: ${formatMembers(not_members)}${hint}`);
}
