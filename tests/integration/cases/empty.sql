;

-- A block that is only a comment is nothing for this file's reader; this one has a space in it.
/**/

SELECT WHERE false

SELECT NULL WHERE false

VALUES (1), (2)

TABLE pg_catalog.pg_namespace LIMIT 0

SHOW server_encoding

SHOW ALL_NOT_THERE

SET search_path TO nowhere, public

SHOW search_path
