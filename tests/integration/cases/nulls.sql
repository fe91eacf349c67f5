CREATE TABLE n (a int, b text, c bytea, d numeric)

INSERT INTO n VALUES (NULL, NULL, NULL, NULL), (1, '', '', 0), (NULL, 'NULL', '\x00', 'NaN')

SELECT * FROM n ORDER BY a, b NULLS FIRST

SELECT a IS NULL, b IS NULL, coalesce(b, 'none'), count(*) OVER () FROM n ORDER BY a, b

SELECT * FROM n WHERE false

UPDATE n SET b = NULL WHERE b = '' RETURNING a, b, c, d

DELETE FROM n WHERE a IS NULL RETURNING *
