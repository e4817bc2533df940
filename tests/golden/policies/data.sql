CREATE TABLE scores(team TEXT, score INTEGER);
INSERT INTO scores VALUES ('a', 1), ('b', NULL), ('a', 5), ('a', 3);
CREATE TABLE players(name TEXT, score INTEGER);
INSERT INTO players VALUES ('p1', 10), ('p2', 30), ('p3', 20), ('p4', 5);
CREATE TABLE health(status TEXT);
INSERT INTO health VALUES ('degraded');
