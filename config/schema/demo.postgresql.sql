-- The demo's tables: those of a product that launched report exports and share links.
CREATE TABLE usage_exporter_demo (
  seed BIGINT NOT NULL,
  launch TIMESTAMPTZ NOT NULL
);
CREATE TABLE teams (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE accounts (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  plan TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE users (
  id BIGINT PRIMARY KEY,
  created_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ,
  is_internal BOOLEAN NOT NULL,
  team_id BIGINT NOT NULL REFERENCES teams (id),
  account_id BIGINT NOT NULL REFERENCES accounts (id)
);
CREATE TABLE user_activity (
  id BIGINT PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id),
  occurred_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX user_activity_occurred_at ON user_activity (occurred_at, user_id);
CREATE TABLE export_logs (
  id BIGINT PRIMARY KEY,
  created_at TIMESTAMPTZ NOT NULL,
  ingested_at TIMESTAMPTZ NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  format TEXT NOT NULL,
  report_type TEXT NOT NULL,
  channel_id INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('completed', 'failed')),
  error_code TEXT,
  duration_ms INTEGER NOT NULL,
  file_size_bytes BIGINT
);
CREATE INDEX export_logs_created_at ON export_logs (created_at, user_id);
CREATE INDEX export_logs_ingested_at ON export_logs (ingested_at);
CREATE TABLE shared_reports (
  id BIGINT PRIMARY KEY,
  created_at TIMESTAMPTZ NOT NULL,
  created_by BIGINT NOT NULL REFERENCES users (id),
  share_token TEXT NOT NULL,
  report_type TEXT NOT NULL,
  channel_id INTEGER NOT NULL,
  ttl_hours INTEGER,
  revoked_at TIMESTAMPTZ,
  access_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX shared_reports_created_at ON shared_reports (created_at, created_by);
CREATE INDEX shared_reports_share_token ON shared_reports (share_token);
CREATE TABLE share_accesses (
  id BIGINT PRIMARY KEY,
  share_id BIGINT NOT NULL REFERENCES shared_reports (id),
  accessed_at TIMESTAMPTZ NOT NULL,
  viewer_id BIGINT,
  viewer_kind TEXT NOT NULL CHECK (viewer_kind IN ('creator', 'member', 'external', 'bot'))
);
CREATE INDEX share_accesses_accessed_at ON share_accesses (accessed_at);
CREATE INDEX share_accesses_share_id ON share_accesses (share_id, accessed_at);
CREATE TABLE feature_ratings (
  id BIGINT PRIMARY KEY,
  created_at TIMESTAMPTZ NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  feature TEXT NOT NULL,
  score INTEGER NOT NULL,
  scale_max INTEGER NOT NULL,
  CHECK (score BETWEEN 1 AND scale_max)
);
CREATE INDEX feature_ratings_created_at ON feature_ratings (created_at);
CREATE TABLE support_tickets (
  id BIGINT PRIMARY KEY,
  created_at TIMESTAMPTZ NOT NULL,
  category TEXT NOT NULL
);
CREATE INDEX support_tickets_created_at ON support_tickets (created_at);
CREATE TABLE feedback (
  id BIGINT PRIMARY KEY,
  created_at TIMESTAMPTZ NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  theme TEXT NOT NULL
);
CREATE INDEX feedback_created_at ON feedback (created_at)
