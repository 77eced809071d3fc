import type { ComponentChildren } from "preact";
import type { JsonObject } from "../../util/json.js";

function Phone({ children, label }: { children: ComponentChildren; label: string }) {
  return (
    <figure class="phone" aria-label={label}>
      <div class="phone-top" aria-hidden="true" />
      <div class="phone-screen">{children}</div>
    </figure>
  );
}

export function Sms({ content }: { content: JsonObject }) {
  return (
    <Phone label="The text message on a phone">
      <p class="phone-to">{String(content.to ?? "")}</p>
      <p class="bubble">{String(content.body ?? "")}</p>
    </Phone>
  );
}

export function Push({ content, app }: { content: JsonObject; app: string }) {
  return (
    <Phone label="The notification on a phone">
      <div class="notification">
        <p class="notification-app">
          <span>{app}</span>
          <span>now</span>
        </p>
        <p class="notification-title">{String(content.title ?? "")}</p>
        <p class="notification-body">{String(content.body ?? "")}</p>
      </div>
    </Phone>
  );
}
