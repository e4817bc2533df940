CREATE TABLE releases(version TEXT, channel TEXT);
INSERT INTO releases VALUES ('1.4.0', 'stable'), ('1.5.0-rc1', 'beta');
