import { hasTrait } from "../../domain/message/channel-types.js";
import type { Message } from "../../domain/message/message.js";
import { type RecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { ForecastReport } from "./forecast-report-schema.js";
import { isQuiet, type QuietHours } from "./quiet-hours.js";

/** The date and the minutes after midnight in a time zone. */
interface LocalTime {
  day: string;
  minute: number;
}

/** Returns the local time in any time zone. Formatters are kept, because creating one takes longer than using it. */
class LocalTimes {
  private readonly formats = new Map<string, Intl.DateTimeFormat>();

  read(at: number, zone: string): LocalTime {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
    for (const { type, value } of this.getFormat(zone).formatToParts(at)) parts[type] = value;
    return {
      day: `${parts.year}-${parts.month}-${parts.day}`,
      minute: Number(parts.hour) * 60 + Number(parts.minute),
    };
  }

  private getFormat(zone: string): Intl.DateTimeFormat {
    let format = this.formats.get(zone);
    if (format === undefined) {
      format = createFormat(zone);
      this.formats.set(zone, format);
    }
    return format;
  }
}

/** An unknown time zone of a recipient is UTC, as for the engine. */
function createFormat(timeZone: string): Intl.DateTimeFormat {
  const digits = "2-digit";
  const options = {
    year: "numeric",
    month: digits,
    day: digits,
    hour: digits,
    minute: digits,
    hourCycle: "h23",
  } as const;
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
  }
}

/** Limits lists of single messages and triggers in the report. */
const MAX_LISTED = 100;

export interface ForecastLimits {
  /** The number of messages per recipient and day that is not exceeded, or null. */
  maxPerDay: number | null;
  quietHours: QuietHours | null;
}

type Counts = Map<string, number>;

const increment = (counts: Counts, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
const sum = (counts: Counts): number => [...counts.values()].reduce((total, count) => total + count, 0);

/** Returns the value of a key, which is created if it is missing. */
function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** Returns when a message is sent. A send window holds it until its opening. */
export const getSendTime = ({ inserted_at, scheduled_at }: Message): number => Math.max(inserted_at, scheduled_at ?? 0);

/** Counts messages as they are added, so that no message is kept. */
export class ForecastBuilder {
  private readonly times = new LocalTimes();
  private readonly recipients = new Map<RecipientKey, Map<string, Counts>>();
  private readonly days = new Map<string, Counts>();
  private readonly channels = new Map<string, { type: string; messages: number }>();
  private readonly batches = new Map<string, { workflow: string; step: string; sizes: number[] }>();
  private readonly quiet: ForecastReport["quiet_messages"] = [];
  private quietCount = 0;
  private messages = 0;

  constructor(private readonly limits: ForecastLimits) {}

  /** Adds a message. `zone` is the time zone of its recipient. */
  add(message: Message, zone: string): void {
    const { recipient, channel, workflow, step_ref, batch } = message;
    const at = getSendTime(message);
    const { day, minute } = this.times.read(at, zone);
    this.messages++;
    const ofRecipient = getOrCreate(this.recipients, recipient, () => new Map<string, Counts>());
    increment(
      getOrCreate(ofRecipient, day, () => new Map()),
      channel.key,
    );
    increment(
      getOrCreate(this.days, day, () => new Map()),
      channel.type,
    );
    getOrCreate(this.channels, channel.key, () => ({ type: channel.type, messages: 0 })).messages++;
    if (batch !== undefined)
      getOrCreate(this.batches, `${workflow}\0${step_ref}`, () => ({ workflow, step: step_ref, sizes: [] })).sizes.push(
        batch.total_activities,
      );
    const { quietHours } = this.limits;
    // In-app messages disturb no one.
    if (quietHours === null || hasTrait(channel.type, "isFeed") || !isQuiet(quietHours, minute)) return;
    this.quietCount++;
    if (this.quiet.length === MAX_LISTED) return;
    const clock = [Math.floor(minute / 60), minute % 60].map((value) => String(value).padStart(2, "0")).join(":");
    this.quiet.push({
      recipient: toRecipientReference(recipient),
      workflow,
      step: step_ref,
      channel: channel.key,
      at: toIsoTime(at),
      local_time: `${day} ${clock}`,
      time_zone: zone,
    });
  }

  build(
    { from, until, triggers }: { from: number; until: number; triggers: number },
    rejected: ForecastReport["rejected"],
  ): Omit<ForecastReport, "cost"> {
    const recipients = this.buildRecipients();
    const { maxPerDay } = this.limits;
    const overBudget = recipients.flatMap(({ recipient, days }) =>
      days
        .filter(({ messages }) => maxPerDay !== null && messages > maxPerDay)
        .map(({ day, messages }) => ({ recipient, day, messages })),
    );
    return {
      from: toIsoTime(from),
      until: toIsoTime(until),
      summary: {
        triggers,
        rejected: rejected.length,
        messages: this.messages,
        recipients: recipients.length,
        quiet_messages: this.quietCount,
        over_budget: overBudget.length,
      },
      channels: [...this.channels]
        .map(([channel, counts]) => ({ channel, ...counts }))
        .sort((a, b) => b.messages - a.messages || (a.channel < b.channel ? -1 : 1)),
      days: [...this.days]
        .sort(byName)
        .map(([day, types]) => ({ day, messages: sum(types), types: Object.fromEntries([...types].sort(byName)) })),
      recipients,
      batches: this.buildBatches(),
      quiet_messages: this.quiet.sort((a, b) => (a.at < b.at ? -1 : 1)),
      over_budget: overBudget,
      rejected: rejected.slice(0, MAX_LISTED),
    };
  }

  private buildRecipients(): ForecastReport["recipients"] {
    return [...this.recipients]
      .sort(byName)
      .map(([key, byDay]) => {
        const days = [...byDay].sort(byName).map(([day, channels]) => ({
          day,
          messages: sum(channels),
          channels: Object.fromEntries([...channels].sort(byName)),
        }));
        return {
          recipient: toRecipientReference(key),
          messages: days.reduce((total, { messages }) => total + messages, 0),
          max_per_day: days.reduce((max, { messages }) => Math.max(max, messages), 0),
          days,
        };
      })
      .sort((a, b) => b.max_per_day - a.max_per_day || b.messages - a.messages);
  }

  private buildBatches(): ForecastReport["batches"] {
    return [...this.batches].sort(byName).map(([, { workflow, step, sizes }]) => {
      const sorted = sizes.sort((a, b) => a - b);
      const at = (index: number): number => sorted[index] ?? 0;
      const last = sorted.length - 1;
      return { workflow, step, messages: sorted.length, min: at(0), median: at(Math.floor(last / 2)), max: at(last) };
    });
  }
}
