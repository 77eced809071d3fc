/** Paths of strokes in a 16 × 16 square. */
const PATHS: Record<string, string> = {
  email: "M2 4h12v8.5H2zM2 4.5l6 4.5 6-4.5",
  sms: "M2.5 3h11v8H7l-3 2.5V11H2.5zM5.5 6h5M5.5 8.2h3",
  push: "M8 2a3.8 3.8 0 0 1 3.8 3.8c0 3.4 1.7 4.7 1.7 4.7h-11s1.7-1.3 1.7-4.7A3.8 3.8 0 0 1 8 2zM6.6 12.7a1.5 1.5 0 0 0 2.8 0",
  chat: "M6 2.5 4.8 13.5M11.2 2.5 10 13.5M2.8 6h10.7M2.5 10h10.7",
  in_app_feed: "M2.5 3h11v10h-11zM2.5 9H6l.8 1.5h2.4L10 9h3.5",
  http: "M5.5 5 2.5 8l3 3M10.5 5l3 3-3 3M9 3.5l-2 9",
  messages: "M2 4h12v8.5H2zM2 4.5l6 4.5 6-4.5",
  runs: "M4 3v10M4 4.5h0M4 8h0M7.5 4.5h6M7.5 8h6M7.5 11.5h4",
  users: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.8a5.3 5.3 0 0 1 10.4 0",
  trigger: "M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z",
  delay: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.3 1.6",
  wait_for_event: "M4.5 2h7M4.5 14h7M5.5 2v2.5L8 8l2.5-3.5V2M5.5 14v-2.5L8 8l2.5 3.5V14",
  batch: "M8 2 2.5 5 8 8l5.5-3zM2.5 8 8 11l5.5-3M2.5 11 8 14l5.5-3",
  throttle: "M2 3h12L9.5 8.5V13l-3 1V8.5z",
  branch: "M8 2v3.5M8 5.5 3.5 9v4.5M8 5.5 12.5 9v4.5",
  random_cohort: "M8 2v3.5M8 5.5 3.5 9v4.5M8 5.5 12.5 9v4.5M8 5.5v8",
  http_fetch: "M5.5 5 2.5 8l3 3M10.5 5l3 3-3 3M9 3.5l-2 9",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.3 1.6",
};

/** Displays an icon beside a text with the same meaning. It is therefore hidden from screen readers. */
export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name] ?? PATHS.trigger} />
    </svg>
  );
}
