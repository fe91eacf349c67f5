PREPARE plain AS SELECT 1 AS one

EXECUTE plain

PREPARE typed (int, text) AS SELECT $1 + 1, upper($2)

EXECUTE typed (41, 'abc')

EXECUTE typed ('x', 'abc')

EXECUTE typed (1)

PREPARE plain AS SELECT 2

SELECT name, statement, parameter_types::text FROM pg_prepared_statements WHERE from_sql ORDER BY name

DEALLOCATE plain

EXECUTE plain

DEALLOCATE ALL

CREATE TABLE p (id int PRIMARY KEY, v text)

PREPARE put AS INSERT INTO p VALUES ($1, $2) RETURNING *

EXECUTE put (1, 'a')

EXECUTE put (1, 'b')

DISCARD ALL

EXECUTE put (2, 'b')
