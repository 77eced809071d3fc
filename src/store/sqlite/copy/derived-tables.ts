/** Records which blocks contain which values and times, as `RowBlocks` does, for rows that were inserted without it. */
export const FILL_ROW_BLOCKS = `
  INSERT INTO row_blocks SELECT DISTINCT 'messages.status', status, row >> 8 FROM messages
    WHERE status NOT IN ('queued', 'delivery_attempted');
  INSERT INTO row_blocks SELECT DISTINCT 'messages.channel', CAST(channel AS TEXT), row >> 8 FROM messages;
  INSERT INTO row_blocks SELECT DISTINCT 'messages.workflow', w.workflow, m.row >> 8 FROM messages m
    CROSS JOIN recipient_runs r ON r.row = m.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run;
  INSERT INTO row_blocks SELECT DISTINCT 'messages.tenant', w.tenant, m.row >> 8 FROM messages m
    CROSS JOIN recipient_runs r ON r.row = m.recipient_run CROSS JOIN workflow_runs w ON w.row = r.workflow_run WHERE w.tenant IS NOT NULL;
  INSERT INTO row_blocks SELECT DISTINCT 'runs.status', status, row >> 8 FROM recipient_runs
    WHERE status NOT IN ('queued', 'processing', 'paused');
  INSERT INTO row_blocks SELECT DISTINCT 'runs.errors', 'some', row >> 8 FROM recipient_runs WHERE error_count > 0;
  INSERT INTO row_blocks SELECT DISTINCT 'runs.workflow', w.workflow, r.row >> 8 FROM recipient_runs r
    CROSS JOIN workflow_runs w ON w.row = r.workflow_run;
  INSERT INTO row_blocks SELECT DISTINCT 'runs.tenant', w.tenant, r.row >> 8 FROM recipient_runs r
    CROSS JOIN workflow_runs w ON w.row = r.workflow_run WHERE w.tenant IS NOT NULL;
  INSERT INTO row_blocks
    SELECT DISTINCT 'messages.engagement', e.value, m.row >> 8 FROM messages m
      CROSS JOIN json_each('["interacted","link_clicked","archived"]') e
    WHERE CASE e.value WHEN 'interacted' THEN m.interacted_at WHEN 'link_clicked' THEN m.link_clicked_at ELSE m.archived_at END IS NOT NULL;
  INSERT INTO block_times
    SELECT 'messages', row >> 8, MIN(inserted_at), MAX(inserted_at) FROM messages GROUP BY row >> 8;
  INSERT INTO block_times
    SELECT 'recipient_runs', row >> 8, MIN(inserted_at), MAX(inserted_at) FROM recipient_runs GROUP BY row >> 8;
`;

/** Counts the feeds with so many messages that `feed-counts.ts` keeps their counts. */
export const FILL_FEED_COUNTS = `
  INSERT INTO feed_counts
    SELECT recipient, 0, '', 0, 0, 0, 0 FROM messages GROUP BY recipient HAVING COUNT(*) >= 1000;
  INSERT INTO feed_counts
    SELECT m.recipient, m.channel, COALESCE(w.tenant, ''), m.archived_at IS NOT NULL, COUNT(*), COUNT(*) - COUNT(m.read_at),
      COUNT(*) - COUNT(m.seen_at)
    FROM feed_counts c CROSS JOIN messages m ON m.recipient = c.recipient CROSS JOIN recipient_runs r ON r.row = m.recipient_run
      CROSS JOIN workflow_runs w ON w.row = r.workflow_run
    WHERE m.channel IN (SELECT row FROM channels WHERE type = 'in_app_feed') AND m.status = 'delivered' GROUP BY 1, 2, 3, 4;
`;
