import { isObject, type JsonObject } from "../lib/json.js";
import { absoluteText } from "../lib/time.js";
import { spaced, statusWord, toneOf } from "../lib/words.js";

/** `attempt=2  failure_details=…`: what is plain of an event's data. */
function dataText({ data }: JsonObject): string {
  const plain = Object.entries(isObject(data) ? data : {}).filter(([, value]) => typeof value !== "object");
  return plain.map(([name, value]) => `${name}=${String(value)}`).join("  ");
}

/** What happened to a run or a message, to the second: one log of both. */
export function Events({ events }: { events: JsonObject[] }) {
  return (
    <ol class="events">
      {events.map((event) => {
        const name = String(event.event ?? event.type).replace("message.", "");
        const word = String(statusWord(name));
        const isBad = event.status === "error" || toneOf(name) === "bad";
        return (
          <li key={String(event.id)} class={isBad ? "failed" : undefined}>
            <time dateTime={String(event.inserted_at)}>{absoluteText(Date.parse(String(event.inserted_at)))}</time>{" "}
            <span>
              {spaced(word)} {event.step_ref ? <code>{String(event.step_ref)}</code> : null}
            </span>{" "}
            <code class="muted">{dataText(event)}</code>
          </li>
        );
      })}
    </ol>
  );
}
