// The one statement that reads the catalog. Every name in it is qualified down to operators, and
// nothing that looks an operator up by name is used (IN, LIKE, BETWEEN, NULLIF, simple CASE): it
// runs in sessions whose search_path is the client's (protocol.md 5.4). It reads only public
// catalogs, so any role may run it.
//
// `plain` and the outer WHERE set search_path to pg_catalog for the time of this statement and put
// it back: index expressions and predicates are then spelt with full names, so their text means the
// same in every session they are spliced into. Each step takes the step before as an argument, so
// that the order does not rest on the planner. The arrays keep the planner's row estimates, and
// with them the cost, below what starts its JIT compiler.
//
// Versions 14 to 18: indnullsnotdistinct exists from 15 on and is therefore read through
// to_jsonb().
#include <string>
#include <string_view>
#include <vector>

#include "policies/catalog.h"

namespace pgconcord::policies {

const std::string_view kCatalogQuery = R"sql(/* pgconcord */
WITH RECURSIVE
client AS MATERIALIZED (
  SELECT pg_catalog.current_setting('search_path') AS path
),
plain AS MATERIALIZED (
  SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true) IS NOT NULL AS set
  FROM client WHERE client.path IS NOT NULL
),
named AS MATERIALIZED (
  SELECT c.oid
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]::pg_catalog.name[])
    AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::pg_catalog."char"[])
    AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{information_schema,pg_toast}'::pg_catalog.name[])
    AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
),
relation (oid) AS (
  SELECT named.oid FROM named
  UNION
  SELECT h.inhrelid
  FROM relation
  JOIN pg_catalog.pg_inherits h ON h.inhparent OPERATOR(pg_catalog.=) relation.oid
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) h.inhrelid
  WHERE c.relispartition
),
document AS MATERIALIZED (
SELECT pg_catalog.json_build_object(
  'role', current_user,
  'server_version_num', pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
  'may_create_temporary_tables', pg_catalog.has_database_privilege(
    pg_catalog.current_database(), 'TEMPORARY'),
  'tables', (
SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
  'oid', c.oid::pg_catalog.int8,
  'schema', n.nspname,
  'name', c.relname,
  'relkind', c.relkind::pg_catalog.text,
  'root', CASE WHEN c.relispartition
    THEN COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid::pg_catalog.int8, 0) ELSE 0 END,
  'is_inheritance_child', NOT c.relispartition AND EXISTS (
    SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid OPERATOR(pg_catalog.=) c.oid),
  'has_inheritance_children', c.relkind OPERATOR(pg_catalog.<>) 'p' AND EXISTS (
    SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent OPERATOR(pg_catalog.=) c.oid),
  'has_insert_or_update_rules', EXISTS (
    SELECT FROM pg_catalog.pg_rewrite w
    WHERE w.ev_class OPERATOR(pg_catalog.=) c.oid
      AND w.ev_type OPERATOR(pg_catalog.=) ANY ('{2,3}'::pg_catalog."char"[])),
  'has_before_insert_row_trigger', EXISTS (
    SELECT FROM pg_catalog.pg_trigger t
    WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid AND NOT t.tgisinternal
      AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'
      AND (t.tgtype OPERATOR(pg_catalog.&) 7::pg_catalog.int2) OPERATOR(pg_catalog.=) 7),
  'has_instead_of_trigger', EXISTS (
    SELECT FROM pg_catalog.pg_trigger t
    WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid
      AND (t.tgtype OPERATOR(pg_catalog.&) 64::pg_catalog.int2) OPERATOR(pg_catalog.=) 64),
  'row_security_applies', c.relrowsecurity AND COALESCE(pg_catalog.row_security_active(c.oid), true),
  'may_select', COALESCE(pg_catalog.has_table_privilege(c.oid, 'SELECT'), false),
  'may_insert', COALESCE(pg_catalog.has_table_privilege(c.oid, 'INSERT'), false),
  'may_update', COALESCE(pg_catalog.has_table_privilege(c.oid, 'UPDATE'), false),
  'partition_key_columns', (
    SELECT COALESCE(pg_catalog.json_agg(DISTINCT a.attname), '[]'::pg_catalog.json)
    FROM pg_catalog.pg_partition_ancestors(c.oid) r(relid)
    JOIN pg_catalog.pg_partitioned_table p ON p.partrelid OPERATOR(pg_catalog.=) r.relid
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) p.partrelid
    WHERE a.attnum OPERATOR(pg_catalog.>) 0
      AND (a.attnum OPERATOR(pg_catalog.=) ANY (p.partattrs) OR EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE p.partexprs IS NOT NULL
          AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
          AND d.objid OPERATOR(pg_catalog.=) p.partrelid
          AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
          AND d.refobjid OPERATOR(pg_catalog.=) p.partrelid
          AND d.refobjsubid OPERATOR(pg_catalog.=) a.attnum))),
  'columns', (
    SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', a.attname,
      'number', a.attnum,
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'type_oid', a.atttypid::pg_catalog.int8,
      'has_type_modifier', a.atttypmod OPERATOR(pg_catalog.>=) 0,
      'is_enum', y.typtype OPERATOR(pg_catalog.=) 'e',
      'is_domain', y.typtype OPERATOR(pg_catalog.=) 'd',
      'in_check', EXISTS (
        SELECT FROM pg_catalog.pg_constraint k
        WHERE k.conrelid OPERATOR(pg_catalog.=) c.oid AND k.contype OPERATOR(pg_catalog.=) 'c'
          AND (a.attnum OPERATOR(pg_catalog.=) ANY (k.conkey)
            OR 0::pg_catalog.int2 OPERATOR(pg_catalog.=) ANY (k.conkey))),
      'collates_plainly', NOT EXISTS (
        SELECT FROM pg_catalog.pg_collation l
        WHERE l.oid OPERATOR(pg_catalog.=) a.attcollation AND NOT l.collisdeterministic),
      'not_null', a.attnotnull,
      'has_default', e.text IS NOT NULL AND a.attgenerated OPERATOR(pg_catalog.=) '',
      'default', CASE WHEN a.attgenerated OPERATOR(pg_catalog.=) ''
        THEN COALESCE(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') ELSE '' END,
      'generated', a.attgenerated OPERATOR(pg_catalog.<>) '',
      'generated_from', (
        SELECT COALESCE(pg_catalog.json_agg(DISTINCT b.attname), '[]'::pg_catalog.json)
        FROM pg_catalog.pg_depend x
        JOIN pg_catalog.pg_attribute b ON b.attrelid OPERATOR(pg_catalog.=) x.refobjid
          AND b.attnum OPERATOR(pg_catalog.=) x.refobjsubid
        WHERE a.attgenerated OPERATOR(pg_catalog.<>) ''
          AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
          AND x.refobjid OPERATOR(pg_catalog.=) c.oid
          AND x.refobjsubid OPERATOR(pg_catalog.>) 0
          AND x.refobjsubid OPERATOR(pg_catalog.<>) a.attnum
          AND ((x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
              AND x.objid OPERATOR(pg_catalog.=) d.oid)
            OR (x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
              AND x.objid OPERATOR(pg_catalog.=) c.oid
              AND x.objsubid OPERATOR(pg_catalog.=) a.attnum))),
      'identity', a.attidentity::pg_catalog.text,
      'sequence', COALESCE((
        SELECT pg_catalog.format('%I.%I', m.nspname, s.relname)
        FROM pg_catalog.pg_depend x
        JOIN pg_catalog.pg_class s ON s.oid OPERATOR(pg_catalog.=) x.objid
        JOIN pg_catalog.pg_namespace m ON m.oid OPERATOR(pg_catalog.=) s.relnamespace
        WHERE x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
          AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
          AND x.refobjid OPERATOR(pg_catalog.=) c.oid
          AND x.refobjsubid OPERATOR(pg_catalog.=) a.attnum
          AND x.deptype OPERATOR(pg_catalog.=) 'i' AND s.relkind OPERATOR(pg_catalog.=) 'S'
        LIMIT 1), (
        SELECT pg_catalog.format('%I.%I', m.nspname, s.relname)
        FROM pg_catalog.pg_depend x
        JOIN pg_catalog.pg_class s ON s.oid OPERATOR(pg_catalog.=) x.refobjid
        JOIN pg_catalog.pg_namespace m ON m.oid OPERATOR(pg_catalog.=) s.relnamespace
        WHERE x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
          AND x.objid OPERATOR(pg_catalog.=) d.oid
          AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
          AND s.relkind OPERATOR(pg_catalog.=) 'S'
          AND e.text OPERATOR(pg_catalog.~) '^nextval[(]''.*''::regclass[)]$'
        LIMIT 1), ''),
      'from_sequence', a.attidentity OPERATOR(pg_catalog.<>) ''
        OR COALESCE(e.text OPERATOR(pg_catalog.~) 'nextval[(]', false)
        OR EXISTS (
          SELECT FROM pg_catalog.pg_depend x
          JOIN pg_catalog.pg_proc f ON f.oid OPERATOR(pg_catalog.=) x.refobjid
          WHERE x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
            AND x.objid OPERATOR(pg_catalog.=) d.oid
            AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            AND f.provolatile OPERATOR(pg_catalog.=) 'v'),
      'in_any_index', EXISTS (
        SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid
          AND (a.attnum OPERATOR(pg_catalog.=) ANY (i.indkey) OR EXISTS (
            SELECT FROM pg_catalog.pg_depend x
            WHERE x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
              AND x.objid OPERATOR(pg_catalog.=) i.indexrelid
              AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
              AND x.refobjid OPERATOR(pg_catalog.=) c.oid
              AND x.refobjsubid OPERATOR(pg_catalog.=) a.attnum))),
      'may_select', COALESCE(pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'), false),
      'may_insert', COALESCE(pg_catalog.has_column_privilege(c.oid, a.attnum, 'INSERT'), false),
      'may_update', COALESCE(pg_catalog.has_column_privilege(c.oid, a.attnum, 'UPDATE'), false)
    ) ORDER BY a.attnum), '[]'::pg_catalog.json)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid
      AND d.adnum OPERATOR(pg_catalog.=) a.attnum
    CROSS JOIN LATERAL (
      SELECT COALESCE(pg_catalog.pg_get_expr(d.adbin, d.adrelid), y.typdefault) AS text) e
    WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
      AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
      AND c.oid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT named.oid FROM named))),
  'indexes', (
    SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
      'oid', i.indexrelid::pg_catalog.int8,
      'name', COALESCE(k.conname, x.relname),
      'kind', CASE WHEN i.indisexclusion THEN 'exclusion'
        WHEN k.contype OPERATOR(pg_catalog.=) 'p' THEN 'primary_key'
        WHEN k.contype OPERATOR(pg_catalog.=) 'u' THEN 'unique' ELSE 'unique_index' END,
      'columns', (
        SELECT COALESCE(pg_catalog.json_agg(a.attname ORDER BY g.place), '[]'::pg_catalog.json)
        FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY g(number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
          AND a.attnum OPERATOR(pg_catalog.=) g.number
        WHERE g.place OPERATOR(pg_catalog.<=) i.indnkeyatts AND g.number OPERATOR(pg_catalog.<>) 0),
      'has_expressions', i.indexprs IS NOT NULL,
      'elements', (
        SELECT pg_catalog.string_agg(pg_catalog.pg_get_indexdef(i.indexrelid, g.place, true), ', '
          ORDER BY g.place)
        FROM pg_catalog.generate_series(1, i.indnkeyatts) g(place)),
      'predicate', COALESCE(pg_catalog.pg_get_expr(i.indpred, i.indrelid), ''),
      'referenced_columns', (
        SELECT COALESCE(pg_catalog.json_agg(a.attname ORDER BY a.attnum), '[]'::pg_catalog.json)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0
          AND (EXISTS (
            SELECT FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY g(number, place)
            WHERE g.number OPERATOR(pg_catalog.=) a.attnum
              AND g.place OPERATOR(pg_catalog.<=) i.indnkeyatts)
          OR ((i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND EXISTS (
            SELECT FROM pg_catalog.pg_depend y
            WHERE y.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
              AND y.objid OPERATOR(pg_catalog.=) i.indexrelid
              AND y.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
              AND y.refobjid OPERATOR(pg_catalog.=) c.oid
              AND y.refobjsubid OPERATOR(pg_catalog.=) a.attnum)))),
      'nulls_not_distinct', COALESCE((pg_catalog.to_jsonb(i)
        OPERATOR(pg_catalog.->>) 'indnullsnotdistinct')::pg_catalog.bool, false),
      'immediate', i.indimmediate,
      'valid', i.indisvalid,
      'ready', i.indisready,
      'parent', COALESCE((
        SELECT h.inhparent::pg_catalog.int8 FROM pg_catalog.pg_inherits h
        WHERE h.inhrelid OPERATOR(pg_catalog.=) i.indexrelid LIMIT 1), 0)
    ) ORDER BY i.indexrelid), '[]'::pg_catalog.json)
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid OPERATOR(pg_catalog.=) i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint k ON k.conindid OPERATOR(pg_catalog.=) i.indexrelid
      AND k.conrelid OPERATOR(pg_catalog.=) c.oid
      AND k.contype OPERATOR(pg_catalog.=) ANY ('{p,u,x}'::pg_catalog."char"[])
    WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND (i.indisunique OR i.indisexclusion))
) ORDER BY c.oid), '[]'::pg_catalog.json)
FROM pg_catalog.unnest(ARRAY(SELECT relation.oid FROM relation)) r(oid)
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.oid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE plain.set))::pg_catalog.text AS text
FROM plain
)
SELECT document.text
FROM document, client
WHERE pg_catalog.set_config('search_path',
  CASE WHEN document.text IS NOT NULL THEN client.path END, true) IS NOT NULL
)sql";

// Every element is quoted, so that NULL, braces and commas in names are plain text.
std::string catalog_query_names(const std::vector<std::string>& bare_names) {
  std::string text = "{";
  for (const std::string& name : bare_names) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : name) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

}  // namespace pgconcord::policies
