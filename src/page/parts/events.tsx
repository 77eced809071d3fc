import { formatDeliveryStatus } from "../../domain/message/message.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { getTone, replaceUnderscores } from "../lib/labels.js";
import { formatAbsoluteTime } from "../lib/time.js";

/** Formats the values of an event's data that are not nested: `attempt=2  failure_details=…`. */
function formatEventData({ data }: JsonObject): string {
  const plain = Object.entries(isJsonObject(data) ? data : {}).filter(([, value]) => typeof value !== "object");
  return plain.map(([name, value]) => `${name}=${String(value)}`).join("  ");
}

/** Displays the events of a run or message as a log, with times to the second. */
export function Events({ events }: { events: JsonObject[] }) {
  return (
    <ol class="events">
      {events.map((event) => {
        const name = String(event.event ?? event.type).replace("message.", "");
        const word = String(formatDeliveryStatus(name));
        const isBad = event.status === "error" || getTone(name) === "bad";
        return (
          <li key={String(event.id)} class={isBad ? "failed" : undefined}>
            <time dateTime={String(event.inserted_at)}>
              {formatAbsoluteTime(Date.parse(String(event.inserted_at)))}
            </time>{" "}
            <span>
              {replaceUnderscores(word)} {event.step_ref ? <code>{String(event.step_ref)}</code> : null}
            </span>{" "}
            <code class="muted">{formatEventData(event)}</code>
          </li>
        );
      })}
    </ol>
  );
}
