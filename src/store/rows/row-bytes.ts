/**
 * Returns the bytes of text columns as SQL. Databases know the length of a text without reading it. In a list of names, the first
 * that is not null counts.
 */
function buildBytes(...columns: readonly (string | readonly string[])[]): string {
  const parts = columns.map(
    (names) =>
      `COALESCE(${[names]
        .flat()
        .map((name) => `octet_length(${name})`)
        .join(", ")}, 0)`,
  );
  return parts.join(" + ");
}

/** The bytes of the items of each list, with the aliases that the queries of both stores use. A message has its run's data if it has no own. */
export const MESSAGE_BYTES = buildBytes(
  "m.content",
  ["m.data", "w.data"],
  "m.metadata",
  "m.recipient_snapshot",
  "m.events",
);
export const RUN_BYTES = buildBytes("w.data", "r.data", "r.steps", "r.events");
export const RECIPIENT_BYTES = buildBytes("r.properties", "r.preferences", "r.channel_data");
export const SUBSCRIPTION_BYTES = buildBytes("s.properties");
export const SCHEDULE_BYTES = buildBytes("t.data", "t.repeats");
export const SOURCE_EVENT_BYTES = buildBytes("event", "actions");
