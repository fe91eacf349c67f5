SET client_min_messages = debug1

DO $$ BEGIN RAISE NOTICE 'a notice'; RAISE WARNING 'a warning' USING DETAIL = 'd', HINT = 'h'; RAISE INFO 'info'; END $$

CREATE TABLE IF NOT EXISTS once (a int)

CREATE TABLE IF NOT EXISTS once (a int)

DROP TABLE IF EXISTS never

DO $$ BEGIN FOR i IN 1..50 LOOP RAISE NOTICE 'line % %', i, repeat('x', 200); END LOOP; END $$

COMMIT

BEGIN

BEGIN

ROLLBACK

SET application_name = 'renamed'

SET TimeZone = 'Asia/Tokyo'

SET DateStyle = 'German'

SET client_encoding = 'LATIN1'

SELECT 'caf' || chr(233)

RESET ALL
