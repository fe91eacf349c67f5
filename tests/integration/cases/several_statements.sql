SELECT 1; SELECT 2; SELECT 'three'

CREATE TABLE m (id int PRIMARY KEY); INSERT INTO m VALUES (1); INSERT INTO m VALUES (2); SELECT count(*) FROM m

INSERT INTO m VALUES (3); INSERT INTO m VALUES (1); INSERT INTO m VALUES (4)

SELECT count(*) FROM m

BEGIN; INSERT INTO m VALUES (5); COMMIT; SELECT 1/0; SELECT 'never'

SELECT count(*) FROM m

;

;;;

SELECT 1;

/* only a comment */

SELECT /* inside */ 1 -- behind

SELECT 1; ; SELECT 2

SELECT ';' AS semicolon; SELECT $$;$$; SELECT 'a''; b'

INSERT INTO m VALUES (10); SAVEPOINT not_here

SELECT count(*) FROM m
