CREATE TABLE totals(kind TEXT, total INTEGER, bytes REAL);
INSERT INTO totals VALUES ('p', 12, 1.5e300), ('s', 9007199254740993, 0.1), (NULL, 0, 1e-9);
