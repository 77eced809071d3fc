/** The topics of `knock help` except those of features, in the order of the list. They are apart from the texts, which few commands need. */
export const TOPIC_NAMES = ["environment", "exit-codes", "targets", "json", "clock"] as const;

export type TopicName = (typeof TOPIC_NAMES)[number];
