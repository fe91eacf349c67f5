#include "parser/harmless_functions.h"

#include <algorithm>
#include <iterator>

namespace pgconcord::parser {
namespace {

// Sorted.
// clang-format off
constexpr std::string_view kFunctions[] = {
    "abs", "acos", "age", "any_value", "array_agg", "array_append", "array_cat", "array_dims",
    "array_length", "array_lower", "array_ndims", "array_position", "array_positions",
    "array_prepend", "array_remove", "array_replace", "array_to_json", "array_to_string",
    "array_upper", "ascii", "asin", "atan", "atan2", "avg", "bit_and", "bit_length", "bit_or",
    "bool_and", "bool_or", "btrim", "cardinality", "cbrt", "ceil", "ceiling", "char_length",
    "character_length", "chr", "clock_timestamp", "coalesce", "concat", "concat_ws", "convert_from",
    "convert_to", "corr", "cos", "count", "covar_pop", "covar_samp", "crc32", "cume_dist",
    "current_database", "current_schema", "current_schemas", "current_setting", "currval", "date",
    "date_bin", "date_part", "date_trunc", "decode", "degrees", "dense_rank", "div", "encode",
    "enum_first", "enum_last", "enum_range", "every", "exp", "extract", "factorial", "first_value",
    "floor", "format", "format_type", "gcd", "gen_random_uuid", "generate_series",
    "generate_subscripts", "get_bit", "get_byte", "greatest", "has_column_privilege",
    "has_schema_privilege", "has_sequence_privilege", "has_table_privilege", "host", "initcap",
    "isfinite", "json_agg", "json_array_elements", "json_array_elements_text", "json_array_length",
    "json_build_array", "json_build_object", "json_each", "json_each_text", "json_extract_path",
    "json_extract_path_text", "json_object", "json_object_agg", "json_object_keys",
    "json_populate_record", "json_populate_recordset", "json_strip_nulls", "json_to_record",
    "json_to_recordset", "json_typeof", "jsonb_agg", "jsonb_array_elements",
    "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array", "jsonb_build_object",
    "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text",
    "jsonb_insert", "jsonb_object", "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists",
    "jsonb_path_match", "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first",
    "jsonb_populate_record", "jsonb_populate_recordset", "jsonb_pretty", "jsonb_set",
    "jsonb_set_lax", "jsonb_strip_nulls", "jsonb_to_record", "jsonb_to_recordset", "jsonb_typeof",
    "justify_days", "justify_hours", "justify_interval", "lag", "last_value", "lastval", "lcm",
    "lead", "least", "left", "length", "ln", "log", "log10", "lower", "lower_inc", "lower_inf",
    "lpad", "ltrim", "make_date", "make_interval", "make_time", "make_timestamp",
    "make_timestamptz", "max", "md5", "min", "mod", "mode", "network", "nextval", "normalize",
    "now", "nth_value", "ntile", "num_nonnulls", "num_nulls", "numnode", "obj_description",
    "octet_length", "overlay", "parse_ident", "percent_rank", "percentile_cont", "percentile_disc",
    "pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_unlock", "pg_advisory_unlock_all",
    "pg_advisory_unlock_shared", "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared",
    "pg_backend_pid", "pg_column_size", "pg_current_xact_id", "pg_database_size",
    "pg_encoding_to_char", "pg_get_constraintdef", "pg_get_expr",
    "pg_get_function_identity_arguments", "pg_get_indexdef", "pg_get_keywords",
    "pg_get_serial_sequence", "pg_get_userbyid", "pg_get_viewdef", "pg_is_in_recovery",
    "pg_is_other_temp_schema", "pg_my_temp_schema", "pg_notify", "pg_relation_size",
    "pg_size_pretty", "pg_sleep", "pg_table_is_visible", "pg_table_size", "pg_total_relation_size",
    "pg_try_advisory_lock", "pg_try_advisory_lock_shared", "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared", "pg_type_is_visible", "pg_typeof", "phraseto_tsquery", "pi",
    "plainto_tsquery", "position", "power", "quote_ident", "quote_literal", "quote_nullable",
    "radians", "random", "range_merge", "rank", "regexp_count", "regexp_instr", "regexp_like",
    "regexp_match", "regexp_matches", "regexp_replace", "regexp_split_to_array",
    "regexp_split_to_table", "regexp_substr", "regr_slope", "repeat", "replace", "reverse", "right",
    "round", "row_number", "row_to_json", "rpad", "rtrim", "scale", "setseed", "setval", "sha224",
    "sha256", "sha384", "sha512", "shobj_description", "sign", "sin", "split_part", "sqrt",
    "starts_with", "statement_timestamp", "stddev", "stddev_pop", "stddev_samp", "string_agg",
    "string_to_array", "string_to_table", "strpos", "substr", "substring", "sum", "tan",
    "timeofday", "timezone", "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number",
    "to_regclass", "to_regtype", "to_timestamp", "to_tsquery", "to_tsvector",
    "transaction_timestamp", "translate", "trim", "trim_array", "trim_scale", "trunc",
    "ts_headline", "ts_rank", "ts_rank_cd", "tsvector_to_array", "txid_current", "unnest", "upper",
    "upper_inc", "upper_inf", "var_pop", "var_samp", "variance", "version", "websearch_to_tsquery",
    "width_bucket",
};
// clang-format on

// Sorted.
// clang-format off
constexpr std::string_view kSyntax[] = {
    "all", "and", "any", "array", "as", "between", "bigint", "bit", "bpchar", "by", "case", "cast",
    "char", "character", "check", "collate", "conflict", "copy", "cube", "current_time",
    "current_timestamp", "decimal", "distinct", "double", "else", "end", "escape", "except",
    "exists", "fetch", "filter", "first", "float", "for", "force_not_null", "force_null",
    "force_quote", "from", "group", "grouping", "having", "ilike", "in", "insert", "int", "integer",
    "intersect", "interval", "into", "is", "isnull", "join", "lateral", "like", "limit",
    "localtime", "localtimestamp", "materialized", "nchar", "next", "not", "notnull", "nullif",
    "numeric", "offset", "on", "only", "operator", "or", "order", "over", "overlaps", "partition",
    "real", "recursive", "returning", "rollup", "row", "select", "set", "sets", "similar",
    "smallint", "some", "then", "time", "timestamp", "timestamptz", "timetz", "treat", "union",
    "update", "using", "values", "varbit", "varchar", "varying", "when", "where", "with", "within",
    "zone",
};
// clang-format on

static_assert(std::is_sorted(std::begin(kFunctions), std::end(kFunctions)));
static_assert(std::is_sorted(std::begin(kSyntax), std::end(kSyntax)));

}  // namespace

bool is_harmless_function(std::string_view lower_case_name) {
  return std::binary_search(std::begin(kFunctions), std::end(kFunctions), lower_case_name);
}

bool is_syntax_before_parenthesis(std::string_view lower_case_word) {
  return std::binary_search(std::begin(kSyntax), std::end(kSyntax), lower_case_word);
}

}  // namespace pgconcord::parser
