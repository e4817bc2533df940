CREATE TABLE rollout(feature TEXT, state TEXT);
INSERT INTO rollout VALUES ('export', 'everyone'), ('share', 'beta');
