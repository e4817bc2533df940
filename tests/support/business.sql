-- What business measures are, as plain SQL over the demo's tables in SQLite. Times are texts that sort;
-- `now` holds the instant, `windows` the bounds of each window and of as long before, both on the hour.
-- A statement gives the labels and the value of every series; it comes under the measure's name.

-- = prepare
CREATE TEMP VIEW staff AS SELECT id FROM users WHERE is_internal;
CREATE TEMP VIEW uses AS
  SELECT 'export' AS feature, user_id AS user, created_at AS t, format FROM export_logs WHERE status = 'completed'
  UNION ALL SELECT 'share', created_by, created_at, NULL FROM shared_reports;
CREATE TEMP VIEW counted_uses AS SELECT * FROM uses WHERE user NOT IN staff;
CREATE TEMP VIEW seen AS SELECT user, t FROM uses UNION ALL SELECT user_id, occurred_at FROM user_activity;
CREATE TEMP VIEW links AS
  SELECT id, created_at AS t, share_token, nullif(ttl_hours, 0) AS ttl,
         datetime(strftime('%Y-%m-%d %H:00:00', created_at), '+1 hour',
                  '+' || min(168, coalesce(nullif(ttl_hours, 0), 168)) || ' hours') AS matures
  FROM shared_reports WHERE revoked_at IS NULL AND created_by NOT IN staff AND created_at < (SELECT at FROM now);
CREATE TEMP VIEW maturing AS
  SELECT w.label AS win, l.id,
         (SELECT count(*) FROM share_accesses a WHERE a.share_id = l.id AND a.accessed_at < l.matures
            AND viewer_kind IN ('member', 'external')) AS opened,
         (SELECT count(*) FROM share_accesses a WHERE a.share_id = l.id AND a.accessed_at < l.matures
            AND viewer_kind = 'external') AS outside
  FROM windows w JOIN links l ON l.matures > w.first AND l.matures <= w.stop;
CREATE TEMP VIEW kinds AS SELECT 'creator' AS kind UNION SELECT 'member' UNION SELECT 'external' UNION SELECT 'bot';
CREATE TEMP VIEW rated AS
  SELECT feature, user_id, round(10.0 * score / scale_max, 6) AS score,
         row_number() OVER (PARTITION BY feature, user_id ORDER BY created_at DESC) AS back
  FROM feature_ratings, now WHERE created_at < at AND created_at >= datetime(at, '-90 days')
    AND user_id IN (SELECT id FROM users, now WHERE NOT is_internal AND (deleted_at IS NULL OR deleted_at >= at));
CREATE TEMP VIEW baseline AS
  SELECT count(*) / 8.0 AS per_week FROM support_tickets, launch
  WHERE category = 'data_access' AND created_at < begin AND created_at >= datetime(begin, '-56 days');
CREATE TEMP VIEW periods AS
  SELECT 'last' AS name, datetime(at, '-28 days') AS first, at AS stop FROM now
  UNION ALL SELECT 'before', datetime(at, '-56 days'), datetime(at, '-28 days') FROM now
  UNION ALL SELECT 'base', datetime(begin, '-28 days'), begin FROM launch
  UNION ALL SELECT 'base before', datetime(begin, '-56 days'), datetime(begin, '-28 days') FROM launch;
CREATE TEMP VIEW kept AS
  SELECT DISTINCT p.name, u.account_id FROM periods p JOIN seen s ON s.t >= p.first AND s.t < p.stop
  JOIN users u ON u.id = s.user AND NOT u.is_internal AND (u.deleted_at IS NULL OR u.deleted_at >= p.stop);
CREATE TEMP VIEW retained AS
  SELECT (SELECT count(*) FROM kept WHERE name = 'before') AS cohort,
         (SELECT count(*) FROM kept a JOIN kept b USING (account_id) WHERE a.name = 'before' AND b.name = 'last') AS stayed,
         (SELECT count(*) FROM kept WHERE name = 'base before') AS base_cohort,
         (SELECT count(*) FROM kept a JOIN kept b USING (account_id)
          WHERE a.name = 'base before' AND b.name = 'base') AS base_stayed;
CREATE TEMP VIEW streams AS
  SELECT 'export' AS feature, 'time_saved' AS stream, 900 AS worth UNION SELECT 'export', 'analysis', 0
  UNION SELECT 'share', 'time_saved', 600;
CREATE TEMP VIEW stream_uses AS
  SELECT s.feature, s.stream, s.worth, u.user, u.t FROM streams s
  JOIN counted_uses u ON u.feature = s.feature AND (s.stream <> 'analysis' OR u.format IN ('csv', 'xlsx'));
CREATE TEMP VIEW earned AS
  SELECT feature, stream, (SELECT count(*) FROM stream_uses u, now, launch WHERE u.feature = s.feature
         AND u.stream = s.stream AND t >= begin AND t < at) * worth / 3600.0 * 50 AS money,
         (SELECT count(*) FROM stream_uses u, now, launch WHERE u.feature = s.feature
         AND u.stream = s.stream AND t >= max(begin, datetime(at, '-28 days')) AND t < at) * worth / 3600.0 * 50 AS lately
  FROM streams s WHERE worth > 0
  UNION ALL
  SELECT '', 'ticket_avoided',
         12 * (per_week * (julianday(at) - julianday(begin)) / 7
               - (SELECT count(*) FROM support_tickets WHERE category = 'data_access' AND created_at >= begin AND created_at < at)),
         12 * (per_week * (julianday(at) - julianday(max(begin, datetime(at, '-28 days')))) / 7
               - (SELECT count(*) FROM support_tickets WHERE category = 'data_access'
                  AND created_at >= max(begin, datetime(at, '-28 days')) AND created_at < at))
  FROM baseline, now, launch;

-- = at an instant
DROP TABLE IF EXISTS mature;
CREATE TEMP TABLE mature AS SELECT * FROM maturing;

-- = usage_artifacts
SELECT 'share' AS feature, label AS window, (SELECT count(DISTINCT share_token) FROM links WHERE t >= first AND t < stop) FROM windows
-- = usage_artifacts_mature
SELECT 'share' AS feature, label AS window, (SELECT count(*) FROM mature WHERE win = label) FROM windows
-- = usage_artifacts_opened
SELECT 'share' AS feature, label AS window, (SELECT count(*) FROM mature WHERE win = label AND opened > 0) FROM windows
-- = usage_artifact_access_ratio
SELECT 'share' AS feature, win AS window, avg(opened > 0) FROM mature GROUP BY win
-- = usage_artifact_external_access_ratio
SELECT 'share' AS feature, win AS window, avg(outside > 0) FROM mature GROUP BY win
-- = usage_artifact_accesses_mean
SELECT 'share' AS feature, win AS window, avg(opened) FROM mature GROUP BY win
-- = usage_artifact_accesses_median
SELECT 'share' AS feature, win AS window, avg(opened)
FROM (SELECT win, opened, row_number() OVER (PARTITION BY win ORDER BY opened) AS place,
             count(*) OVER (PARTITION BY win) AS n FROM mature)
WHERE place IN ((n + 1) / 2, (n + 2) / 2) GROUP BY win
-- = usage_artifact_accesses_total
SELECT 'share' AS feature, kind AS viewer, (SELECT count(*) FROM share_accesses, now WHERE viewer_kind = kind AND accessed_at < at) FROM kinds
-- = usage_artifact_accesses
SELECT 'share' AS feature, kind AS viewer, label AS window,
       (SELECT count(*) FROM share_accesses WHERE viewer_kind = kind AND accessed_at >= first AND accessed_at < stop) FROM kinds, windows
-- = usage_artifact_viewers
SELECT 'share' AS feature, kind AS viewer, label AS window,
       (SELECT count(DISTINCT viewer_id) FROM share_accesses WHERE viewer_kind = kind AND accessed_at >= first AND accessed_at < stop
          AND viewer_id NOT IN staff) FROM kinds, windows
-- = usage_collaboration_change_ratio
SELECT 'share' AS feature, label AS window, 1.0 * is_now / was - 1 FROM (
  SELECT label,
         (SELECT count(DISTINCT viewer_id) FROM share_accesses WHERE viewer_kind = 'external' AND accessed_at >= first AND accessed_at < stop) AS is_now,
         (SELECT count(DISTINCT viewer_id) FROM share_accesses WHERE viewer_kind = 'external' AND accessed_at >= before AND accessed_at < first) AS was
  FROM windows WHERE before IS NOT NULL) WHERE was > 0
-- = usage_artifact_ttl_seconds_mean
SELECT 'share' AS feature, label AS window, avg(3600 * ttl) FROM windows JOIN links ON t >= first AND t < stop AND ttl IS NOT NULL GROUP BY label
-- = usage_artifacts_without_expiry
SELECT 'share' AS feature, label AS window, (SELECT count(*) FROM links WHERE t >= first AND t < stop AND ttl IS NULL) FROM windows

-- = usage_rating_score
SELECT feature, avg(score) FROM rated WHERE back = 1 GROUP BY feature HAVING count(*) >= 20
-- = usage_ratings
SELECT f.feature, (SELECT count(*) FROM rated r WHERE r.feature = f.feature AND back = 1)
FROM (SELECT 'export' AS feature UNION SELECT 'share') f
-- = usage_ratings_total
SELECT f.feature, (SELECT count(DISTINCT user_id || strftime(' %Y-%m-%d %H', created_at)) FROM feature_ratings r, now
                   WHERE r.feature = f.feature AND created_at < at)
FROM (SELECT 'export' AS feature UNION SELECT 'share') f

-- = usage_tickets
SELECT c.category, label AS window,
       (SELECT count(*) FROM support_tickets t WHERE (t.category = 'data_access') = (c.category = 'data_access')
        AND created_at >= first AND created_at < stop)
FROM (SELECT 'data_access' AS category UNION SELECT 'other') c, windows
-- = usage_tickets_baseline_per_week
SELECT 'data_access' AS category, per_week FROM baseline
-- = usage_ticket_reduction_ratio
SELECT 'data_access' AS category, 1 - (SELECT count(*) / 4.0 FROM support_tickets
       WHERE category = 'data_access' AND created_at < at AND created_at >= datetime(at, '-28 days')) / per_week
FROM baseline, now, launch WHERE datetime(at, '-28 days') >= begin
-- = usage_feedback_total
SELECT t.theme, (SELECT count(*) FROM feedback f, now WHERE f.theme = t.theme AND created_at < at)
FROM (SELECT 'time_saved' AS theme UNION SELECT 'workflow' UNION SELECT 'more_formats' UNION SELECT 'advanced_sharing'
      UNION SELECT 'bug' UNION SELECT 'other') t

-- = usage_account_retention_cohort_accounts
SELECT cohort FROM retained
-- = usage_account_retention_retained_accounts
SELECT stayed FROM retained
-- = usage_account_retention_ratio
SELECT 1.0 * stayed / cohort FROM retained
-- = usage_account_retention_baseline_ratio
SELECT 1.0 * base_stayed / base_cohort FROM retained
-- = usage_account_retention_change
SELECT 1.0 * stayed / cohort - 1.0 * base_stayed / base_cohort FROM retained

-- = usage_value_seconds_per_use
SELECT feature, stream, worth FROM streams
-- = usage_value_stream_uses
SELECT feature, stream, label AS window, (SELECT count(*) FROM stream_uses u WHERE u.feature = s.feature AND u.stream = s.stream
       AND t >= first AND t < stop) FROM streams s, windows
-- = usage_time_saved_seconds
SELECT f.feature, label AS window, (SELECT coalesce(sum(worth), 0) FROM stream_uses u WHERE u.feature = f.feature AND t >= first AND t < stop)
FROM (SELECT DISTINCT feature FROM streams) f, windows
-- = usage_time_saved_per_user_seconds_median
SELECT feature, avg(saved)
FROM (SELECT *, row_number() OVER (PARTITION BY feature ORDER BY saved) AS place, count(*) OVER (PARTITION BY feature) AS n
      FROM (SELECT feature, user, sum(worth) AS saved FROM stream_uses JOIN windows ON label = 'last_week' AND t >= first AND t < stop
            WHERE user IN (SELECT id FROM users WHERE deleted_at IS NULL OR deleted_at >= stop) GROUP BY feature, user))
WHERE place IN ((n + 1) / 2, (n + 2) / 2) GROUP BY feature
-- = usage_value
SELECT feature, stream, 'USD' AS currency, money FROM earned
-- = usage_investment
SELECT 'USD' AS currency, 35000
-- = usage_payback_ratio
SELECT sum(money) / 35000 FROM earned
-- = usage_roi_ratio
SELECT sum(money) / 35000 - 1 FROM earned
-- = usage_break_even_timestamp_seconds
SELECT unixepoch(at) + (35000 - sum(money)) / (sum(lately) / (86400 * min(28, julianday(at) - julianday(begin))))
FROM earned, now, launch HAVING sum(lately) > 0

-- = usage_capacity_info
SELECT 'exports_per_hour' AS resource, 'export' AS feature, 'peak_hourly_uses' AS measure, 'uses per hour' AS unit, 1
UNION ALL SELECT 'export_storage', 'export', 'stored_bytes', 'bytes', 1
-- = usage_capacity_used
SELECT 'exports_per_hour' AS resource, (SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM uses, now
       WHERE feature = 'export' AND t < at AND t >= datetime(at, '-7 days') GROUP BY strftime('%Y-%m-%d %H', t)))
UNION ALL
SELECT 'export_storage', (SELECT coalesce(sum(file_size_bytes), 0) FROM export_logs, now WHERE status = 'completed' AND created_at < at)
-- = usage_capacity_limit
SELECT 'exports_per_hour' AS resource, 60 UNION ALL SELECT 'export_storage', 50 * 1024 * 1024 * 1024
-- = usage_release_timestamp_seconds
SELECT '1.0' AS release, unixepoch(begin) FROM launch
