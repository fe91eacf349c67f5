SELECT 1::smallint, 2::integer, 3::bigint, 4.50::numeric, 1.5::real, 2.5::double precision, true, 'x'::"char"

SELECT 'text'::text, 'char'::char(8), 'varchar'::varchar(20), '\xdeadbeef'::bytea, 'name'::name

SELECT date '2024-02-29', time '12:34:56.789', timetz '12:34:56+02', timestamp '2024-01-01 00:00:00', timestamptz '2024-01-01 00:00:00+00', interval '1 year 2 mons 3 days 04:05:06'

SELECT 'infinity'::timestamp, '-infinity'::date, 'NaN'::float8, 'NaN'::numeric, '-0'::float8, 1e308::float8

SELECT '{"a": [1, 2, {"b": null}]}'::json, '{"a": [1, 2, {"b": null}]}'::jsonb, '$.a[*]'::jsonpath, '<a>x</a>'::text

SELECT ARRAY[1,2,NULL], ARRAY['a','b,c','"d"'], ARRAY[[1,2],[3,4]], '{}'::int[], '[0:2]={7,8,9}'::int[]

SELECT int4range(1,10), numrange(1.5,2.5,'[]'), tstzrange('2024-01-01','2024-02-01'), 'empty'::int4range, '{[1,2),[5,7)}'::int4multirange

SELECT '192.168.0.1/24'::inet, '10.0.0.0/8'::cidr, '08:00:2b:01:02:03'::macaddr, '550e8400-e29b-41d4-a716-446655440000'::uuid

SELECT point '(1,2)', box '(1,1),(0,0)', circle '<(0,0),3>', path '[(0,0),(1,1)]', polygon '((0,0),(1,1),(1,0))'

SELECT B'1010', B'111'::bit varying(8), '12.34'::money, 'a & b'::tsquery, 'the cat'::tsvector

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')

CREATE DOMAIN positive AS int CHECK (VALUE > 0)

CREATE TYPE pair AS (left_side int, right_side text)

SELECT 'happy'::mood, 5::positive, ROW(1, 'a')::pair, ARRAY['sad','ok']::mood[]::text[]

SELECT 0::positive

SELECT ROW(1, NULL, 'x'), NULL, NULL::int, ''

SELECT repeat('ä€😀', 3), 'quote''d', E'tab\tnewline\n', U&'d\0061t\+000061', $tag$dollar $$ inside$tag$

SELECT oid, typname FROM pg_type WHERE typname IN ('int4', 'text', 'bool') ORDER BY 1

SELECT 1 AS "column with ""quotes""", 2 AS "ünïcode", 3 AS "UPPER", 4 AS "?column?"

SELECT
