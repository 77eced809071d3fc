import { hasTrait } from "../domain/message/channel-types.js";
import type { Message } from "../domain/message/message.js";
import { redirectEmail } from "../domain/message/redirect-email.js";
import type { RecipientGuard } from "../domain/trigger/recipient-guard.js";
import type { EngineContext } from "../engine/context/engine-context.js";
import type { Provider } from "../ports/provider.js";
import type { ReadRecipient } from "./refuse-delivery.js";

type FindProvider = EngineContext["findProvider"];

/** Returns providers whose deliveries are limited by the project and the profile. */
export type GuardDeliveries = (
  findProvider: FindProvider,
  warn: (text: string) => void,
  readRecipient: ReadRecipient,
) => FindProvider;

/** Returns a provider that sends each email to one address. The stored messages keep their recipients. */
function redirectEmails(provider: Provider, address: string): Provider {
  const redirect = (message: Message): Message => ({ ...message, content: redirectEmail(message.content, address) });
  const { check } = provider;
  return {
    ...provider,
    send: (message, ...rest) => provider.send(redirect(message), ...rest),
    ...(check === undefined ? {} : { check: (message, ...rest) => check(redirect(message), ...rest) }),
  };
}

/** Returns a provider that refuses messages to recipients whom a guard does not allow. */
function refuseOthers(provider: Provider, guards: readonly RecipientGuard[], readRecipient: ReadRecipient): Provider {
  return {
    ...provider,
    async send(message, channel, ...rest) {
      const { refuseDelivery } = await import("./refuse-delivery.js");
      const refused = await refuseDelivery(message, channel.type, guards, readRecipient);
      return refused ?? provider.send(message, channel, ...rest);
    },
  };
}

/**
 * Returns a function that limits deliveries: emails go to `redirect` if it is set, and other messages that reach people only to recipients
 * that all guards allow. Without guards, they are sent unchanged, with a warning for each channel if emails are redirected.
 * Returns null if nothing is limited.
 */
export function createDeliveryGuard(
  redirect: string | null,
  guards: readonly RecipientGuard[],
): GuardDeliveries | null {
  if (redirect === null && guards.length === 0) return null;
  return (findProvider, warn, readRecipient) => {
    const warned = new Set<string>();
    return (channel) => {
      const provider = findProvider(channel);
      if (provider === null || hasTrait(channel.type, "needsNoRecipientData")) return provider;
      if (redirect !== null && hasTrait(channel.type, "isRedirectable")) return redirectEmails(provider, redirect);
      if (guards.length > 0) return refuseOthers(provider, guards, readRecipient);
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
  };
}
