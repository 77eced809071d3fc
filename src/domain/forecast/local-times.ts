/** The date and the minutes after midnight in a time zone. */
interface LocalTime {
  day: string;
  minute: number;
}

/** Returns the local time in any time zone. Formatters are kept, because creating one takes longer than using it. */
export class LocalTimes {
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
