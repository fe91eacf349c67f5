-- Every class of error, with all its fields.
CREATE TABLE parent (id int PRIMARY KEY, name text UNIQUE, CHECK (id < 100))

CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent, EXCLUDE USING btree (id WITH =))

INSERT INTO parent VALUES (1, 'one')

INSERT INTO parent VALUES (1, 'other')

INSERT INTO parent VALUES (2, 'one')

INSERT INTO parent VALUES (200, 'big')

INSERT INTO parent VALUES (NULL, 'none')

INSERT INTO child VALUES (1, 99)

INSERT INTO child VALUES (1, NULL)

INSERT INTO child VALUES (1, 1)

DELETE FROM parent WHERE id = 1

SELECT * FROM missing_table

SELECT missing_column FROM parent

SELECT 1/0

SELECT 'abc'::int

SELEC 1

SELECT 'unterminated

SELECT pg_catalog.nosuchfunction(1)

SELECT ascii(1, 2, 3)

DO $$ BEGIN RAISE EXCEPTION 'custom %', 42 USING ERRCODE = 'XX123', DETAIL = 'the detail', HINT = 'the hint', COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'd', TABLE = 't', SCHEMA = 's'; END $$

DO $$ BEGIN RAISE unique_violation; END $$

DO $$ BEGIN INSERT INTO parent VALUES (1, 'inside'); END $$

SELECT 'ö', 1/0, 'position counts characters' FROM nowhere

BEGIN

SELECT 1/0

SELECT 'refused in a failed transaction'

ROLLBACK

SET nosuch.setting.with.dots = 1

SET statement_timeout = 'nonsense'

SET statement_timeout = '50ms'

SELECT pg_sleep(5)

RESET statement_timeout

SELECT 'still alive'
