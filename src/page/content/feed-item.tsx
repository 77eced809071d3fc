import { formatRecipient } from "../../domain/recipient/recipient.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../util/json.js";
import { getInitial } from "../lib/labels.js";
import { Time } from "../parts/basics.js";
import { OutLink, RichText } from "./rich-text.js";

interface FeedItemProps {
  blocks: unknown;
  actors: unknown;
  at: unknown;
  isRead: boolean;
}

/** Displays a feed item as an application's feed does. */
export function FeedItem({ blocks, actors, at, isRead }: FeedItemProps) {
  const [first] = Array.isArray(actors) ? actors : [];
  const name = isJsonObject(first) ? String(first.name ?? first.id) : formatRecipient(first);
  const known = filterObjects(blocks);
  const action = known.find((block) => block.name === "action_url")?.rendered;
  return (
    <article class={isRead ? "feed-item" : "feed-item unread"}>
      <span class="avatar" aria-hidden="true">
        {getInitial(name)}
      </span>
      <div class="feed-body">
        {known.map((block: JsonObject, at) => {
          if (block.type === "button_set")
            return (
              <p key={String(at)} class="feed-buttons">
                {filterObjects(block.buttons).map((button, index) => (
                  <OutLink
                    key={String(index)}
                    to={String(button.action ?? "")}
                    kind={index === 0 ? "feed-button first" : "feed-button"}
                  >
                    {String(button.label ?? "")}
                  </OutLink>
                ))}
              </p>
            );
          return block.name === "action_url" ? null : <RichText key={String(at)} html={String(block.rendered ?? "")} />;
        })}
        <p class="feed-foot">
          <Time at={at} />
          {isRead ? null : <span class="unseen">unread</span>}
          {typeof action === "string" && action !== "" ? <OutLink to={action}>{action}</OutLink> : null}
        </p>
      </div>
    </article>
  );
}
