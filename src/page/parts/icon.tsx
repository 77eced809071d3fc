/** Paths of strokes in a 16 × 16 square. */
const PATHS: Record<string, string> = {
  email: "M2 4h12v8.5H2zM2 4.5l6 4.5 6-4.5",
  sms: "M2.5 3h11v8H7l-3 2.5V11H2.5zM5.5 6h5M5.5 8.2h3",
  push: "M8 2a3.8 3.8 0 0 1 3.8 3.8c0 3.4 1.7 4.7 1.7 4.7h-11s1.7-1.3 1.7-4.7A3.8 3.8 0 0 1 8 2zM6.6 12.7a1.5 1.5 0 0 0 2.8 0",
  chat: "M6 2.5 4.8 13.5M11.2 2.5 10 13.5M2.8 6h10.7M2.5 10h10.7",
  in_app_feed: "M2.5 3h11v10h-11zM2.5 9H6l.8 1.5h2.4L10 9h3.5",
  http: "M8 6.3a2.1 2.1 0 1 0-1-1.9M8 6.3 5.7 10.6M4.4 9.6a2.1 2.1 0 1 0 2.1 2.1h4.9M10 4.4l2 3.9M11.6 9.6a2.1 2.1 0 1 1-1.5 3.6",
  requests: "M2.5 5.5h9M9 3l2.5 2.5L9 8M13.5 10.5h-9M7 8l-2.5 2.5L7 13",
  workflows: "M2.5 2.5h5v3.5h-5zM8.5 10h5v3.5h-5zM5 6v5.8h3.5",
  schedules: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3",
  ai_agent: "M8 2l1.6 4.4L14 8l-4.4 1.6L8 14l-1.6-4.4L2 8l4.4-1.6z",
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
  http_fetch: "M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M2.5 10.5v3h11v-3",
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
