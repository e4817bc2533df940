-- Who did what in a PostHog batch export (tables events and persons). A person has several
-- distinct_ids, and properties become columns, so that config/presets/posthog.yml can name them.
CREATE VIEW usage_events AS
SELECT e.team_id, e.event, e."timestamp", COALESCE(p.person_id::text, e.distinct_id) AS person,
       e.properties ->> 'format' AS format
FROM events e LEFT JOIN persons p ON p.team_id = e.team_id AND p.distinct_id = e.distinct_id;
