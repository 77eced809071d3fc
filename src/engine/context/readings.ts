import { changedRecipient } from "../../domain/recipient/merge-recipient.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import type { TranslationAudience, Translations } from "../../domain/template/translation.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Json, JsonObject } from "../../util/json.js";
import type { RenderServices } from "../liquid/filters/render-services.js";
import { RenderError } from "../liquid/render-error.js";
import { recipientView } from "./scope.js";

/** Where answers about what filters read stand: templates anywhere in a run may ask. */
export const READINGS = "$readings";

/** The `subscriptions` filter gives at most so many (E-066). */
export const MAX_READ_SUBSCRIPTIONS = 25;

/** What a filter asked for. */
export type Reading =
  | { of: "recipient"; key: RecipientKey }
  | { of: "subscriptions"; key: RecipientKey }
  | { of: "translations" };

/** What was read for a run; null for a recipient who is not there. */
export interface Readings {
  recipients: ReadonlyMap<RecipientKey, Recipient | null>;
  subscriptions: ReadonlyMap<RecipientKey, readonly { subscription: Subscription; object: Recipient | null }[]>;
  /** An error where the files are at fault. */
  translations: Translations | KnockError | null;
}

export const NOTHING_READ: Readings = { recipients: new Map(), subscriptions: new Map(), translations: null };

/** What the services of a run are made of. */
export interface ServicesInput {
  now: number;
  audience: TranslationAudience;
  known: Readings;
  /** Changes of recipients by the run that are not written yet. */
  unwritten(): readonly RecipientUpsert[];
  /** Throws: the run is to be walked again once these are read. */
  ask(wanted: readonly Reading[]): never;
  warn(text: string): void;
}

/**
 * What a run's templates are rendered with. What is not read yet counts as missing while a template renders; once it is
 * through, all that it asked for becomes one need, and the run is walked again with the answers.
 */
export class RunServices implements RenderServices {
  readonly now: number;
  readonly audience: TranslationAudience;
  private readonly known: Readings;
  /** Made when a filter asks: most runs' templates ask for nothing. */
  private wanted: Map<string, Reading> | null = null;

  constructor(private readonly input: ServicesInput) {
    this.now = input.now;
    this.known = input.known;
    this.audience = input.audience;
  }

  private want(reading: Reading): void {
    this.wanted ??= new Map();
    this.wanted.set(JSON.stringify(reading), reading);
  }

  recipient(key: RecipientKey): JsonObject | null {
    const read = this.known.recipients.get(key);
    if (read === undefined) this.want({ of: "recipient", key });
    const current = changedRecipient(read ?? null, key, this.input.unwritten(), this.now);
    return current === null ? null : recipientView(current);
  }

  subscriptions(key: RecipientKey): Json[] {
    const read = this.known.subscriptions.get(key);
    if (read === undefined) this.want({ of: "subscriptions", key });
    return (read ?? []).map(({ subscription, object }) => ({
      object: object === null ? null : recipientView(object),
      properties: subscription.properties,
    }));
  }

  translations(): Translations | null {
    const { translations } = this.known;
    if (translations instanceof KnockError) throw new RenderError(translations.message, { cause: translations });
    if (translations === null) this.want({ of: "translations" });
    return translations;
  }

  settle(): void {
    if (this.wanted !== null) this.input.ask([...this.wanted.values()]);
  }

  forAudience(audience: TranslationAudience): RenderServices {
    return Object.create(this, { audience: { value: audience, enumerable: true } }) as RenderServices;
  }

  warn(text: string): void {
    // While something is missing only because it is not read yet, nothing is known to be missing.
    if (this.wanted === null) this.input.warn(text);
  }
}
