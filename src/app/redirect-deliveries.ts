import { hasTrait } from "../domain/message/channel-types.js";
import type { Message } from "../domain/message/message.js";
import { redirectEmail } from "../domain/message/redirect-email.js";
import type { EngineContext } from "../engine/context/engine-context.js";

type FindProvider = EngineContext["findProvider"];

/**
 * Returns providers that send every email to one address. The stored messages keep their recipients. Messages of other
 * channel types that reach people are sent unchanged, with a warning for each channel.
 */
export function redirectDeliveries(
  findProvider: FindProvider,
  address: string,
  warn: (text: string) => void,
): FindProvider {
  const warned = new Set<string>();
  const redirect = (message: Message): Message => ({ ...message, content: redirectEmail(message.content, address) });
  return (channel) => {
    const provider = findProvider(channel);
    if (provider === null) return null;
    const { check } = provider;
    if (hasTrait(channel.type, "isRedirectable"))
      return {
        ...provider,
        send: (message, ...rest) => provider.send(redirect(message), ...rest),
        ...(check === undefined ? {} : { check: (message, ...rest) => check(redirect(message), ...rest) }),
      };
    if (hasTrait(channel.type, "needsNoRecipientData")) return provider;
    return {
      ...provider,
      send(...values) {
        if (!warned.has(channel.key))
          warn(
            `channel "${channel.key}" delivers to the original recipients: recipients.redirect applies only to emails`,
          );
        warned.add(channel.key);
        return provider.send(...values);
      },
    };
  };
}
