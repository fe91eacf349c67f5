CREATE SEQUENCE counter START 5 INCREMENT 3

SELECT nextval('counter'), nextval('counter'), currval('counter'), lastval()

SELECT setval('counter', 100), nextval('counter')

CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE, at int GENERATED ALWAYS AS (length(v)) STORED)

CREATE FUNCTION add_row(value text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE result int;
BEGIN
  INSERT INTO t (v) VALUES (value) RETURNING id INTO result;
  RETURN result;
EXCEPTION WHEN unique_violation THEN
  RETURN -1;
END $$

SELECT add_row('a'), add_row('b'), add_row('a')

CREATE PROCEDURE many(n int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP INSERT INTO t (v) VALUES ('row' || i); COMMIT; END LOOP; END $$

CALL many(3)

CALL many(1)

DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM t ORDER BY id LOOP RAISE NOTICE '% %', r.id, r.v; END LOOP; END $$

CREATE FUNCTION on_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := upper(NEW.v); RETURN NEW; END $$

CREATE TRIGGER upper_case BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION on_insert()

INSERT INTO t (v) VALUES ('shout') RETURNING id > 0, v, at

INSERT INTO t (v) VALUES ('shout') RETURNING v

SELECT v, at FROM t ORDER BY v COLLATE "C"

EXPLAIN (COSTS OFF) INSERT INTO t (v) VALUES ('x')

CREATE RULE quiet AS ON INSERT TO t WHERE NEW.v = 'drop' DO INSTEAD NOTHING

INSERT INTO t (v) VALUES ('drop')

WITH added AS (INSERT INTO t (v) VALUES ('cte') RETURNING v) SELECT * FROM added

CREATE VIEW view_of_t AS SELECT id, v FROM t

SELECT count(*) FROM view_of_t

MERGE INTO t USING (VALUES ('CTE', 1)) AS new (v, n) ON t.v = new.v WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (v) VALUES (new.v)
